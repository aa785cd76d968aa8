"""The one list: what the address can say, what it cannot break, how many queries it takes, what leaves as a file."""

import csv
import io
import re
from decimal import Decimal

import openpyxl
import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import translation

from contacts.models import Company
from crm.core import export, listing
from crm.lists.models import Tag
from tests.core.listing_urls import Companies

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.listing_urls")]


@pytest.fixture
def companies(people):
    tags = [Tag.objects.create(name="Trade fair"), Tag.objects.create(name="Key account")]
    made = []
    for i in range(12):
        company = Company.objects.create(
            name=f"Firm {i:02}", city="Emden", owner=people["rep"], status="customer" if i % 3 == 0 else "prospect"
        )
        company.tags.set(tags)
        made.append(company)
    Company.objects.create(name="Foreign Ltd", owner=people["stranger"])
    return made


def names(response):
    return re.findall(r'class="row-link row-title"[^>]*>([^<]+)</a>', response.content.decode())


def test_a_rep_sees_her_own_and_the_counts_are_those(signed_in, companies):
    response = signed_in("rep").get("/companies/")
    assert names(response) == [c.name for c in companies]
    assert response.context["total"] == 12
    assert [t["count"] for t in response.context["tabs"]] == [12, 4]


def test_tab_search_filter_and_sort_are_in_the_address(signed_in, companies):
    client = signed_in("rep")
    assert len(names(client.get("/companies/?tab=customers"))) == 4
    found = names(client.get("/companies/?q=firm+07"))
    assert "Firm 07" in found
    assert len(found) < 12
    assert names(client.get("/companies/?sort=-name"))[0] == "Firm 11"
    response = client.get("/companies/?status=customer&tab=customers&q=firm")
    assert len(names(response)) == 4
    assert [c["text"] for c in response.context["chips"]]


def test_a_filter_over_a_join_counts_each_record_once(signed_in, companies):
    keys = "&".join(f"tags={t.pk}" for t in Tag.objects.filter(name__in=["Trade fair", "Key account"]))
    response = signed_in("rep").get(f"/companies/?{keys}")
    assert response.context["total"] == 12
    assert len(names(response)) == 12


GARBAGE = [
    "page=abc", "page=-1", "page=0", "page=99999999999999999999", "page=٣", "sort=x", "sort=-", "sort=--name",
    "sort=owner__password", "tab=nothing", "q=%00", "q=%25_%5C", "q=" + "x" * 10_000, "q=%F0%9F%98%80", "q=%ED%A0%80",
    "status=nope", "status=", "tags=abc", "tags=99999999999999999999999", "tags=-1", "parent=abc", "parent=0x10",
    "parent=99999999999999999999999", "created_after=0001-01-01", "created_before=9999-12-31", "created_after=x",
    "created_after=1.1.1", "terms_min=1e999", "terms_min=NaN", "terms_max=-99999999999999999999", "terms_min=Infinity",
    "city=%00", "city=" + "y" * 10_000, "col=name&col=nothing", "col=", "open=abc", "open=99999999999999999999",
    "open=-1", "export=pdf", "cols[]=1", "%00=1", "status=customer&status=%00", "=&&&==", "q=a&q=b",
    "created_after=2026-02-30",
]  # fmt: skip


def test_nothing_in_the_address_breaks_the_list(signed_in, companies):
    client = signed_in("rep")
    answers = []
    for query in GARBAGE:
        answers.append((query, client.get(f"/companies/?{query}").status_code))
        answers.append((query, client.get(f"/companies/?{query}", headers={"HX-Request": "true"}).status_code))
        if "export" not in query:
            answers.append((query, client.get(f"/companies/?{query}&export=csv").status_code))
    assert len(answers) > 120
    assert {code for _query, code in answers} == {200}, [a for a in answers if a[1] != 200]


def test_a_swap_equals_a_reload(signed_in, companies):
    client = signed_in("rep")
    for query in ("", "?tab=customers&sort=-name", "?status=customer&q=firm", "?q=nothing-at-all"):
        whole = client.get(f"/companies/{query}").content.decode()
        part = client.get(f"/companies/{query}", headers={"HX-Request": "true"}).content.decode()
        hide = lambda html: re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", html)  # noqa: E731
        assert hide(part).strip() in hide(whole)
        assert "<html" not in part
    assert "HX-Request" in client.get("/companies/").headers["Vary"]


def test_the_way_back_gets_the_whole_page(signed_in, companies):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b"<html" in signed_in("rep").get("/companies/", headers=headers).content


def test_queries_do_not_grow_with_the_rows(signed_in, companies, people):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in("rep")
    client.get("/companies/")
    with CaptureQueriesContext(connection) as few:
        client.get("/companies/")
    tag = Tag.objects.first()
    for i in range(200):
        Company.objects.create(name=f"More {i:03}", owner=people["mate"]).tags.add(tag)
    with CaptureQueriesContext(connection) as many:
        response = client.get("/companies/")
    assert response.context["total"] == 212
    assert len(response.context["rows"]) == listing.PAGE_SIZE
    assert len(many) == len(few)


def test_pages_show_each_record_once(signed_in, companies, people):
    for _i in range(120):
        Company.objects.create(name="Same", owner=people["rep"], customer_since=None)
    client = signed_in("rep")
    seen = []
    for page in (1, 2, 3):
        seen += [row["id"] for row in client.get(f"/companies/?sort=since&page={page}").context["rows"]]
    assert len(seen) == len(set(seen)) == 132


def test_the_open_record_stays_open_on_reload_and_a_foreign_one_does_not(signed_in, companies, people):
    client = signed_in("rep")
    mine, foreign = companies[3], Company.objects.get(name="Foreign Ltd")
    assert f'hx-get="/companies/{mine.pk}/"' in client.get(f"/companies/?open={mine.pk}").content.decode()
    assert f"/companies/{foreign.pk}/" not in client.get(f"/companies/?open={foreign.pk}").content.decode()


def test_the_three_empty_states(signed_in, people):
    client = signed_in("rep")
    assert client.get("/companies/?q=nobody").context["narrowed"]
    assert not client.get("/companies/").context["narrowed"]
    people["service"].role.rights.filter(area="contacts").delete()
    response = signed_in("service").get("/companies/")
    assert response.status_code == 404
    assert 'data-rows="' not in response.content.decode()


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
HOSTILE = ["=1+1", "+1", "-1", "@x", "|x", "%x", "\t=1", "\u200b=1", "＝1", " =1", "\u202e=1", "﹢1", "\x01=1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe(text):
    assert export.guard(text).startswith("'")


@pytest.mark.parametrize("text", ["", "Müller & Co. KG", "3 % Skonto", "a=b", "1-2", "#1", "ﬁn"])
def test_other_texts_stay_as_they_are(text):
    assert export.guard(text) == text


def test_the_export_holds_exactly_what_is_filtered(signed_in, companies):
    Company.objects.filter(pk=companies[0].pk).update(name="=cmd|' /C calc'!A0", payment_terms_days=14)
    client = signed_in("manager")
    answer = client.get("/companies/?tab=customers&export=csv", headers={"Accept-Language": "de"})
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert len(rows) == 1 + 4
    assert {len(row) for row in rows} == {len(Companies.columns)}
    assert "'=cmd|' /C calc'!A0" in {row[0] for row in rows}

    book = openpyxl.load_workbook(io.BytesIO(client.get("/companies/?tab=customers&export=xlsx").getvalue()))
    lines = list(book.active.iter_rows(values_only=True))
    assert len(lines) == 1 + 4
    terms = {line[5] for line in lines[1:]}
    assert terms == {14, 30}
    assert all(hasattr(line[7], "year") for line in lines[1:])


def test_a_file_speaks_the_language_of_whoever_asked_for_it(signed_in, companies, people):
    """The lines are made while the answer is sent, when the request and its language are over."""
    people["manager"].language = "en"
    people["manager"].save()
    answer = signed_in("manager").get("/companies/?export=csv")
    with translation.override("de"):
        lines = []
        for line in answer.streaming_content:
            assert translation.get_language() == "de"
            lines.append(line.decode("utf-8-sig"))
    rows = list(csv.reader(io.StringIO("".join(lines)), delimiter=","))
    with translation.override("en"):
        assert rows[0] == [str(column.label) for column in Companies.columns]
    assert {len(row) for row in rows} == {len(Companies.columns)}


def test_a_workbook_goes_on_where_a_sheet_is_full(signed_in, companies, monkeypatch):
    monkeypatch.setattr(export, "SHEET_ROWS", 3)
    client = signed_in("manager")
    book = openpyxl.load_workbook(io.BytesIO(client.get("/companies/?export=xlsx").getvalue()))
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    assert all(len(sheet) <= 3 for sheet in sheets)
    assert {sheet[0] for sheet in sheets} == {sheets[0][0]}
    found = [line[0] for sheet in sheets for line in sheet[1:]]
    assert sorted(found) == sorted(Company.objects.values_list("name", flat=True))


def test_the_export_needs_its_own_right(signed_in, companies, people):
    people["rep"].role.rights.filter(area="contacts", action="export").delete()
    client = signed_in("rep")
    assert client.get("/companies/?export=csv").status_code == 404
    assert "export=csv" not in client.get("/companies/").content.decode()


# ── selection ───────────────────────────────────────────────────────────────────────────────────────
def post(user, **fields):
    data = QueryDict(mutable=True)
    for key, value in fields.items():
        data.setlist(key, value if isinstance(value, list) else [value])
    request = RequestFactory().post("/do/")
    request.POST, request.user = data, user
    return request


def test_the_ticked_records_or_all_that_the_list_finds(people, companies):
    rep, foreign = people["rep"], Company.objects.get(name="Foreign Ltd")
    ticked = listing.selected(post(rep, ids=[str(companies[0].pk), str(foreign.pk), "x", "9" * 30]), Companies)
    assert list(ticked) == [companies[0]]
    everything = listing.selected(post(rep, all="1", query="tab=customers&page=3&sort=zzz"), Companies)
    assert everything.count() == 4
    assert listing.selected(post(people["readonly"], all="1", query=""), Companies).count() == 0


@pytest.mark.parametrize(
    ("value", "written"),
    [("1234.50", "1234,50"), ("0E-20", "0,00"), ("12.34500000000000000000", "12,35"), ("1E+3", "1000,00")],
)
def test_money_in_a_file_is_a_number_with_cents(value, written):
    column = listing.Column("x", "X", kind="money", value=lambda record: Decimal(value))
    assert export._text(export.plain(column, object()), german=True) == written
