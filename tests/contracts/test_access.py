"""Who may see and do what, on every route: the access matrix, and that it would notice a missing guard."""

import sys

import pytest
from django.contrib import admin
from django.shortcuts import get_object_or_404

from contacts.models import Company
from crm.accounts import scope
from crm.accounts.models import User
from crm.accounts.scope import ScopedQuerySet
from inbox import views
from inbox.models import InboxItem
from tests.contracts.access import VISITOR, Matrix
from tests.contracts.routes import all_routes
from tests.contracts.table import ROUTES
from tests.contracts.visits import Visitor
from tests.contracts.world import ROLES

# What is posted is read from the forms once; the world has the same numbers in every test.
SAMPLES: dict = {}


def say(report) -> str:
    return "\n".join([f"{len(report.leaks)} leaks", *report.leaks[:40]])


def test_every_route_is_in_the_table():
    """A new route is either in table.py, or missed loudly here."""
    found = {route.name for route in all_routes()}
    assert len(found) > 30
    assert found - set(ROUTES) == set(), "uncovered: say in table.py what these routes mean"
    assert set(ROUTES) - found == set(), "in table.py, but no longer a route"


@pytest.mark.parametrize("role", [*ROLES, VISITOR])
def test_nobody_sees_or_does_what_is_not_his(world, role, capsys):
    report = Matrix(world, roles=[role], samples=SAMPLES).run()
    with capsys.disabled():
        print(f"\naccess matrix, {role}: {report.total} cells {dict(report.cells)}")
    assert report.leaks == [], say(report)
    assert report.total > 5 * len(ROUTES)


# ── the machinery turns red: each guard taken away is noticed ───────────────────────────────────────
def leaks(world, *rooms: str, role="rep") -> list[str]:
    return Matrix(world, only=lambda route: route.name.startswith(rooms), roles=[role], samples=SAMPLES).run().leaks


def test_it_notices_a_query_that_shows_all(world, monkeypatch):
    real = ScopedQuerySet.visible_to

    def visible_to(self, user, action="view"):
        return self if self.model is Company else real(self, user, action)

    monkeypatch.setattr(ScopedQuerySet, "visible_to", visible_to)
    found = leaks(world, "contacts:", "api:")
    assert any("contacts:company" in leak and "200 instead of 404" in leak for leak in found)
    assert any("contacts:list" in leak and "not to be seen" in leak for leak in found)
    assert any("api:companies" in leak and "not to be seen" in leak for leak in found)
    assert any("contacts:active-company" in leak and "wrote although denied" in leak for leak in found)
    assert any("changed the table contacts_company" in leak for leak in found)


def test_it_notices_a_check_that_allows_all(world, monkeypatch):
    real = scope.allows
    for module in list(sys.modules.values()):
        if getattr(module, "allows", None) is real:
            monkeypatch.setattr(module, "allows", lambda user, action, record: True)
    found = leaks(world, "contacts:company", "contacts:person")
    assert any("crossed record" in leak and "not to be seen" in leak for leak in found), found


def test_it_notices_a_view_with_an_unscoped_query(world, monkeypatch):
    def found(request, pk, action="view"):
        return get_object_or_404(InboxItem.objects.select_related(*views.REFERRED), pk=pk)

    monkeypatch.setattr(views, "found", found)
    seen = leaks(world, "inbox:")
    for name in ("inbox:item", "inbox:file", "inbox:history"):
        assert any(name in leak and "foreign record" in leak for leak in seen), name


def test_it_notices_a_right_that_everybody_has(world, monkeypatch):
    monkeypatch.setattr(User, "may", lambda self, area, action="view": True)
    found = leaks(world, "inbox:create", "opportunities:new", "contacts:new", role="readonly")
    assert len([leak for leak in found if "200 instead of 404" in leak or "422 instead of 404" in leak]) >= 3


def test_only_administrators_reach_djangos_admin(world):
    """Its pages are not in the table: all of them ask for the administration's right."""
    addresses = ["", *(f"{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry)]
    assert len(addresses) > 3
    for role in ROLES:
        visitor = Visitor(world.people[role])
        for address in addresses:
            status = visitor.visit("get", f"/admin/{address}").status
            assert (status == 200) == (role == "admin"), f"{role}: {status} for /admin/{address}"
