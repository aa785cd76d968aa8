"""What makes two copies of a mail the same mail, however each came here."""

import hashlib
import re
from collections.abc import Iterator

from crm.mail.reading import limits
from crm.mail.reading.parts import Part

FIELDS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")
CHUNK = 1024 * 1024
_BLANK = b"\r\n\t "


def of(part: Part, budget: limits.Budget) -> str:
    """SHA-256 over what its writer wrote: the fields above, however folded, and what the parts say.

    Relays add fields, fold others anew, differ in line ends and in empty lines at the end, and turn 8 bits into
    quoted-printable or base64 where the next server wants it. A Message-ID alone is not enough: different mails with
    the same one exist.
    """
    digest = hashlib.sha256()
    for name in FIELDS:
        for value in part.header.raw(name):
            digest.update(name.encode() + b":" + re.sub(rb"\s+", b" ", value).strip() + b"\n")
    for one in part.walk():
        digest.update(f"\n{one.kind} {one.disposition} {one.name}\n".encode(errors="replace"))
        if not one.children:
            digest.update(_hash(one.content(budget)))
    if {limits.TOO_MANY_PARTS, limits.TOO_DEEP} & set(budget.problems):
        # What was not taken apart counts as well.
        digest.update(_hash(part.raw[part.start : part.end]))
    return digest.hexdigest()


def _hash(content: bytes) -> bytes:
    """SHA-256 over a text with \\n as line ends, without blanks at its end."""
    digest = hashlib.sha256()
    for piece in _normal(content):
        digest.update(piece)
    return digest.digest()


def _normal(content: bytes) -> Iterator[bytes]:
    end = len(content)
    while end and content[end - 1] in _BLANK:
        end -= 1
    at = 0
    while at < end:
        stop = min(at + CHUNK, end)
        if content[stop - 1] == 13 and stop < end:
            # Not between the two characters of a line end.
            stop += 1
        yield content[at:stop].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        at = stop
