"""CSV files as rows: the encoding and the delimiter are detected, every limit has a sentence."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from crm.imports.reading.kinds import Unreadable
from crm.imports.reading.limits import too_long

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ["utf-8", "cp1252", "utf-16-le", "utf-16-be", "cp850", "mac_roman", "cp1250", "iso8859_15", "cp1251"]

BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
# What stands in Western European texts beyond ASCII; a wrong guess turns these into something else.
WESTERN = set("äöüÄÖÜßéèêàáâçñóòôúùíîëïãõåæøÉÈÀÅØ€–—„“”‚‘’«»°§®©…·µ²³¼½×¡¿šžŠŽ\u00a0")


def detect_encoding(file) -> str:
    """The encoding of a text file: BOM, then UTF-16 by its zeros, UTF-8 if all of it fits, else the likeliest."""
    file.seek(0)
    head = file.read(256 * 1024)
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    even, odd = head[0:4000:2].count(0), head[1:4000:2].count(0)
    half = max(len(head[:4000]) // 2, 1)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    if _decodes(file, "utf-8"):
        return "utf-8"
    return _likeliest(file)


def _decodes(file, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(1024 * 1024):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(file) -> str:
    """Among the eight-bit encodings, the one whose special characters look like words of this part of the world."""
    file.seek(0)
    data = file.read(1024 * 1024)
    places = [i for i, byte in enumerate(data) if byte >= 0x80][:20_000]
    # Umlauts and accents stand alone; where special characters stand in rows, it is another alphabet.
    rows = sum(b - a == 1 for a, b in pairwise(places))
    if not places:  # the special characters come late in a large file
        return "cp1252"
    if rows < len(places) * 0.4:
        special = bytes(data[i] for i in places)
        scores = {}
        for name in ("cp1252", "mac_roman", "cp850"):
            text = special.decode(name, errors="replace")
            scores[name] = sum(1 if c in "äöüÄÖÜß" else 0.7 if c in WESTERN else 0 for c in text) / len(text)
        best = max(scores, key=scores.get)
        if scores[best] >= 0.6:
            return best
    guess = from_bytes(data[: 512 * 1024], cp_exclusion=["utf_7"]).best()
    return guess.encoding if guess and guess.encoding in _known_encodings() else "cp1252"


def _known_encodings() -> set[str]:
    return {*ENCODINGS, "utf_8", "iso8859_2", "iso8859_5", "iso8859_7", "cp1253", "cp1254", "koi8_r", "big5", "gb18030"}


def as_text(file, encoding: str) -> io.TextIOWrapper:
    """The file from its beginning as text, without its BOM; what does not fit the encoding becomes U+FFFD."""
    file.seek(0)
    for bom, name in BOMS:
        if name.startswith(encoding.lower().replace("_", "-")[:6]) and file.read(len(bom)) == bom:
            break
        file.seek(0)
    # The wrapper must not close the file when it is thrown away.
    return io.TextIOWrapper(_Uncloseable(file), encoding=encoding, errors="replace", newline="")


class _Uncloseable(io.RawIOBase):
    """A readable view of a binary file from where it stands; closing it leaves the file open."""

    def __init__(self, file):
        self.file = file

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read1(self, size=-1):
        return self.file.read(size if size and size > 0 else 64 * 1024)


def refuse_binary(text: str) -> None:
    """Raises Unreadable where `text` is none: control characters, zeros, characters that no encoding has."""
    odd = sum(c < " " and c not in "\t\r\n\x0b\x0c\x1a\0" for c in text)
    if odd > max(4, len(text) * 0.005) or text.count("\0") > len(text) * 0.1 or text.count("\ufffd") > len(text) * 0.2:
        raise Unreadable(_("This file is not a table of text. Choose a CSV or Excel file (.xlsx)."))


def detect_delimiter(text: str, quote: str = '"') -> str:
    """The delimiter with which most rows of `text` have the same number of cells, more than one of them."""
    lines = text.splitlines(keepends=True)
    if lines and (said := re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE)) and said[1] in DELIMITERS:
        return said[1]
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            counts = Counter(len(row) for row in _take(csv.reader(lines[:300], delimiter=delimiter, quotechar=quote)))
        except csv.Error:
            continue
        columns, rows = max(counts.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]), default=(1, 0))
        score = rows / counts.total() * (1 + min(columns, 50) / 100) if columns > 1 and counts.total() else 0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _take(reader, limit: int = 200):
    """The first rows that are not blank; what a cut sample breaks at its end is left out."""
    rows = []
    for row in reader:
        if row:
            rows.append(row)
        if len(rows) >= limit:
            break
    return rows[:-1] if 1 < len(rows) < limit else rows


def rows(file, reading: dict) -> Iterator[list[str]]:
    """The records of a CSV file. Raises Unreadable for an over-long cell and for an open quotation mark."""
    text = as_text(file, reading["encoding"])
    # Whether the last quotation mark was closed shows in the row into which this line falls.
    end = "\ue000end of file\ue000"
    quote = reading.get("quote", '"')

    def lines():
        last = "\n"
        for index, line in enumerate(text):
            if index == 0 and re.fullmatch(r"\"?sep=.\"?\s*", line, re.IGNORECASE):
                line = "\n"
            last = line
            yield line.replace("\0", "") if "\0" in line else line
        if not last.endswith(("\n", "\r")):
            yield "\n"
        yield end

    if quote:
        reader = csv.reader(lines(), delimiter=reading["delimiter"], quotechar=quote)
    else:
        reader = csv.reader(lines(), delimiter=reading["delimiter"], quoting=csv.QUOTE_NONE, quotechar=None)
    number = 0
    try:
        for row in reader:
            if row == [end]:
                return
            number += 1
            if row and row[-1].endswith(end):
                raise Unreadable(
                    _(
                        "Row %(row)s opens a quotation mark that is never closed; the file seems to be cut off. "
                        "Nothing was imported."
                    )
                    % {"row": number}
                )
            yield row
    except csv.Error as error:
        raise too_long(number + 1, quote) from error
