"""The part of an activity's form that makes it a series. It is read beside the form that has the times."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.dates import WEEKDAYS_ABBR as SHORT
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from activities import series
from activities.series import Rule
from crm.core.forms import PlainForm, believable
from crm.core.refusals import Refused

REPEATS = [
    ("", pgettext_lazy("repeat", "does not repeat")),
    ("daily", pgettext_lazy("repeat", "daily")),
    ("workdays", pgettext_lazy("repeat", "every day from Monday to Friday")),
    ("weekly", pgettext_lazy("repeat", "weekly")),
    ("monthly_day", pgettext_lazy("repeat", "monthly on the same day")),
    ("monthly_last_day", pgettext_lazy("repeat", "monthly on the last day")),
    ("monthly_weekday", pgettext_lazy("repeat", "monthly on a certain weekday")),
    ("yearly", pgettext_lazy("repeat", "yearly")),
]
WEEK_CHOICES = [
    (1, pgettext_lazy("which weekday of a month", "first")),
    (2, pgettext_lazy("which weekday of a month", "second")),
    (3, pgettext_lazy("which weekday of a month", "third")),
    (4, pgettext_lazy("which weekday of a month", "fourth")),
    (-1, pgettext_lazy("which weekday of a month", "last")),
]
ENDS = [("until", gettext_lazy("on a day")), ("times", gettext_lazy("after a number of times"))]
# Of this many the preview says when they are.
SHOWN = 5


class SeriesForm(PlainForm):
    """How often, and until when. `rule()` is the RRULE, empty where nothing repeats.

    `first`: the day on which it starts; without, it is read from the field start_day of the same data, and `start` is
    only what that begins with. With `now`, a Rule, it shows that series. What the chosen rhythm does not ask for is
    not looked at.
    """

    spans = {"repeat": 6, "interval": 6, "weekdays": 12, "month_day": 6, "week": 6, "weekday": 6}
    spans |= {"ends": 12, "until": 6, "times": 6}
    repeat = forms.ChoiceField(label=gettext_lazy("Repeat"), choices=REPEATS, required=False)
    interval = forms.IntegerField(
        label=pgettext_lazy("series", "Interval"),
        required=False,
        initial=1,
        help_text=gettext_lazy("1: each time, 2: every second day, week, month or year, …"),
        widget=forms.NumberInput(attrs={"min": 1, "max": 99}),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=pgettext_lazy("series", "On"),
        choices=list(SHORT.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    month_day = forms.IntegerField(
        label=gettext_lazy("Day of the month"), required=False, widget=forms.NumberInput(attrs={"min": 1, "max": 31})
    )
    week = forms.TypedChoiceField(
        label=pgettext_lazy("series", "Which"), choices=WEEK_CHOICES, coerce=int, required=False
    )
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"), choices=list(WEEKDAYS.items()), coerce=int, required=False
    )
    ends = forms.ChoiceField(
        label=pgettext_lazy("series", "Ends"), choices=ENDS, required=False, widget=forms.RadioSelect, initial="until"
    )
    until = forms.DateField(label=gettext_lazy("Last day"), required=False)
    times = forms.IntegerField(
        label=gettext_lazy("How often"),
        required=False,
        widget=forms.NumberInput(attrs={"min": 1, "max": series.MOST}),
    )

    def __init__(self, data=None, *, first=None, start=None, now: Rule | None = None, initial=None, **kwargs):
        self.first, self.now = first, now
        begun = _begun(first or start) if first or start else {}
        super().__init__(data, initial={**begun, **(typed(now) if now else {}), **(initial or {})}, **kwargs)
        watch = {
            "hx-get": reverse("activities:series-preview"),
            "hx-trigger": "change, input changed delay:400ms",
            "hx-include": "closest form",
            "hx-target": "#series-preview",
            "hx-swap": "outerHTML",
            # Of several at once only the last answer is shown.
            "hx-sync": "closest .series:replace",
        }
        for field in self.fields.values():
            field.widget.attrs |= watch

    def clean(self):
        data = super().clean()
        if not data.get("repeat"):
            return data
        first = self.first or self._typed_first()
        if first is None or set(self.errors) & self._asked(data["repeat"]):
            return data
        for name in set(self.errors) - self._asked(data["repeat"]):
            del self._errors[name]
        rule = self._read(data, first)
        if rule is None:
            return data
        try:
            # What day it is decides; at what time of the day it begins does not.
            series.planned(rule, datetime.datetime.combine(first, datetime.time(12)), datetime.UTC)
        except Refused as refused:
            self.add_error(self._to_blame(rule, first), str(refused))
        data["rule"] = rule
        return data

    def _typed_first(self) -> datetime.date | None:
        """The start that the form beside this one judges."""
        try:
            first = forms.DateField().clean(self.data.get("start_day", ""))
            believable(first)
        except ValidationError:
            return None
        return first

    def _asked(self, repeat: str) -> set[str]:
        """The fields that this rhythm asks for."""
        of = {
            "daily": {"interval"},
            "weekly": {"interval", "weekdays"},
            "monthly_day": {"interval", "month_day"},
            "monthly_last_day": {"interval"},
            "monthly_weekday": {"interval", "week", "weekday"},
            "yearly": {"interval"},
        }
        return of.get(repeat, set()) | {"repeat", "ends", "until", "times"}

    def _read(self, data: dict, first: datetime.date) -> Rule | None:
        """The rule that was chosen; None with an error beside the field that is to blame."""
        repeat, interval = data["repeat"], data.get("interval")
        day = data.get("month_day")
        if repeat == "monthly_day" and day is not None and not 1 <= day <= 31:
            self.add_error("month_day", _("A month has the days 1 to 31."))
            return None
        ends = {"count": data.get("times")} if data.get("ends") == "times" else {"until": data.get("until")}
        every = {"interval": 1 if interval is None else interval, **ends}
        if repeat == "workdays":
            return Rule("WEEKLY", weekdays=series.WORKING_DAYS, **ends)
        if repeat == "weekly":
            return Rule("WEEKLY", weekdays=tuple(sorted(data.get("weekdays") or ())), **every)
        if repeat == "monthly_day":
            return Rule("MONTHLY", month_day=day or first.day, **every)
        if repeat == "monthly_last_day":
            return Rule("MONTHLY", month_day=-1, **every)
        if repeat == "monthly_weekday":
            weekday = data.get("weekday")
            weekday = first.weekday() if weekday in (None, "") else weekday
            return Rule("MONTHLY", week=data.get("week") or 1, weekdays=(weekday,), **every)
        return Rule("DAILY" if repeat == "daily" else "YEARLY", **every)

    def _to_blame(self, rule: Rule, first: datetime.date) -> str:
        """The field beside which a refusal of the rule is said."""
        if not 1 <= rule.interval <= 99:
            return "interval"
        if rule.frequency == "WEEKLY" and not rule.weekdays:
            return "weekdays"
        return "times" if self.cleaned_data.get("ends") == "times" else "until"

    def rule(self) -> str:
        """The RRULE for the verbs; empty where nothing repeats."""
        return str(self.cleaned_data["rule"]) if "rule" in self.cleaned_data else ""

    def changed_rule(self) -> str | None:
        """The same where it is another than `now`; None where it stays. A series that is to end here comes once."""
        rule = self.rule()
        if self.now is None:
            return rule or None
        rule = rule or str(self.now.times(1))
        return rule if rule != str(self.now) else None

    def next_ones(self) -> list[datetime.date]:
        """The first days of the series, for the preview."""
        first = self.first or self._typed_first()
        walls = self.cleaned_data["rule"].walls(datetime.datetime.combine(first, datetime.time(12)))
        return [wall.date() for wall, _n in zip(walls, range(SHOWN), strict=False)]

    def words(self) -> str:
        return series.words(self.cleaned_data["rule"], self.next_ones()[0])

    def hint(self) -> str:
        """What has to be said about days that not every month or year has; empty otherwise."""
        rule = self.cleaned_data.get("rule")
        first = self.first or self._typed_first()
        return series.skipping(rule, first) if rule and first else ""


def _begun(first: datetime.date) -> dict:
    """What the fields begin with for a series that starts on that day."""
    return {
        "weekdays": [first.weekday()],
        "weekday": first.weekday(),
        "week": series.week_of(first),
        "month_day": first.day,
    }


def typed(rule: Rule) -> dict:
    """A series as the form's fields have it."""
    repeat = {"DAILY": "daily", "WEEKLY": "weekly", "YEARLY": "yearly"}.get(rule.frequency, "monthly_day")
    if rule.frequency == "WEEKLY" and rule.weekdays == series.WORKING_DAYS and rule.interval == 1:
        repeat = "workdays"
    elif rule.frequency == "MONTHLY" and rule.weekdays:
        repeat = "monthly_weekday"
    elif rule.month_day == -1:
        repeat = "monthly_last_day"
    shown = {"repeat": repeat, "interval": rule.interval}
    if rule.frequency == "WEEKLY":
        shown["weekdays"] = list(rule.weekdays)
    elif rule.weekdays:
        shown |= {"week": rule.week, "weekday": rule.weekdays[0]}
    elif rule.month_day > 0:
        shown["month_day"] = rule.month_day
    ends = {"ends": "times", "times": rule.count} if rule.count else {"ends": "until", "until": rule.until}
    return shown | ends
