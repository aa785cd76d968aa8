"""An activity beside its list or as a page of its own, and what can be done with it."""

import datetime

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from activities import actions, occurrences, series, showing
from activities.forms import ActivityForm, CompleteForm, prefilled
from activities.forms_series import SeriesForm
from activities.models import Activity
from contacts.models import Person
from crm.accounts.scope import Action, Area, allows
from crm.core import http, recordpage, timeline
from crm.core.forms import Pick, PlainForm
from crm.core.refusals import Overtaken, Refused, explain
from crm.setup.models import working_days
from inbox.models import InboxItem

form_view = require_http_methods(["GET", "HEAD", "POST"])
FACTS = ("title", "type", "owner", "priority", "location", "notes", "result", "company", "person", "opportunity")
# What the timeline would only repeat.
UNTOLD = ("uid", "sequence", "recurrence", "occurrence_at", "remind_at", "reminded_at", "step", "done_at")


def found(request, pk: int, action=Action.VIEW) -> Activity:
    """The activity with which the user may do `action`; else 404."""
    return get_object_or_404(Activity.objects.visible_to(request.user, action).for_display(request.user), pk=pk)


# ── an activity ─────────────────────────────────────────────────────────────────────────────────────
@require_safe
def activity(request, pk):
    """The activity: the part beside the list for htmx, a page for a visitor."""
    record = found(request, pk)
    may_change = allows(request.user, Action.CHANGE, record)
    visible = Activity.objects.visible_to(request.user).select_related("type")
    persons = Person.objects.visible_to(request.user)
    context = {
        "activity": record,
        "title": record.title,
        "bar_title": _("Activities"),
        "kicker": _("Activity"),
        "list_label": _("Activities"),
        "list_url": reverse("activities:list"),
        "record_url": record.get_absolute_url(),
        "record_id": record.pk,
        "may_change": may_change,
        "may_delete": allows(request.user, Action.DELETE, record),
        "edit": {name: reverse("activities:fact", args=[record.pk, name]) for name in FACTS if may_change},
        "before": visible.filter(dependents__activity=record).order_by("start_at", "pk"),
        "after": visible.filter(dependencies__predecessor=record).order_by("start_at", "pk"),
        "rule": series.in_words(record.recurrence) if record.recurrence_id else "",
        "participants": record.participants.prefetch_related(Prefetch("person", persons)),
        "history": timeline.of(record, user=request.user, skip=UNTOLD, limit=20),
    }
    return http.page(request, "activities/activity.html", context)


# ── enter and edit ──────────────────────────────────────────────────────────────────────────────────
@form_view
def create(request):
    """A new activity; the address says about what and when (forms.prefilled)."""
    user = request.user
    http.require(user.may(Area.ACTIVITIES, Action.CREATE))
    initial = prefilled(request)
    item = InboxItem.objects.visible_to(user).filter(pk=initial.pop("item", None)).first()
    data = request.POST if request.method == "POST" else None
    form = ActivityForm(data, by=user, initial=initial)
    repeats = SeriesForm(data, start=form["start_day"].initial)
    if request.method == "POST" and all([form.is_valid(), repeats.is_valid()]):
        try:
            record = _create(form, repeats.rule(), item, user)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            _announce_hint(request, form)
            text = _("“%(title)s” is planned for %(when)s.") if record.is_open else _("“%(title)s” is done.")
            text %= {"title": record, "when": showing.when(record)}
            return http.done(request, record.get_absolute_url(), text)
    context = {"form": form, "title": _("New activity"), "back": reverse("activities:list"), "wide": True}
    context["series"] = repeats
    return http.dialog(request, "activities/form.html", context, status=422 if form.errors or repeats.errors else 200)


@transaction.atomic
def _create(form, rule: str, item, user) -> Activity:
    """What was typed; what has been done already is done at once, with its result."""
    fields = form.changes() | ({"item": item} if item else {})
    is_done, result = fields.pop("is_done"), fields.pop("result")
    if rule:
        return actions.create_series(by=user, rule=rule, **fields)
    record = actions.create_activity(by=user, **fields)
    if is_done:
        actions.complete(activity=record, by=user, result=result)
        record.refresh_from_db()
    return record


def _announce_hint(request, form) -> None:
    if hint := form.hint():
        http.announce(request, hint, "info")


@form_view
def edit(request, pk):
    """All fields at once."""
    record = found(request, pk, Action.CHANGE)
    seen = request.POST.get("seen") or actions.version(record)
    data, onwards = request.POST if request.method == "POST" else None, "onwards" in request.POST
    form = ActivityForm(data, by=request.user, instance=found(request, pk, Action.CHANGE))
    now = occurrences.left(record)
    # Of one alone the rule stays, whatever the fields say.
    asked = onwards or not record.recurrence_id
    repeats = SeriesForm(data if asked else None, now=now, start=form["start_day"].initial)
    if request.method == "POST" and all([form.is_valid(), not asked or repeats.is_valid()]):
        try:
            rule = repeats.changed_rule() if asked else None
            actions.update_activity(
                activity=record, by=request.user, seen=seen, onwards=onwards, rule=rule, **form.changes()
            )
        except Overtaken as overtaken:
            form.add_error(None, str(overtaken))
            form.add_error(None, _("Save again to keep what you have typed."))
            seen = actions.version(overtaken.now)
        except Refused as refused:
            form.add_error(None, str(refused))
        except IntegrityError as error:
            # Of all rules of the database only the one about circles can be broken by this form.
            form.add_error("depends_on", explain(error))
        else:
            _announce_hint(request, form)
            return http.done(request, record.get_absolute_url(), _("Saved."))
    context = {
        "form": form,
        "seen": seen,
        "title": _("Edit activity"),
        "back": record.get_absolute_url(),
        "wide": True,
        "series": repeats if now or not record.recurrence_id else None,
        "now": series.in_words(record.recurrence) if now else "",
        "onwards": onwards,
    }
    return http.dialog(request, "activities/form.html", context, status=422 if form.errors or repeats.errors else 200)


@form_view
def fact(request, pk, field):
    """One field, edited in place."""
    record = found(request, pk, Action.CHANGE)
    http.require(field in FACTS)
    form = FactForm(request.POST if request.method == "POST" else None, by=request.user, instance=record)

    def save(form):
        actions.update_activity(activity=record, by=request.user, **{field: form.cleaned_data[field]})

    return recordpage.edit_fact(
        request, form=form, field=field, save=save, back=record.get_absolute_url(), text=_("Saved.")
    )


class FactForm(ActivityForm):
    """The single fields that are edited in place."""

    start_day = start_time = due_day = due_time = remind_before = None

    class Meta(ActivityForm.Meta):
        fields = list(FACTS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["title"].required = True

    def clean(self):
        return self.cleaned_data


# ── verbs ───────────────────────────────────────────────────────────────────────────────────────────
@form_view
def complete(request, pk):
    """Done: asks what came of it and what comes next."""
    record = found(request, pk, Action.CHANGE)
    may_follow = request.user.may(Area.ACTIVITIES, Action.CREATE)
    form = CompleteForm(request.POST if request.method == "POST" else None, activity=record, may_follow=may_follow)
    if request.method == "POST" and form.is_valid():
        follow_up = form.next_one(working_days())
        next_one = actions.complete(
            activity=record, by=request.user, result=form.cleaned_data["result"], follow_up=follow_up
        )
        text = _("“%(title)s” is done.") % {"title": record}
        if next_one:
            text = _("“%(title)s” is done; “%(next)s” is planned for %(when)s.") % {
                "title": record,
                "next": next_one,
                "when": showing.when(next_one),
            }
        undo = "" if next_one else reverse("activities:reopen", args=[record.pk])
        return http.done(request, record.get_absolute_url(), text, undo_url=undo)
    context = {
        "form": form,
        "title": _("Done: %(title)s") % {"title": record},
        "back": record.get_absolute_url(),
        "submit_label": pgettext("activity", "Done"),
    }
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_POST
def reopen(request, pk):
    record = actions.reopen(activity=found(request, pk, Action.CHANGE), by=request.user)
    return http.done(request, record.get_absolute_url(), _("“%(title)s” is open again.") % {"title": record})


@require_POST
def cancel(request, pk):
    onwards = "onwards" in request.POST
    record = actions.cancel(activity=found(request, pk, Action.CHANGE), by=request.user, onwards=onwards)
    if onwards:
        text = _("“%(title)s” and what follows of the series were cancelled.") % {"title": record}
        return http.done(request, record.get_absolute_url(), text)
    undo = reverse("activities:reopen", args=[record.pk])
    text = _("“%(title)s” was cancelled.") % {"title": record}
    return http.done(request, record.get_absolute_url(), text, undo_url=undo)


@form_view
def delete(request, pk):
    """Asks once: nothing brings it back."""
    record = found(request, pk, Action.DELETE)
    if request.method == "POST":
        actions.delete_activity(activity=record, by=request.user, onwards="onwards" in request.POST)
        http.announce(request, _("“%(title)s” was deleted.") % {"title": record})
        return http.redirect(request, "activities:list")
    context = {
        "title": _("Delete “%(title)s”?") % {"title": record},
        "lead": _("It is taken out of the plan altogether. To keep it in the history, cancel it instead."),
        "back": record.get_absolute_url(),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "form": OnwardsForm() if record.recurrence_id else "",
    }
    return http.dialog(request, "components/dialog.html", context)


class OnwardsForm(PlainForm):
    """What else is meant, of an activity of a series."""

    onwards = forms.BooleanField(label=gettext_lazy("Also all that follow in the series"), required=False)


@require_POST
def move(request, pk):
    """Another time: `start` and `due` as ISO moments, or `days` and `minutes` by which it moves.

    `edge` (start or due) stretches one end only. `seen` is the version the user saw. The answer offers to undo it.
    """
    record = found(request, pk, Action.CHANGE)
    # To undo a move is a post to an address that says where it was.
    data = request.GET if "start" in request.GET else request.POST
    old = {"start": record.start_at.isoformat(), "due": record.due_at.isoformat()}
    start, due = _wished(record, data)
    moved = actions.move(activity=record, by=request.user, start_at=start, due_at=due, seen=data.get("seen"))
    undo = f"{reverse('activities:move', args=[pk])}?{urlencode(old | {'seen': actions.version(moved)})}"
    text = _("“%(title)s”: %(when)s") % {"title": moved, "when": showing.when(moved)}
    undo = "" if "undone" in data else f"{undo}&undone=1"
    answer = http.done(request, moved.get_absolute_url(), text, undo_url=undo)
    # For whoever moves it on before the page has fetched itself anew.
    return trigger_client_event(answer, "moved", {"id": pk, "seen": actions.version(moved)})


def _wished(record, data) -> tuple[datetime.datetime, datetime.datetime]:
    """The moments that a move asks for. Raises Refused for what makes no sense."""
    if "start" in data:
        try:
            moments = parse_datetime(data["start"]), parse_datetime(data.get("due", ""))
        except ValueError:
            moments = (None,)
        if not all(moment and timezone.is_aware(moment) and 1900 <= moment.year <= 2200 for moment in moments):
            raise Refused(_("That is no time to which an activity can be moved."))
        return moments
    try:
        days, minutes = int(data.get("days") or 0), int(data.get("minutes") or 0)
        by = datetime.timedelta(days=days, minutes=minutes)
        start = record.start_at if data.get("edge") == "due" else _shifted(record, record.start_at, by)
        due = record.due_at if data.get("edge") == "start" else _shifted(record, record.due_at, by)
    except (ValueError, OverflowError):
        raise Refused(_("That is no time to which an activity can be moved.")) from None
    return start, due


def _shifted(record, moment, by: datetime.timedelta) -> datetime.datetime:
    """`moment` moved as the clock shows it: 9:00 stays 9:00 when summer time begins in between."""
    local = moment.astimezone(record.zone)
    shifted = (local.replace(tzinfo=None) + by).replace(tzinfo=record.zone)
    if not 1900 <= shifted.year <= 2200:
        raise OverflowError
    # An hour that does not exist becomes the one after it.
    return shifted.astimezone(datetime.UTC)


# ── dependencies ────────────────────────────────────────────────────────────────────────────────────
class DependForm(PlainForm):
    on = forms.ModelChoiceField(
        label=gettext_lazy("Begins after"),
        queryset=Activity.objects.none(),
        widget=Pick("", placeholder=gettext_lazy("Search activities")),
    )
    spans = {"on": 12}

    def __init__(self, *args, activity, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["on"].widget.url = reverse("activities:pick")
        others = Activity.objects.visible_to(by).exclude(pk=activity.pk)
        self.fields["on"].queryset = others.order_by("-start_at", "-pk")


@form_view
def depend(request, pk):
    """Choose what has to end before it begins; the chart posts it when two bars are linked."""
    record = found(request, pk, Action.CHANGE)
    form = DependForm(request.POST if request.method == "POST" else None, activity=record, by=request.user)
    if request.method == "POST" and form.is_valid():
        on = form.cleaned_data["on"]
        actions.depend(activity=record, on=on, by=request.user)
        text = _("“%(title)s” begins after “%(before)s”.") % {"title": record, "before": on}
        undo = reverse("activities:free", args=[record.pk, on.pk])
        return http.done(request, record.get_absolute_url(), text, undo_url=undo)
    context = {"form": form, "title": _("What has to be over before?"), "back": record.get_absolute_url()}
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_POST
def free(request, pk, predecessor):
    """It need not wait any more."""
    record = found(request, pk, Action.CHANGE)
    before = found(request, predecessor)
    actions.free(activity=record, of=before, by=request.user)
    text = _("“%(title)s” no longer waits for “%(before)s”.") % {"title": record, "before": before}
    return http.done(request, record.get_absolute_url(), text)
