"""From a file to rows of text: encoding, delimiter and formats are detected, and can all be corrected.

A file is somebody else's: it is checked before it is parsed (kinds), read as a stream (csvfile, xlsxfile), and every
limit has a sentence (limits). What its texts mean is said by their notation (notation).
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _

from crm.core import show
from crm.core.forms import tidy
from crm.imports.reading import csvfile, limits, xlsxfile
from crm.imports.reading.csvfile import ENCODINGS, detect_delimiter, detect_encoding
from crm.imports.reading.kinds import Unreadable, kind_of, size_of
from crm.imports.reading.notation import (
    DATE_FORMATS,
    NUMBER_FORMATS,
    date_orders,
    number_marks,
    parse_moment,
    parse_number,
)

__all__ = [
    "DATE_FORMATS",
    "ENCODINGS",
    "NUMBER_FORMATS",
    "Unreadable",
    "column_names",
    "date_orders",
    "detect_delimiter",
    "detect_encoding",
    "inspect",
    "join",
    "kind_of",
    "number_marks",
    "parse_moment",
    "parse_number",
    "raw_rows",
    "rows",
    "signature",
]

SAMPLE_ROWS = 2_000  # how many rows decide about a column


def raw_rows(file, reading: dict) -> Iterator[tuple[int, list[str]]]:
    """(number of the row in the file, its cells); blank rows are left out, cells are tidied, limits are held."""
    source = xlsxfile.rows(file, reading) if reading["kind"] == "xlsx" else csvfile.rows(file, reading)
    for number, row in enumerate(source, 1):
        if number > limits.MAX_ROWS + 1:
            raise Unreadable(
                _("The file has more than %(limit)s rows. Split it into several files.")
                % {"limit": show.number(limits.MAX_ROWS)}
            )
        if len(row) > limits.MAX_COLUMNS:
            raise Unreadable(
                _("Row %(row)s has more than %(limit)s columns. Is the right delimiter chosen?")
                % {"row": number, "limit": limits.MAX_COLUMNS}
            )
        if any(len(cell) > limits.MAX_CELL for cell in row):
            raise limits.too_long(number)
        cells = [tidy(cell).strip() for cell in row]
        if any(cells):
            yield number, cells


def rows(file, reading: dict, start: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The data rows after the header, `start` of them skipped; each padded to the width of the header."""
    width = len(reading["columns"])
    source = raw_rows(file, reading)
    if reading["header"]:
        next(source, None)
    for index, (number, cells) in enumerate(source):
        if index >= start:
            yield number, cells + [""] * (width - len(cells))


class _Column:
    """What is known about one column while the file is read."""

    def __init__(self, name: str):
        self.name, self.samples = name, []
        self.filled = self.dates = self.numbers = self.mails = 0
        self.orders, self.marks, self.separators = Counter(), Counter(), Counter()
        self.values: set[str] = set()
        self.repeats = 0

    def see(self, text: str) -> None:
        self.filled += 1
        if text in self.values:
            self.repeats += 1
        elif len(self.values) < SAMPLE_ROWS:
            self.values.add(text)
            if len(self.samples) < 3:
                self.samples.append(text[:120])
        self.see_date(text)
        if marks := number_marks(text):
            self.numbers += 1
            if len(marks) == 1:
                self.marks.update(marks)
        if "@" in text:
            self.mails += 1

    def see_date(self, text: str) -> None:
        if orders := date_orders(text):
            self.dates += 1
            self.separators[text[2:3] if text[2:3] in "./-" else text[1:2]] += 1
            if len(orders) == 1:
                self.orders.update(orders)

    def is_date(self) -> bool:
        return self.dates > self.filled / 2

    def is_open(self) -> bool:
        """A column of dates of which none has said yet which way round it is."""
        return self.is_date() and not (self.orders["dmy"] or self.orders["mdy"] or self.orders["ymd"])

    def order(self) -> str:
        if any(self.orders.values()):
            return max(("dmy", "mdy", "ymd"), key=lambda order: self.orders[order])
        return "mdy" if self.separators.most_common(1) and self.separators.most_common(1)[0][0] == "/" else "dmy"

    def mark(self) -> str:
        return "," if self.marks[","] > self.marks["."] else "."

    def facts(self) -> dict:
        if self.is_date():
            kind, form = "date", self.order()
        elif self.numbers > self.filled / 2:
            kind, form = "number", self.mark() if self.marks else ""
        else:
            kind, form = "text", ""
        return {
            "name": self.name,
            "samples": self.samples,
            "kind": kind,
            "format": form,
            "filled": self.filled,
            "unique": self.filled > 1 and self.repeats == 0,
            "mails": self.mails > self.filled / 2,
        }


def column_names(cells: list[str]) -> list[str]:
    """Headers without gaps and doubles: "Column 3", "Name (2)"."""
    names, seen = [], Counter()
    for index, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:100] or _("Column %(number)s") % {"number": index}
        seen[name.casefold()] += 1
        count = seen[name.casefold()]
        names.append(name if count == 1 else f"{name} ({count})")
    return names


def _looks_like_data(cells: list[str]) -> bool:
    filled = [c for c in cells if c]
    values = sum(bool(date_orders(c) or number_marks(c) or "@" in c) for c in filled)
    return any("@" in c for c in filled) or values > len(filled) / 2


def inspect(file, given: dict | None = None) -> dict:
    """How to read `file`: everything that was not `given` by the user is detected. Reads the whole file once.

    Gives a dictionary that can be kept as JSON: kind, encoding, delimiter, quote, sheet, sheets, header, columns
    (name, samples, kind, format, …), total (data rows), signature (of the headers). Raises Unreadable.
    """
    given = {k: v for k, v in (given or {}).items() if v not in (None, "")}
    reading = _container(file, given)
    source = raw_rows(file, reading)
    first = next(source, None)
    if first is None:
        raise Unreadable(_("The file is empty."))
    reading["header"] = bool(given["header"]) if "header" in given else not _looks_like_data(first[1])
    names = column_names(first[1] if reading["header"] else [""] * len(first[1]))
    columns = [_Column(name) for name in names]
    reading["total"] = _look_through(file, reading, first, source, columns)
    reading["columns"] = [column.facts() for column in columns]
    common = Counter(c["format"] for c in reading["columns"] if c["kind"] == "number" and c["format"])
    for index, column in enumerate(reading["columns"]):
        if column["kind"] == "number" and not column["format"]:
            column["format"] = common.most_common(1)[0][0] if common else "."
        if chosen := given.get("formats", {}).get(str(index)):
            column["format"] = chosen
    reading["signature"] = signature(names)
    return reading


def _container(file, given: dict) -> dict:
    """The part of a reading without which there are no rows: kind, sheet; or encoding, quotation mark, delimiter."""
    reading = {"kind": kind_of(file)}
    if reading["kind"] == "xlsx":
        reading["sheets"] = xlsxfile.sheets(file)
        reading["sheet"] = given.get("sheet") or (reading["sheets"] or [""])[0]
    else:
        reading["encoding"] = given.get("encoding") or detect_encoding(file)
        sample = csvfile.as_text(file, reading["encoding"]).read(128 * 1024)
        csvfile.refuse_binary(sample)
        reading["quote"] = given.get("quote", '"').replace("none", "")
        reading["delimiter"] = given.get("delimiter") or detect_delimiter(sample, reading["quote"] or '"')
    return reading


def _look_through(file, reading: dict, first: tuple, source: Iterator, columns: list[_Column]) -> int:
    """Show the columns what is in them, and count the data rows. Raises Unreadable for none, and for half a file."""
    total, last, ragged, doubtful = 0, first, False, []
    if not reading["header"]:
        total = 1
        _see(columns, first[1])
    for number, cells in source:
        total += 1
        ragged = ragged or len(last[1]) < len(columns)
        last = (number, cells)
        if total <= SAMPLE_ROWS:
            _see(columns, cells)
        elif doubtful:
            # Most rows are only counted; a column whose dates could be either way is watched on.
            for index in doubtful:
                if index < len(cells) and cells[index]:
                    columns[index].see_date(cells[index])
        if total == SAMPLE_ROWS or (total > SAMPLE_ROWS and total % 200 == 0):
            doubtful = [i for i, column in enumerate(columns) if column.is_open()]
    if not total:
        raise Unreadable(_("The file has a header, but no rows below it."))
    if reading["kind"] == "csv" and len(last[1]) < len(columns) and not ragged and not _ends_with_a_line(file):
        raise Unreadable(
            _("The last row (%(row)s) has only %(cells)s of %(all)s cells; the file seems to be cut off.")
            % {"row": last[0], "cells": len(last[1]), "all": len(columns)}
        )
    return total


def _see(columns: list[_Column], cells: list[str]) -> None:
    for column, cell in zip(columns, cells, strict=False):
        if cell:
            column.see(cell)


def _ends_with_a_line(file) -> bool:
    file.seek(-min(4, size_of(file)), io.SEEK_END)
    return file.read().replace(b"\0", b"").endswith((b"\n", b"\r"))


def signature(names: list[str]) -> str:
    """What two files with the same columns have in common."""
    return hashlib.sha256("\x1f".join(name.casefold() for name in names).encode()).hexdigest()[:32]


def join(rows_: Iterator[dict], table: dict[str, dict], key: str) -> Iterator[dict]:
    """Each row with the columns of the row of `table` that its column `key` names; its own columns win."""
    for row in rows_:
        yield {**table.get(row.get(key, ""), {}), **row}
