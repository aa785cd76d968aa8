"""What stands beside a record in a table of its own (its tags, its further addresses), as an import adds it.

New records get all of it. Records that are there get what they lack, and the undo takes exactly that away again;
nothing is ever removed because a file does not name it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Model

from crm.imports.batch import Context, Row

FOUND = "links"


@dataclass(frozen=True)
class Links:
    """A table of such rows: `record` is its column that names the record, `value` the one with what the row says.

    `wanted(row)` gives the values of `value` that a row of the file asks for.
    """

    model: type[Model]
    record: str
    value: str
    wanted: Callable[[Row], list]

    def compare(self, rows: list[Row], how: Callable[[Row], str]) -> None:
        """Notes for each row whose record is there (row.found["known"]) what of its links that record lacks.

        `how(row)`: "update" adds what is missing, "fill" only where the record has none at all.
        """
        asking = [row for row in rows if row.found.get("known") and self.wanted(row) and how(row) in ("update", "fill")]
        there: dict[int, set] = {}
        if asking:
            ids = {row.found["known"].pk for row in asking}
            found = self.model.objects.filter(**{f"{self.record}__in": ids})
            for pk, value in found.values_list(self.record, self.value):
                there.setdefault(pk, set()).add(value)
        for row in asking:
            has = there.get(row.found["known"].pk, set())
            missing = [value for value in self.wanted(row) if value not in has]
            if missing and (how(row) == "update" or not has):
                row.found.setdefault(FOUND, {})[self] = missing

    def give(self, pairs: list[tuple[Row, Model]], context: Context) -> None:
        """Add to new records what their rows ask for."""
        if not context.dry:
            made = [self._link(record, value) for row, record in pairs for value in self.wanted(row)]
            self.model.objects.bulk_create(made, ignore_conflicts=True)

    def add(self, pairs: list[tuple[Row, Model]], context: Context) -> None:
        """Add to records that are there what they lack, and note it for the undo."""
        made = [
            (row, record, self._link(record, value))
            for row, record in pairs
            for value in row.found.get(FOUND, {}).get(self, ())
        ]
        if made and not context.dry:
            self.model.objects.bulk_create([link for _row, _record, link in made])
            for row, record, link in made:
                context.linked(row, record, link)

    def _link(self, record, value):
        return self.model(**{self.record: record.pk, self.value: value})


def tags(model: type[Model], record: str) -> Links:
    """The tags of a kind of record; the row's are in row.found["tags"]."""
    return Links(model, record, "tag_id", lambda row: [tag.pk for tag in row.found.get("tags", ())])
