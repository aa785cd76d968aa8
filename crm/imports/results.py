"""What became of the rejected rows: the reasons counted, and the rows as a file with where and why in front."""

import csv
import io
import re
from collections.abc import Iterator

from django.db.models import Count, F, Func, TextField, Value
from django.utils.translation import gettext as _

from crm.core.export import guard
from crm.imports.models import ImportRun

# A record's number in a reason, as Python and PostgreSQL both read it: the same reason of 800 records is one reason.
NUMBER = "[A-Z]{1,4}-[0-9]{4}-[0-9]{6}|K-[0-9]{5,}"


def without_number(reason: str) -> str:
    """`reason` without the number of the one record that it is about."""
    return re.sub(NUMBER, "…", reason)


def commonest_reasons(run: ImportRun) -> list[dict]:
    """[{"kind": reason without numbers, "count": rows}], the commonest first."""
    kind = Func(F("reason"), Value(NUMBER), Value("…"), Value("g"), function="regexp_replace", output_field=TextField())
    reasons = run.rejections.order_by().annotate(kind=kind).values("kind").annotate(count=Count("pk"))
    return list(reasons.order_by("-count", "kind")[:10])


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
