"""The calendar feed: what a calendar program makes of it is what stands in the list."""

import datetime
import hashlib
from collections import Counter
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from activities import actions, feed, zones
from activities.models import Activity, ActivityType, CalendarFeed, Status
from contacts.models import Company
from crm.core import seal
from crm.core.refusals import Refused

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def address(rep):
    """The path of the rep's feed."""
    return path_of(feed.make(by=rep))


def path_of(made: CalendarFeed) -> str:
    return urlsplit(feed.address(made)).path


def read(client, address) -> Calendar:
    answer = client.get(address)
    assert answer.status_code == 200
    return Calendar.from_ical(answer.content)


def seen(calendar: Calendar, first, last, zone) -> list[tuple]:
    """What a calendar program shows between two moments: (title, start, end), moments in UTC, days as they are."""
    found = []
    for event in recurring_ical_events.of(calendar).between(first, last):
        start, end = event["DTSTART"].dt, event.end
        if not isinstance(start, datetime.datetime):
            start, end = (datetime.datetime(d.year, d.month, d.day, tzinfo=zone) for d in (start, end))
        found.append((str(event["SUMMARY"]), start.astimezone(UTC), end.astimezone(UTC)))
    return sorted(found)


def listed(user) -> list[tuple]:
    rows = Activity.objects.of(user).exclude(status=Status.CANCELLED)
    return sorted((row.title, row.start_at, row.due_at) for row in rows)


# ── the same as the list ────────────────────────────────────────────────────────────────────────────
ENDS = st.one_of(
    st.integers(1, 60).map(lambda n: f"COUNT={n}"),
    st.dates(datetime.date(2027, 4, 5), datetime.date(2028, 4, 1)).map(lambda day: f"UNTIL={day:%Y%m%d}"),
)
DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=4, unique=True)
RULES = st.one_of(
    st.integers(1, 9).map(lambda n: f"FREQ=DAILY;INTERVAL={n}"),
    st.builds(lambda n, days: f"FREQ=WEEKLY;INTERVAL={n};BYDAY={','.join(days)}", st.integers(1, 3), DAYS),
    st.builds(
        lambda n, day: f"FREQ=MONTHLY;INTERVAL={n};BYMONTHDAY={day}",
        st.integers(1, 3),
        st.sampled_from([1, 28, 29, 30, 31, -1]),
    ),
    st.builds(
        lambda week, day: f"FREQ=MONTHLY;BYDAY={week}{day}",
        st.sampled_from([1, 2, 3, 4, -1]),
        st.sampled_from(["MO", "WE", "FR", "SU"]),
    ),
    st.just("FREQ=YEARLY"),
)
TIMES = st.sampled_from([(0, 0), (0, 30), (1, 59), (2, 0), (2, 30), (3, 0), (9, 0), (23, 30)])
CHANGES = st.tuples(
    st.sampled_from(["move", "rename", "cancel", "delete", "onwards", "done", "stretch"]), st.integers(0, 59)
)
CASES = {
    "rule": RULES,
    "end": ENDS,
    "day": st.dates(datetime.date(2026, 10, 1), datetime.date(2026, 11, 30)),
    "time": TIMES,
    "length": st.sampled_from([0, 30, 60, 24 * 60, 3 * 24 * 60]),
    "all_day": st.booleans(),
    "zone": st.sampled_from(["Europe/Berlin", "America/New_York"]),
    "changes": st.lists(CHANGES, max_size=6),
}


def test_a_calendar_program_shows_what_the_list_shows(people):
    """Many rules, both clock changes, two time zones, and what people do to single occurrences and from one on."""
    tally = Counter()

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(**CASES)
    def check(rule, end, day, time, length, all_day, zone, changes):
        with transaction.atomic():
            tally.update(compared(people, f"{rule};{end}", day, time, length, all_day, zone, changes))
            transaction.set_rollback(True)

    check()
    print(dict(tally))
    assert tally["series"] >= 80
    assert tally["occurrences"] >= 1_000
    assert tally["events"] < tally["occurrences"] / 3, "most of them come from the rules"
    assert tally["changed"] >= 100
    assert tally["crossing a clock change"] >= 25
    assert min(tally["Europe/Berlin"], tally["America/New_York"]) >= 10


def compared(people, rule, day, time, length, all_day, zone, changes) -> dict:
    """Make such a series, change it, and compare the feed with the rows; what there was to compare."""
    where, rep = ZoneInfo(zone), people["rep"]
    rep.time_zone = zone
    rep.save()
    begin = datetime.datetime.combine(day, datetime.time() if all_day else datetime.time(*time))
    due = begin + max(1, length // 1440) * DAY if all_day else begin + datetime.timedelta(minutes=length)
    fields = {"title": "Reihe", "type": ActivityType.objects.first(), "all_day": all_day}
    fields |= {"start_at": begin.replace(tzinfo=where), "due_at": due.replace(tzinfo=where)}
    try:
        actions.create_series(by=rep, rule=rule, time_zone=zone, **fields)
    except Refused:
        return {"refused": 1}
    changed = sum(change(people, what, number, all_day) for what, number in changes)
    calendar = Calendar.from_ical(feed.written(rep, datetime.datetime(2026, 11, 1, tzinfo=UTC)))
    rows = listed(rep)
    assert seen(calendar, datetime.date(2026, 1, 1), datetime.date(2090, 1, 1), where) == rows
    crossing = len({start.astimezone(where).utcoffset() for _title, start, _end in rows}) > 1
    events = len(calendar.walk("VEVENT"))
    return {
        "series": 1, zone: 1, "occurrences": len(rows), "changed": changed, "crossing a clock change": crossing,
        "events": events,
    }  # fmt: skip


def change(people, what: str, number: int, all_day: bool) -> bool:
    """Do something to one of the occurrences; whether it could be done."""
    rows = list(Activity.objects.filter(status=Status.OPEN).order_by("start_at", "pk"))
    if not rows:
        return False
    row, rep, by = rows[number % len(rows)], people["rep"], DAY if all_day else 5 * HOUR
    where = ZoneInfo(rep.time_zone)

    def later(moment):
        # Of whole days the wall clock counts.
        return (moment.astimezone(where) + by) if all_day else moment + by

    if what == "move":
        actions.move(activity=row, by=rep, start_at=later(row.start_at), due_at=later(row.due_at))
    elif what == "stretch":
        actions.move(activity=row, by=rep, start_at=row.start_at, due_at=later(row.due_at))
    elif what == "rename":
        actions.update_activity(activity=row, by=rep, title="Ausnahme")
    elif what == "cancel":
        actions.cancel(activity=row, by=rep)
    elif what == "done":
        actions.complete(activity=row, by=rep)
    elif what == "delete":
        actions.delete_activity(activity=row, by=people["admin"])
    else:
        try:
            fields = {"start_at": later(row.start_at), "due_at": later(row.due_at)} if number % 2 else {"title": "Neu"}
            actions.update_activity(activity=row, by=rep, onwards=True, **fields)
        except Refused:
            return False
    return True


# ── what stands in it ───────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def meeting(call):
    """A call at a fixed time in summer of the year after next: far enough ahead, whatever today is."""
    return call("Abstimmung", datetime.datetime(2028, 7, 3, 10, tzinfo=BERLIN), location="Ulm", notes="Zeichnungen")


def event_of(calendar):
    [event] = calendar.walk("VEVENT")
    return event


def test_one_activity(client, rep, address, meeting):
    calendar = read(client, address)
    event = event_of(calendar)
    assert event["UID"] == f"{meeting.uid}@localhost"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (meeting.start_at, meeting.due_at)
    assert event["DTSTART"].to_ical() == b"20280703T080000Z"
    assert (event["SUMMARY"], event["LOCATION"], event["STATUS"], event["SEQUENCE"]) == (
        "Abstimmung",
        "Ulm",
        "CONFIRMED",
        0,
    )
    assert "Zeichnungen" in event["DESCRIPTION"]
    assert f"/activities/{meeting.pk}/" in event["DESCRIPTION"]
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == meeting.updated_at.replace(microsecond=0)
    assert "Rep" in calendar["X-WR-CALNAME"]
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT15M"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M" in calendar.to_ical().decode()
    actions.update_activity(activity=meeting, by=rep, title="Anders")
    assert event_of(read(client, address))["SEQUENCE"] == 1


def test_whole_days_are_days(client, address, call):
    begin = datetime.datetime(2028, 3, 25, tzinfo=BERLIN)
    call("Messe", begin, hours=48, all_day=True)
    event = event_of(read(client, address))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (datetime.date(2028, 3, 25), datetime.date(2028, 3, 27))
    assert b"DTSTART;VALUE=DATE:20280325" in event.to_ical()


def test_a_series_is_one_event(client, rep, address):
    begin = datetime.datetime(2028, 3, 20, 9, tzinfo=BERLIN)
    fields = {"title": "Jour fixe", "type": ActivityType.objects.first(), "start_at": begin, "due_at": begin + HOUR}
    actions.create_series(by=rep, rule="FREQ=WEEKLY;BYDAY=MO;UNTIL=20280430", **fields)
    calendar = read(client, address)
    text = event_of(calendar).to_ical().decode()
    assert "DTSTART;TZID=Europe/Berlin:20280320T090000" in text
    # The end of the last day in Berlin, told in UTC (RFC 5545, 3.3.10).
    assert "RRULE:FREQ=WEEKLY;UNTIL=20280430T215959Z;BYDAY=MO" in text
    assert "BEGIN:VTIMEZONE" in calendar.to_ical().decode()
    for row in Activity.objects.order_by("start_at")[:2]:
        actions.cancel(activity=row, by=rep)
    assert "EXDATE;TZID=Europe/Berlin:20280320T090000" in event_of(read(client, address)).to_ical().decode()


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "Africa/Cairo"]
)
def test_the_time_zone_is_told_as_it_is(name):
    """Read by icalendar as if it knew no time zone of that name, it has the offsets of the real one, hour by hour."""
    made, zone = zones.component(ZoneInfo(name), 2025, 2033), ZoneInfo(name)
    if name != "Africa/Cairo":
        assert b"RDATE" not in made.to_ical()
    if name == "Europe/Berlin":
        # By the clock as it went before (RFC 5545, 3.6.5).
        assert b"DTSTART:20250330T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n" in made.to_ical()
    told = made.to_tz(lookup_tzid=False)
    moment, end, hours = datetime.datetime(2025, 1, 2, tzinfo=UTC), datetime.datetime(2033, 12, 30, tzinfo=UTC), 0
    while moment < end:
        wall = moment.astimezone(zone).replace(tzinfo=None)
        # Where the clock shows something twice, or not at all, readers differ.
        if wall.replace(tzinfo=zone).utcoffset() == wall.replace(tzinfo=zone, fold=1).utcoffset():
            assert wall.replace(tzinfo=told).utcoffset() == wall.replace(tzinfo=zone).utcoffset(), wall
            hours += 1
        moment += HOUR
    assert hours > 78_000


def test_what_readers_differ_about_is_an_event_of_its_own(rep):
    """A length over a change of the clocks, a time that is left out, one that comes twice."""
    kind = ActivityType.objects.first()
    for title, day, time, hours in (("lang", 25, 22, 8), ("kurz", 24, 2.5, 1)):
        begin = datetime.datetime(2028, 3, day, int(time), int(time % 1 * 60), tzinfo=BERLIN)
        times = {"start_at": begin, "due_at": (begin.astimezone(UTC) + hours * HOUR)}
        actions.create_series(by=rep, rule="FREQ=DAILY;COUNT=4", title=title, type=kind, **times)
    calendar = Calendar.from_ical(feed.written(rep, datetime.datetime(2028, 3, 1, tzinfo=UTC)))
    own = {(str(e["SUMMARY"]), e["RECURRENCE-ID"].dt.day) for e in calendar.walk("VEVENT") if "RECURRENCE-ID" in e}
    assert own == {("lang", 25), ("kurz", 26)}
    assert seen(calendar, datetime.date(2028, 3, 1), datetime.date(2028, 5, 1), BERLIN) == listed(rep)


def test_only_ones_own_of_now_and_not_cancelled(client, rep, address, call):
    now = timezone.now()
    call("alt", now - 91 * DAY)
    call("neu", now - 89 * DAY)
    call("fremd", owner="stranger")
    call("von der Kollegin", owner="mate")
    call("niemandes", owner=None)
    actions.cancel(activity=call("abgesagt"), by=rep)
    assert [str(event["SUMMARY"]) for event in read(client, address).walk("VEVENT")] == ["neu"]


def test_what_one_may_not_see_is_not_told(client, people, address, call):
    own = Company.objects.create(name="Höfle GmbH", owner=people["rep"])
    foreign = Company.objects.create(name="Geheim AG", owner=people["stranger"])
    call("eigene", company=own)
    call("fremde", company=foreign)
    text = " ".join(str(event["DESCRIPTION"]) for event in read(client, address).walk("VEVENT"))
    assert "Höfle" in text
    assert "Geheim" not in text


# ── the address ─────────────────────────────────────────────────────────────────────────────────────
def test_the_answer(client, address, meeting):
    answer = client.get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    again = client.get(address, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Activity.objects.update(title="Anders")
    assert client.get(address, headers={"if-none-match": answer["ETag"]}).status_code == 200
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


def test_unknown_revoked_renewed_deactivated(client, people, address):
    rep = people["rep"]
    assert client.get("/activities/feed/falsch.ics").status_code == 404
    assert client.get(f"/activities/feed/{'x' * 5000}.ics").status_code == 404
    assert client.get("/activities/feed/%00%ff.ics").status_code == 404
    renewed = path_of(feed.make(by=rep))
    assert (client.get(address).status_code, client.get(renewed).status_code) == (404, 200)
    rep.is_active = False
    rep.save()
    assert client.get(renewed).status_code == 404
    rep.is_active = True
    rep.save()
    feed.revoke(by=rep)
    assert client.get(renewed).status_code == 404


def test_the_key_is_kept_sealed(rep, address):
    made = CalendarFeed.objects.get()
    key = address.removeprefix("/activities/feed/").removesuffix(".ics")
    assert len(key) >= 43
    assert key not in f"{made.key_hash} {made.key_sealed}"
    assert made.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert seal.unseal(made.key_sealed) == key


def test_any_number_costs_the_same(client, people, rep, address, call, django_assert_num_queries):
    company = Company.objects.create(name="Höfle GmbH", owner=rep)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(address)
        return len(found)

    call(company=company)
    series = {"title": "x", "type": ActivityType.objects.first(), "start_at": timezone.now(), "company": company}
    actions.create_series(by=rep, rule="FREQ=DAILY;COUNT=3", **series)
    few = queries()
    for number in range(20):
        call(f"Anruf {number}", company=company)
        actions.create_series(by=rep, rule="FREQ=DAILY;COUNT=3", **series)
    assert queries() == few <= 14


# ── the settings page ───────────────────────────────────────────────────────────────────────────────
def test_made_shown_renewed_and_revoked_by_hand(signed_in, rep):
    client = signed_in("rep")
    page = "/settings/calendar/"
    assert "/activities/feed/" not in client.get(page).content.decode()
    assert client.post("/settings/calendar/feed/renew/").status_code == 404
    client.post("/settings/calendar/feed/")
    first = path_of(CalendarFeed.objects.get())
    assert first in client.get(page).content.decode()
    client.post("/settings/calendar/feed/")
    assert path_of(CalendarFeed.objects.get()) == first, "a second click makes no second address"
    client.post("/settings/calendar/feed/renew/")
    assert client.get(first).status_code == 404
    client.post("/settings/calendar/feed/revoke/")
    assert not CalendarFeed.objects.exists()


def test_an_address_that_cannot_be_read_any_more(signed_in, rep, address, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 9, []
    client = signed_in("rep")
    answer = client.get("/settings/calendar/")
    assert answer.status_code == 200
    assert "feed-address" not in answer.content.decode()
    assert client.get(address).status_code == 200


def test_how_one_is_reminded(signed_in, rep):
    client = signed_in("rep")
    client.post("/settings/calendar/", {"wants_digest": "on", "digest_at": "06:30"})
    kept = rep.activity_preference
    assert (kept.remind_by_mail, kept.wants_digest, kept.digest_at) == (False, True, datetime.time(6, 30))
    bad = client.post("/settings/calendar/", {"digest_at": "25:00"})
    assert bad.status_code == 422


def test_the_time_zone_is_chosen_in_the_profile(signed_in, rep):
    client = signed_in("rep")
    fields = {"name": "Rep", "language": "", "theme": "auto"}
    client.post("/settings/profile/", {**fields, "time_zone": "America/New_York"})
    rep.refresh_from_db()
    assert rep.time_zone == "America/New_York"
    assert client.post("/settings/profile/", {**fields, "time_zone": "Europe/Entenhausen"}).status_code == 422
    client.post("/settings/profile/", {**fields, "time_zone": ""})
    rep.refresh_from_db()
    assert rep.time_zone == ""
