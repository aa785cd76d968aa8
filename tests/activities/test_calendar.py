"""Where activities stand in the calendar, and whose they are."""

import datetime
import re
import time
import zoneinfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activities import actions, grid
from activities.models import Activity, ActivityType
from crm.setup.models import Organisation

pytestmark = pytest.mark.django_db
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
HOUR = datetime.timedelta(hours=1)
MONDAY = datetime.date(2027, 3, 8)


def at(day: int, hour: int, minute: int = 0, *, month: int = 3, fold: int = 0) -> datetime.datetime:
    """When the clock in Berlin shows that, in March 2027 unless said; in UTC, so that an hour later is one."""
    shown = datetime.datetime(2027, month, day, hour, minute, fold=fold, tzinfo=BERLIN)
    return shown.astimezone(datetime.UTC)


def placed(record, day: datetime.date, where=BERLIN) -> tuple[int, int]:
    block = grid.block(record, day, where)
    return block.top, block.bottom


@pytest.fixture
def calendar(signed_in):
    """A function: the calendar's page as the rep sees it, or who is named."""

    def get(query="", who="rep"):
        answer = signed_in(who).get(f"{reverse('activities:calendar')}?{query}")
        assert answer.status_code == 200
        return answer

    return get


def days(answer) -> dict[str, list[str]]:
    """{day: the titles that stand on it}, of the days that have any."""
    columns = answer.context.get("columns") or [day for week in answer.context["weeks"] for day in week["days"]]
    return {day["iso"]: [e["record"].title for e in day["agenda"]] for day in columns if day["agenda"]}


# ── placement ───────────────────────────────────────────────────────────────────────────────────────
def test_by_the_clock_on_the_wall(call):
    one = call(start=at(8, 10, 15), hours=1.5)
    assert placed(one, MONDAY) == (615, 705)
    assert placed(call(start=at(8, 23), hours=1), MONDAY) == (23 * 60, 24 * 60)
    short = call(start=at(8, 10), hours=0)
    assert placed(short, MONDAY) == (600, 630), "what takes no time still has a name to show"
    assert placed(call(start=at(8, 23, 50), hours=0.1), MONDAY)[1] == 24 * 60


def test_over_midnight_it_stands_on_both_days(call):
    one = call(start=at(8, 22), hours=4)
    assert grid.days_of(one, BERLIN) == (MONDAY, MONDAY + grid.ONE)
    assert placed(one, MONDAY) == (22 * 60, 24 * 60)
    assert placed(one, MONDAY + grid.ONE) == (0, 120)
    assert grid.days_of(call(start=at(8, 22), hours=2), BERLIN)[1] == MONDAY, "the end is not included"


def test_the_day_of_23_hours(call):
    """On 28 March 2027 the clock goes from 2 to 3."""
    day = datetime.date(2027, 3, 28)
    assert placed(call(start=at(28, 1), hours=1), day) == (60, 180), "from one to what is three o'clock then"
    assert placed(call(start=at(28, 10), hours=1), day) == (600, 660)
    whole = call(start=at(28, 0), hours=23, all_day=True)
    assert grid.days_of(whole, BERLIN) == (day, day)
    assert grid.is_bar(whole)


def test_the_day_of_25_hours(call):
    """On 31 October 2027 the clock shows the time from 2 to 3 twice."""
    day = datetime.date(2027, 10, 31)

    def there(hour, minute=0, fold=0):
        return at(31, hour, minute, month=10, fold=fold)

    assert placed(call(start=there(10), hours=1), day) == (600, 660)
    first, second = call(start=there(2)), call(start=there(2, fold=1))
    assert second.start_at - first.start_at == HOUR
    assert placed(first, day) == (120, 150), "from two to two"
    assert placed(second, day) == (120, 180), "from two to three"
    back = call(start=there(2, 45), hours=0.5)
    assert placed(back, day) == (165, 195), "it ends at a quarter past two, and is not drawn backwards"
    whole = call(start=there(0), hours=25, all_day=True)
    assert grid.days_of(whole, BERLIN) == (day, day)


def test_those_at_the_same_time_stand_side_by_side(call):
    records = [call(str(hour), at(8, hour), hours=length) for hour, length in ((9, 3), (10, 1), (11, 2), (12, 1))]
    blocks = grid.side_by_side([grid.block(r, MONDAY, BERLIN) for r in records], most=8)
    lanes = {b.record.title: (b.lane, b.lanes) for b in blocks}
    # From 9 to 12 beside what is first at 10, then at 11; from 12 on beside the last one.
    assert lanes == {"9": (0, 2), "10": (1, 2), "11": (1, 2), "12": (0, 2)}
    apart = grid.side_by_side([grid.block(call(start=at(8, h)), MONDAY, BERLIN) for h in (9, 10)], most=8)
    assert [(b.x, b.width) for b in apart] == [("0.00%", "100.00%")] * 2
    for one in blocks:
        for other in blocks:
            overlap = one.top < other.bottom and other.top < one.bottom
            assert one is other or not overlap or one.lane != other.lane


def test_more_than_fit_beside_each_other_are_left_out(call):
    blocks = [grid.block(call(start=at(8, 10)), MONDAY, BERLIN) for _n in range(7)]
    kept = grid.side_by_side(blocks, most=3)
    assert sorted(b.lane for b in kept) == [0, 1, 2]
    assert {b.lanes for b in kept} == {3}


def test_whole_days_stand_in_rows(call, people):
    def bar(first, length):
        return call(f"{first}+{length}", at(8 + first, 0), hours=24 * length, all_day=True)

    for first, length in ((0, 3), (1, 1), (3, 2), (-3, 20), (6, 1)):
        bar(first, length)
    loaded = grid.load(Activity.objects.all(), people["rep"], MONDAY, 7, each=40, where=BERLIN)
    bars = {b.record.title: (b.first, b.span, b.row, b.ends) for b in grid.bars(loaded, BERLIN, most=3)}
    assert bars == {
        "-3+20": (1, 7, 1, False),
        "0+3": (1, 3, 2, True),
        "1+1": (2, 1, 3, True),
        "3+2": (4, 2, 2, True),
        "6+1": (7, 1, 2, True),
    }
    assert "1+1" not in {b.record.title for b in grid.bars(loaded, BERLIN, most=2)}


def test_a_whole_day_is_that_day_for_everybody(call, people):
    """The mate plans from New York; the rep looks from Tokyo and sees the same date. Times are the reader's."""
    people["mate"].time_zone = "America/New_York"
    people["mate"].save()
    new_york, tokyo = zoneinfo.ZoneInfo("America/New_York"), zoneinfo.ZoneInfo("Asia/Tokyo")
    fair = call("Messe", at(10, 0), hours=24, owner="mate", all_day=True)
    timed = call("Anruf", datetime.datetime(2027, 3, 10, 20, tzinfo=new_york), owner="mate")
    loaded = grid.load(Activity.objects.all(), people["rep"], MONDAY, 7, each=4, where=tokyo)
    found = {str(day.date): [r.title for r in day.records] for day in loaded if day.records}
    assert found == {"2027-03-10": ["Messe"], "2027-03-11": ["Anruf"]}
    assert grid.days_of(fair, tokyo) == (datetime.date(2027, 3, 10),) * 2
    assert [(bar.first, bar.span) for bar in grid.bars(loaded, tokyo, most=1)] == [(3, 1)]
    assert placed(timed, datetime.date(2027, 3, 11), tokyo) == (600, 660)


# ── the page ────────────────────────────────────────────────────────────────────────────────────────
def test_day_week_and_month(call, calendar):
    for day in (1, 8, 9, 14, 31):
        call(f"am {day}.", at(day, 10))
    assert days(calendar("view=day&day=2027-03-09")) == {"2027-03-09": ["am 9."]}
    week = calendar("day=2027-03-10")
    assert days(week) == {"2027-03-08": ["am 8."], "2027-03-09": ["am 9."], "2027-03-14": ["am 14."]}
    text = week.content.decode()
    assert "KW 10" in text
    assert "08.–14.03.2027" in text
    assert [day["name"] for day in week.context["columns"]] == ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]
    month = calendar("view=month&day=2027-03-10")
    assert len(days(month)) == 5
    assert [w["number"] for w in month.context["weeks"]] == [9, 10, 11, 12, 13]


@pytest.mark.parametrize("query", ["", "view=nonsense&day=2027-13-77&owner=abc&type=x&status=y", "day=9999-12-31"])
def test_an_address_without_sense_is_this_week(calendar, query):
    answer = calendar(query)
    assert answer.context["is_now"]
    assert answer.context["whose_now"] == "Meine"


@pytest.mark.parametrize(("day", "gone"), [("1900-01-01", "previous"), ("2200-12-31", "next")])
@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_the_calendar_ends_where_our_years_do(calendar, view, day, gone):
    answer = calendar(f"view={view}&day={day}")
    assert answer.context[gone] is None


def test_weekends_and_holidays_of_the_state(calendar):
    """Epiphany is a holiday in Baden-Württemberg and not in Berlin."""
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Höfle", "holiday_state": "BW"})
    week = calendar("day=2027-01-06").context["columns"]
    assert [(day["date"].day, day["is_free"]) for day in week if day["is_free"]] == [(6, True), (9, True), (10, True)]
    assert "Heilige Drei Könige" in calendar("view=month&day=2027-01-06").content.decode()
    Organisation.objects.update(holiday_state="BE")
    assert "Heilige Drei Könige" not in calendar("view=month&day=2027-01-06").content.decode()


def test_of_a_full_day_the_month_shows_four_and_counts_the_rest(call, calendar):
    for hour in range(8, 18):
        call(f"{hour} Uhr", at(9, hour))
    call("Messe", at(8, 0), hours=48, all_day=True)
    answer = calendar("view=month&day=2027-03-01")
    assert days(answer) == {"2027-03-08": ["Messe"], "2027-03-09": ["Messe", "8 Uhr", "9 Uhr", "10 Uhr"]}
    text = answer.content.decode()
    assert "7 weitere" in text
    assert "view=day&amp;day=2027-03-09" in text.replace("day=2027-03-09&amp;view=day", "view=day&amp;day=2027-03-09")


def test_in_the_users_time_zone(call, calendar, people):
    call("Anruf", at(8, 23))
    people["rep"].time_zone = "Asia/Tokyo"
    people["rep"].save()
    answer = calendar("day=2027-03-08")
    assert days(answer) == {"2027-03-09": ["Anruf"]}
    assert "07:00–08:00" in answer.content.decode()


def test_filters(call, calendar, people):
    meeting = ActivityType.objects.get(name="Meeting")
    call("Anruf", at(8, 9))
    call("Treffen", at(8, 10))
    Activity.objects.filter(title="Treffen").update(type=meeting)
    actions.complete(activity=call("Fertig", at(8, 11)), by=people["rep"])
    actions.cancel(activity=call("Abgesagt", at(8, 12)), by=people["rep"])

    def shown(query):
        return days(calendar(f"day=2027-03-08&{query}")).get("2027-03-08", [])

    assert shown("") == ["Anruf", "Treffen", "Fertig"]
    assert shown(f"type={meeting.pk}") == ["Treffen"]
    assert shown("status=open") == ["Anruf", "Treffen"]
    assert shown("status=done&status=cancelled") == ["Fertig", "Abgesagt"]
    assert "Kein Eintrag passt zu den Filtern" in calendar(f"day=2027-03-15&type={meeting.pk}").content.decode()
    assert "In diesem Zeitraum ist nichts geplant." in calendar("day=2027-03-15").content.decode()


def test_whose(call, calendar, people):
    """One's own at first; colleagues and what is nobody's on demand; strangers never."""
    for owner in ("rep", "mate", "stranger", None):
        call(f"von {owner}", at(8, 10), owner=owner)
    mate, stranger = people["mate"].pk, people["stranger"].pk

    def shown(query, who="rep"):
        return set(days(calendar(f"day=2027-03-08&{query}", who)).get("2027-03-08", []))

    assert shown("") == {"von rep"}
    assert shown(f"owner={mate}") == {"von mate"}
    assert shown("owner=none") == {"von None"}
    assert shown("owner=all") == {"von rep", "von mate", "von None"}
    assert shown(f"owner={stranger}") == {"von rep"}, "whom one may not see is no choice"
    assert shown("owner=all", "manager") == {"von rep", "von mate", "von stranger", "von None"}
    page = calendar("day=2027-03-08&owner=all").content.decode()
    assert "Stranger" not in page
    assert "von stranger" not in page
    assert "Stranger" in calendar("", "manager").content.decode()


def test_what_it_is_about_is_shown_as_far_as_one_may_see_it(call, calendar, people):
    from contacts.models import Company

    call("Anruf", at(8, 10), company=Company.objects.create(name="Fremd GmbH", owner=people["stranger"]))
    assert "Fremd GmbH" not in calendar("day=2027-03-08").content.decode()


def test_only_what_one_may_change_can_be_moved(call, calendar, people):
    mine, mates = call("meins", at(8, 10)), call("ihres", at(8, 10), owner="mate")
    done = call("fertig", at(8, 12))
    actions.complete(activity=done, by=people["rep"])
    page = calendar("day=2027-03-08&owner=all").content.decode()
    movable = set(map(int, re.findall(r'data-event="(\d+)" aria-describedby', page)))
    assert movable == {mine.pk}
    assert {mine.pk, mates.pk, done.pk} <= set(map(int, re.findall(r'data-event="(\d+)"', page)))
    assert 'data-new=""' in calendar("", "readonly").content.decode()


def test_without_the_right_there_is_no_calendar(signed_in, people):
    people["rep"].role.rights.filter(area="activities").delete()
    answer = signed_in("rep").get(reverse("activities:calendar"))
    assert answer.status_code == 404
    assert "Sie dürfen diesen Bereich nicht sehen" in answer.content.decode()


# ── what it costs ───────────────────────────────────────────────────────────────────────────────────
def fill(people, count: int, title="Anruf") -> None:
    """That many in March, of an hour each, in every state and of whole days as well."""
    kind = ActivityType.objects.get(name="Anruf")
    first = at(1, 0)
    Activity.objects.bulk_create(
        Activity(
            title=f"{title} {n}",
            type=kind,
            owner=people["rep"],
            start_at=first + n * 31 * 24 * HOUR / count,
            due_at=first + n * 31 * 24 * HOUR / count + (30 * HOUR if n % 50 == 0 else HOUR),
        )
        for n in range(count)
    )


@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_it_costs_the_same_with_ten_thousand(people, calendar, view):
    def queries():
        calendar(query)
        with CaptureQueriesContext(connection) as asked:
            answer = calendar(query)
        return len(asked), answer

    query = f"view={view}&day=2027-03-10&owner=all"
    fill(people, 20)
    few, _answer = queries()
    fill(people, 10_000, "mehr")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activities_activity")
    many, answer = queries()
    assert many == few
    columns = answer.context.get("columns") or [day for week in answer.context["weeks"] for day in week["days"]]
    most = {"day": 200, "week": 40, "month": 4}[view]
    assert max(len(day["agenda"]) for day in columns) == most
    march = sum(day["total"] for day in columns if day["date"].month == 3)
    if view == "month":
        # Each of a day and a quarter stands on two or three days, each over midnight on two.
        assert march > 10_020
    began = time.perf_counter()
    calendar(query)
    assert time.perf_counter() - began < 3, "quick, also where two processors have much to do"


def test_the_counts_are_those_of_a_plain_count(people, calendar):
    fill(people, 500)
    month = calendar("view=month&day=2027-03-10")
    looked_at = 0
    for week in month.context["weeks"]:
        for day in week["days"]:
            start = timezone.make_aware(datetime.datetime.combine(day["date"], datetime.time()), BERLIN)
            end = timezone.make_aware(datetime.datetime.combine(day["date"] + grid.ONE, datetime.time()), BERLIN)
            assert day["total"] == Activity.objects.between(start, end).count(), day["iso"]
            looked_at += day["total"]
    assert looked_at > 500
