"""A mail's bytes as plain values. Knows no database, and takes whatever the world sends.

`read` cuts the bytes into parts (parts, header), decides what is text and what a file (body), turns bytes into text
whatever the charset is said to be (charsets), makes HTML harmless (html), finds what is new in an answer (reply), and
who or what is behind it (addresses, automatic, bounces, forwarded, invitation). What is wrong with a mail is said in
`problems`; only what is no mail at all is Unreadable. Every limit is in `limits`.
"""

from django.utils.translation import gettext_noop

from crm.mail.reading import (
    addresses,
    automatic,
    body,
    bounces,
    fingerprint,
    forwarded,
    invitation,
    limits,
    parts,
    reply,
)
from crm.mail.reading.automatic import REASONS
from crm.mail.reading.header import Header, identifiers, sent_at, split
from crm.mail.reading.html import has_remote_pictures, inline_pictures, with_pictures
from crm.mail.reading.kinds import Address, Attachment, Bounce, Invitation, Mail, Unreadable

__all__ = [
    "REASONS",
    "Address",
    "Attachment",
    "Bounce",
    "Invitation",
    "Mail",
    "Unreadable",
    "has_remote_pictures",
    "inline_pictures",
    "read",
    "with_pictures",
]

EMPTY = gettext_noop("The mail is empty.")
TOO_LARGE = gettext_noop("The mail is larger than 50 MB.")
NO_SENDER = gettext_noop("The mail has no sender's address.")
NO_HEADER = gettext_noop("The mail has no header.")
NO_ID = gettext_noop("The mail has no Message-ID.")
BLANK = 1_000  # bytes of blank lines before the header
DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")


def read(raw: bytes, null_sender: bool = False) -> Mail:
    """The mail in `raw`. Raises Unreadable for nothing, blank bytes, and more than 50 MB; for no other bytes.

    `null_sender`: the server that brought it was told <> as its sender.
    """
    if len(raw) > limits.MAIL_BYTES:
        raise Unreadable(TOO_LARGE)
    if not raw.strip(b"\0\t\r\n "):
        raise Unreadable(EMPTY)
    if b"\n" not in raw:
        # Line ends of old Macs.
        raw = raw.replace(b"\r", b"\n")
    return _mail(raw, 0, len(raw), limits.Budget(), 0, null_sender)


def _begin(raw: bytes, at: int, end: int) -> int:
    """Where the header begins: after a byte order mark, blank lines, and the line "From …" of a mailbox."""
    at += 3 * raw.startswith(b"\xef\xbb\xbf", at)
    ahead = raw[at : min(at + BLANK, end)]
    at += len(ahead) - len(ahead.lstrip(b"\r\n"))
    if raw[at : at + 5] in (b"From ", b">From"):
        at = raw.find(b"\n", at) + 1
    return at


def _mail(raw: bytes, start: int, end: int, budget: limits.Budget, depth: int, null_sender: bool = False) -> Mail:
    """The mail between `start` and `end`; `depth` counts the mails around it."""
    part = parts.read(raw, _begin(raw, start, end), end, budget, depth)
    # Of a mail within another nobody asks, and hashing each level anew would take quadratic time. And before any file
    # is in memory, because a large one is decoded for it.
    mark = "" if depth else fingerprint.of(part, budget)
    found = body.sort(part)
    text, html = body.texts(found, budget)
    new, signature = reply.split(text)
    head = _head(part.header, budget)
    report = part.parameters.get("report-type", "")
    kind = automatic.reason(part.header, part.kind, report, head["sender"], head["subject"], null_sender)
    return Mail(
        **head,
        text=text,
        reply=new,
        signature=signature,
        html=html,
        forwarded=tuple(_inner(one, budget, depth) for one in found.mails if _may_open(one, found, budget, depth)),
        attachments=body.attachments(found, budget),
        original_senders=forwarded.original_senders(text, head["subject"]),
        invitation=_invitation(found, budget),
        automatic=kind,
        bounce=_bounce(part.header, found, text, budget) if kind == "bounce" else None,
        fingerprint=mark,
        problems=() if depth else tuple(budget.problems),
    )


def _head(header: Header, budget: limits.Budget) -> dict:
    """What the header says, by the names of Mail."""
    if not header.fields:
        budget.note(NO_HEADER)
    message_id = next(iter(identifiers(header.get("message-id"))), "")
    if not message_id:
        budget.note(NO_ID)
    return {
        "subject": header.text("subject"),
        "sender": _sender(header, budget),
        "reply_to": addresses.read(header, budget, "reply-to"),
        "to": addresses.read(header, budget, "to"),
        "cc": addresses.read(header, budget, "cc"),
        "sent_at": sent_at(header, budget),
        "message_id": message_id,
        "in_reply_to": next(iter(identifiers(header.get("in-reply-to"))), ""),
        "references": _references(header),
        "delivered_to": tuple(one.email for one in addresses.read(header, budget, *DELIVERED)),
    }


def _sender(header: Header, budget: limits.Budget):
    """From, else Sender: the first with an address."""
    found = addresses.read(header, budget, "from") or addresses.read(header, budget, "sender")
    if not found:
        budget.note(NO_SENDER)
        return None
    return found[0]


def _references(header: Header) -> tuple[str, ...]:
    found = identifiers(" ".join(header.all("references"))[: limits.HEADER_BYTES])
    if len(found) > limits.REFERENCES:
        found = [found[0], *found[1 - limits.REFERENCES :]]
    return tuple(found)


def _may_open(part: parts.Part, found: body.Contents, budget: limits.Budget, depth: int) -> bool:
    """May a mail within the mail be read? If not, it is kept as a file."""
    if depth >= limits.DEPTH or not budget.take("parts", 1, limits.TOO_MANY_PARTS):
        budget.note(limits.TOO_DEEP)
        found.files.append((part, False))
        return False
    return True


def _inner(part: parts.Part, budget: limits.Budget, depth: int) -> Mail:
    if part.encoding in ("base64", "quoted-printable"):
        # Not allowed for mails, and done.
        raw = part.content(budget)
        return _mail(raw, 0, len(raw), budget, depth + 1)
    return _mail(part.raw, part.start, part.end, budget, depth + 1)


def _invitation(found: body.Contents, budget: limits.Budget) -> Invitation | None:
    for part in found.calendars:
        content = part.content(budget, limits.CALENDAR_BYTES * 2)
        event = invitation.read(content, part.parameters.get("method", ""), part.parameters.get("charset", ""))
        if event:
            return event
    return None


def _bounce(header: Header, found: body.Contents, text: str, budget: limits.Budget) -> Bounce | None:
    original = ""
    for part in [*found.returned, *found.mails]:
        content = part.content(budget, limits.HEADER_BYTES)
        returned, _body = split(content, 0, len(content), budget)
        original = original or next(iter(identifiers(returned.get("message-id"))), "")
    for part in found.status:
        if bounce := bounces.from_status(part.content(budget, limits.HEADER_BYTES), original, budget):
            return bounce
    return None if found.status else bounces.from_text(header, text, original)
