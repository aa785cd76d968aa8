"""Forms of activities. What one may not see cannot be chosen, whatever is posted."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from activities.models import Activity, ActivityType
from contacts.models import Company, Person
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import clock, http, show
from crm.core.forms import Pick, PickMany, PlainForm, RecordForm, believable
from crm.lists.models import Priority
from inbox.models import InboxItem
from opportunities.models import Opportunity

ABOUT = (("company", Company), ("person", Person), ("opportunity", Opportunity), ("item", InboxItem))
REMINDERS = [
    ("", gettext_lazy("none")),
    (0, gettext_lazy("when it starts")),
    (5, gettext_lazy("5 minutes before")),
    (15, gettext_lazy("15 minutes before")),
    (30, gettext_lazy("30 minutes before")),
    (60, gettext_lazy("1 hour before")),
    (24 * 60, gettext_lazy("1 day before")),
    (-8 * 60, pgettext_lazy("reminder of a whole day", "that day at 8:00")),
    (16 * 60, pgettext_lazy("reminder of a whole day", "the day before at 8:00")),
]
WHOLE_DAY_REMINDERS = {-8 * 60, 16 * 60}


def moment(day: datetime.date, time: datetime.time, where: datetime.tzinfo) -> datetime.datetime:
    """What the clock there shows at that time (aware): of an hour that comes twice the first, as RFC 5545 has it.

    Raises ValidationError for an hour that does not exist because summer time begins.
    """
    found = datetime.datetime.combine(day, time, tzinfo=where)
    if found.astimezone(datetime.UTC).astimezone(where).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise ValidationError(
            _("%(time)s does not exist on %(day)s: the clocks are put forward for summer time."),
            params={"time": f"{time:%H:%M}", "day": show.day(day)},
            code="lost_hour",
        )
    return found


def is_doubled(value: datetime.datetime) -> bool:
    """Does the clock show that time twice, because summer time ends?"""
    return value.utcoffset() != value.replace(fold=1).utcoffset() and value.fold == 0


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__(attrs=attrs, format="%H:%M")


class WhenMixin:
    """Day and time of start and end, typed apart; an activity without times takes whole days.

    The form's `when()` gives start_at, due_at and all_day.
    """

    def clean(self):
        data = super().clean()
        first, last = data.get("start_day"), data.get("due_day") or data.get("start_day")
        if not first or {"start_day", "due_day", "start_time", "due_time"} & set(self.errors):
            return data
        if last < first:
            self.add_error("due_day", _("An activity cannot be due before it starts."))
            return data
        begin, end = data.get("start_time"), data.get("due_time")
        if end and not begin:
            self.add_error("start_time", _("Say when it starts, or leave both times empty for a whole day."))
            return data
        self.doubled = []
        if not begin:
            where = timezone.get_default_timezone()
            data["times"] = (clock.midnight(first, where), clock.midnight(last + datetime.timedelta(days=1), where))
            return data
        where = timezone.get_current_timezone()
        start = self._moment("start_time", first, begin, where)
        due = self._moment("due_time", last, end, where) if end else start
        if start and due and not end:
            due = (
                start + datetime.timedelta(hours=1) if last == first else self._moment("start_time", last, begin, where)
            )
        if start and due and due < start:
            self.add_error("due_time", _("An activity cannot be due before it starts."))
        elif start and due:
            data["times"] = (start, due)
        return data

    def _moment(self, field: str, day, time, where):
        try:
            found = moment(day, time, where)
        except ValidationError as error:
            self.add_error(field, error)
            return None
        if is_doubled(found):
            self.doubled.append(found)
        return found

    def when(self) -> dict:
        """What the verbs take."""
        start, due = self.cleaned_data["times"]
        return {"start_at": start, "due_at": due, "all_day": not self.cleaned_data.get("start_time")}

    def hint(self) -> str:
        """What has to be said about a time that comes twice; empty otherwise."""
        if not getattr(self, "doubled", None):
            return ""
        first = timezone.localtime(self.doubled[0])
        return _("%(time)s comes twice on %(day)s; the first one, in summer time, was taken.") % {
            "time": f"{first:%H:%M}",
            "day": show.day(first),
        }


def typed(activity) -> dict:
    """An activity's times as the form's fields have them, in the current time zone."""
    start = activity.begins
    if activity.all_day:
        return {"start_day": start.date(), "due_day": activity.ends.date()}
    due = timezone.localtime(activity.due_at)
    return {"start_day": start.date(), "start_time": start.time(), "due_day": due.date(), "due_time": due.time()}


def day_field(label, **options):
    return forms.DateField(label=label, **options)


def time_field(label, **options):
    return forms.TimeField(label=label, required=False, widget=TimeInput, **options)


class ActivityForm(WhenMixin, RecordForm):
    """A new activity, or an existing one. `by` decides what can be chosen."""

    spans = {"type": 6, "title": 6, "start_day": 3, "start_time": 3, "due_day": 3, "due_time": 3, "notes": 12}
    spans |= {"depends_on": 12, "result": 12}
    start_day = day_field(gettext_lazy("Start"))
    start_time = time_field(gettext_lazy("Time"))
    due_day = day_field(gettext_lazy("Due"), required=False)
    due_time = time_field(gettext_lazy("Until"))
    is_done = forms.BooleanField(label=gettext_lazy("already done"), required=False)
    result = forms.CharField(label=gettext_lazy("Result"), required=False, max_length=10_000, widget=forms.Textarea)
    remind_before = forms.TypedChoiceField(
        label=pgettext_lazy("activity", "Reminder"), choices=REMINDERS, coerce=int, empty_value=None, required=False
    )

    class Meta:
        model = Activity
        fields = [
            "type", "title", "start_day", "start_time", "due_day", "due_time", "company", "person", "opportunity",
            "owner", "priority", "remind_before", "location", "depends_on", "notes",
        ]  # fmt: skip
        widgets = {
            "company": Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
            "person": Pick(reverse_lazy("contacts:pick-person"), placeholder=gettext_lazy("Search persons")),
            "opportunity": Pick(reverse_lazy("opportunities:pick"), placeholder=gettext_lazy("Search opportunities")),
            "depends_on": PickMany(reverse_lazy("activities:pick"), placeholder=gettext_lazy("Search activities")),
        }
        labels = {"depends_on": gettext_lazy("Begins after")}

    def __init__(self, data=None, *, by, instance=None, initial=None, **kwargs):
        self.by = by
        is_new = instance is None or instance.pk is None
        initial = {**(first(by) if is_new else typed(instance)), **(initial or {})}
        super().__init__(data, instance=instance, initial=initial, **kwargs)
        now, fields = self.instance, self.fields
        if not is_new:
            # What comes of it is said when it is done.
            for name in {"is_done", "result"} & set(fields) - set(self._meta.fields):
                del fields[name]
        fields["title"].required = False
        fields["title"].widget.attrs["placeholder"] = _("else type and name")
        types = ActivityType.objects.filter(is_active=True) | ActivityType.objects.filter(pk=now.type_id)
        fields["type"].queryset, fields["type"].empty_label = types, None
        fields["owner"].queryset = User.objects.assignable_by(by, Area.ACTIVITIES, now.owner_id)
        fields["owner"].empty_label = _("Nobody")
        fields["priority"].queryset = Priority.objects.filter(is_active=True) | Priority.objects.filter(
            pk=now.priority_id
        )
        if "depends_on" in fields:
            others = Activity.objects.visible_to(by).exclude(pk=now.pk)
            fields["depends_on"].queryset = others.order_by("-start_at", "pk")
        for name, model in ABOUT:
            if name not in fields:
                continue
            fields[name].queryset = model.objects.visible_to(by)
            fields[name].empty_label = ""
            hidden = getattr(now, f"{name}_id")
            if hidden and not fields[name].queryset.filter(pk=hidden).exists():
                # There is one that the user may not see: it is neither named nor taken away.
                del fields[name]

    def clean(self):
        data = super().clean()
        if not data.get("title") and data.get("type"):
            data["title"] = self._named(data)
        if data.get("remind_before") in WHOLE_DAY_REMINDERS and data.get("start_time"):
            self.add_error("remind_before", _("This reminder is for whole days; choose minutes or hours."))
        return data

    def _named(self, data) -> str:
        """A title for whoever is in a hurry: "Call Sabine Kurz"."""
        whom = data.get("person") or data.get("company") or data.get("opportunity")
        name = whom.title if isinstance(whom, Opportunity) else str(whom or "")
        return f"{data['type']} {name}".strip()[:200]

    def _get_validation_exclusions(self):
        # The moments come with when(); the verbs and the database judge them.
        return super()._get_validation_exclusions() | {"start_at", "due_at", "title"}

    def changes(self) -> dict:
        """What the verbs take: the cleaned fields by name."""
        typed_apart = {"start_day", "start_time", "due_day", "due_time"}
        plain = {name: self.cleaned_data[name] for name in self.fields if name not in typed_apart}
        return plain | self.when()


def first(by) -> dict:
    """What a new activity begins with: the next full hour of today, for oneself."""
    now = timezone.localtime()
    start = (now + datetime.timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    end = start + datetime.timedelta(hours=1)
    first_type = ActivityType.objects.filter(is_active=True).first()
    return {
        "type": first_type.pk if first_type else None,
        "owner": by.pk,
        "start_day": start.date(),
        "start_time": start.time(),
        "due_day": end.date(),
        "due_time": end.time(),
    }


def prefilled(request) -> dict:
    """What the address of a new activity gives: ?company=, ?person=, ?opportunity=, ?item=, ?type=, ?day=, ?time=.

    Only what the user may see.
    """
    initial = {}
    for name, model in (*ABOUT, ("type", ActivityType)):
        if (key := http.number(request.GET.get(name, ""))) is None:
            continue
        record = model.objects.visible_to(request.user).filter(pk=key).first()
        if record:
            initial[name] = record.pk
    return initial | _day_of(request)


def _day_of(request) -> dict:
    try:
        day = datetime.date.fromisoformat(request.GET.get("day", "")[:10])
        believable(day)
    except (ValueError, ValidationError):
        return {}
    days = {"start_day": day, "due_day": day}
    try:
        time = datetime.time.fromisoformat(request.GET.get("time", "")[:5])
    except ValueError:
        return days | {"start_time": None, "due_time": None}
    end = datetime.datetime.combine(day, time) + datetime.timedelta(hours=1)
    return days | {"start_time": time, "due_time": end.time(), "due_day": end.date()}


FOLLOW_UPS = [
    ("", pgettext_lazy("follow-up", "none")),
    ("1", gettext_lazy("next working day")),
    ("3", gettext_lazy("in 3 working days")),
    ("5", gettext_lazy("in 5 working days")),
    ("10", gettext_lazy("in 10 working days")),
    ("on", pgettext_lazy("follow-up", "on …")),
]


class CompleteForm(PlainForm):
    """Done: what came of it, and what comes next."""

    spans = {"result": 12, "follow_up": 12, "day": 6, "time": 6, "type": 6, "title": 6}
    result = forms.CharField(
        label=gettext_lazy("Result"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"autofocus": True}),
    )
    follow_up = forms.ChoiceField(
        label=gettext_lazy("Follow-up"), choices=FOLLOW_UPS, required=False, widget=forms.RadioSelect, initial=""
    )
    day = day_field(pgettext_lazy("follow-up", "On"), required=False)
    time = time_field(pgettext_lazy("follow-up", "At (empty: the whole day)"))
    type = forms.ModelChoiceField(label=gettext_lazy("Type"), queryset=ActivityType.objects.none(), required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200, required=False)

    def __init__(self, *args, activity, may_follow: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.activity = activity
        if not may_follow:
            for name in set(self.fields) - {"result"}:
                del self.fields[name]
            return
        self.fields["type"].queryset = ActivityType.objects.filter(is_active=True)
        self.fields["type"].empty_label = None
        self.fields["type"].initial = activity.type_id
        self.fields["title"].widget.attrs["placeholder"] = activity.title

    def clean(self):
        data = super().clean()
        if data.get("follow_up") != "on" or {"day", "time"} & set(self.errors):
            return data
        if not data.get("day"):
            self.add_error("day", _("Say on which day it goes on."))
        elif data.get("time"):
            try:
                data["at"] = moment(data["day"], data["time"], timezone.get_current_timezone())
            except ValidationError as error:
                self.add_error("time", error)
        return data

    def next_one(self, working_days) -> dict | None:
        """The fields of the follow-up, on a whole day unless a time was named; None where there is to be none."""
        chosen = self.cleaned_data.get("follow_up")
        if not chosen:
            return None
        same = {
            "type": self.cleaned_data["type"] or self.activity.type,
            "title": self.cleaned_data["title"] or self.activity.title,
        }
        if at := self.cleaned_data.get("at"):
            return same | {"start_at": at, "due_at": at + datetime.timedelta(hours=1)}
        where, tomorrow = timezone.get_default_timezone(), timezone.localdate() + datetime.timedelta(days=1)
        day = self.cleaned_data["day"] if chosen == "on" else working_days.later(tomorrow, int(chosen) - 1)
        end = day + datetime.timedelta(days=1)
        return same | {"start_at": clock.midnight(day, where), "due_at": clock.midnight(end, where), "all_day": True}
