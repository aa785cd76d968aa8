"""The rejected rows as a file: the columns as they came, and in front of them where and why."""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from crm.core.export import guard
from crm.imports.models import ImportRun


def rejected_rows(run: ImportRun) -> Iterator[str]:
    """The lines of a CSV file (UTF-8 with BOM, semicolons: what a spreadsheet opens by itself).

    They are read after the request, so the language of the headers is that of the moment when they are asked for.
    """
    head = [_("Row"), _("Reason")]
    line = io.StringIO()
    writer = csv.writer(line, delimiter=";")

    def take(*cells) -> str:
        writer.writerow(cells)
        text = line.getvalue()
        line.seek(0)
        line.truncate()
        return text

    def lines():
        yield "\ufeff" + take(*head, *(guard(column["name"]) for column in run.reading["columns"]))
        for row in run.rejections.order_by("row", "pk").iterator():
            yield take(row.row, guard(row.reason), *map(guard, row.cells))

    return lines()
