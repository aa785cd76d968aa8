"""Many rows, fast: COPY, with the triggers off and (for very many) the indexes made afterwards.

What the triggers would have written (history, stage changes, customers) is the caller's business: crm/demo/history.py.
"""

from contextlib import contextmanager

from django.db import connection
from django.db.models import GeneratedField, Model

BATCH = 20_000


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


class Table:
    """Rows of one model on their way into the database. `columns` are those given to `add`, in that order; all
    others get the default of their field."""

    def __init__(self, model: type[Model], columns: str):
        names = columns.split()
        given = set(names)
        rest = [
            field
            for field in model._meta.concrete_fields
            if field.column not in given and not isinstance(field, GeneratedField) and not field.primary_key
        ]
        self.model = model
        self.names = names + [field.column for field in rest]
        self.tail = "".join(f"\t{_text(field.get_default())}" for field in rest) + "\n"
        self.lines: list[str] = []

    def add(self, *values) -> None:
        """One row: texts without control characters, numbers, None; dates and moments as text."""
        self.lines.append(
            "\t".join(["\\N" if v is None else v if type(v) is str else str(v) for v in values]) + self.tail
        )
        if len(self.lines) >= BATCH:
            self.flush()

    def flush(self) -> None:
        if not self.lines:
            return
        columns = ", ".join(map(quoted, self.names))
        statement = f"COPY {quoted(self.model._meta.db_table)} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(self.lines))
        self.lines.clear()


def _text(value) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


@contextmanager
def silent(tables: list[str], *, bare: bool):
    """Inside: no triggers of ours on `tables`; with `bare` no indexes and foreign keys either. Needs a transaction.

    All of it comes back at the end, and the foreign keys are checked then.
    """
    with connection.cursor() as cursor:
        # Moments are written as the clock here shows them; a long load is not a stuck statement.
        for name, value in (
            ("timezone", "Europe/Berlin"),
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("maintenance_work_mem", "512MB" if bare else "64MB"),
            ("work_mem", "128MB" if bare else "16MB"),
            ("synchronous_commit", "off"),
        ):
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        _settle(cursor)
        for table in tables:
            cursor.execute(f"ALTER TABLE {quoted(table)} DISABLE TRIGGER USER")
        restore = _strip(cursor, tables) if bare else []
    yield
    with connection.cursor() as cursor:
        for statement in restore:
            cursor.execute(statement)
        _settle(cursor)
        for table in tables:
            cursor.execute(f"ALTER TABLE {quoted(table)} ENABLE TRIGGER USER")


def _settle(cursor) -> None:
    """Do the deferred checks of foreign keys now: while some are due, triggers cannot be switched."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _strip(cursor, tables: list[str]) -> list[str]:
    """Drop foreign keys and the indexes that no constraint needs; gives the statements that bring them back."""
    cursor.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])",
        [tables],
    )
    keys = cursor.fetchall()
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid = ANY (%s::regclass[]) "
        "AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [tables],
    )
    indexes = cursor.fetchall()
    for table, name, _definition in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {quoted(name)}")
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in indexes] + [
        f"ALTER TABLE {table} ADD CONSTRAINT {quoted(name)} {definition}" for table, name, definition in keys
    ]


def set_sequences(models) -> None:
    """After rows with ids of their own: the next id follows the highest."""
    with connection.cursor() as cursor:
        for model in models:
            table, key = model._meta.db_table, model._meta.pk.column
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, %s), coalesce(max({quoted(key)}), 0) + 1, false) "
                f"FROM {quoted(table)}",
                [quoted(table), key],
            )


def analyze(models) -> None:
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {quoted(model._meta.db_table)}")
