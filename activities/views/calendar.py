"""/activities/calendar/: day, week and month. What is shown is in the address: ?view=, ?day=, and the filters."""

import datetime
from functools import cached_property

import django_filters
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from activities import actions, grid
from activities.browse import area_views
from activities.models import Activity, ActivityType, Status
from crm.accounts.models import User
from crm.accounts.scope import Action, Area, allows
from crm.core import show
from crm.core.forms import believable
from crm.core.listing import Filters, ListPage
from crm.setup.models import working_days

ONE = grid.ONE
VIEWS = {
    "day": pgettext_lazy("calendar", "Day"),
    "week": pgettext_lazy("calendar", "Week"),
    "month": pgettext_lazy("calendar", "Month"),
}
# How many activities of a day are loaded, how many stand beside each other, and how many rows of whole days.
EACH = {"day": 200, "week": 40, "month": 4}
BESIDE = {"day": 8, "week": 3}
ROWS = 5
LINES = {1: "is-line", 2: "is-block", 3: "is-block is-tall"}
MINE, ALL, NOBODY = "", "all", "none"


class CalendarFilters(Filters):
    type = django_filters.ModelMultipleChoiceFilter(
        label=pgettext_lazy("activity", "Type"),
        queryset=lambda request: ActivityType.objects.visible_to(request.user),
        distinct=False,
    )
    status = django_filters.MultipleChoiceFilter(
        label=pgettext_lazy("activity", "Status"), choices=Status.choices, distinct=False
    )


class Calendar(ListPage):
    model = Activity
    title = gettext_lazy("Activities")
    template = "activities/calendar.html"
    filterset_class = CalendarFilters
    main_filters = ("type", "status")
    may_export = False

    # ── the address ─────────────────────────────────────────────────────────────────────────────────
    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        wish = self.query.get("view")
        self.kind = wish if wish in VIEWS else "week"
        self.today = timezone.localdate()
        self.day = _day(self.query.get("day", "")) or self.today
        self.where = timezone.get_current_timezone()

    def window(self) -> tuple[datetime.date, int]:
        """The first day that is shown, and how many: whole weeks but for the view of one day."""
        if self.kind == "day":
            return self.day, 1
        first = self.day.replace(day=1) if self.kind == "month" else self.day
        monday = first - ONE * first.weekday()
        if self.kind == "week":
            return monday, 7
        after = (first + ONE * 31).replace(day=1)
        return monday, -(-(after - monday).days // 7) * 7

    def beside(self, step: int) -> str | None:
        """The address of the next (1) or the previous (-1) day, week or month; None beyond the years we know."""
        if self.kind == "month":
            month = self.day.replace(day=1)
            day = (month + ONE * 31).replace(day=1) if step > 0 else (month - ONE).replace(day=1)
        else:
            day = self.day + ONE * step * (7 if self.kind == "week" else 1)
        return self.address(day=day.isoformat()) if _is_believable(day) else None

    # ── whose ───────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def people(self) -> dict[str, str]:
        """Whose activities can be chosen, one's own first: {what the address says: the name}."""
        user = self.request.user
        colleagues = [p for p in User.objects.assignable_by(user, Area.ACTIVITIES) if p.pk != user.pk]
        ours = {MINE: _("Mine"), ALL: pgettext("whose activities", "All"), NOBODY: _("Unassigned")}
        return ours | {str(person.pk): str(person) for person in colleagues}

    @cached_property
    def whose(self) -> str:
        """Which of `people` is chosen; whom the user may not see is not among them."""
        wish = self.query.get("owner", MINE)
        return wish if wish in self.people else MINE

    def base(self, action="view"):
        found = super().base(action)
        if self.whose == ALL:
            return found
        owners = {MINE: self.request.user.pk, NOBODY: None}
        return found.filter(owner=owners[self.whose] if self.whose in owners else int(self.whose))

    def narrowed(self, queryset):
        # What was cancelled takes up no time; it is shown to whoever asks for it.
        if not self.query.getlist("status"):
            queryset = queryset.exclude(status=Status.CANCELLED)
        return super().narrowed(queryset)

    # ── the answer ──────────────────────────────────────────────────────────────────────────────────
    def context(self) -> dict:
        main, more, chips = self.filters()
        first, count = self.window()
        days = grid.load(self.chosen(), self.request.user, first, count, each=EACH[self.kind], where=self.where)
        keys = [k for f in main + more for k in f["keys"]]
        return {
            "view": self,
            "title": self.title,
            "area_views": area_views(self.request, "calendar"),
            "kind": self.kind,
            "kinds": [
                {"key": key, "label": label, "url": self.address(view=key), "current": key == self.kind}
                for key, label in VIEWS.items()
            ],
            "label": self.label(first, count),
            "previous": self.beside(-1),
            "next": self.beside(1),
            "today_url": self.address(day=None),
            "is_now": first <= self.today < first + ONE * count,
            "whose": [
                {"label": label, "url": self.address(owner=key or None), "current": key == self.whose}
                for key, label in self.people.items()
            ],
            "whose_now": self.people[self.whose],
            "main_filters": main,
            "more_filters": more,
            "more_on": False,
            "chips": chips,
            "narrowed": bool(chips),
            "reset_url": self.address(**dict.fromkeys(keys)),
            "kept": self._kept(),
            "kept_plain": self._kept(*keys),
            "self_url": self.address(),
            "create": self._create(self.day) if self.may_create else None,
            "new_url": reverse("activities:new") if self.may_create else "",
            "zone": str(self.where),
            "total": sum(day.total for day in days),
            **(self.month(days) if self.kind == "month" else self.hours(days)),
        }

    @property
    def may_create(self) -> bool:
        return self.request.user.may(Area.ACTIVITIES, Action.CREATE)

    def _create(self, day: datetime.date) -> str:
        return f"{reverse('activities:new')}?day={day.isoformat()}"

    def label(self, first: datetime.date, count: int) -> str:
        """What is shown, in words."""
        if self.kind == "day":
            return f"{formats.date_format(self.day, 'l')}, {show.day(self.day)}"
        if self.kind == "month":
            return formats.date_format(self.day, "F Y")
        return _period(first, first + ONE * (count - 1))

    # ── the days ────────────────────────────────────────────────────────────────────────────────────
    def head(self, day: grid.Day, ours) -> dict:
        """What is said of a day itself."""
        date = day.date
        return {
            "date": date,
            "iso": date.isoformat(),
            "name": formats.date_format(date, "D"),
            "long": f"{formats.date_format(date, 'l')}, {show.day(date)}",
            "is_today": date == self.today,
            "is_free": not ours.is_working(date),
            "is_outside": self.kind == "month" and date.month != self.day.month,
            "holiday": ours.holiday(date),
            "url": self.address(view="day", day=date.isoformat()),
            "new": self._create(date) if self.may_create else "",
            "total": day.total,
            "agenda": [self.entry(record, date) for record in day.records],
            "agenda_more": day.total - len(day.records),
        }

    def hours(self, days: list[grid.Day]) -> dict:
        """Day and week: a column of hours for each day, and above them what takes whole days."""
        ours = working_days()
        bars = grid.bars(days, self.where, ROWS)
        columns = []
        for number, day in enumerate(days, 1):
            timed = [grid.block(r, day.date, self.where) for r in day.records if not grid.is_bar(r)]
            blocks = grid.side_by_side(timed, BESIDE[self.kind])
            above = sum(bar.first <= number < bar.first + bar.span for bar in bars)
            column = self.head(day, ours)
            column["blocks"] = [self.block(b, day.date) for b in blocks]
            column["more"] = max(0, day.total - len(blocks) - above)
            columns.append(column)
        return {
            "columns": columns,
            "bars": [{"bar": bar, **self.entry(bar.record, days[bar.first - 1].date)} for bar in bars],
            "week": days[0].date.isocalendar().week,
            "hours": [f"{hour:02d}:00" for hour in range(24)],
        }

    def block(self, block: grid.Block, day: datetime.date) -> dict:
        """An activity among the hours. Where there is little room, the beginning is all that is said of its time."""
        entry = self.entry(block.record, day)
        # Half a day's column is as wide as one of a week.
        beside = max(1, block.lanes // 2) if self.kind == "day" else block.lanes
        css = f"{LINES[block.lines]} beside-{min(beside, 3)}"
        is_roomy = block.lines > 1 and beside == 1
        return {**entry, "block": block, "css": css, "clock": entry["when"] if is_roomy else entry["begins"]}

    def month(self, days: list[grid.Day]) -> dict:
        """Weeks of seven days, each day with its first few."""
        ours = working_days()
        cells = [self.head(day, ours) for day in days]
        return {
            "weeks": [
                {
                    "number": cells[at]["date"].isocalendar().week,
                    "url": self.address(view="week", day=cells[at]["iso"]),
                    "days": cells[at : at + 7],
                }
                for at in range(0, len(cells), 7)
            ]
        }

    def entry(self, record, day: datetime.date) -> dict:
        """One activity as it is shown on `day`."""
        state = "overdue" if record.is_overdue else str(record.status)
        about = record.company or record.person
        when, is_bar = self._when(record), grid.is_bar(record)
        first, _last = grid.days_of(record, self.where)
        owner = None if record.owner_id == self.request.user.pk else record.owner
        words = [when, record.title, str(about or ""), SAID.get(state, ""), str(owner or "")]
        return {
            "record": record,
            "state": state,
            "said": SAID.get(state, ""),
            "icon": {"overdue": "alarm", "done": "check"}.get(state, record.type.icon),
            "when": when,
            "begins": show.clock(record.start_at) if not is_bar and first == day else "",
            "about": about,
            "owner": owner,
            "label": ", ".join(filter(None, map(str, words))),
            "is_bar": is_bar,
            "may_move": record.is_open and allows(self.request.user, Action.CHANGE, record),
            "seen": actions.version(record),
            "zone": str(record.zone),
        }

    def _when(self, record) -> str:
        """The time; of what goes on for days from when to when it does."""
        first, last = grid.days_of(record, self.where)
        if record.all_day:
            return _("whole day") if first == last else _period(first, last, year=False)
        start, end = show.clock(record.start_at), show.clock(record.due_at)
        if first == last:
            return start if start == end else f"{start}–{end}"
        return f"{_short(first)} {start} – {_short(last)} {end}"


SAID = {
    "overdue": pgettext_lazy("activity", "overdue"),
    "done": pgettext_lazy("activity", "done"),
    "cancelled": pgettext_lazy("activity", "cancelled"),
}


def _day(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if _is_believable(day) else None


def _is_believable(day: datetime.date) -> bool:
    try:
        believable(day)
    except ValidationError:
        return False
    return True


def _short(day: datetime.date) -> str:
    return day.strftime("%d.%m.") if get_language().startswith("de") else formats.date_format(day, "j M")


def _period(first: datetime.date, last: datetime.date, *, year: bool = True) -> str:
    """From day to day: 23.–29.11.2026, 30.11.–06.12.2026; 23–29 Nov 2026. Two different years are always said."""
    if first.year != last.year:
        return f"{show.day(first)} – {show.day(last)}"
    german, is_one_month = get_language().startswith("de"), first.month == last.month
    begin = (f"{first:%d}." if german else str(first.day)) if is_one_month else _short(first)
    dash = "–" if german or is_one_month else " – "
    return f"{begin}{dash}{show.day(last) if year else _short(last)}"
