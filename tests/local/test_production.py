"""What production refuses."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.contrib.auth.hashers import make_password
from django.core import checks as django_checks
from django.core.management.base import SystemCheckError
from django.db import connection

from crm.accounts.models import Role, User
from crm.core import checks
from crm.local.servers import BASE_DIR

GOOD = {
    "CRM_ENV": "production",
    "SECRET_KEY": "k3y-" * 15,
    "DATABASE_URL": "postgres://crm@127.0.0.1:1/crm",
    "REDIS_URL": "redis://127.0.0.1:1",
}


def run(*command, **changes):
    """A process with the environment of a good installation, some of it changed; None takes a variable out."""
    environ = {"PATH": os.environ["PATH"], **GOOD, **changes}
    return subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env={name: value for name, value in environ.items() if value is not None},
        capture_output=True,
        text=True,
    )


def user(email, password, **fields):
    return User.objects.create(
        email=email, name="Someone", role=Role.objects.first(), password=make_password(password), **fields
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "shorter than 40 characters"),
        ({"DEBUG": "true"}, "DEBUG is on in production"),
        ({"CRM_ENV": None, "DEBUG": "1"}, "DEBUG is on in production"),
        ({"CRM_ENV": "staging"}, "either 'production' or 'local'"),
        ({"DATABASE_URL": None}, "one is missing"),
        ({"REDIS_URL": ""}, "one is missing"),
    ],
)
def test_settings_that_are_not_safe(changes, sentence):
    result = run("-c", "import crm.settings", **changes)
    assert result.returncode == 1
    assert sentence in result.stderr


def test_good_settings_start_even_while_the_database_is_away():
    result = run("-c", "import crm.wsgi")
    assert result.returncode == 0, result.stderr


@pytest.mark.django_db
def test_a_demo_login_that_works_is_an_error():
    user("Admin@Demo.Example", "demo")
    user("changed@demo.example", "a-long-new-password")
    user("off@demo.example", "demo", is_active=False)
    user("someone@example.com", "demo")
    (error,) = checks.no_demo_logins(databases=["default"])
    assert error.level == django_checks.ERROR
    assert error.msg.lower().startswith("admin@demo.example still signs in")
    assert checks.no_demo_logins(databases=None) == []


@pytest.mark.django_db
def test_without_demo_logins_nothing_is_said(monkeypatch):
    monkeypatch.setattr(checks.connections, "close_all", lambda: None)
    assert checks.no_demo_logins(databases=["default"]) == []
    checks.refuse_to_start()
    user("admin@demo.example", "demo")
    with pytest.raises(SystemCheckError, match="admin@demo"):
        checks.refuse_to_start()


@pytest.mark.django_db(transaction=True)
def test_demo_logins_keep_web_and_workers_from_starting():
    user("admin@demo.example", "demo")
    url = database_url()
    for command in (
        ("manage.py", "check", "--deploy", "--database", "default", "--fail-level", "ERROR"),
        ("-c", "import crm.wsgi"),
    ):
        result = run(*command, DATABASE_URL=url)
        assert result.returncode == 1
        assert "admin@demo.example still signs in" in result.stderr


def database_url() -> str:
    """The test database as another process reaches it."""
    there = connection.get_connection_params()
    host = there.get("host", "")
    server = f"?host={quote(host)}" if host.startswith("/") else ""
    place = "" if server else f"{host}:{there.get('port') or 5432}"
    password = f":{quote(there['password'])}" if there.get("password") else ""
    return f"postgres://{there['user']}{password}@{place}/{there['dbname']}{server}"
