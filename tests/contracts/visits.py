"""How the contract tests visit: a client for each role, every visit in a savepoint, and an eye on what is written."""

import io
import json
import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from pghistory.models import Event

from tests.contracts.pageforms import plain

WRITE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY)\b|\b(INSERT INTO|DELETE FROM)\b", re.IGNORECASE)
# The sign-in's own bookkeeping, not data.
ASIDE = re.compile(r'"(django_session|accounts_apitoken" SET "last_used_at|api_throttle)|INTO api_throttle')
ROOMS = ("crm.", "contacts", "opportunities", "inbox")


def our_tables(events: bool = True) -> list[str]:
    """The tables of all our models; with `events` their history too."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith(ROOMS)
        and model._meta.managed
        and not model._meta.proxy
        and model._meta.db_table != "api_throttle"
        and (events or not issubclass(model, Event))
    )


def checksum() -> dict[str, str]:
    """A checksum of the content of each of our tables."""
    parts = [f"SELECT '{t}', md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {t} r" for t in our_tables()]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


@dataclass
class Answer:
    """What came back; `writes` are the statements that changed data while it was made."""

    status: int
    text: str
    headers: dict
    writes: list = field(default_factory=list)
    error: str = ""

    @property
    def is_html(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")


def text_of(response) -> str:
    """All words of an answer: of a page, a download, the sheets inside an XLSX file."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            sheets = [name for name in archive.namelist() if name.startswith("xl/")]
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in sheets)
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    text = body.decode("utf-8", "replace")
    return plain(text) if "csrf" in text.lower() else text


class Visitor:
    """A client of one role (None: nobody is signed in). With `secret` it is a program that calls the API."""

    def __init__(self, user=None, secret: str = ""):
        self.client = Client(raise_request_exception=False)
        self.headers = {"authorization": f"Bearer {secret}"} if secret else {}
        if user is not None and not secret:
            self.client.force_login(user)

    def visit(self, method: str, url: str, data=None, *, keep=False, part=False, as_json=False) -> Answer:
        """One request in a savepoint. What it wrote is undone, unless `keep`: then it stays where all went well."""
        writes: list[str] = []

        def watch(execute, sql, params, many, context):
            if WRITE.search(sql) and not ASIDE.search(sql):
                writes.append(sql[:200])
            return execute(sql, params, many, context)

        headers = self.headers | ({"hx-request": "true"} if part else {})
        extra = {"data": data if data is not None else {}}
        if as_json or method in ("put", "patch", "delete"):
            extra = {"data": json.dumps(data if data is not None else {}), "content_type": "application/json"}
        with savepoint() as undo, connection.execute_wrapper(watch):
            response = getattr(self.client, method)(url, headers=headers, **extra)
            status, text, error = response.status_code, "", ""
            if info := getattr(response, "exc_info", None):
                error = f"{info[0].__name__}: {info[1]}"[:300]
            try:
                text = text_of(response)
            except Exception as broken:
                # A download that breaks while it is being read.
                status, error = 500, f"{type(broken).__name__}: {broken}"[:300]
            if status >= 500 or connection.needs_rollback or not keep:
                undo()
        return Answer(status, text, dict(response.headers), writes, error)


@contextmanager
def savepoint():
    """Gives a function that undoes everything since; without calling it, the changes stay."""
    point = transaction.savepoint()
    undone = []

    def undo():
        transaction.savepoint_rollback(point)
        connection.needs_rollback = False
        connection.run_on_commit = []
        undone.append(True)

    try:
        yield undo
    finally:
        if not undone:
            transaction.savepoint_commit(point)
