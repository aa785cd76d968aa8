"""The API: who may call, what comes out, how leads come in."""

import json

import pytest
from django.test import Client

from contacts.models import Company, Person
from crm.accounts.models import ApiToken
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as opportunities

pytestmark = pytest.mark.django_db
ITEMS = "/api/v1/inbox-items/"
NAMES = ("inbox-items", "companies", "persons", "opportunities")


class Caller:
    """A program with a token."""

    def __init__(self, user):
        self.user, self.client = user, Client()
        _token, secret = ApiToken.issue(user=user, name="test")
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, url):
        return self.client.get(url, headers=self.headers)

    def post(self, url, data, **more):
        body = data if isinstance(data, bytes | str) else json.dumps(data)
        return self.client.post(url, body, content_type="application/json", headers=self.headers | more)


@pytest.fixture
def call(people):
    return lambda name: Caller(people[name])


@pytest.fixture
def records(people):
    """One record of each kind, for each owner: {name of the owner: {plural: record}}."""
    found = {}
    for name in ("rep", "mate", "stranger"):
        owner = people[name]
        company = Company.objects.create(name=f"Firma {name}", owner=owner)
        person = Person.objects.create(last_name=f"Person {name}", company=company, owner=owner)
        item = InboxItem.objects.create(title=f"Anfrage {name}", owner=owner, status=ProcessingStatus.objects.first())
        deal = opportunities.create_opportunity(by=owner, title=f"Lead {name}", company=company, person=person)
        found[name] = {"companies": company, "persons": person, "inbox-items": item, "opportunities": deal}
    return found


# ── who may call ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer crm_wrong"}, {"Authorization": "Basic YTpi"}])
def test_without_a_right_token_the_answer_is_401(client, people, name, header):
    answer = client.get(f"/api/v1/{name}/", headers=header)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["status"] == 401


def test_a_wrong_token_does_not_fall_back_to_the_session(signed_in):
    client = signed_in("rep")
    assert client.get(ITEMS).status_code == 200
    assert client.get(ITEMS, headers={"Authorization": "Bearer crm_wrong"}).status_code == 401


def test_the_session_needs_the_csrf_token_to_write(people):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["rep"])
    answer = client.post(ITEMS, json.dumps({"title": "x"}), content_type="application/json")
    assert answer.status_code == 403
    assert not InboxItem.objects.exists()
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(
        ITEMS, json.dumps({"title": "x"}), content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert answer.status_code == 201


def test_a_token_ends_with_its_day_and_with_its_user(people):
    from django.utils import timezone

    caller = Caller(people["rep"])
    assert caller.get(ITEMS).status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert caller.get(ITEMS).status_code == 401
    ApiToken.objects.update(expires_at=None)
    people["rep"].is_active = False
    people["rep"].save()
    assert caller.get(ITEMS).status_code == 401


def test_too_many_calls_are_told_to_wait(call, settings):
    settings.API_REQUESTS_PER_MINUTE = 3
    caller = call("rep")
    statuses = [caller.get(ITEMS).status_code for _n in range(5)]
    assert 429 in statuses
    assert statuses[0] == 200
    answer = caller.get(ITEMS)
    if answer.status_code == 429:  # else the minute has just turned
        assert answer["Retry-After"] == "60"


def test_trying_out_tokens_is_slowed_down(client, people, settings):
    settings.API_FAILURES_PER_MINUTE = 3
    statuses = [client.get(ITEMS, headers={"Authorization": f"Bearer crm_{n}"}).status_code for n in range(9)]
    assert statuses[0] == 401
    assert 429 in statuses


# ── what comes out ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", NAMES)
def test_a_list_has_what_one_may_see_and_a_foreign_record_is_404(call, records, name):
    caller = call("rep")
    answer = caller.get(f"/api/v1/{name}/").json()
    mine = {records[who][name].pk for who in ("rep", "mate")}
    assert {record["id"] for record in answer["items"]} == mine
    assert answer["count"] == len(mine)
    assert "stranger" not in json.dumps(answer)
    own = caller.get(f"/api/v1/{name}/{records['rep'][name].pk}/")
    assert own.status_code == 200
    assert own.json()["url"].endswith(records["rep"][name].get_absolute_url())
    foreign = caller.get(f"/api/v1/{name}/{records['stranger'][name].pk}/")
    missing = caller.get(f"/api/v1/{name}/999999/")
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content) == (404, missing.content)
    assert caller.get(f"/api/v1/{name}/99999999999999999999999/").status_code == 404


def test_what_hangs_on_a_record_is_named_only_to_those_who_may_see_it(call, records):
    deal = records["rep"]["opportunities"]
    deal.company = records["stranger"]["companies"]
    deal.save()
    answer = call("rep").get(f"/api/v1/opportunities/{deal.pk}/").json()
    assert answer["company"] is None
    assert answer["person"]["name"] == "Person rep"
    assert answer["chance"] == deal.stage.probability
    assert call("manager").get(f"/api/v1/opportunities/{deal.pk}/").json()["company"]["name"] == "Firma stranger"


def test_pages_go_on_where_the_last_one_ended(call, people):
    Company.objects.bulk_create(Company(name=f"Firma {n}", owner=people["rep"]) for n in range(7))
    caller, seen, url = call("rep"), [], "/api/v1/companies/?limit=3"
    while url:
        answer = caller.get(url).json()
        seen += [record["name"] for record in answer["items"]]
        url = answer["next"]
    assert seen == [f"Firma {n}" for n in range(7)]


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_queries_does_not_depend_on_the_number_of_records(
    call, people, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def fill(number):
        for n in range(number):
            company = Company.objects.create(name=f"F {number} {n}", owner=people["rep"])
            person = Person.objects.create(last_name=f"P {n}", company=company, owner=people["rep"])
            deal = opportunities.create_opportunity(by=people["rep"], title="L", company=company, person=person)
            InboxItem.objects.create(
                title="A", owner=people["rep"], status=ProcessingStatus.objects.first(), company=company, person=person,
                opportunity=deal, qualified_at=deal.created_at,
            )  # fmt: skip

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert caller.get(f"/api/v1/{name}/").status_code == 200
        return len(captured)

    caller = call("rep")
    caller.get(ITEMS)
    fill(2)
    few = queries()
    fill(12)
    assert queries() == few


def test_search_finds_any_notation_of_an_umlaut(call, people):
    Company.objects.create(name="Höfle Verpackung", owner=people["rep"])
    Company.objects.create(name="Weidner", owner=people["rep"])
    answer = call("rep").get("/api/v1/companies/?q=hoefle%00").json()
    assert [record["name"] for record in answer.get("items", [])] == [] or answer["items"][0][
        "name"
    ] == "Höfle Verpackung"
    answer = call("rep").get("/api/v1/companies/?q=hoefle").json()
    assert [record["name"] for record in answer["items"]] == ["Höfle Verpackung"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x", "after=-1", f"after={10**30}", "q=" + "x" * 300])
def test_parameters_that_make_no_sense_are_named(call, query):
    answer = call("rep").get(f"{ITEMS}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


# ── how leads come in ───────────────────────────────────────────────────────────────────────────────
FULL = {
    "title": "Servoachsen",
    "source": "webformular",
    "priority": "Hoch",
    "kind": "mql",
    "company_name": "Höfle Verpackungstechnik",
    "street": "Industriestraße 14",
    "postal_code": "71522",
    "city": "Backnang",
    "country": "Deutschland",
    "first_name": "Martin",
    "last_name": "Seidel",
    "email": "M.Seidel@hoefle-vt.example",
    "phone": "089 99998123",
    "message": "Guten Tag,\r\nacht Achsen. 😀",
    "expected_budget": "45000.50",
    "external_id": "shop-17",
}


def test_a_lead_comes_in_once(call):
    caller = call("rep")
    first = caller.post(ITEMS, FULL)
    assert first.status_code == 201, first.content
    again = caller.post(ITEMS, FULL | {"title": "anders"})
    assert again.status_code == 200
    assert again.json() == first.json()
    item = InboxItem.objects.get()
    assert (item.title, item.source.name, item.priority.name, item.kind) == (
        "Servoachsen",
        "Webformular",
        "Hoch",
        "mql",
    )
    assert (item.country, item.phone, item.email) == ("DE", "+498999998123", "m.seidel@hoefle-vt.example")
    assert item.message == "Guten Tag,\nacht Achsen. 😀"
    assert str(item.expected_budget) == "45000.50"
    assert item.owner is None
    assert item.qualified_at is None
    event = item.events.get()
    assert (event.pgh_context["user"], event.pgh_context["via"]) == (caller.user.pk, "api")


def test_the_same_number_in_another_source_is_another_lead(call):
    caller = call("rep")
    for source in ("Webformular", "Facebook", None):
        assert caller.post(ITEMS, {"title": "x", "source": source, "external_id": "1"}).status_code == 201
        assert caller.post(ITEMS, {"title": "x", "source": source, "external_id": "1"}).status_code == 200
    assert InboxItem.objects.count() == 3


def test_without_an_external_id_each_post_is_a_lead(call):
    caller = call("rep")
    for _n in range(2):
        assert caller.post(ITEMS, {"title": "x"}).status_code == 201
    assert InboxItem.objects.count() == 2


def test_an_item_one_may_not_see_is_not_shown_by_its_external_id(call, people):
    assert call("stranger").post(ITEMS, FULL | {"owner": people["stranger"].pk}).status_code == 201
    answer = call("rep").post(ITEMS, FULL)
    assert answer.status_code == 409
    assert b"Seidel" not in answer.content
    assert InboxItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_posts_of_one_lead_at_once_make_one(people):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    caller = Caller(people["rep"])

    def post(_n):
        try:
            return caller.post(ITEMS, {"title": "x", "source": "Facebook", "external_id": "race"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(post, range(16)))
    assert statuses == [200] * 15 + [201]
    assert InboxItem.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"created_at": "2020-01-01T00:00:00Z"}, "created_at"),
        ({"qualified_at": "2020-01-01T00:00:00Z"}, "qualified_at"),
        ({"status": 4}, "status"),
        ({"company": 1}, "company"),
        ({"opportunity": 1}, "opportunity"),
        ({"nonsense": 1}, "nonsense"),
        ({"kind": "hot"}, "kind"),
        ({"source": "Brieftaube"}, "source"),
        ({"source": 999999}, "source"),
        ({"source": 10**40}, "source"),
        ({"priority": "Egal"}, "priority"),
        ({"owner": 999999}, "owner"),
        ({"owner": "nobody@example.com"}, "owner"),
        ({"email": "kein-at-zeichen"}, "email"),
        ({"country": "Atlantis"}, "country"),
        ({"expected_budget": -1}, "expected_budget"),
        ({"expected_budget": "NaN"}, "expected_budget"),
        ({"expected_budget": 1e30}, "expected_budget"),
        ({"expected_budget": "1e999999"}, "expected_budget"),
        ({"expected_budget": 1.234}, "expected_budget"),
        ({"title": "x" * 201}, "title"),
        ({"message": "x" * 100_000}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"title": "a\x00b"}, "title"),
        ({"title": ["a"]}, "title"),
        ({"title": None}, "title"),
        ({"title": "  ", "company_name": "", "last_name": "", "first_name": "", "email": ""}, "title"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_kept(call, change, field):
    answer = call("rep").post(ITEMS, FULL | change)
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert any(error["field"].split(".")[0] == field for error in answer.json()["errors"]), answer.content
    assert not InboxItem.objects.exists()


def test_a_lead_cannot_be_laid_onto_a_foreign_desk(call, people):
    assert call("rep").post(ITEMS, FULL | {"owner": people["stranger"].pk}).status_code == 422
    answer = call("rep").post(ITEMS, FULL | {"owner": "rep@example.com"})
    assert answer.json()["owner"] == {"id": people["rep"].pk, "name": "Rep"}


def test_who_may_not_create_gets_404(call):
    assert call("readonly").post(ITEMS, FULL).status_code == 404
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"title": "\\ud800"}'])
def test_what_is_no_json_object_is_no_server_error(call, body):
    answer = call("rep").post(ITEMS, body)
    assert answer.status_code in {201, 400, 422}, answer.content
    assert answer.status_code != 201 or "\ud800" not in InboxItem.objects.get().title


def test_six_megabytes_are_too_much(call):
    answer = call("rep").post(ITEMS, {"title": "x", "message": "x" * 6_000_000})
    assert answer.status_code in {400, 413}
    assert answer["Content-Type"] == "application/problem+json"


def test_odd_characters_are_kept_harmless(call):
    answer = call("rep").post(ITEMS, {"title": "<script>alert(1)</script> \u202egnp.exe 日本語", "last_name": "O'Neil"})
    assert answer.json()["title"] == "<script>alert(1)</script> gnp.exe 日本語"


def test_the_description_is_open_and_names_every_address(client, db):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    description = answer.json()
    assert {f"/api/v1/{name}/" for name in NAMES} <= set(description["paths"])
    body = description["components"]["schemas"]["InboxItemIn"]
    assert body["additionalProperties"] is False
    assert "created_at" not in body["properties"]
