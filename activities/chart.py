"""The Gantt chart: which days it shows, which bars stand where, what waits for what.

Places are percentages of the chart's width, counted in the days of the calendar here: a day with 23 hours is as wide
as any other. Heights are rows, each as high as the next one.
"""

import datetime
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import BooleanField, ExpressionWrapper, Max, Min, Q, Window
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from activities import showing
from activities.models import Activity, Dependency
from crm.accounts.scope import Action, allows
from crm.core import clock, show
from crm.core.workdays import Workdays
from opportunities.board import short_name

DAY = datetime.timedelta(days=1)
# A bar is never thinner than this part of the chart, in percent.
THINNEST = 0.6
# Heights in pixels (static/app.css has the same), and the room that an arrow needs to turn, in percent.
ROW, BAR = 36, 20
GAP = 1.2
# Working days are counted up to a year; what is longer is no matter of days.
COUNTED = 366


@dataclass(frozen=True)
class Zoom:
    """`days` are shown at once; `step` is how far "on" and "back" go; bars snap to `snap` minutes (0: to days)."""

    key: str
    label: str
    days: int
    step: int
    snap: int = 0


ZOOMS = {
    zoom.key: zoom
    for zoom in (
        Zoom("day", gettext_lazy("Day"), 7, 7, snap=30),
        Zoom("week", gettext_lazy("Week"), 28, 7),
        Zoom("month", pgettext_lazy("zoom", "Month"), 182, 28),
    )
}


@dataclass(frozen=True)
class Tick:
    """A line or a cell of the axis: where it begins, how wide it is, what stands in it."""

    x: float
    width: float
    label: str = ""
    sub: str = ""
    css: str = ""


class Axis:
    """The days from `first`, as many as the zoom shows."""

    def __init__(self, first: datetime.date, zoom: Zoom, workdays: Workdays):
        self.first = first - DAY * first.weekday()
        self.zoom, self.workdays = zoom, workdays
        self.days = [self.first + DAY * n for n in range(zoom.days)]
        self.last = self.days[-1]
        where = timezone.get_current_timezone()
        self.start, self.end = clock.midnight(self.first, where), clock.midnight(self.last + DAY, where)

    def place(self, moment: datetime.datetime) -> float:
        """Where a moment stands, in percent; below 0 and above 100 outside."""
        local = timezone.localtime(moment).replace(tzinfo=None)
        since = local - datetime.datetime.combine(self.first, datetime.time())
        return since / (DAY * self.zoom.days) * 100

    def span(self, start: datetime.datetime, due: datetime.datetime) -> tuple[float, float]:
        """From where to where a bar reaches: over whole days, unless the chart shows hours."""
        if self.zoom.snap:
            return self.place(start), self.place(due)
        last = max(start, due - datetime.timedelta(microseconds=1))
        return self.day(timezone.localtime(start).date()), self.day(timezone.localtime(last).date() + DAY)

    @property
    def day_width(self) -> float:
        return 100 / self.zoom.days

    def day(self, day: datetime.date) -> float:
        return (day - self.first).days * self.day_width

    def weeks(self) -> list[Tick]:
        """The upper line of the head: calendar weeks, or months where weeks are too narrow."""
        if self.zoom.key == "month":
            months = [list(days) for _key, days in groupby(self.days, key=lambda day: (day.year, day.month))]
            return [
                Tick(
                    self.day(days[0]), len(days) * self.day_width, date_format(days[0], "F Y") if len(days) > 9 else ""
                )
                for days in months
            ]
        if self.zoom.key == "day":
            return [Tick(self.day(day), self.day_width, show.short_day(day), css=self._css(day)) for day in self.days]
        return [
            Tick(
                self.day(day),
                7 * self.day_width,
                _("Week %(number)s") % {"number": day.isocalendar().week},
                show.days(day, day + 6 * DAY),
            )
            for day in self.days[::7]
        ]

    def cells(self) -> list[Tick]:
        """The lower line of the head: days, hours, or weeks."""
        if self.zoom.key == "month":
            return [Tick(self.day(day), 7 * self.day_width, str(day.isocalendar().week)) for day in self.days[::7]]
        if self.zoom.key == "day":
            quarter = self.day_width / 4
            return [Tick(self.day(day) + n * quarter, quarter, str(n * 6)) for day in self.days for n in range(4)]
        return [Tick(self.day(day), self.day_width, str(day.day), css=self._css(day)) for day in self.days]

    def _css(self, day) -> str:
        return "is-today" if day == timezone.localdate() else ""

    def rest(self) -> list[Tick]:
        """The days on which nobody works, each run of them once; the name of a holiday beside it."""
        runs = []
        for works, days in groupby(self.days, key=self.workdays.is_working):
            days = list(days)
            if not works:
                names = [name for day in days if (name := self.workdays.holiday(day))]
                runs.append(Tick(self.day(days[0]), len(days) * self.day_width, ", ".join(names)))
        return runs

    def lines(self) -> list[float]:
        """Where weeks begin (days, where the chart shows hours)."""
        step = 1 if self.zoom.key == "day" else 7
        return [self.day(day) for day in self.days[step::step]]

    def now(self) -> float | None:
        """Where the middle of today is. Where hours are shown, the page itself puts the line in its place."""
        if not self.start <= timezone.now() < self.end:
            return None
        return self.day(timezone.localdate()) + self.day_width / 2


@dataclass
class Bar:
    """One activity as the chart draws it."""

    activity: Activity
    x: float
    width: float
    cut_start: bool
    cut_due: bool
    movable: bool
    tip: str
    buffer: str = ""

    @property
    def css(self) -> str:
        if not self.activity.is_open:
            return "is-done"
        return "is-overdue" if self.activity.is_overdue else ""


@dataclass
class Group:
    """Rows under one heading (None: no group). `continued`: the heading came with the rows before."""

    key: object
    heading: object
    x: float
    width: float
    continued: bool
    bars: list[Bar] = field(default_factory=list)
    arrows: list = field(default_factory=list)

    @property
    def customer(self) -> str:
        """Whose opportunity it is, as far as its activities say and the viewer may see."""
        return next((short_name(bar.activity.company) for bar in self.bars if bar.activity.company), "")

    @property
    def height(self) -> int:
        return ROW * len(self.bars)


@dataclass(frozen=True)
class Line:
    """`x…` in percent, `y…` in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Arrow:
    """From the end of one bar to the begin of another; `before`, `after`: the two activities' ids."""

    before: int
    after: int
    lines: list[Line]

    @classmethod
    def between(cls, before: Bar, row: int, after: Bar, next_row: int) -> "Arrow":
        """Along, down (or up), along; where the next bar begins at once, straight down onto it."""
        right, left = before.x + before.width, after.x
        y1, y2 = (row + 0.5) * ROW, (next_row + 0.5) * ROW
        if left - right > GAP:
            turn = right + GAP / 2
            lines = [Line(right, y1, turn, y1), Line(turn, y1, turn, y2), Line(turn, y2, left, y2)]
        else:
            edge = y2 - BAR / 2 if y2 > y1 else y2 + BAR / 2
            turn = left + min(GAP / 2, after.width / 2)
            lines = [Line(right, y1, turn, y1), Line(turn, y1, turn, edge)]
        return cls(before.activity.pk, after.activity.pk, lines)


GROUPINGS = {
    "opportunity": gettext_lazy("Opportunity"),
    "owner": gettext_lazy("Responsible"),
    "type": gettext_lazy("Type"),
}


def rows(queryset, grouping: str, axis: Axis, *, skip: int, limit: int) -> tuple[list[Activity], bool]:
    """The activities of the chart from row `skip` on, at most `limit`, and whether there are more.

    Ordered by their group, those first whose work begins first; with `first` and `last` of what the window shows of it.
    """
    within = queryset.between(axis.start, axis.end).annotate(
        first=Window(Min("start_at"), partition_by=grouping),
        last=Window(Max("due_at"), partition_by=grouping),
        # What has no group comes last.
        loose=ExpressionWrapper(Q(**{f"{grouping}__isnull": True}), output_field=BooleanField()),
    )
    found = list(within.order_by("loose", "first", grouping, "start_at", "due_at", "pk")[skip : skip + limit + 1])
    return found[:limit], len(found) > limit


def groups(activities: list[Activity], grouping: str, axis: Axis, user, *, previous=None) -> list[Group]:
    """The activities drawn. `previous`: the key of the group with which the rows before ended."""
    waiting = _dependencies(activities)
    drawn = []
    for key, members in groupby(activities, key=lambda one: getattr(one, f"{grouping}_id")):
        members = list(members)
        x, right = axis.span(members[0].first, members[0].last)
        group = Group(
            key=key,
            heading=getattr(members[0], grouping),
            x=max(0.0, x),
            width=min(100.0, right) - max(0.0, x),
            continued=not drawn and previous is not None and str(key) == previous,
        )
        group.bars = [_bar(one, axis, user) for one in members]
        group.arrows = _arrows(group.bars, waiting)
        drawn.append(group)
    _say_buffers(drawn, axis.workdays, user)
    return drawn


def _dependencies(activities) -> dict[int, list[int]]:
    """{activity: the ids of those that it waits for}, of the given ones."""
    keys = [one.pk for one in activities]
    waiting: dict[int, list[int]] = {}
    links = Dependency.objects.filter(activity__in=keys, predecessor__in=keys).order_by("pk")
    for activity, predecessor in links.values_list("activity", "predecessor"):
        waiting.setdefault(activity, []).append(predecessor)
    return waiting


def _bar(activity, axis: Axis, user) -> Bar:
    first_day, last_day = showing.span(activity)
    begin, end = axis.span(activity.start_at, activity.due_at)
    if activity.all_day:
        begin, end = axis.day(first_day), axis.day(last_day + DAY)
    x, right = max(0.0, begin), min(100.0, end)
    tip = showing.when(activity)
    if first_day != last_day and (last_day - first_day).days <= COUNTED:
        tip = f"{tip}, {showing.working_days(axis.workdays.between(first_day, last_day))}"
    return Bar(
        activity=activity,
        x=x,
        width=max(THINNEST, right - x),
        cut_start=begin < 0,
        cut_due=end > 100,
        movable=activity.is_open and allows(user, Action.CHANGE, activity),
        tip=tip,
    )


def _arrows(bars: list[Bar], waiting) -> list[Arrow]:
    """The arrows between the bars of one group."""
    place = {bar.activity.pk: n for n, bar in enumerate(bars)}
    arrows = []
    for n, bar in enumerate(bars):
        for key in waiting.get(bar.activity.pk, ()):
            if key not in place:
                continue
            arrows.append(Arrow.between(bars[place[key]], place[key], bar, n))
    return arrows


def _say_buffers(drawn: list[Group], workdays: Workdays, user) -> None:
    """Say at each bar how many working days are left until what waits for it begins."""
    bars = {bar.activity.pk: bar for group in drawn for bar in group.bars}
    waiting = Activity.objects.visible_to(user).open()
    links = Dependency.objects.filter(predecessor__in=bars, activity__in=waiting).select_related("activity")
    for link in links.order_by("-activity__start_at", "pk"):
        bar = bars[link.predecessor_id]
        end, begin = showing.span(bar.activity)[1], showing.span(link.activity)[0]
        if (begin - end).days > COUNTED:
            continue
        days = workdays.between(end + DAY, begin - DAY) if begin > end else 0
        bar.buffer = _("%(days)s of buffer until “%(title)s”") % {
            "days": showing.working_days(days),
            "title": link.activity.title,
        }
