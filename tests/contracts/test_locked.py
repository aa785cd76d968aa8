"""A won or lost opportunity stays as it is, whichever way in somebody takes, and each way says so in a sentence."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from contacts.models import Company
from crm.accounts.models import ApiToken
from crm.core.refusals import explain
from crm.imports import engine
from opportunities import actions
from opportunities.models import LossReason, Opportunity
from tests.imports.conftest import complete, counts, prepare, reasons

pytestmark = pytest.mark.django_db
SENTENCE, ON_PAGES = "won or lost", "can no longer be changed"
FORBIDDEN = ("put", "patch", "post", "delete")


@pytest.fixture(params=["won", "lost"])
def closed(request, people):
    for person in people.values():
        person.language = "en"
        person.save()
    company = Company.objects.create(name="Höfle", owner=people["rep"])
    deal = actions.create_opportunity(
        by=people["rep"], title="Achsen", kind="deal", company=company, estimated_value=1000, external_id="A-1"
    )
    if request.param == "won":
        return actions.win(opportunity=deal, by=people["rep"])
    return actions.lose(opportunity=deal, by=people["rep"], reason=LossReason.objects.first())


@pytest.fixture(autouse=True)
def _unchanged(closed):
    before = Opportunity.objects.values().get(pk=closed.pk)
    yield
    assert Opportunity.objects.values().get(pk=closed.pk) == before


def test_by_a_page(closed, signed_in):
    web = signed_in("admin")
    for name, args, data in (
        ("edit", [], {"title": "x"}),
        ("fact", ["title"], {"title": "x"}),
        ("move", [closed.pipeline.stages.last().pk], {}),
        ("convert", [], {}),
        ("delete", [], {}),
    ):
        url = reverse(f"opportunities:{name}", args=[closed.pk, *args])
        answer = web.post(url, data, headers={"HX-Request": "true"})
        assert (answer.status_code, ON_PAGES in answer["HX-Trigger"]) == (409, True), name
        answer = web.post(url, data, headers={"Referer": closed.get_absolute_url()}, follow=True)
        assert ON_PAGES in " ".join(map(str, answer.context["messages"])), name


@pytest.mark.parametrize("method", FORBIDDEN)
def test_by_the_api(closed, client, people, method):
    _token, secret = ApiToken.issue(user=people["admin"], name="test")
    ask = getattr(client, method)
    for url in (f"/api/v1/opportunities/{closed.pk}/", "/api/v1/opportunities/"):
        answer = ask(
            url,
            json.dumps({"id": closed.pk, "title": "x", "status": "open"}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
        assert answer["Allow"] == "GET"
        assert answer.json()["detail"] == f"{method.upper()} is not offered here, by anyone and for any record."


def test_by_djangos_admin(closed, signed_in):
    web = signed_in("admin")
    url = reverse("admin:opportunities_opportunity_change", args=[closed.pk])
    page = web.get(url).content.decode()
    assert "here they can only be looked at" in page
    assert 'name="title"' not in page
    assert web.post(url, {"title": "x"}).status_code == 403
    assert web.post(reverse("admin:opportunities_opportunity_delete", args=[closed.pk]), {"post": 1}).status_code == 403


def test_by_an_import(closed, people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for text in ("ID;Titel\nA-1;x\n", "ID;Wert\nA-1;7\n", "ID;Status\nA-1;open\n", "ID;Tags\nA-1;VIP\n"):
        run = prepare(text, "opportunities", people["admin"])
        engine.start(run)
        run = complete(run)
        assert counts(run) == (0, 0, 0, 1), text
        assert SENTENCE in reasons(run)[0] or "gewonnen oder verloren" in reasons(run)[0], text


def test_by_many_at_once(closed):
    everything = Opportunity.objects.all()
    for change in (
        lambda: everything.update(title="x"),
        lambda: everything.filter(pk=closed.pk).delete(),
        lambda: Opportunity.objects.bulk_update([Opportunity(pk=closed.pk, owner=None)], ["owner"]),
    ):
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            change()
        assert SENTENCE in explain(refused.value) or "gewonnen oder verloren" in explain(refused.value)


def test_by_sql(closed):
    for sql in ("UPDATE opportunities_opportunity SET title = 'x'", "DELETE FROM opportunities_opportunity"):
        with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert f"Opportunity {closed.number} is {closed.status} and cannot be changed or deleted." in str(refused.value)
