"""The people of the tests: a rep with her team, her team lead, a rep of another team, a manager, an admin, …"""

import os
from pathlib import Path

import pytest

from tests.database import django_db_setup  # noqa: F401  in place of pytest-django's

os.environ.setdefault("CRM_ENV", "local")


def pytest_configure(config):
    from crm.local import servers

    servers.ensure()


@pytest.fixture
def people(db):
    """The users by name: admin, manager, rep, mate (same team), lead (of the team), stranger, service, readonly."""
    from crm.accounts.models import Role, Team, User

    roles = {role.name: role for role in Role.objects.all()}
    north = Team.objects.create(name="Nord")
    south = Team.objects.create(name="Süd")

    def user(name, role, team=None):
        return User.objects.create(
            email=f"{name}@example.com", name=name.title(), role=roles[role], team=team, password="!"
        )

    cast = {
        "admin": user("admin", "admin"),
        "manager": user("manager", "manager"),
        "rep": user("rep", "rep", north),
        "mate": user("mate", "rep", north),
        "lead": user("lead", "rep", north),
        "stranger": user("stranger", "rep", south),
        "service": user("service", "service"),
        "readonly": user("readonly", "readonly"),
    }
    north.lead = cast["lead"]
    north.save()
    return cast


@pytest.fixture
def rep(people):
    return people["rep"]


@pytest.fixture
def signed_in(client, people):
    """A function: the test client, signed in as the person of that name."""

    def sign_in(name):
        client.force_login(people[name])
        return client

    return sign_in


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """A test that commits (live server, threads) ends with all tables emptied: put the standard's rows back."""
    try:
        return (yield)
    finally:
        marker = item.get_closest_marker("django_db")
        commits = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        # After the last test the database is gone already.
        if nextitem is not None and (commits or (marker and marker.kwargs.get("transaction"))):
            from pytest_django.plugin import blocking_manager_key

            with item.config.stash[blocking_manager_key].unblock():
                fill_standard()


def fill_standard():
    """What the migrations named "standard" put into a new installation, if it is not there."""
    from importlib import import_module

    from django.apps import apps
    from django.db import connection

    from crm.accounts.models import Role

    if Role.objects.exists():
        return
    for room in ("crm.accounts", "crm.lists", "opportunities", "inbox", "crm.sales", "activities"):
        for path in sorted((Path(__file__).parents[1] / room.replace(".", "/") / "migrations").glob("*_standard.py")):
            import_module(f"{room}.migrations.{path.stem}").fill(apps, connection.schema_editor())
