"""Forms and API take only what they document: no foreign record in any key, no field that was not asked for."""

import pytest
import time_machine
from django.db import connection, models
from django.utils import timezone

from contacts.models import Company, Person
from crm.files.models import StoredFile
from crm.sales.models import Invoice, Order, Quote
from inbox.models import InboxItem
from opportunities.models import Opportunity
from tests.contracts.access import Matrix
from tests.contracts.visits import our_tables, savepoint

RECORDS = (Company, Person, Opportunity, InboxItem, Quote, Order, Invoice)
TARGETS = (*RECORDS, StoredFile)


def posts(world, role="rep"):
    """(matrix, cell, what it sends, the names it documents) of every address that the role may post to."""
    matrix = Matrix(world)
    for cell in matrix.allowed(role, "post"):
        form = matrix.form(cell)
        yield matrix, cell, matrix.sample(cell), set(form.fields if form else ()) | set(matrix.sample(cell))


def foreign_ids(world) -> dict[str, int]:
    """{name of a key: the stranger's record that it would name}: every name by which our records point at others."""
    ids = {}
    for model in RECORDS:
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model in RECORDS:
                ids[field.name] = world.record(field.related_model._meta.label, "rep", "foreign")[0].pk
    company = world.record("contacts.Company", "rep", "foreign")[0]
    ids |= {
        "files": world.children[company.pk]["file"].pk,
        "item": world.record("inbox.InboxItem", "rep", "foreign")[0].pk,
    }
    return ids | {"owner": world.people["stranger"].pk}


def pointing_at(world, ids: dict) -> list:
    """How many rows of each table point at the stranger's records, and how many records she owns."""
    parts = []
    for model in connection.introspection.get_migratable_models():
        if model._meta.db_table not in our_tables(events=False):
            continue
        for field in model._meta.concrete_fields:
            if field.related_model in TARGETS or field.name == "owner":
                # A file's number is a small one, which new rows of other tables reach as well.
                names = ("files",) if field.related_model is StoredFile else ids.keys() - {"files"}
                keys = ", ".join(str(ids[name]) for name in names)
                where = f"{model._meta.db_table} WHERE {field.column} IN ({keys})"
                parts.append(f"SELECT '{where[:80]}', count(*) FROM {where}")
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return sorted(cursor.fetchall())


def test_a_foreign_record_is_refused_in_every_key(world):
    """In each key alone, also in those that the form does not have; the rest of the form is right."""
    ids, tried, accepted = foreign_ids(world), 0, []
    assert {"company", "person", "parent", "opportunity", "owner"} <= set(ids)
    before = pointing_at(world, ids)
    for matrix, cell, data, _names in posts(world):
        for name, pk in ids.items():
            tried += 1
            with savepoint() as undo:
                answer = matrix.send(cell, data={**data, name: str(pk)}, keep=True)
                if answer.writes and pointing_at(world, ids) != before:
                    accepted.append(f"{cell}: {name}={pk}")
                undo()
            if answer.status >= 500:
                accepted.append(f"{cell}: {name}={pk} {answer.status} {answer.error}")
            if bad := world.forbidden("rep", answer.text):
                accepted.append(f"{cell}: {name}={pk} shows {sorted(bad)[:3]}")
    assert not accepted, "\n".join(accepted)
    assert tried > 250


def test_a_foreign_record_fills_in_nothing(world):
    """?company=7 and the like fill in a form; not with what one may not see."""
    matrix, ids, tried, shown = Matrix(world), foreign_ids(world), 0, []
    for cell in matrix.allowed("rep", "get"):
        if not cell.access.post:
            continue
        tried += 1
        answer = matrix.send(cell, url=f"{cell.url}?{'&'.join(f'{name}={pk}' for name, pk in ids.items())}")
        if answer.status >= 500 or (bad := world.forbidden("rep", answer.text)):
            shown.append(f"{cell}: {answer.status} {answer.error or sorted(bad)[:3]}")
    assert not shown, "\n".join(shown)
    assert tried > 20


# ── fields that were not asked for ──────────────────────────────────────────────────────────────────
def wish(field, world) -> str:
    """A valid value for a field of a record, other than it has."""
    if field.choices:
        return str(list(field.choices)[-1][0])
    if field.is_relation:
        if field.related_model in RECORDS:
            return str(world.record(field.related_model._meta.label, "rep", "team")[0].pk)
        if field.name == "owner":
            return str(world.people["mate"].pk)
        return str(field.related_model._default_manager.values_list("pk", flat=True).last() or "")
    if isinstance(field, models.DateTimeField):
        return "2001-01-01T00:00"
    if isinstance(field, models.DateField):
        return "2001-01-01"
    if isinstance(field, models.BooleanField):
        return "on"
    return "77" if isinstance(field, models.IntegerField | models.DecimalField) else "Unerbeten"


def unasked(world) -> dict[str, str]:
    """{name: value} of every column of every record; also those that only verbs and the database set."""
    found = {}
    for model in RECORDS:
        for field in model._meta.concrete_fields:
            if not field.primary_key:
                found.setdefault(field.name, wish(field, world))
    return found


def state() -> str:
    """The whole content of our tables, without history, and without moments from the database's own clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{t}', md5(coalesce(string_agg(row, '|' ORDER BY row), ''))"
                f" FROM (SELECT (to_jsonb(r) - 'updated_at')::text AS row FROM {t} r) AS rows"
                for t in our_tables(events=False)
            )
        )
        return dict(cursor.fetchall())


def same_ids() -> None:
    """New rows get the same numbers again; undone with the savepoint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{name}" RESTART WITH 83000001')


def outcome(matrix, cell, data) -> tuple[dict, str]:
    """What stands in the tables after a post, and what was answered; then it is undone."""
    with savepoint() as undo:
        same_ids()
        answer = matrix.send(cell, data=data, keep=True)
        after = state() if answer.writes else None
        undo()
    return after, f"{answer.status} {answer.error}"


@pytest.mark.parametrize("role", ["rep", "admin"])
def test_a_field_that_was_not_asked_for_changes_nothing(world, role):
    """A post with all the columns that its form does not have ends as the same post without them."""
    extra, tried, changed = unasked(world), 0, []
    assert {"status", "won_at", "created_at", "qualified_at", "import_run", "number", "owner"} <= set(extra)
    with time_machine.travel(timezone.now(), tick=False):
        before = state()
        for matrix, cell, data, names in posts(world, role):
            more = {name: value for name, value in extra.items() if name not in names}
            plain, _answer = outcome(matrix, cell, data)
            fuller, said = outcome(matrix, cell, {**data, **more})
            tried += len(more)
            if fuller is not None and fuller not in (plain, before):
                differing = [t for t in fuller if fuller[t] != (plain or before)[t]]
                changed.append(f"{cell}: {said}, differs in {differing}")
            elif said.startswith("5"):
                changed.append(f"{cell}: {said}")
    assert not changed, "\n".join(changed)
    assert tried > 1500
