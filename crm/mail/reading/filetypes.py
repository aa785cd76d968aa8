"""What a file is, by its bytes: names and declared types say what its sender wants to be believed."""

import re
from functools import cache

from crm.mail.reading.charsets import line
from crm.mail.reading.limits import NAME

_PDF = re.compile(rb"%PDF-\d")
_MARKUP = [
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "image/svg+xml"),
    (re.compile(rb"<(!doctype html|html|head|body|script|iframe|form)[\s>]", re.IGNORECASE), "text/html"),
    (re.compile(rb"\s*<\?xml\s"), "text/xml"),
]
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
# Texts that no first bytes tell apart; they are shown as text whatever they are.
_TEXTS = {"text/csv", "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "application/json",
          "application/pgp-signature", "application/pgp-keys", "message/rfc822"}  # fmt: skip
_OLD_OFFICE = {
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
}
HEAD = 4_096
UNKNOWN = "application/octet-stream"


def file_type(content: bytes, declared: str) -> str:
    """The media type of `content`. `declared` decides only among those that look alike; unknown is octet-stream."""
    head = content[:HEAD]
    if not head:
        return declared if declared.startswith("text/") and declared != "text/html" else UNKNOWN
    if _PDF.search(head[:1024]):
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return _archive(content)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return declared if declared in _OLD_OFFICE else "application/x-ole-storage"
    if head.startswith(b"\x78\x9f\x3e\x22"):
        return "application/ms-tnef"
    for pattern, kind in _MARKUP:
        if pattern.search(head):
            return kind
    if _is_text(head):
        return declared if declared in _TEXTS else "text/plain"
    return _by_magic(content)


def _archive(content: bytes) -> str:
    """ZIP and what is built on it, by the names of its first entries; nothing is unpacked."""
    if content[30:38] == b"mimetype" and (match := re.match(rb"[a-z]+/[a-z0-9.+-]{1,80}", content[38:160])):
        return match[0].partition(b"PK")[0].decode("ascii")
    ends = content[:HEAD] + content[-16 * HEAD :]
    if b"[Content_Types].xml" in ends:
        for folder, kind in _OFFICE.items():
            if folder in ends:
                return kind
    return "application/zip"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return head[:2] in (b"\xff\xfe", b"\xfe\xff")
    odd = len(head.translate(None, bytes([*range(32, 256), 9, 10, 12, 13, 27])))
    if odd:
        return False
    try:
        head[: len(head) - 3 if len(head) == HEAD else None].decode("utf-8")
    except UnicodeDecodeError:
        # Letters of an eight-bit charset are few among the others.
        return sum(byte > 127 for byte in head) * 3 < len(head)
    return True


@cache
def _magic():
    # Reads a table of 1,000 signatures, which most workers never need.
    import puremagic

    return puremagic


def _by_magic(content: bytes) -> str:
    try:
        found = _magic().magic_string(content[:HEAD])
    except (ValueError, LookupError):
        return UNKNOWN
    # Two bytes alike are chance.
    sure = [one.mime_type for one in found if len(one.byte_match) >= 3 and "/" in one.mime_type]
    return sure[0].lower() if sure else UNKNOWN


def file_name(name: str) -> str:
    """The last part of a path, on one line, cut before its ending."""
    name = line(re.split(r"[/\\]", name)[-1], 1000).strip(". ")
    if len(name) <= NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: NAME - len(ending) - 1]}.{ending}" if dot and len(ending) <= 10 else name[:NAME]
