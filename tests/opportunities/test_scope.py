"""Whoever may not see or change an opportunity gets the same 404 as for one that does not exist; nothing is written."""

import pytest
from django.urls import reverse

from contacts.models import Company
from crm.files.models import StoredFile
from opportunities.models import LossReason, Opportunity, StageChange, Subscription

NOWHERE = 987_654_321


def routes(opportunity, pk):
    """(name, arguments, method, data) of everything that concerns one opportunity."""
    stage = opportunity.pipeline.stages.last().pk
    file = opportunity.files.first().pk
    reason = LossReason.objects.first().pk
    return [
        ("opportunity", [pk], "get", {}),
        ("card", [pk], "get", {}),
        ("file", [pk, file], "get", {}),
        ("subscribe", [pk], "post", {}),
        ("unsubscribe", [pk], "post", {}),
        ("edit", [pk], "get", {}),
        ("edit", [pk], "post", {"title": "x"}),
        ("fact", [pk, "title"], "get", {}),
        ("fact", [pk, "title"], "post", {"title": "x"}),
        ("move", [pk, stage], "post", {}),
        ("convert", [pk], "post", {}),
        ("win", [pk], "get", {}),
        ("win", [pk], "post", {}),
        ("lose", [pk], "get", {}),
        ("lose", [pk], "post", {"reason": reason}),
        ("reopen", [pk], "get", {}),
        ("reopen", [pk], "post", {}),
        ("delete", [pk], "get", {}),
        ("delete", [pk], "post", {}),
        ("attach", [pk], "post", {}),
        ("detach", [pk, file], "get", {}),
        ("detach", [pk, file], "post", {}),
    ]


SEEING = {"opportunity", "card", "file", "subscribe", "unsubscribe"}


@pytest.fixture
def foreign(make, people):
    company = Company.objects.create(name="Geheimkunde", owner=people["stranger"])
    opportunity = make("stranger", kind="deal", title="Geheimgeschäft", company=company, estimated_value=999_999_937)
    opportunity.files.add(StoredFile.objects.create(content="files/x", name="Geheim.pdf", size=1, sha256="0" * 64))
    return opportunity


def everything():
    return (
        list(Opportunity.objects.values()),
        StageChange.objects.count(),
        Subscription.objects.count(),
        StoredFile.objects.count(),
        list(Opportunity.files.through.objects.values()),
    )


@pytest.mark.parametrize("htmx", [False, True])
def test_foreign_is_the_same_as_not_there(signed_in, foreign, htmx):
    client = signed_in("rep")
    headers = {"HX-Request": "true"} if htmx else {}
    before = everything()
    there, nowhere = routes(foreign, foreign.pk), routes(foreign, NOWHERE)
    for (name, args, method, data), (_name, other, _method, _data) in zip(there, nowhere, strict=True):
        answers = [
            getattr(client, method)(reverse(f"opportunities:{name}", args=a), data, headers=headers)
            for a in (args, other)
        ]
        assert [a.status_code for a in answers] == [404, 404], name
        texts = [a.content.decode().replace(str(foreign.pk), "").replace(str(NOWHERE), "") for a in answers]
        assert "Geheim" not in texts[0]
    assert everything() == before


def test_a_mate_sees_but_does_not_change(signed_in, foreign, people):
    Opportunity.objects.filter(pk=foreign.pk).update(owner=people["mate"])
    client = signed_in("rep")
    before = list(Opportunity.objects.values())
    for name, args, method, data in routes(foreign, foreign.pk):
        answer = getattr(client, method)(reverse(f"opportunities:{name}", args=args), data)
        if name in SEEING:
            assert answer.status_code in {200, 302, 404} if name == "file" else answer.status_code in {200, 302}
        else:
            assert answer.status_code == 404, name
    assert list(Opportunity.objects.values()) == before


def test_signed_out_sees_nothing(client, foreign):
    for name, args, method, data in routes(foreign, foreign.pk):
        answer = getattr(client, method)(reverse(f"opportunities:{name}", args=args), data)
        assert answer.status_code == 302
        assert "/login/" in answer.url
    for address in ("/opportunities/", "/opportunities/board/", "/opportunities/new/"):
        assert "/login/" in client.get(address).url


def test_who_has_no_right_in_the_area(people, signed_in, foreign):
    people["readonly"].role.rights.filter(area="opportunities").delete()
    client = signed_in("readonly")
    for address in (
        "/opportunities/",
        "/opportunities/board/",
        f"/opportunities/board/{foreign.stage_id}/",
        "/opportunities/new/",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "Geheim" not in answer.content.decode()


def test_the_search_finds_only_what_one_may_see(signed_in, foreign, make):
    make(title="Geheim, aber meins")
    html = signed_in("rep").get("/search/", {"q": "geheim"}).content.decode()
    assert "aber meins" in html
    assert "Geheimgeschäft" not in html


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_verbs_are_only_posted(signed_in, deal, method):
    client = signed_in("rep")
    for name, args in (
        ("move", [deal.pk, deal.stage_id]),
        ("convert", [deal.pk]),
        ("subscribe", [deal.pk]),
        ("attach", [deal.pk]),
    ):
        assert getattr(client, method)(reverse(f"opportunities:{name}", args=args)).status_code == 405
