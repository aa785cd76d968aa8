"""Imports in a line: text in, a finished run out."""

import io

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from crm.imports import actions, engine, mapping, targets, undo
from crm.imports.models import ImportRun, ImportStatus


@pytest.fixture(autouse=True)
def _files_go_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def prepare(text, target, by, *, name="file.csv", columns=None, values=None, formats=None, given=None, **options):
    """A run that is ready to start. `columns`: header → field instead of what is guessed ("" leaves it out)."""
    content = text if isinstance(text, bytes) else text.encode()
    run = actions.upload(file=ContentFile(content, name), target=target, by=by, given=given)
    chosen = mapping.guess(targets.get(target), run.reading)
    places = {column["name"]: str(index) for index, column in enumerate(run.reading["columns"])}
    for header, field in (columns or {}).items():
        chosen["columns"] = {i: f for i, f in chosen["columns"].items() if f != field or field in {"description"}}
        chosen["columns"].pop(places[header], None)
        if field:
            chosen["columns"][places[header]] = field
    chosen["values"] |= values or {}
    chosen["options"] |= options
    run = actions.assign(run=run, chosen=chosen, formats={places[k]: v for k, v in (formats or {}).items()}, by=by)
    assert run.status == ImportStatus.READY, mapping.problems(targets.get(target), run.reading, run.mapping)
    return run


def complete(run) -> ImportRun:
    run.refresh_from_db()
    while engine.work(run):
        run.refresh_from_db()
    run.refresh_from_db()
    return run


@pytest.fixture
def bring(people):
    """bring(text, target, …) imports the text as the admin (or `by`), to the end."""

    def bring(text, target, by=None, **how):
        run = prepare(text, target, by or people["admin"], **how)
        engine.start(run)
        run = complete(run)
        assert run.status == ImportStatus.DONE, run.error
        return run

    return bring


@pytest.fixture
def take_back():
    def take_back(run):
        undo.begin(run)
        while undo.work(run):
            run.refresh_from_db()
        run.refresh_from_db()
        assert run.status == ImportStatus.UNDONE
        return run

    return take_back


def counts(run) -> tuple[int, int, int, int]:
    """(created, changed, already there, rejected)"""
    return run.created, run.changed, run.unchanged, run.rejected


def reasons(run) -> list[str]:
    return list(run.rejections.values_list("reason", flat=True))


ROOMS = ("contacts_", "lists_", "opportunities_", "inbox_")


def dump() -> str:
    """All business tables, row by row, in one order: what must be the same before an import and after its undo."""
    out = io.StringIO()
    tables = [t for t in sorted(connection.introspection.table_names()) if t.startswith(ROOMS) and t[-5:] != "event"]
    assert len(tables) > 15
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY t.id")
            for (row,) in cursor:
                out.write(f"{table} {row}\n")
    return out.getvalue()
