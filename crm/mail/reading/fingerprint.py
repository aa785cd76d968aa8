"""What makes two copies of a mail the same mail, however each came here."""

import hashlib
import re

from crm.mail.reading.header import Header

FIELDS = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "content-type",
          "content-transfer-encoding")  # fmt: skip
CHUNK = 1024 * 1024


def of(header: Header, raw: bytes, start: int, end: int) -> str:
    """SHA-256 over what its writer wrote: the fields above, however folded, and the body with \\n as line ends.

    Relays add fields, fold others anew, and differ in line ends and in empty lines at the end. A Message-ID alone is
    not enough: different mails with the same one exist.
    """
    digest = hashlib.sha256()
    for name in FIELDS:
        for value in header.raw(name):
            digest.update(name.encode() + b":" + re.sub(rb"\s+", b" ", value).strip() + b"\n")
    digest.update(b"\n")
    end = start + len(raw[start:end].rstrip(b"\r\n\t "))
    at = start
    while at < end:
        stop = min(at + CHUNK, end)
        if raw[stop - 1 : stop] == b"\r" and stop < end:
            # Not between the two characters of a line end.
            stop += 1
        digest.update(raw[at:stop].replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        at = stop
    return digest.hexdigest()
