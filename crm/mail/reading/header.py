"""The header of a mail or part: its fields, encoded words (RFC 2047), parameters (RFC 2231), identifiers and dates."""

import binascii
import datetime
import re
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from django.utils.translation import gettext_noop

from crm.mail.reading import limits
from crm.mail.reading.charsets import clean, decode, line

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
# Spaces in an encoded word are wrong and frequent.
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*("(?:[^"\\]|\\.){0,4000}"|[^;"]*)', re.DOTALL)
_SECTION = re.compile(r"(.+?)\*(\d{1,3})?(\*)?")
_ID = re.compile(r"<([^<>]{1,1000})>")
EARLIEST = datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC)
AHEAD = datetime.timedelta(days=2)  # a clock may be wrong by a time zone or a day, not by more
BROKEN_HEADER = gettext_noop("The header has lines that do not belong there.")
NO_DATE = gettext_noop("The mail does not say when it was sent.")
ODD_DATE = gettext_noop("The date of the mail cannot be right.")


class Header:
    """The fields of a header in their order: (name in lower case, unfolded value as bytes)."""

    def __init__(self, fields: list[tuple[str, bytes]]):
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _value in self.fields)

    def raw(self, name: str) -> list[bytes]:
        """The values of all fields of this name."""
        return [value for field, value in self.fields if field == name]

    def all(self, name: str) -> list[str]:
        """The same as text, encoded words still encoded."""
        return [decode(value) for value in self.raw(name)]

    def get(self, name: str) -> str:
        """The first that is not empty, encoded words still encoded; else ""."""
        return next((text for text in self.all(name) if text.strip()), "")

    def text(self, name: str, limit: int = limits.SUBJECT) -> str:
        """The first that is not empty, decoded, on one line."""
        return line(words(self.get(name)[: limit * 8]), limit)


def split(raw: bytes, start: int, end: int, budget: limits.Budget) -> tuple[Header, int]:
    """The header that begins at `start`, and where the body begins."""
    fields: list[tuple[str, list[bytes]]] = []
    at, stop = start, min(end, start + limits.HEADER_BYTES)
    while at < stop:
        line_end = raw.find(b"\n", at, end)
        line_end = end if line_end < 0 else line_end
        row = raw[at : min(line_end, stop)].rstrip(b"\r")
        match = None if row[:1] in (b" ", b"\t") else _FIELD.match(row)
        if not row.strip(b" \t") and (not row or not _goes_on(raw, line_end + 1, stop)):
            return _header(fields), min(line_end + 1, end)
        if match:
            if len(fields) >= limits.HEADER_FIELDS:
                break
            fields.append((match[1].decode("ascii").lower(), [row[match.end() :]]))
        elif fields:
            if row[:1] not in (b" ", b"\t"):
                budget.note(BROKEN_HEADER)
            fields[-1][1].append(row if row[:1] in (b" ", b"\t") else b" " + row)
        else:
            # Text without a header: a part of a multipart may be so.
            return Header([]), at
        at = line_end + 1
    if at >= end:
        return _header(fields), end
    budget.note(limits.LONG_HEADER)
    return _header(fields), _body_after(raw, at, end)


def _goes_on(raw: bytes, at: int, stop: int) -> bool:
    """Is there more of a header after a line of nothing but spaces?"""
    ahead = raw[at : min(at + 200, stop)]
    return ahead[:1] in (b" ", b"\t") or bool(_FIELD.match(ahead))


def _header(fields: list[tuple[str, list[bytes]]]) -> Header:
    return Header([(name, b"".join(rows).strip(b" \t")) for name, rows in fields])


def _body_after(raw: bytes, at: int, end: int) -> int:
    """Where the first empty line after `at` ends; `end` if there is none."""
    ends = [(raw.find(mark, at, end), len(mark)) for mark in (b"\n\n", b"\n\r\n")]
    return min((found + size for found, size in ends if found >= 0), default=end)


def words(text: str) -> str:
    """Encoded words in `text` decoded. Those in a row make one text: letters may be cut between them."""
    if "=?" not in text:
        return text
    out, run, charset, last = [], [], "", 0
    for match in _WORD.finditer(text):
        between = text[last : match.start()]
        data = _word_bytes(match[2], match[3])
        name = match[1].lower()
        if run and (name != charset or between.strip()):
            out.append(decode(b"".join(run), charset))
            run = []
        if between.strip() or not last:
            out.append(between)
        run.append(data)
        charset, last = name, match.end()
    if run:
        out.append(decode(b"".join(run), charset))
    return "".join(out) + text[last:]


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", errors="replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    data = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    # A single letter at the end holds no whole byte.
    data = data[:-1] if len(data) % 4 == 1 else data
    return binascii.a2b_base64(data + b"==")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """("text/plain", {"charset": …}): continued and encoded values put together; the first of a name counts."""
    main, _semicolon, rest = value.partition(";")
    found: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(";" + rest[:20_000]):
        name, text = match[1].lower(), match[2].strip()
        if text.startswith('"'):
            text = re.sub(r"\\([\"\\])", r"\1", text[1:-1])
        section = _SECTION.fullmatch(name)
        if section:
            sections.setdefault(section[1], {}).setdefault(
                int(section[2] or 0), (text, bool(section[3] or not section[2]))
            )
        else:
            found.setdefault(name, line(words(text), 1000))
    for name, parts in sections.items():
        # What RFC 2231 encodes is meant; the plain name beside it is for old programs.
        found[name] = line(_put_together([parts[key] for key in sorted(parts)]), 1000)
    return main, found


def _put_together(parts: list[tuple[str, bool]]) -> str:
    """filename*0*=utf-8''%C3%9C; filename*1=b: the first says the charset, each says whether it is encoded."""
    charset = ""
    if parts[0][1] and parts[0][0].count("'") >= 2:
        charset, _language, first = parts[0][0].split("'", 2)
        parts = [(first, True), *parts[1:]]
    data = b"".join(
        unquote_to_bytes(text) if encoded else text.encode("utf-8", errors="replace") for text, encoded in parts
    )
    return words(decode(data, charset))


def identifiers(text: str) -> list[str]:
    """The Message-IDs in a field, with their brackets and each once; those without brackets only if none has any."""
    found = ["".join(clean(match).split()) for match in _ID.findall(text)]
    if not found:
        found = [word.strip("<>,;") for word in clean(text).split() if "@" in word]
    ids = [f"<{one}>" for one in found if one]
    return list(dict.fromkeys(one for one in ids if len(one) <= limits.ID))


def date(text: str) -> datetime.datetime | None:
    """When a mail says it was sent. Without a zone it is taken for UTC. None for what is no date."""
    text = line(words(text), 200)
    try:
        parts = parsedate_tz(text)
        if parts is not None:
            zone = datetime.timezone(datetime.timedelta(seconds=parts[9] or 0))
            year = parts[0]
            return datetime.datetime(year, *parts[1:5], min(parts[5], 59), tzinfo=zone)
        found = datetime.datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def sent_at(header: Header, budget: limits.Budget) -> datetime.datetime | None:
    """The date of a mail, where it is there and believable."""
    text = header.get("date")
    if not text:
        budget.note(NO_DATE)
        return None
    found = date(text)
    if found is None or not EARLIEST <= found <= datetime.datetime.now(datetime.UTC) + AHEAD:
        budget.note(ODD_DATE)
        return None
    return found
