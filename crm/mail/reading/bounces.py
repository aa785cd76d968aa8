"""Mails that say that another one was not delivered: as RFC 3464 has it, and as older servers write it."""

import re

from crm.mail.reading.addresses import people
from crm.mail.reading.charsets import line
from crm.mail.reading.header import Header, identifiers, split
from crm.mail.reading.kinds import Bounce
from crm.mail.reading.limits import Budget

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ \-#]")
_ID_LINE = re.compile(r"^[> \t|]*Message-ID:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(
    r"(?:(?:following|these) (?:address|recipient)|could not be delivered to|delivery to the following|nicht zugestellt"
    r"|failed recipient|permanent fatal errors|unable to deliver).{0,300}?<?([\w.+-]{1,64}@[\w.-]{1,200}\w)>?",
    re.IGNORECASE | re.DOTALL,
)
_FINAL = re.compile(
    r"user unknown|unknown user|no such (user|mailbox|address)|does not exist|existiert nicht|address rejected"
    r"|unbekannt"
    r"|mailbox (unavailable|not found)|account (disabled|has been disabled)|host not found|permanent|undeliverable",
    re.IGNORECASE,
)
TEXT = 20_000  # characters of a report that are looked at
BLOCKS = 50  # recipients of one report


def from_status(content: bytes, original: str, budget: Budget) -> Bounce | None:
    """What a message/delivery-status says about the first recipient that failed; None if none did.

    `original` is the Message-ID of the mail that is attached to the report.
    """
    at, worst = 0, None
    for _block in range(BLOCKS):
        header, at = split(content, at, len(content), budget)
        action = header.text("action", 40).lower()
        if action.startswith("failed") or (action.startswith("delayed") and worst is None):
            found = _recipient(header, original, action)
            if action.startswith("failed"):
                return found
            worst = found
        if at >= len(content):
            break
    return worst


def _recipient(header: Header, original: str, action: str) -> Bounce:
    name = header.text("original-recipient") or header.text("final-recipient")
    address = people(name.partition(";")[2] or name)
    diagnostic = header.text("diagnostic-code", 500)
    diagnostic = diagnostic.partition(";")[2].strip() if diagnostic.lower().startswith("smtp;") else diagnostic
    match = _STATUS.search(header.text("status", 100)) or _STATUS.search(diagnostic)
    status = match[1] if match else ""
    return Bounce(
        original_message_id=original,
        recipient=address[0].email if address else "",
        status=status,
        diagnostic=diagnostic,
        permanent=action.startswith("failed") and not status.startswith("4"),
    )


def from_text(header: Header, text: str, original: str) -> Bounce | None:
    """The same from a report in words; None where nothing in it says which mail or whom."""
    text = text[:TEXT]
    failed = people(header.get("x-failed-recipients"))
    named = None if failed else _RECIPIENT.search(text)
    match = _ID_LINE.search(text)
    original = original or (match[1] if match else "") or next(iter(identifiers(header.get("in-reply-to"))), "")
    recipient = failed[0].email if failed else named[1].lower() if named else ""
    status, code = _STATUS.search(text), _REPLY_CODE.search(text)
    if not (recipient or (original and (status or _FINAL.search(text)))):
        return None
    permanent = status[1].startswith("5") if status else code[1].startswith("5") if code else bool(_FINAL.search(text))
    where = status or code or _FINAL.search(text)
    diagnostic = ""
    if where:
        start = text.rfind("\n", 0, where.start()) + 1
        end = text.find("\n", where.end())
        diagnostic = line(text[start : end if end >= 0 else len(text)], 500)
    return Bounce(original, recipient, status[1] if status else "", diagnostic, permanent)
