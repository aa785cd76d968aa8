"""Where activities stand in a calendar: on which days, from when to when by the clock on the wall, side by side.

Days of 23 and 25 hours have 24 rows as well: what is placed is what the clock shows. Of the hour that summer time
takes nothing is drawn, and what lies in the hour that comes twice is drawn over its first time.
"""

import datetime
from dataclasses import dataclass, field

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils import timezone

from activities.models import Activity
from crm.core import clock

ONE = datetime.timedelta(days=1)
DAY = 24 * 60
# What is shorter is drawn as long as this (minutes), so that there is room for its name.
SHORTEST = 30
# The height of a minute.
PIXELS = 0.8
# Times are those of whoever looks; whole days are the company's.
TIMED, WHOLE = "times", "whole"


@dataclass
class Block:
    """A timed activity on one day: minutes of the wall clock, and its place beside those at the same time."""

    record: Activity
    top: int
    bottom: int
    begins: bool
    ends: bool
    lane: int = 0
    lanes: int = 1

    # As SVG has it: percent across, pixels down.
    @property
    def x(self) -> str:
        return f"{100 * self.lane / self.lanes:.2f}%"

    @property
    def width(self) -> str:
        return f"{100 / self.lanes:.2f}%"

    @property
    def y(self) -> str:
        return _pixels(self.top)

    @property
    def height(self) -> str:
        return _pixels(self.bottom - self.top)

    @property
    def lines(self) -> int:
        """For how many lines there is room."""
        minutes = self.bottom - self.top
        return 1 if minutes < 45 else 2 if minutes < 75 else 3


@dataclass
class Day:
    """A day of the calendar with those of its activities that are loaded; `total` counts all of them."""

    date: datetime.date
    total: int = 0
    records: list = field(default_factory=list)


def days_of(record, where) -> tuple[datetime.date, datetime.date]:
    """The first and the last day on which it stands, for somebody in the zone `where`."""
    with timezone.override(where):
        return record.begins.date(), record.ends.date()


def is_bar(record) -> bool:
    """Does it stand above the hours: a whole day, or one of a day's length and more?"""
    return record.all_day or record.due_at - record.start_at >= ONE


def block(record, day: datetime.date, where) -> Block:
    """A timed activity in the column of `day`, which it touches."""
    first, last = days_of(record, where)
    start, end = record.start_at.astimezone(where), record.due_at.astimezone(where)
    top = _minutes(start) if first == day else 0
    bottom = (_minutes(end) or DAY if end > start else top) if last == day else DAY
    if bottom - top < SHORTEST:
        # Also what seems to end before it begins, as the clock is put back in between.
        top = min(top, DAY - SHORTEST)
        bottom = top + SHORTEST
    return Block(record, top, bottom, begins=first == day, ends=last == day)


def _pixels(minutes: int) -> str:
    return f"{minutes * PIXELS:g}"


def _minutes(moment: datetime.datetime) -> int:
    return moment.hour * 60 + moment.minute


def side_by_side(blocks: list[Block], most: int) -> list[Block]:
    """Gives each block its lane, so that none covers another; at most `most` beside each other, the others are left
    out of the answer."""
    placed: list[Block] = []
    group: list[Block] = []
    end = 0
    for one in sorted(blocks, key=lambda b: (b.top, -b.bottom, b.record.pk)):
        if one.top >= end:
            placed += _close(group)
            group = []
        taken = {other.lane for other in group if other.bottom > one.top}
        one.lane = next(lane for lane in range(len(taken) + 1) if lane not in taken)
        if one.lane < most:
            group.append(one)
            end = max(end, one.bottom)
    return placed + _close(group)


def _close(group: list[Block]) -> list[Block]:
    """All that overlap in some way share the width evenly."""
    lanes = max((one.lane for one in group), default=0) + 1
    for one in group:
        one.lanes = lanes
    return group


@dataclass
class Bar:
    """What stands above the hours, over one or more of the days shown: from column `first` on, `span` wide, in a `row`.

    Columns and rows count from 1.
    """

    record: Activity
    first: int
    span: int
    row: int
    ends: bool


def bars(days: list[Day], where, most: int) -> list[Bar]:
    """In at most `most` rows, each in the first one that has room for it; the others are left out."""
    found = {record.pk: record for day in days for record in day.records if is_bar(record)}
    made: list[Bar] = []
    rows: list[set] = [set() for _row in range(most)]
    for record in found.values():
        first, last = days_of(record, where)
        start, end = max(first, days[0].date), min(last, days[-1].date)
        columns = {(start - days[0].date).days + 1 + n for n in range((end - start).days + 1)}
        row = next((n for n, taken in enumerate(rows) if not taken & columns), None)
        if row is not None:
            rows[row] |= columns
            made.append(Bar(record, min(columns), len(columns), row + 1, last == end))
    return made


# The days with their beginnings in each zone, joined with what was found: one row for each activity that is shown.
PER_DAY = """
    WITH found (id, start_at, due_at, all_day) AS ({found}),
    day (number, zone, starts, ends) AS (VALUES {days})
    SELECT number, id, total FROM (
        SELECT day.number, found.id,
            count(*) OVER (PARTITION BY day.number) AS total,
            row_number() OVER (PARTITION BY day.number ORDER BY
                (found.all_day OR found.due_at - found.start_at >= interval '1 day') DESC, found.start_at, found.id
            ) AS place
        FROM found JOIN day
            ON day.zone = CASE WHEN found.all_day THEN %s ELSE %s END
            AND found.start_at < day.ends
            AND (found.due_at > day.starts OR found.start_at = day.starts)
    ) AS placed
    WHERE place <= %s ORDER BY number, place
"""


def load(queryset, user, first: datetime.date, count: int, *, each: int, where=None) -> list[Day]:
    """`count` days from `first` on, each with its first `each` activities of `queryset`, and how many it has.

    What is not shown is counted by the database, and never loaded. The same number of queries for any number of days
    and activities.
    """
    where = where or timezone.get_current_timezone()
    days = [Day(first + ONE * n) for n in range(count)]
    zones = {WHOLE: timezone.get_default_timezone(), TIMED: where}
    # The days of the earth lie within a day of ours.
    window = queryset.between(clock.midnight(first - ONE, where), clock.midnight(days[-1].date + ONE * 2, where))
    columns = ("pk", "start_at", "due_at", "all_day")
    try:
        found, found_values = window.order_by().values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return days
    rows, values = [], []
    for number, day in enumerate(days):
        for name, zone in zones.items():
            rows.append("(%s::int, %s::text, %s::timestamptz, %s::timestamptz)")
            values += [number, name, clock.midnight(day.date, zone), clock.midnight(day.date + ONE, zone)]
    with connection.cursor() as cursor:
        sql = PER_DAY.format(found=found, days=", ".join(rows))
        cursor.execute(sql, [*found_values, *values, WHOLE, TIMED, each])
        places = cursor.fetchall()
    ids = {pk for _number, pk, _total in places}
    records = {record.pk: record for record in Activity.objects.filter(pk__in=ids).for_display(user)}
    for number, pk, total in places:
        days[number].total = total
        days[number].records.append(records[pk])
    return days
