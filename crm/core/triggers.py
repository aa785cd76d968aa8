"""The triggers of all models are in the database, as the models have them: checked after every `migrate`.

They stand in no migration: a rule is written once, on its model, and a changed rule is no change of the schema
(docs/decisions/0008-triggers-after-migrating.md).
"""

import functools

import pgtrigger
from django.db import connections

INSTALLED = """
    SELECT relname, tgname, obj_description(t.oid, 'pg_trigger')
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE starts_with(tgname, 'pgtrigger_') AND relnamespace = 'public'::regnamespace
"""
COLUMNS = """
    SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
    WHERE table_schema = 'public' GROUP BY table_name
"""


@functools.cache
def wanted() -> dict[tuple[str, str], tuple]:
    """{(table, name): (model, trigger, hash)} of every trigger that a model declares."""
    return {
        (model._meta.db_table, trigger.get_pgid(model)): (model, trigger, trigger.compile(model).hash)
        for model, trigger in pgtrigger.registered()
    }


def fingerprint() -> str:
    """Changes with any trigger."""
    return "".join(sorted(hash for _model, _trigger, hash in wanted().values()))


def install(using="default", **kwargs) -> None:
    """Install the triggers that are missing or were changed, and drop those that no model declares any longer.

    A table that is not as its model has it (`migrate` was asked to stop at an earlier migration) is left alone.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(COLUMNS)
        tables = dict(cursor.fetchall())
        cursor.execute(INSTALLED)
        there = {(table, name): hash for table, name, hash in cursor.fetchall()}
    for place, (model, trigger, hash) in wanted().items():
        columns = {field.column for field in model._meta.local_concrete_fields}
        if there.get(place) != hash and columns <= set(tables.get(model._meta.db_table, ())):
            trigger.install(model, database=using)
    if there.keys() - wanted().keys():
        pgtrigger.prune(database=using)
