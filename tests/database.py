"""The test database, copied from a template that was migrated once.

Migrating takes many seconds, copying a fraction of one, and every worker of every run needs a database. The
template is named by what the migrations say, so a changed migration makes a new one.
"""

import hashlib
from contextlib import ExitStack, contextmanager

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from crm.core import triggers

PREFIX = "crm_template_"
LOCK = 4_721_386  # any number that nobody else takes


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """In place of pytest-django's: the same names, a faster way."""
    name, stack = connection.creation._get_test_db_name(), ExitStack()
    with django_db_blocker.unblock():
        stack.enter_context(own_database(name))
    yield
    with django_db_blocker.unblock():
        stack.close()


@contextmanager
def own_database(name: str):
    """A migrated, empty database of that name, in use until the block ends; then it is dropped."""
    original = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        # One process at a time: the others wait for the template, and nobody drops what is being copied.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        template = _template(cursor)
        _drop(cursor, name)
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)
    try:
        yield
    finally:
        connections.close_all()
        _use(original)
        with connection._nodb_cursor() as cursor:
            _drop(cursor, name)


def _template(cursor) -> str:
    """The name of the template, which is made first where there is none yet."""
    name = PREFIX + _fingerprint()
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    there = {row[0] for row in cursor.fetchall()}
    if name not in there:
        for old in there:
            _drop(cursor, old)
        unfinished, original = f"{name}_unfinished", connection.settings_dict["NAME"]
        cursor.execute(f'CREATE DATABASE "{unfinished}"')
        _use(unfinished)
        call_command("migrate", verbosity=0, interactive=False)
        _use(original)
        cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    return name


def _fingerprint() -> str:
    """Changes with any migration or trigger of ours and with any package."""
    digest = hashlib.sha256((settings.BASE_DIR / "requirements" / "local.txt").read_bytes())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.name):
        for path in sorted(settings.BASE_DIR.glob(f"{config.name.replace('.', '/')}/migrations/*.py")):
            digest.update(path.as_posix().encode() + path.read_bytes())
    digest.update(triggers.fingerprint().encode())
    return digest.hexdigest()[:16]


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _drop(cursor, name: str) -> None:
    cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
