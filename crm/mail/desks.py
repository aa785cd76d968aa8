"""What is made of a mail that belongs to nothing we know, by the purpose of the address it came to.

A room registers its desk in AppConfig.ready(): the inbox makes a lead, the service tickets a ticket.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crm.mail.filing import Place
from crm.mail.models import Message


@dataclass(frozen=True)
class Contact:
    """Who writes, as far as the mail says so plainly."""

    first_name: str
    last_name: str
    company_name: str
    phone: str
    email: str


# make(message, contact) makes the record and gives the places where the mail is to be filed.
Desk = Callable[[Message, Contact], list[Place]]
_desks: dict[str, Desk] = {}


def register(purpose: str, make: Desk) -> None:
    """From now on `make` takes the mails to addresses of this purpose (crm.mail.models.Purpose)."""
    _desks[purpose] = make


def get(purpose: str) -> Desk | None:
    return _desks.get(purpose)
