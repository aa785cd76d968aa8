"""Series: which days a rule has, how it is said, and what changes of "this one" or "from here on"."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from activities import actions, series
from activities.forms_series import SeriesForm
from activities.models import Activity, ActivityType, Recurrence, Status
from activities.series import Rule
from crm.core.refusals import Refused

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def at(text: str, zone=BERLIN) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.fixture
def repeat(people):
    """A function: a series of the rep by a rule and the wall-clock time of its start; gives its activities."""

    def make(rule, start="2026-11-02 09:00", *, hours=1, zone="Europe/Berlin", **more):
        begin = at(start, ZoneInfo(zone))
        fields = {"title": "Jour fixe", "type": ActivityType.objects.first(), "start_at": begin}
        fields |= {"due_at": begin + hours * HOUR, **more}
        first = actions.create_series(by=people["rep"], rule=rule, time_zone=zone, **fields)
        return rows_of(first.recurrence)

    return make


def rows_of(recurrence) -> list[Activity]:
    return list(recurrence.activities.order_by("start_at"))


def walls(rows, zone=BERLIN) -> list[str]:
    return [f"{row.start_at.astimezone(zone):%Y-%m-%d %H:%M}" for row in rows]


# ── which days ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", "2026-12-30 09:00", ["2026-12-30", "2026-12-31", "2027-01-01"]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=3", "2026-11-05 09:00", ["2026-11-05", "2026-11-06", "2026-11-09"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=3", "2026-11-06 09:00", ["2026-11-06", "2026-11-16", "2026-11-20"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270131", "2026-11-01 09:00", ["2026-11-27", "2026-12-25", "2027-01-29"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2026-12-31 09:00", ["2026-12-31", "2027-01-31", "2027-02-28"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "2026-12-31 09:00", ["2026-12-31", "2027-01-31", "2027-03-31"]),
        ("FREQ=YEARLY;COUNT=2", "2028-02-29 09:00", ["2028-02-29", "2032-02-29"]),
    ],
)  # fmt: skip
def test_the_days_of_a_rule(repeat, rule, start, expected):
    assert walls(repeat(rule, start)) == [f"{day} 09:00" for day in expected]


def test_nine_o_clock_stays_nine_o_clock(repeat):
    rows = repeat("FREQ=DAILY;UNTIL=20270401", "2026-10-20 09:00")
    assert len(rows) == 164
    assert {row.start_at.astimezone(BERLIN).time() for row in rows} == {datetime.time(9)}
    assert {row.start_at.hour for row in rows} == {7, 8}
    assert {row.due_at - row.start_at for row in rows} == {HOUR}


def test_the_lost_hour_and_the_doubled_one(repeat):
    lost = repeat("FREQ=DAILY;COUNT=3", "2027-03-27 02:30")
    assert walls(lost) == ["2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30"]
    doubled = repeat("FREQ=DAILY;COUNT=3", "2026-10-24 02:30")
    assert [row.start_at.utcoffset() or row.start_at.hour for row in doubled] == [0, 0, 1]


def test_a_series_that_begins_in_the_lost_hour(repeat):
    rows = repeat("FREQ=WEEKLY;BYDAY=SU;COUNT=2", "2027-03-27 02:30")
    assert walls(rows) == ["2027-03-28 03:30", "2027-04-04 03:30"]
    assert [one.at for one in series.counted(rows[0].recurrence)] == [row.start_at for row in rows]


def test_whole_days_stay_whole_days(repeat):
    rows = repeat("FREQ=WEEKLY;BYDAY=SU;COUNT=26", "2026-10-18 00:00", hours=48, all_day=True)
    for row in rows:
        begin, end = row.start_at.astimezone(BERLIN), row.due_at.astimezone(BERLIN)
        assert (begin.time(), end.time(), end.date() - begin.date()) == (datetime.time(), datetime.time(), 2 * DAY)
    # Two days have 48 hours, but where the clocks are changed 49 or 47.
    assert {(row.due_at - row.start_at) // HOUR for row in rows} == {47, 48, 49}


# ── senseless rules ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("FREQ=DAILY", "2. November 2027|02.11.2027"),
        ("FREQ=DAILY;COUNT=0", "500"),
        ("FREQ=DAILY;COUNT=501", "500"),
        ("FREQ=DAILY;UNTIL=20261101", "02.11.2026"),
        ("FREQ=DAILY;UNTIL=99991231", "02.11.2031"),
        ("FREQ=DAILY;UNTIL=20291231", "15.03.2028"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=3", "99"),
        ("FREQ=WEEKLY;COUNT=3", "Wochentag"),
        ("FREQ=YEARLY;COUNT=20", "6"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;COUNT=3", "Regel"),
        ("FREQ=SECONDLY;COUNT=3", "SECONDLY"),
        ("FREQ=DAILY;COUNT=drei", "DREI"),
        ("FREQ=MONTHLY;BYDAY=5FR;COUNT=3", "5FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=3", "32"),
        ("FREQ=DAILY;UNTIL=morgen", "MORGEN"),
        ("", "“”|„“"),
    ],
)
def test_a_senseless_rule_makes_nothing(repeat, rule, says):
    with pytest.raises(Refused) as refused:
        repeat(rule)
    assert any(word.lower() in str(refused.value).lower() for word in says.split("|")), refused.value
    assert (Activity.objects.count(), Recurrence.objects.count()) == (0, 0)


@pytest.mark.parametrize("year", ["0001", "1899", "2199", "9999"])
def test_a_series_of_no_believable_year(repeat, year):
    with pytest.raises(Refused):
        repeat("FREQ=DAILY;COUNT=3", f"{year}-06-01 09:00")


def test_all_or_nothing(repeat, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Activity.objects.__class__, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        repeat("FREQ=DAILY;COUNT=3")
    assert Recurrence.objects.count() == 0


def test_only_who_may_create(people):
    fields = {"title": "x", "type": ActivityType.objects.first(), "start_at": timezone.now()}
    with pytest.raises(Activity.DoesNotExist):
        actions.create_series(by=people["readonly"], rule="FREQ=DAILY;COUNT=3", **fields)


# ── in words ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rule", "german"),
    [
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20271231", "jeden letzten Freitag im Monat, bis 31.12.2027"),
        ("FREQ=DAILY;COUNT=5", "jeden Tag, 5-mal"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=5", "jeden Tag von Montag bis Freitag, 5-mal"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=5", "alle 2 Wochen am Montag und Freitag, 5-mal"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=1", "am letzten Tag jedes Monats, einmal"),
        ("FREQ=YEARLY;COUNT=2", "jedes Jahr am 2. November, 2-mal"),
    ],
)
def test_in_words(rule, german):
    recurrence = Recurrence(rule=rule, starts_at=at("2026-11-02 09:00"), time_zone="Europe/Berlin")
    with translation.override("de"):
        assert series.in_words(recurrence) == german


# ── from here on ────────────────────────────────────────────────────────────────────────────────────
def test_this_one_alone_is_moved(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=4")
    second = rows[1]
    moved = actions.move(activity=second, by=rep, start_at=second.start_at + 2 * HOUR, due_at=second.due_at + 2 * HOUR)
    assert (moved.recurrence_id, moved.occurrence_at) == (second.recurrence_id, second.start_at)
    assert walls(rows_of(second.recurrence))[1] == "2026-11-09 11:00"
    assert Recurrence.objects.count() == 1


def test_from_here_on_the_series_is_cut(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;UNTIL=20270430")
    here = rows[3]
    moved = actions.move(
        activity=here, by=rep, start_at=here.start_at + DAY + HOUR, due_at=here.due_at + DAY + HOUR, onwards=True
    )
    before, after = rows_of(rows[0].recurrence), rows_of(moved.recurrence)
    assert (len(before), len(after)) == (3, len(rows) - 3)
    assert Recurrence.objects.get(pk=rows[0].recurrence_id).rule == "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261122"
    assert moved.recurrence.rule == "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270501"
    # The clocks are changed on the way: still Tuesdays at ten.
    assert {f"{row.start_at.astimezone(BERLIN):%a %H:%M}" for row in after} == {"Tue 10:00"}
    assert [row.occurrence_at for row in after] == [row.start_at for row in after]
    assert [one.at for one in series.counted(moved.recurrence)] == [row.start_at for row in after]


def test_what_is_done_cancelled_or_moved_stays(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=6")
    actions.complete(activity=rows[2], by=rep)
    actions.cancel(activity=rows[3], by=rep)
    actions.move(activity=rows[4], by=rep, start_at=rows[4].start_at + 3 * HOUR, due_at=rows[4].due_at + 3 * HOUR)
    here = Activity.objects.get(pk=rows[1].pk)
    actions.update_activity(
        activity=here, by=rep, onwards=True, title="Neu", start_at=here.start_at + HOUR, due_at=here.due_at + HOUR
    )
    now = {row.pk: row for row in Activity.objects.all()}
    found = [
        (now[row.pk].title, f"{now[row.pk].start_at.astimezone(BERLIN):%H:%M}", now[row.pk].status) for row in rows
    ]
    assert found == [
        ("Jour fixe", "09:00", "open"),
        ("Neu", "10:00", "open"),
        ("Jour fixe", "09:00", "done"),
        ("Jour fixe", "09:00", "cancelled"),
        ("Jour fixe", "12:00", "open"),
        ("Neu", "10:00", "open"),
    ]
    # They keep their place: the new rule knows what they are exceptions of.
    new = now[here.pk].recurrence
    assert [now[row.pk].occurrence_at for row in rows[1:]] == [one.at for one in series.counted(new)]


def test_a_moved_one_keeps_its_time_when_only_words_change_from_it_on(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=3")
    moved = actions.move(
        activity=rows[1], by=rep, start_at=rows[1].start_at + 5 * HOUR, due_at=rows[1].due_at + 5 * HOUR
    )
    actions.update_activity(activity=moved, by=rep, title="Neu", onwards=True)
    again = list(Activity.objects.order_by("start_at"))
    assert walls(again) == ["2026-11-02 09:00", "2026-11-09 14:00", "2026-11-16 09:00"]
    assert [row.title for row in again] == ["Jour fixe", "Neu", "Neu"]


def test_the_whole_series_stays_one(repeat, rep):
    rows = repeat("FREQ=DAILY;COUNT=5")
    here = actions.move(
        activity=rows[0], by=rep, start_at=rows[0].start_at + DAY, due_at=rows[0].due_at + DAY, onwards=True
    )
    assert Recurrence.objects.get().pk == here.recurrence_id
    assert walls(rows_of(here.recurrence)) == [f"2026-11-0{day} 09:00" for day in range(3, 8)]


def test_every_second_week_stays_every_second_week(repeat, rep):
    rows = repeat("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,SU;COUNT=6", "2026-11-06 09:00")
    before = [row.start_at for row in rows]
    here = actions.move(
        activity=rows[0], by=rep, start_at=rows[0].start_at + DAY, due_at=rows[0].due_at + DAY, onwards=True
    )
    assert [row.start_at - DAY for row in rows_of(here.recurrence)] == before


def test_another_rule_from_here_on(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=4")
    here = actions.update_activity(activity=rows[1], by=rep, onwards=True, rule="FREQ=DAILY;COUNT=5")
    assert walls(rows_of(here.recurrence)) == [f"2026-11-{day:02} 09:00" for day in range(9, 14)]
    assert len(rows_of(rows[0].recurrence)) == 1
    shorter = actions.update_activity(activity=here, by=rep, onwards=True, rule="FREQ=DAILY;COUNT=2")
    kept = Activity.objects.exclude(status=Status.CANCELLED).filter(recurrence=shorter.recurrence)
    assert walls(kept.order_by("start_at")) == ["2026-11-09 09:00", "2026-11-10 09:00"]
    assert Activity.objects.filter(status=Status.CANCELLED).count() == 3


def test_one_alone_becomes_a_series(call, rep):
    one = call(start=at("2026-11-02 09:00"))
    actions.update_activity(activity=one, by=rep, rule="FREQ=DAILY;COUNT=3")
    one.refresh_from_db()
    assert walls(rows_of(one.recurrence)) == [f"2026-11-0{day} 09:00" for day in (2, 3, 4)]
    assert one.occurrence_at == one.start_at


def test_cancelled_and_deleted_from_here_on(repeat, rep, people):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=6")
    actions.complete(activity=rows[5], by=rep)
    actions.cancel(activity=rows[4], by=rep, onwards=True)
    assert [row.status for row in rows_of(rows[0].recurrence)] == ["open"] * 4 + ["cancelled", "done"]
    actions.delete_activity(activity=rows[2], by=people["admin"], onwards=True)
    assert [row.status for row in rows_of(rows[0].recurrence)] == ["open"] * 2 + ["cancelled", "done"]
    assert Recurrence.objects.get().rule == "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261115"
    for row in Activity.objects.all():
        actions.delete_activity(activity=row, by=people["admin"])
    assert not Recurrence.objects.exists()


def test_cancelling_from_here_on_takes_the_moved_ones_along(repeat, rep):
    rows = repeat("FREQ=WEEKLY;BYDAY=MO;COUNT=4")
    actions.move(activity=rows[2], by=rep, start_at=rows[2].start_at + HOUR, due_at=rows[2].due_at + HOUR)
    actions.complete(activity=rows[3], by=rep)
    actions.cancel(activity=rows[0], by=rep, onwards=True)
    found = Activity.objects.order_by("start_at").values_list("status", flat=True)
    assert list(found) == [Status.CANCELLED, Status.CANCELLED, Status.CANCELLED, Status.DONE]


def test_what_is_somebody_elses_stays(repeat, people):
    rows = repeat("FREQ=DAILY;COUNT=3")
    Activity.objects.filter(pk=rows[2].pk).update(owner=people["stranger"])
    actions.update_activity(activity=rows[0], by=people["rep"], onwards=True, title="Neu")
    assert [row.title for row in rows_of(rows[0].recurrence)] == ["Neu", "Neu", "Jour fixe"]


def test_a_refused_change_changes_nothing(repeat, rep):
    rows = repeat("FREQ=DAILY;COUNT=3")
    with pytest.raises(Refused):
        actions.update_activity(activity=rows[0], by=rep, onwards=True, title="Neu", rule="FREQ=DAILY;COUNT=501")
    assert {row.title for row in Activity.objects.all()} == {"Jour fixe"}


# ── the form ────────────────────────────────────────────────────────────────────────────────────────
FORM = {"start_day": "2026-08-31", "interval": "1", "ends": "times", "times": "3"}


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"repeat": ""}, ""),
        ({"repeat": "daily", "interval": "2"}, "FREQ=DAILY;INTERVAL=2;COUNT=3"),
        ({"repeat": "workdays", "interval": "x"}, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=3"),
        ({"repeat": "weekly", "weekdays": ["4", "0"]}, "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3"),
        ({"repeat": "monthly_day"}, "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3"),
        ({"repeat": "monthly_last_day"}, "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"),
        ({"repeat": "monthly_weekday", "week": "-1", "weekday": "4"}, "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"),
        ({"repeat": "yearly"}, "FREQ=YEARLY;COUNT=3"),
        ({"repeat": "daily", "ends": "until", "until": "2026-09-02"}, "FREQ=DAILY;UNTIL=20260902"),
    ],
)
def test_what_is_chosen_is_the_rule(typed, rule):
    form = SeriesForm({**FORM, **typed})
    assert form.is_valid(), form.errors
    assert form.rule() == rule
    if rule:
        kept = Rule.parse(rule)
        again = SeriesForm({**FORM, **SeriesForm(now=kept, first=datetime.date(2026, 8, 31)).initial}, now=kept)
        assert again.is_valid(), again.errors
        assert (again.rule(), again.changed_rule()) == (rule, None)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"repeat": "daily", "ends": "until", "until": ""}, "until"),
        ({"repeat": "daily", "ends": "until", "until": "2026-08-30"}, "until"),
        ({"repeat": "daily", "ends": "until", "until": "9999-12-31"}, "until"),
        ({"repeat": "daily", "times": ""}, "times"),
        ({"repeat": "daily", "times": "0"}, "times"),
        ({"repeat": "daily", "times": "501"}, "times"),
        ({"repeat": "daily", "times": "-1"}, "times"),
        ({"repeat": "daily", "times": "9" * 400}, "times"),
        ({"repeat": "daily", "interval": "0"}, "interval"),
        ({"repeat": "daily", "interval": "100"}, "interval"),
        ({"repeat": "weekly", "weekdays": []}, "weekdays"),
        ({"repeat": "weekly", "weekdays": ["7"]}, "weekdays"),
        ({"repeat": "monthly_day", "month_day": "32"}, "month_day"),
        ({"repeat": "monthly_day", "month_day": "0"}, "month_day"),
        ({"repeat": "hourly"}, "repeat"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field(typed, field):
    form = SeriesForm({**FORM, **typed})
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert form.rule() == "" or field in form.errors


def test_the_preview(signed_in):
    client = signed_in("rep")
    page = client.get("/activities/series/preview/", {**FORM, "repeat": "monthly_day"}).content.decode()
    assert "Monate ohne einen 31." in page
    assert "31.10." in page
    for bad in (
        {},
        {"repeat": "daily", "start_day": "gestern"},
        {**FORM, "repeat": "daily", "times": "0"},
        {"repeat": "\0"},
    ):
        assert client.get("/activities/series/preview/", bad).status_code == 200


def test_every_rule_is_read_as_it_is_written():
    for text in ("FREQ=WEEKLY;INTERVAL=2;WKST=TU;BYDAY=MO,SA;COUNT=3", "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20271231"):
        assert str(Rule.parse(text)) == text
        assert str(Rule.parse(f"RRULE:{text.lower()}")) == text
