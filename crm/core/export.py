"""Lists as files: CSV and XLSX, streamed, so that a million rows need no memory."""

import csv
import datetime
import tempfile
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, override

from crm.core import show
from crm.core.forms import tidy

FORMS = {"csv", "xlsx"}
CHUNK = 2000
# What a sheet of Excel can hold, the header among them.
SHEET_ROWS = 1_048_576
# What a spreadsheet takes for the beginning of a formula.
FORMULA = frozenset("=+-@|%")


def guard(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: an apostrophe in front where it begins like one.

    What is looked at is the first visible character, after NFKC and without control and format characters: a full-width
    equals sign or one behind a zero-width space counts as well.
    """
    for character in unicodedata.normalize("NFKC", text[:200]):
        if character.isspace() or unicodedata.category(character) in {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn"}:
            continue
        return f"'{text}" if character in FORMULA else text
    return text


def plain(column, record):
    """The value of a cell for a file: numbers, dates and texts as such."""
    value = column.of(record)
    if column.kind == "tags":
        tags = value.all() if hasattr(value, "all") else value or ()
        return ", ".join(str(tag) for tag in tags)
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).replace(tzinfo=None, microsecond=0)
    if column.kind == "money" and isinstance(value, Decimal):
        # What the database multiplied has twenty places; a weighted value of nothing would be written 0E-20.
        return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if isinstance(value, int | float | Decimal | datetime.date):
        return value
    return guard(tidy(str(value), 32_000))


def answer(form: str, title: str, columns, queryset):
    """The file as a download. `queryset` is scoped, filtered and sorted."""
    name = f"{slugify(title) or 'export'}-{timezone.localdate().isoformat()}.{form}"
    if form == "csv":
        response = StreamingHttpResponse(_csv(columns, queryset), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(_xlsx(columns, queryset), as_attachment=True, filename=name)


class _Line:
    """A file for csv.writer that hands each line on."""

    def write(self, text: str) -> str:
        return text


def _csv(columns, queryset):
    """Lines as a German or English Excel opens them: the list separator follows the decimal sign.

    They are made while the answer is sent, when the request and its language are over: so the language is taken now
    and put on for one line at a time, that it does not stay on the thread in between.
    """
    language = get_language()
    german = show.number(Decimal("0.5"), 1) == "0,5"
    writer = csv.writer(_Line(), delimiter=";" if german else ",")

    def lines():
        with override(language):
            head = writer.writerow([guard(str(c.label)) for c in columns])
        # The mark by which Excel knows that it is UTF-8.
        yield "\ufeff" + head
        for record in queryset.iterator(chunk_size=CHUNK):
            with override(language):
                line = writer.writerow([_text(plain(c, record), german) for c in columns])
            yield line

    return lines()


def _text(value, german: bool) -> str:
    if isinstance(value, datetime.datetime):
        return value.strftime("%d.%m.%Y %H:%M" if german else "%Y-%m-%d %H:%M")
    if isinstance(value, datetime.date):
        return value.strftime("%d.%m.%Y" if german else "%Y-%m-%d")
    if isinstance(value, Decimal | float):
        return str(value).replace(".", ",") if german else str(value)
    return str(value)


def _xlsx(columns, queryset):
    """A workbook in a temporary file; real numbers and dates. Where a sheet is full, the next one goes on."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 the answer closes it
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    bold = book.add_format({"bold": True})
    shapes = {
        datetime.datetime: book.add_format({"num_format": "dd.mm.yyyy hh:mm"}),
        datetime.date: book.add_format({"num_format": "dd.mm.yyyy"}),
    }
    money = book.add_format({"num_format": '#,##0.00 "€"'})
    sheet = _sheet(book, columns, bold)
    for count, record in enumerate(queryset.iterator(chunk_size=CHUNK)):
        line = count % (SHEET_ROWS - 1) + 1
        if count and line == 1:
            sheet = _sheet(book, columns, bold)
        for place, column in enumerate(columns):
            value = plain(column, record)
            if type(value) in shapes:
                sheet.write_datetime(line, place, value, shapes[type(value)])
            elif isinstance(value, int | float | Decimal):
                sheet.write_number(line, place, value, money if column.kind == "money" else None)
            elif value != "":
                sheet.write_string(line, place, value)
    book.close()
    file.seek(0)
    return file


def _sheet(book, columns, bold):
    """A sheet with the names of the columns."""
    sheet = book.add_worksheet()
    for place, column in enumerate(columns):
        sheet.write_string(0, place, guard(str(column.label)), bold)
        sheet.set_column(place, place, 30 if column.kind in {"text", "link"} else 16)
    sheet.freeze_panes(1, 0)
    return sheet
