"""Excel files as rows of text, as a CSV file would have them."""

import datetime
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from crm.imports.reading.kinds import Unreadable
from crm.imports.reading.limits import MAX_COLUMNS


def _workbook(file):
    from openpyxl import load_workbook

    file.seek(0)
    try:
        return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever a broken part makes it stumble over
        raise Unreadable(_("This Excel file is damaged and cannot be read. Save it anew, or as CSV.")) from error


def sheets(file) -> list[str]:
    """The names of the sheets of an XLSX file that hold cells."""
    book = _workbook(file)
    try:
        return [sheet.title for sheet in book.worksheets]
    finally:
        book.close()


def _cell_text(value) -> str:
    """A cell of a spreadsheet as the text a CSV file would have; dates in ISO notation."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "" if value in {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"} else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d") if value.time() == datetime.time() else value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def rows(file, reading: dict) -> Iterator[list[str]]:
    book = _workbook(file)
    try:
        names = [sheet.title for sheet in book.worksheets]
        if not names:
            raise Unreadable(_("The file is empty."))
        sheet = book[reading["sheet"] if reading.get("sheet") in names else names[0]]
        # What a file says about its own size is not to be believed.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            cells = [_cell_text(value) for value in row[: MAX_COLUMNS + 1]]
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(_("This Excel file is damaged and cannot be read. Save it anew, or as CSV.")) from error
    finally:
        book.close()
