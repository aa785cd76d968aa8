"""Activities as calendars read them (RFC 5545), for feeds and invitations.

A series is one event with its rule. What is missing from it is an exception (EXDATE), what is different an event of its
own with the place that it has in the rule (RECURRENCE-ID).
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urljoin

from django.conf import settings
from django.utils import timezone
from icalendar import Calendar, Event, vDuration

from activities import series, zones
from activities.models import Activity, Recurrence, Status
from activities.series import Occurrence, Rule
from crm.core import clock
from crm.core.forms import tidy

PRODUCT = "-//CRM//Activities//EN"
STATUS = {Status.OPEN: "CONFIRMED", Status.DONE: "CONFIRMED", Status.CANCELLED: "CANCELLED"}
SERIES = "series-"


@dataclass(frozen=True)
class Writer:
    """How events are written: whole days in `zone`; `describe` gives the description, `finish` adds what is left.

    `link` gives a last line of the description, which is another one for each activity of a series, and no difference.
    """

    zone: datetime.tzinfo
    describe: Callable[[Activity], str]
    link: Callable[[Activity], str] = lambda activity: ""
    finish: Callable[[Event, Activity], None] = lambda event, activity: None


class Exact(vDuration):
    """A length in hours, whatever the clocks do meanwhile.

    Days would be days of the calendar (RFC 5545, 3.3.6).
    """

    def to_ical(self) -> bytes:
        minutes, seconds = divmod(int(self.td.total_seconds()), 60)
        return f"PT{minutes // 60}H{minutes % 60}M{seconds}S".encode()


def uid(activity: Activity) -> str:
    """By what calendars know an activity that is no place of a series."""
    return f"{activity.uid}@{_domain()}"


def series_uid(recurrence: Recurrence) -> str:
    return f"{SERIES}{recurrence.pk}@{_domain()}"


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def url(activity: Activity) -> str:
    """The address of its page."""
    return urljoin(settings.BASE_URL, activity.get_absolute_url())


def calendar(events: list[Event], *, method: str) -> Calendar:
    """A calendar of these events, with the time zones that they name."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", method)
    for zone, years in sorted(_zones(events).items(), key=lambda pair: str(pair[0])):
        # A year more on either side, for whatever a client reckons with.
        made.add_component(zones.component(zone, min(years) - 1, max(years) + 1))
    for event in events:
        made.add_component(event)
    return made


def _zones(events: list[Event]) -> dict:
    """{time zone: years} of those that the events name."""
    named = defaultdict(set)
    for event in events:
        for name in ("DTSTART", "RECURRENCE-ID"):
            moment = getattr(event.get(name), "dt", None)
            if isinstance(moment, datetime.datetime) and moment.tzinfo not in (None, datetime.UTC):
                named[moment.tzinfo] |= {moment.year, moment.year + (series.YEARS if "RRULE" in event else 0)}
    return named


def events(activities: Iterable[Activity], writer: Writer) -> list[Event]:
    """The events of these activities; those of a series need their `recurrence`. Without queries."""
    alone, in_series = [], defaultdict(list)
    for activity in activities:
        if activity.recurrence_id:
            in_series[activity.recurrence].append(activity)
        else:
            alone.append(activity)
    found = [single(activity, writer) for activity in alone]
    for recurrence, members in in_series.items():
        found += of_series(recurrence, members, writer)
    return found


def single(activity: Activity, writer: Writer) -> Event:
    """An activity that stands alone."""
    return _event(uid(activity), activity, writer, timezone.get_default_timezone(), datetime.UTC)


def of_place(activity: Activity, place: Occurrence, zone: datetime.tzinfo, writer: Writer) -> Event:
    """One activity of a series, at the place that it has in the rule."""
    made = _event(series_uid(activity.recurrence), activity, writer, zone, datetime.UTC)
    made.add("recurrence-id", _place(place, activity.all_day, zone))
    return made


def whole(recurrence: Recurrence, like: Activity, writer: Writer) -> Event:
    """A series by its key and rule alone, whatever became of its occurrences."""
    zone, counted = clock.zone(recurrence.time_zone), series.counted(recurrence)
    return _main(recurrence, counted, like, writer, zone)


def _event(key: str, activity: Activity, writer: Writer, days: datetime.tzinfo, times: datetime.tzinfo) -> Event:
    """`days`: where whole days are told; `times`: where times are."""
    made = Event()
    made.add("uid", key)
    _when(made, activity, days, times)
    made.add("summary", tidy(activity.title))
    if activity.location:
        made.add("location", tidy(activity.location))
    if description := "\n\n".join(filter(None, [writer.describe(activity), writer.link(activity)])):
        made.add("description", tidy(description))
    made.add("status", STATUS[activity.status])
    made.add("sequence", activity.sequence)
    made.add("transp", "TRANSPARENT" if activity.all_day or activity.start_at == activity.due_at else "OPAQUE")
    for name, moment in (
        ("created", activity.created_at),
        ("last-modified", activity.updated_at),
        ("dtstamp", activity.updated_at),
    ):
        made.add(name, moment.astimezone(datetime.UTC).replace(microsecond=0))
    writer.finish(made, activity)
    return made


def _when(event: Event, activity: Activity, days: datetime.tzinfo, times: datetime.tzinfo) -> None:
    start, due = activity.start_at, activity.due_at
    if activity.all_day:
        first, end = series.wall_of(start, days).date(), series.wall_of(due, days).date()
        event.add("dtstart", first)
        event.add("dtend", max(end, first + series.ONE_DAY))
        return
    event.add("dtstart", start.astimezone(times))
    if due > start:
        event.add("dtend", due.astimezone(times))


def of_series(recurrence: Recurrence, members: list[Activity], writer: Writer) -> list[Event]:
    """A series with those of its activities that are there: one event, and one for each that is different."""
    zone, counted = clock.zone(recurrence.time_zone), series.counted(recurrence)
    places = {one.at: one for one in counted}
    rest = [single(activity, writer) for activity in members if activity.occurrence_at not in places]
    members = {a.occurrence_at: a for a in sorted(members, key=lambda a: a.occurrence_at) if a.occurrence_at in places}
    if not members:
        return rest
    looks = {at: _look(activity, places[at], writer, zone) for at, activity in members.items()}
    usual = next((look for look, _n in Counter(filter(_is_plain, looks.values())).most_common(1)), None)
    model = next(at for at, look in looks.items() if usual in (None, look))
    main = _main(recurrence, counted, members[model], writer, zone)
    for one in counted:
        if one.at not in members:
            main.add("exdate", _place(one, members[model].all_day, zone))
    main["SEQUENCE"] = max(activity.sequence for activity in members.values())
    found = [main]
    for at, activity in members.items():
        if looks[at] != usual:
            other = _event(series_uid(recurrence), activity, writer, zone, datetime.UTC)
            other.add("recurrence-id", _place(places[at], members[model].all_day, zone))
            found.append(other)
    return found + rest


def _look(activity: Activity, place: Occurrence, writer: Writer, zone) -> tuple:
    """(does the rule say when it is?, what else has to be the same for it to need no event of its own).

    Where the clocks are changed meanwhile, readers differ about the end of a time, and about one that is left out.
    """
    start, due = series.wall_of(activity.start_at, zone), series.wall_of(activity.due_at, zone)
    length = due - start
    is_plain = start == place.wall and (activity.all_day or length == activity.due_at - activity.start_at)
    return (
        is_plain and activity.start_at == place.at, activity.all_day, length, activity.title, activity.location,
        activity.status, writer.describe(activity),
    )  # fmt: skip


def _is_plain(look: tuple) -> bool:
    return look[0]


def _main(recurrence, counted: list[Occurrence], model: Activity, writer: Writer, zone) -> Event:
    """The event with the rule: as the model is, but at the rule's first place."""
    made = _event(series_uid(recurrence), model, writer, zone, zone)
    first, rule = counted[0], Rule.parse(recurrence.rule)
    length = series.wall_of(model.due_at, zone) - series.wall_of(model.start_at, zone)
    for name in ("DTSTART", "DTEND"):
        made.pop(name, None)
    made.add("dtstart", _place(first, model.all_day, zone))
    if model.all_day:
        made.add("dtend", (first.wall + max(length, series.ONE_DAY)).date())
    elif model.due_at > model.start_at:
        made.add("duration", Exact(model.due_at - model.start_at))
    made.add("rrule", _rrule(rule, first, model.all_day, zone))
    return made


def _place(one: Occurrence, all_day: bool, zone) -> datetime.date | datetime.datetime:
    return one.wall.date() if all_day else one.wall.replace(tzinfo=zone)


def _rrule(rule: Rule, first: Occurrence, all_day: bool, zone) -> dict:
    parts = dict(part.split("=", 1) for part in rule.without_end().split(";"))
    found = {name: value.split(",") for name, value in parts.items()}
    if rule.count:
        found["COUNT"] = rule.count
    elif all_day:
        found["UNTIL"] = rule.until
    else:
        found["UNTIL"] = series.localised(datetime.datetime.combine(rule.until, datetime.time(23, 59, 59)), zone)
    return found
