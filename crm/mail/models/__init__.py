"""What the post office keeps: what came in, what left, the messages of both, and by which addresses."""

from crm.mail.models.account import LOOPBACK, Afterwards, MailAccount, Security
from crm.mail.models.incoming import NULL_SENDER, IncomingMail, IncomingState, Route
from crm.mail.models.link import MessageLink
from crm.mail.models.mailbox import Address, ExcludedAddress, Purpose
from crm.mail.models.message import PICTURES, Attachment, Direction, Message
from crm.mail.models.outgoing import MailTemplate, OutgoingMail, State, TextTemplate

__all__ = [
    "LOOPBACK",
    "NULL_SENDER",
    "PICTURES",
    "Address",
    "Afterwards",
    "Attachment",
    "Direction",
    "ExcludedAddress",
    "IncomingMail",
    "IncomingState",
    "MailAccount",
    "MailTemplate",
    "Message",
    "MessageLink",
    "OutgoingMail",
    "Purpose",
    "Route",
    "Security",
    "State",
    "TextTemplate",
]
