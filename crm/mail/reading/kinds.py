"""What a mail says, as plain values: strings that PostgreSQL can store, aware times, bytes of files."""

import datetime
from dataclasses import dataclass


class Unreadable(Exception):
    """These bytes are no mail. `reason` is an English sentence (a msgid)."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """A person in a header. `email` is in lower case and never empty."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail. `name` is only a label: it may be empty, and is no path.

    `content_type` is what the bytes are, `declared_type` what the mail says. `content_id` is without brackets;
    `inline`: belongs into the text (a picture), rather than beside it.
    """

    name: str
    content: bytes
    content_type: str
    declared_type: str
    content_id: str
    inline: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event from a calendar. `method` is REQUEST, REPLY, CANCEL, … (upper case).

    `starts_at`, `ends_at` are aware; of an all-day event they are midnights in UTC and `all_day` is true. `answers`
    are (e-mail, PARTSTAT in upper case) of the attendees. `recurrence_at` is set if it is about one occurrence of a
    series; `recurrence_day` if it says only the day. `sequence` and `stamp` say to which state it refers, and when.
    """

    method: str
    uid: str
    summary: str
    location: str
    starts_at: datetime.datetime | None
    ends_at: datetime.datetime | None
    all_day: bool
    organizer: Address | None
    attendees: tuple[Address, ...]
    answers: tuple[tuple[str, str], ...] = ()
    sequence: int | None = None
    stamp: datetime.datetime | None = None
    recurrence_at: datetime.datetime | None = None
    recurrence_day: bool = False


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that could not be delivered. What is not said is empty; `status` is like 5.1.1."""

    original_message_id: str
    recipient: str
    status: str
    diagnostic: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. Message-IDs are with their angle brackets; texts have \\n between lines.

    `html` is clean, its remote pictures are blocked and its quoted history is folded (reading.html). `forwarded` are
    mails that came as attachments, with their own attachments; `original_senders` those of a forward in the text.
    `automatic` is "" for what a person wrote, else a key of automatic.REASONS. `problems` are msgids.
    """

    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    sent_at: datetime.datetime | None
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    delivered_to: tuple[str, ...]
    text: str
    reply: str
    signature: str
    html: str
    attachments: tuple[Attachment, ...]
    forwarded: tuple["Mail", ...]
    original_senders: tuple[Address, ...]
    invitation: Invitation | None
    automatic: str
    bounce: Bounce | None
    fingerprint: str
    problems: tuple[str, ...]
