"""The bytes of mails on their way into PostgreSQL and out of it, as they are, and large ones in slices.

Django's own cursor writes them as hexadecimal text into the statement, which takes seven times a mail's size in memory;
the driver's still holds each parameter and each answer three times.
"""

import io

import psycopg
from django.db import connection

# Larger ones tear the memory into pieces; smaller ones have PostgreSQL unpack the same text ever again.
SLICE = 3 * 1024 * 1024
PIECES = "CREATE TEMPORARY TABLE IF NOT EXISTS mail_pieces (place integer, piece bytea) ON COMMIT DROP"


def put(*, raw: bytes, **values) -> int | None:
    """A new row of the journal, by its columns; its id. None where the same bytes are stored already.

    Within a transaction only.
    """
    bytes_of, parameters = "%s", [raw]
    if len(raw) > SLICE:
        _ask(PIECES)
        _ask("DELETE FROM mail_pieces")
        for at in range(0, len(raw), SLICE):
            _ask("INSERT INTO mail_pieces VALUES (%s, %s)", [at, raw[at : at + SLICE]])
        bytes_of, parameters = "(SELECT string_agg(piece, '' ORDER BY place) FROM mail_pieces)", []
    columns, places = ", ".join(["raw", *values]), ", ".join([bytes_of, *["%s"] * len(values)])
    known = "ON CONFLICT (content_hash) DO NOTHING RETURNING id"
    sql = f"INSERT INTO mail_incomingmail ({columns}) VALUES ({places}) {known}"  # noqa: S608
    found = _ask(sql, [*parameters, *values.values()])
    return found[0] if found else None


def take(pk: int) -> bytes:
    """The bytes of a row."""
    whole = io.BytesIO()
    while True:
        sql = "SELECT substring(raw FROM %s FOR %s) FROM mail_incomingmail WHERE id = %s"
        [piece] = _ask(sql, [whole.tell() + 1, SLICE, pk])
        whole.write(piece)
        if len(piece) < SLICE:
            return whole.getvalue()


def _ask(sql: str, parameters=()) -> tuple | None:
    """The first row of the answer, if it has rows."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, parameters, binary=True)
        return cursor.fetchone() if cursor.description else None
