"""The Gantt chart: which rows it has, where its bars stand, what it says beside them."""

import datetime
import itertools
import re
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from activities import actions, chart
from activities.models import Activity
from crm.core.workdays import workdays
from crm.setup.models import Organisation

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime.timedelta(days=1)
MONDAY = datetime.date(2026, 11, 23)
PAGE = "/activities/planning/"


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


def at(day: int, hour: int = 9, month: int = 11) -> datetime.datetime:
    return datetime.datetime(2026, month, day, hour, tzinfo=BERLIN)


def bars(html) -> dict[str, tuple[float, float]]:
    """{title: (place, width)} in percent."""
    found = re.findall(r'foreignObject x="([\d.]+)%" y="0" width="([\d.]+)%" height="36">.*?data-title="([^"]*)"', html)
    return {title: (float(x), float(width)) for x, width, title in found}


def show(web, **query) -> str:
    answer = web.get(PAGE, {"from": MONDAY.isoformat(), **query})
    assert answer.status_code == 200
    return answer.content.decode()


# ── places ──────────────────────────────────────────────────────────────────────────────────────────
def test_bars_stand_where_their_days_are(web, call):
    call("Anruf", start=at(25))
    call("Tage", start=at(26, 0), hours=48, all_day=True)
    call("vorher", start=at(20, 0), hours=24 * 5, all_day=True)
    call("draußen", start=at(20))
    day = 100 / 28
    found = bars(show(web))
    assert set(found) == {"Anruf", "Tage", "vorher"}
    assert found["Anruf"] == pytest.approx((2 * day, day), abs=0.01)
    assert found["Tage"] == pytest.approx((3 * day, 2 * day), abs=0.01)
    # It began before the window: what is left of it.
    assert found["vorher"] == pytest.approx((0, 2 * day), abs=0.01)


def test_hours_where_days_are_shown(web, call):
    call("Anruf", start=at(25, 12), hours=6)
    assert bars(show(web, zoom="day"))["Anruf"] == pytest.approx(((2 + 0.5) / 7 * 100, 0.25 / 7 * 100), abs=0.01)


@pytest.mark.parametrize(("month", "last"), [(3, 29), (10, 25)])
def test_a_day_is_a_day_also_when_the_clocks_change(month, last):
    """The last Sunday of March has 23 hours, that of October 25; noon is the middle of the day on both."""
    sunday = datetime.date(2026, month, last)
    axis = chart.Axis(sunday, chart.ZOOMS["day"], workdays())
    noon = datetime.datetime.combine(sunday, datetime.time(12), tzinfo=BERLIN)
    assert axis.place(noon) == pytest.approx(6.5 / 7 * 100)
    assert axis.place(axis.end) == pytest.approx(100)


def test_weekends_and_the_holidays_of_the_state_are_marked():
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Wir", "holiday_state": "BY"})
    axis = chart.Axis(datetime.date(2026, 6, 1), chart.ZOOMS["week"], workdays("BY"))
    # Corpus Christi, Thursday 4 June, is a holiday in Bavaria; in Berlin it is none.
    assert "Fronleichnam" in {run.label for run in axis.rest()}
    axis = chart.Axis(datetime.date(2026, 6, 1), chart.ZOOMS["week"], workdays("BE"))
    assert [run.label for run in axis.rest()] == [""] * 4


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────
def test_whose_they_are(web, call):
    call("meins", start=at(25))
    call("Kollegin", owner="mate", start=at(25))
    call("fremd", owner="stranger", start=at(25))
    assert set(bars(show(web))) == {"meins", "Kollegin"}
    answer = web.get(f"{PAGE}mine/", {"from": MONDAY.isoformat()})
    assert set(bars(answer.content.decode())) == {"meins"}


def test_only_ones_own_bars_can_be_moved(web, call):
    mine, other = call("meins", start=at(25)), call("Kollegin", owner="mate", start=at(25))
    done = call("erledigt", start=at(26))
    actions.complete(activity=done, by=done.owner)
    html = show(web)
    movable = {int(pk) for pk in re.findall(r'data-bar="(\d+)"[^>]* data-movable', html)}
    assert movable == {mine.pk}
    assert f'data-bar="{other.pk}"' in html


def test_groups_by_opportunity_or_person(web, call, deal):
    lead = deal()
    call("A", start=at(26), opportunity=lead, company=lead.company)
    call("B", start=at(24), opportunity=lead, company=lead.company)
    call("C", owner="mate", start=at(23))
    html = show(web)
    assert re.findall(r'data-title="(\w)"', html) == ["B", "A", "C"]
    assert "Höfle ·" in html
    assert "Without an opportunity" in html
    html = show(web, group="owner")
    assert re.findall(r'data-title="(\w)"', html) == ["C", "B", "A"]


def test_an_opportunity_that_one_may_not_see_is_not_named(web, call, deal):
    lead = deal("stranger")
    call("A", start=at(26), opportunity=lead)
    html = show(web)
    assert "A" in bars(html)
    assert lead.title not in html
    assert lead.company.name not in html


def test_scrolling_brings_each_row_once_and_in_order(web, call, deal):
    leads = [deal() for _n in range(3)]
    for n in range(230):
        call(f"x{n}", start=at(23 + n % 14 if n % 14 < 8 else 23), opportunity=leads[n % 3])
    html = show(web)
    seen = re.findall(r'data-bar="(\d+)"', html)
    headings = html.count("gantt-group-head")
    while more := re.search(r'hx-get="([^"]+skip=[^"]+)"', html):
        html = web.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
        seen += re.findall(r'data-bar="(\d+)"', html)
        headings += html.count("gantt-group-head")
    assert len(seen) == len(set(seen)) == 230
    assert headings == 3
    groups = [Activity.objects.get(pk=pk).opportunity_id for pk in seen]
    assert sum(a != b for a, b in itertools.pairwise(groups)) == 2


def test_a_refresh_brings_as_many_rows_as_there_were(web, call):
    for n in range(130):
        call(f"x{n}", start=at(25))
    assert len(bars(show(web))) == 80
    assert len(bars(show(web, rows="120"))) == 120


# ── what stands beside them ─────────────────────────────────────────────────────────────────────────
def test_arrows_and_the_buffer(web, call, deal):
    lead = deal()
    first = call("Muster bereitstellen", start=at(25, 0), hours=72, all_day=True, opportunity=lead)
    then = call("Angebot anpassen", start=at(2, month=12), opportunity=lead)
    then.dependencies.create(predecessor=first)
    html = show(web)
    assert f'data-from="{first.pk}" data-to="{then.pk}"' in html
    # Fri 27 is its last day; Monday and Tuesday are left.
    assert "2 working days of buffer until “Angebot anpassen”" in html
    assert "Wed 25 Nov – Fri 27 Nov, 3 working days" in html


def test_overdue_ones_stand_out(web, call, time_machine):
    time_machine.move_to(at(26, 12))
    call("überfällig", start=at(25))
    call("offen", start=at(27))
    html = show(web)
    assert len(re.findall(r'class="bar-box is-overdue', html)) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"from": "9999-12-31"}, {"from": "0001-01-01"}, {"from": "x"}, {"zoom": "jahr"}, {"group": "password"},
        {"skip": "-1"}, {"skip": "9" * 30}, {"rows": "1000000"}, {"owner": "x"}, {"skip": "80", "previous": "\x00"},
    ],
)  # fmt: skip
def test_addresses_that_make_no_sense(web, call, query):
    call(start=timezone.now() + DAY)
    assert web.get(PAGE, query).status_code == 200


def test_the_same_queries_for_ten_and_for_many(web, call, deal):
    lead = deal()

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            show(web)
        return len(queries)

    call("a", start=at(25), opportunity=lead, company=lead.company)
    call("b", start=at(26))
    before = cost()
    for n in range(60):
        other = deal()
        one = call(f"x{n}", start=at(25, 0), hours=24, all_day=True, opportunity=other, company=other.company)
        call(f"y{n}", start=at(26), opportunity=other).dependencies.create(predecessor=one)
    assert cost() == before


def test_of_a_bar_of_centuries_no_working_days_are_counted(web, call):
    call("ewig", start=datetime.datetime(1900, 1, 2, tzinfo=BERLIN), hours=24 * 109_000)
    assert "working day" not in show(web)
