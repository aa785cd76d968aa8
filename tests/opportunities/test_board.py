"""The board: exact heads, cards in order, moves, refusals."""

import datetime
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from contacts.models import Company
from crm.lists.models import Tag
from opportunities import actions
from opportunities.board import CARDS, short_name
from opportunities.models import Opportunity, Pipeline

HTMX = {"headers": {"HX-Request": "true"}}
BOARD = "/opportunities/board/"


@pytest.fixture(autouse=True)
def english(people):
    for person in people.values():
        person.language = "en"
        person.save()
    with translation.override("en"):
        yield


@pytest.fixture
def web(signed_in):
    return signed_in("rep")


@pytest.fixture
def stages():
    return list(Pipeline.objects.get(kind="deal").stages.all())


@pytest.fixture
def many(people, stages):
    """A function: `n` open deals at once, spread over stages, owners and next steps."""

    def many(n, owner="rep", **fields):
        noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
        return Opportunity.objects.bulk_create(
            Opportunity(
                kind="deal",
                entered_as="deal",
                owner=people[owner],
                **{
                    "title": f"Geschäft {i}",
                    "pipeline": stages[0].pipeline,
                    "stage": stages[i % len(stages)],
                    "estimated_value": Decimal("1000.10"),
                    "next_step_at": None if i % 3 == 0 else noon + datetime.timedelta(days=i % 11 - 5),
                }
                | fields,
            )
            for i in range(n)
        )

    return many


def heads(html):
    """{stage's id: (count, value)} as the heads say them."""
    found = re.findall(r'id="head-(\d+)"[^>]*data-count="(\d+)" data-value="([\d.]+)"', html)
    return {int(pk): (int(count), Decimal(value)) for pk, count, value in found}


def cards(html):
    return [int(pk) for pk in re.findall(r'data-card="(\d+)"', html)]


def test_heads_count_all_cards_not_only_those_loaded(web, many, stages):
    many(500)
    html = web.get(BOARD).content.decode()
    assert heads(html) == {stage.pk: (100, Decimal("100010.00")) for stage in stages}
    assert len(cards(html)) == CARDS * len(stages)
    assert 'id="board-total" data-value="500050.00"' in html


def test_the_weighted_sum_takes_the_own_probability_where_there_is_one(web, make, stages):
    make(kind="deal", estimated_value=1000)
    make(kind="deal", estimated_value=1000, probability=75)
    make(kind="deal", estimated_value=None)
    html = web.get(BOARD).content.decode()
    assert "weighted €950" in html  # 1000 × 20 % + 1000 × 75 %


def test_only_open_ones_of_this_pipeline(web, won, lost, make, deal, stages):
    assert cards(web.get(BOARD).content.decode()) == []
    lead = make()
    assert cards(web.get(BOARD).content.decode()) == []
    assert cards(web.get(BOARD, {"kind": "lead"}).content.decode()) == [lead.pk]


def test_scrolling_brings_every_card_once_and_in_order(web, many, stages):
    many(230, stage=stages[1])
    html = web.get(BOARD).content.decode()
    seen = cards(html)
    while more := re.search(r'hx-get="(/opportunities/board/\d+/[^"]+)"', html):
        html = web.get(more[1].replace("&amp;", "&"), **HTMX).content.decode()
        seen += cards(html)
    today = timezone.localdate()

    def order(pk):
        step = Opportunity.objects.get(pk=pk).next_step_at
        due = step and timezone.localtime(step).date()
        kind = 2 if due is None else 0 if due < today else 1 if due == today else 3
        return kind, due or today, pk

    assert len(seen) == 230
    assert seen == sorted(seen, key=order)


def test_a_foreign_deal_changes_nothing_that_a_rep_sees(web, many):
    many(30)
    many(20, owner="mate")
    before = web.get(BOARD).content
    listed = web.get("/opportunities/").content
    many(3, owner="stranger", estimated_value=Decimal("999999937"), title="Geheim")
    strip = re.compile(rb'"X-CSRFToken": "[^"]+"|csrfmiddlewaretoken" value="[^"]+"')
    assert strip.sub(b"", web.get(BOARD).content) == strip.sub(b"", before)
    assert strip.sub(b"", web.get("/opportunities/").content) == strip.sub(b"", listed)


@pytest.mark.parametrize("address", [BOARD, "/opportunities/?tab=all", "/opportunities/?tab=all&q=geschäft"])
def test_the_same_queries_for_ten_and_for_a_thousand(web, many, django_assert_num_queries, address, people):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    company = Company.objects.create(name="Höfle", owner=people["rep"])
    many(10, company=company)
    web.get(address)
    with CaptureQueriesContext(connection) as few:
        web.get(address)
    many(1000, company=company)
    with django_assert_num_queries(len(few)):
        web.get(address)
    assert len(few) < 30


def test_filters_and_search_are_in_the_address(web, make, people):
    tag = Tag.objects.create(name="Messe")
    company = Company.objects.create(name="Müller Maschinenbau", owner=people["rep"])
    mine = make(kind="deal", tags=[tag], company=company)
    other = make("mate", kind="deal")

    def found(**query):
        return set(cards(web.get(BOARD, query).content.decode()))

    assert found() == {mine.pk, other.pk}
    assert found(tags=tag.pk) == {mine.pk}
    assert found(owner=people["mate"].pk) == {other.pk}
    assert found(q="Mueller") == {mine.pk}
    assert found(q=other.number) == {other.pk}
    assert found(q="nirgends") == set()
    # What makes no sense is left out.
    assert found(owner="x", tags="999999", pipeline="abc", kind="?") == {mine.pk, other.pk}


@pytest.mark.parametrize(
    "after", ["", "x", "2026-13-45~0~1", "2026-01-01~0~x", "2026-01-01", "0001-01-01~1~99999999999999999999999", "~~~"]
)
def test_a_broken_place_to_go_on_from(web, deal, after):
    answer = web.get(f"/opportunities/board/{deal.stage_id}/", {"pipeline": deal.pipeline_id, "after": after}, **HTMX)
    assert answer.status_code == 200


def test_a_column_of_another_pipeline_is_not_there(web, deal, make):
    assert web.get(f"/opportunities/board/{make().stage_id}/", {"pipeline": deal.pipeline_id}).status_code == 404


# ── moves ───────────────────────────────────────────────────────────────────────────────────────────
def drop(web, opportunity, stage, seen=None, query=""):
    address = reverse("opportunities:move", args=[opportunity.pk, stage.pk]) + query
    return web.post(address, {"board": "1", "seen": seen.pk if seen else ""}, **HTMX)


def test_a_drop_moves_and_brings_the_heads_along(web, deal, many, stages):
    many(9)
    answer = drop(web, deal, stages[2], seen=stages[0])
    deal.refresh_from_db()
    assert deal.stage == stages[2]
    html = answer.content.decode()
    assert heads(html)[stages[2].pk] == (3, Decimal("150500.20") - Decimal("0.00"))
    assert html.count("hx-swap-oob") == len(stages) + 1


def test_the_heads_keep_to_the_boards_filters(web, deal, make, people, stages):
    make("mate", kind="deal", estimated_value=7)
    html = drop(web, deal, stages[1], query=f"?owner={people['mate'].pk}").content.decode()
    assert heads(html)[stages[0].pk] == (1, Decimal(7))
    assert heads(html)[stages[1].pk] == (0, Decimal(0))


def test_dropping_what_somebody_moved_meanwhile_is_said(web, deal, stages, people):
    actions.move(opportunity=deal, stage=stages[3], by=people["admin"])
    answer = drop(web, deal, stages[1], seen=stages[0])
    assert answer.status_code == 409
    assert stages[3].name in answer["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.stage == stages[3]


def test_dropping_a_closed_one_is_said(web, won, stages):
    answer = drop(web, won, stages[1], seen=stages[0])
    assert answer.status_code == 409
    assert "won or lost" in answer["HX-Trigger"]


def test_dropping_onto_a_stage_of_another_pipeline_is_said(web, deal, make):
    assert drop(web, deal, make().stage).status_code == 409
    assert web.post(reverse("opportunities:move", args=[deal.pk, 999999])).status_code == 404


def test_what_one_may_only_see_cannot_be_moved(web, make, stages):
    opportunity = make("mate", kind="deal")
    html = web.get(BOARD).content.decode()
    assert f'data-card="{opportunity.pk}"' in html
    assert "data-movable" not in html
    assert drop(web, opportunity, stages[1]).status_code == 404
    assert web.get(reverse("opportunities:card", args=[opportunity.pk])).status_code == 200


def test_a_stage_taken_off_is_shown_while_cards_are_on_it(web, deal, stages):
    type(stages[0]).objects.filter(pk__in=[s.pk for s in stages[:2]]).update(is_active=False)
    shown = heads(web.get(BOARD).content.decode())
    assert stages[0].pk in shown
    assert stages[1].pk not in shown


def test_no_pipeline_is_said(web):
    Pipeline.objects.update(is_active=False)
    assert "There is no pipeline yet" in web.get(BOARD).content.decode()


def test_the_service_without_cards_to_change(signed_in, deal):
    html = signed_in("readonly").get(BOARD).content.decode()
    assert cards(html) == [deal.pk]
    assert "data-movable" not in html


def test_the_name_without_its_legal_form():
    for name, form, short in (
        ("Höfle Verpackungstechnik GmbH & Co. KG", "", "Höfle Verpackungstechnik"),
        ("Höfle Verpackungstechnik GmbH & Co. KG", "GmbH & Co. KG", "Höfle Verpackungstechnik"),
        ("Tauber e.K.", "", "Tauber"),
        ("SAP SE", "", "SAP"),
        ("AG", "", "AG"),
        ("GmbH & Co. KG", "", "GmbH"),
    ):
        assert short_name(Company(name=name, legal_form=form)) == short


# ── the list ────────────────────────────────────────────────────────────────────────────────────────
def test_the_lists_figures(web, deal, won, lost, make):
    html = web.get("/opportunities/", {"tab": "all"}).content.decode()
    assert 'data-rows="2"' in html
    assert "won 1 of 2 = 50.00%" in html
    assert 'data-rows-value="148500.00"' in html


def test_the_rate_follows_the_filters_but_not_the_tab(web, won, make, people):
    for _n in range(2):
        make()
    for tab in ("open", "won", "lost", "all"):
        assert "won 1 of 3 = 33.33%" in web.get("/opportunities/", {"tab": tab}).content.decode()
    assert "won 1 of 1 = 100.00%" in web.get("/opportunities/", {"kind": "deal"}).content.decode()


def test_every_column_sorts_and_every_filter_filters(web, many, won, lost):
    from opportunities.browse import OpportunityList

    many(5)
    for column in OpportunityList.columns:
        for sign in ("", "-"):
            query = {"tab": "all", "sort": f"{sign}{column.key}", "col": [c.key for c in OpportunityList.columns]}
            assert web.get("/opportunities/", query).status_code == 200
    for name, value in {
        "kind": "deal",
        "stage": won.stage_id,
        "pipeline": won.pipeline_id,
        "company": won.company_id,
        "created_after": "2020-01-01",
        "created_before": "2099-01-01",
        "priority": "null",
        "source": "null",
    }.items():
        html = web.get("/opportunities/", {"tab": "won", name: value}).content.decode()
        assert 'data-rows="1"' in html, name
    assert (
        'data-rows="0"' in web.get("/opportunities/", {"tab": "won", "closing_before": "2019-01-01"}).content.decode()
    )


def test_a_card_without_a_customer_does_not_say_its_title_twice(web, make):
    lead = make(title="Anfrage 4711")
    card = (
        web.get(f"{BOARD}?kind=lead")
        .content.decode()
        .partition(f'id="card-{lead.pk}"')[2]
        .partition("opp-card-line")[0]
    )
    assert [text.strip() for text in re.findall(r">([^<>]+)</(?:b|a)>", card)] == ["Anfrage 4711", lead.number]


def test_an_empty_board_says_which_kind_of_empty_it_is(web, deal, signed_in):
    said = "Nothing is open on this pipeline yet."
    assert said not in web.get(f"{BOARD}?kind=deal").content.decode()
    empty, filtered = web.get(f"{BOARD}?kind=lead"), web.get(f"{BOARD}?kind=lead&q=x")
    assert said in empty.content.decode()
    assert '<a class="link" href="/opportunities/new/?kind=lead">' in empty.content.decode()
    assert said not in filtered.content.decode()
    assert "No entry matches the filters" in filtered.content.decode()
    assert "Add the first one" not in signed_in("readonly").get(f"{BOARD}?kind=lead").content.decode()


def test_the_export_has_what_is_filtered(web, deal, make):
    make("stranger", title="Geheim")
    for form in ("csv", "xlsx"):
        answer = web.get("/opportunities/", {"export": form})
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert b"Geheim" not in body
        if form == "csv":
            assert deal.number in body.decode("utf-8-sig")
