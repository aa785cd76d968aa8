"""What can be done with an activity. Page, chart, calendar, API, plan and test call the same verbs.

See opportunities/actions.py for how verbs answer. Moments are aware; of whole days they are midnights of the company,
and the end is not included.

Locks are taken in one order: the opportunities, the series, the activity, the links. Whoever keeps to it never waits
for somebody who waits for him.
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import invitations, occurrences
from activities.models import Activity, Dependency, Participant, Preference, Recurrence, Status
from activities.series import Rule
from crm.accounts.scope import Action, Area, allows
from crm.core import show
from crm.core.refusals import Overtaken, Refused
from opportunities.models import Opportunity

# What makes those who were invited be told again.
TOLD = {"title", "start_at", "due_at", "all_day", "location", "notes"}


def _locked(activity, by, action=Action.CHANGE, new_opportunity=None) -> Activity:
    """The row, locked for this transaction, if `by` may do `action` with it; what it hangs on is locked first."""
    parents = Activity.objects.filter(pk=activity.pk).values_list("opportunity", "recurrence")
    for opportunity, recurrence in parents:
        touched = {opportunity, new_opportunity.pk if new_opportunity else None}
        _lock(Opportunity, touched)
        _lock(Recurrence, {recurrence})
    return Activity.objects.visible_to(by, action).select_for_update(of=("self",)).get(pk=activity.pk)


def _lock(model, keys: set) -> None:
    rows = model.objects.filter(pk__in=keys - {None}).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _open(activity, by) -> Activity:
    activity = _locked(activity, by)
    if not activity.is_open:
        raise Refused(
            _("“%(title)s” is %(status)s already.")
            % {"title": activity, "status": activity.get_status_display().lower()}
        )
    return activity


def version(activity) -> str:
    """Which state of the activity a page shows; given back to a verb, nothing is overwritten unseen."""
    return activity.updated_at.isoformat()


def _seen(activity, seen: str | None) -> None:
    if seen and seen != version(activity):
        raise Overtaken(activity)


def about(fields: dict) -> dict:
    """`fields` with what follows from them: an opportunity brings its company and person, a person his company."""
    fields = dict(fields)
    item, opportunity, person = fields.get("item"), fields.get("opportunity"), fields.get("person")
    if item and not opportunity:
        opportunity = fields["opportunity"] = item.opportunity
    for source in filter(None, (opportunity, item)):
        for name in ("company", "person"):
            fields[name] = fields.get(name) or getattr(source, name)
    if person and not fields.get("company"):
        fields["company"] = person.company
    return fields


@transaction.atomic
def create_activity(*, by, depends_on=(), **fields) -> Activity:
    """A new activity. The owner is `by` unless given; `depends_on`: activities that have to end before it begins."""
    if not by.may(Area.ACTIVITIES, Action.CREATE):
        raise Activity.DoesNotExist
    fields.setdefault("owner", by)
    activity = Activity(**about(fields))
    activity.save()
    _link(activity, depends_on, by)
    return activity


@transaction.atomic
def create_series(*, by, rule: str, time_zone: str = "", depends_on=(), **fields) -> Activity:
    """A new activity that comes again; gives the first one. `rule`: an RRULE with an end (series.py).

    It is counted as the clock shows it in `time_zone`; in the one of `by` unless given, whole days in the company's.
    Raises Refused.
    """
    if not by.may(Area.ACTIVITIES, Action.CREATE):
        raise Activity.DoesNotExist
    fields.setdefault("owner", by)
    fields = about(fields)
    zone = time_zone or _zone_of_series(by, fields.get("all_day", False))
    first, *_others = occurrences.make(Rule.parse(rule), zone, fields)
    _link(first, depends_on, by)
    return first


def _zone_of_series(by, all_day: bool) -> str:
    return settings.TIME_ZONE if all_day else str(by.zone)


def _ahead(activity, by, action=Action.CHANGE) -> occurrences.Ahead | None:
    """The series from `activity` on; None for what is in none, or not at a place that the rule has."""
    if not activity.recurrence_id:
        return None
    ahead = occurrences.Ahead(activity, Activity.objects.visible_to(by, action))
    return ahead if ahead.found and ahead.found[0].at == activity.occurrence_at else None


@transaction.atomic
def update_activity(
    *,
    activity,
    by,
    depends_on=None,
    seen: str | None = None,
    onwards: bool = False,
    rule: str | None = None,
    **fields,
) -> Activity:
    """Change an activity. `seen`: the version the user saw; raises Overtaken if it is old.

    `depends_on`, if given, replaces what it depends on. `onwards`: of a series also those that follow. `rule`: another
    RRULE from here on; an activity that stood alone becomes a series by it.
    """
    activity = _locked(activity, by, new_opportunity=fields.get("opportunity"))
    _seen(activity, seen)
    changed = [name for name, value in fields.items() if getattr(activity, name) != value]
    ahead = _ahead(activity, by) if onwards or rule else None
    if ahead and (changed or rule):
        activity = _update_onwards(ahead, by, {name: fields[name] for name in changed}, rule)
        changed, rule = [], None
    for name in changed:
        setattr(activity, name, fields[name])
    if TOLD & set(changed):
        activity.sequence += 1
    if depends_on is not None:
        # What `by` may not see was not offered either: it stays.
        seen_ones = activity.dependencies.filter(predecessor__in=Activity.objects.visible_to(by))
        seen_ones.exclude(predecessor__in=depends_on).delete()
        _link(activity, depends_on, by)
    if {"start_at", "due_at"} & set(changed):
        _check_order(activity, by)
    if changed or depends_on is not None:
        activity.save(update_fields=[*changed, "sequence", "updated_at"])
    if rule:
        occurrences.begin(activity, Rule.parse(rule), _zone_of_series(by, activity.all_day))
        invitations.tell_series(activity.recurrence, by)
    elif TOLD & set(changed):
        invitations.tell(activity, by, is_moved=bool(occurrences.TIMES & set(changed)))
    return activity


def _update_onwards(ahead: occurrences.Ahead, by, changes: dict, rule: str | None) -> Activity:
    told = bool(rule or TOLD & changes.keys())
    before = invitations.invited(ahead.rows)
    occurrences.change(ahead, changes, Rule.parse(rule) if rule else None, told=told)
    if occurrences.TIMES & changes.keys() or rule:
        linked = Activity.objects.filter(pk__in=[row.pk for row in ahead.free])
        for row in linked.filter(Q(dependencies__isnull=False) | Q(dependents__isnull=False)).distinct():
            _check_order(row, by)
    activity = Activity.objects.get(pk=ahead.here.pk)
    if told and before:
        invitations.tell_cut(ahead.recurrence, activity.recurrence, by, is_moved=bool(rule or "start_at" in changes))
    return activity


@transaction.atomic
def move(
    *,
    activity,
    by,
    start_at: datetime.datetime,
    due_at: datetime.datetime,
    seen: str | None = None,
    onwards: bool = False,
) -> Activity:
    """Another time for an open activity, as a bar is dragged or stretched. `onwards`: also for those that follow."""
    activity = _open(activity, by)
    _seen(activity, seen)
    if due_at < start_at:
        raise Refused(_("An activity cannot be due before it starts."))
    return update_activity(activity=activity, by=by, start_at=start_at, due_at=due_at, onwards=onwards)


def _check_order(activity, by) -> None:
    """What it depends on has to be over, and what depends on it must not have begun; of what is still open."""
    if not activity.is_open:
        return
    before = activity.depends_on.open().filter(due_at__gt=activity.start_at).order_by("-due_at", "pk").first()
    if before:
        if not allows(by, Action.VIEW, before):
            raise Refused(_("It depends on an activity of somebody else, which ends later."))
        raise Refused(
            _("It depends on “%(title)s”, which ends later: %(end)s.")
            % {"title": before, "end": show.exact(before.ends)}
        )
    after = activity.followed_by.open().filter(start_at__lt=activity.due_at).order_by("start_at", "pk").first()
    if after:
        if not allows(by, Action.VIEW, after):
            raise Refused(_("An activity of somebody else depends on it and begins before."))
        raise Refused(
            _("“%(title)s” depends on it and begins before: %(start)s. Move that one first.")
            % {"title": after, "start": show.exact(after.begins)}
        )


def _link(activity, predecessors, by) -> None:
    for predecessor in predecessors:
        Dependency.objects.get_or_create(activity=activity, predecessor=predecessor)
    if predecessors:
        _check_order(activity, by)


@transaction.atomic
def depend(*, activity, on, by) -> None:
    """`activity` begins when `on` has ended. A circle is refused by the database."""
    activity = _locked(activity, by)
    on = Activity.objects.visible_to(by).get(pk=on.pk)
    if on.pk == activity.pk:
        raise Refused(_("An activity cannot depend on itself."))
    _link(activity, [on], by)


@transaction.atomic
def free(*, activity, of, by) -> None:
    """Undo `depend`."""
    activity = _locked(activity, by)
    Dependency.objects.get(activity=activity, predecessor=of).delete()


@transaction.atomic
def complete(*, activity, by, result: str = "", follow_up: dict | None = None) -> Activity | None:
    """Done, with what came of it. `follow_up`: the fields of the next activity; the same parties unless it says so.

    Gives the follow-up, if there is one.
    """
    activity = _open(activity, by)
    activity.status, activity.done_at = Status.DONE, timezone.now()
    activity.result = result or activity.result
    activity.save(update_fields=["status", "done_at", "result", "updated_at"])
    if not follow_up:
        return None
    same = {name: getattr(activity, name) for name in ("company", "person", "opportunity", "item", "owner", "priority")}
    return create_activity(by=by, **same | follow_up)


@transaction.atomic
def reopen(*, activity, by) -> Activity:
    """Take "done" or "cancelled" back."""
    activity = _locked(activity, by)
    was_cancelled = activity.status == Status.CANCELLED
    activity.status, activity.done_at = Status.OPEN, None
    activity.sequence += was_cancelled
    _check_order(activity, by)
    activity.save(update_fields=["status", "done_at", "sequence", "updated_at"])
    if was_cancelled:
        invitations.tell(activity, by)
    return activity


@transaction.atomic
def cancel(*, activity, by, onwards: bool = False) -> Activity:
    """It will not be done; it stays in the history. `onwards`: of a series also those that follow."""
    activity = _open(activity, by)
    ahead = _ahead(activity, by) if onwards else None
    rows = occurrences.stop(ahead) if ahead else [activity]
    sequence = ahead.sequence() if ahead else activity.sequence + 1
    pks = [row.pk for row in rows]
    Activity.objects.filter(pk__in=pks).update(status=Status.CANCELLED, sequence=sequence, updated_at=timezone.now())
    activity.refresh_from_db()
    guests = invitations.invited(rows)
    if ahead:
        invitations.tell_series(ahead.recurrence, by, guests=guests)
    else:
        invitations.call_off(activity, by, guests)
    return activity


@transaction.atomic
def delete_activity(*, activity, by, onwards: bool = False) -> None:
    """Gone, as if it had never been planned; the history of what it belonged to still has it.

    `onwards`: of a series also those that follow.
    """
    activity = _locked(activity, by, Action.DELETE)
    ahead, recurrence = _ahead(activity, by, Action.DELETE) if onwards else None, activity.recurrence
    rows = occurrences.stop(ahead) if ahead else [activity]
    guests = invitations.invited(rows)
    if not ahead:
        activity.sequence += 1
        invitations.call_off(activity, by, guests)
    Activity.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if ahead:
        invitations.tell_series(recurrence, by, guests=guests)
    if recurrence and not recurrence.activities.exists():
        recurrence.delete()


@transaction.atomic
def invite(*, activity, by, people=(), emails=(), onwards: bool = False) -> list[Participant]:
    """Invite persons (with an e-mail) and plain addresses; `onwards`: to those of a series that follow as well.

    Each gets a mail with the appointment; who is invited already is left alone. Gives the new ones. Raises Refused.
    """
    activity = _open(activity, by)
    ahead = _ahead(activity, by) if onwards else None
    rows = ahead.open if ahead else [activity]
    added = invitations.add(rows, invitations.guests(by, people, emails))
    if ahead:
        invitations.tell_series(ahead.recurrence, by, guests=added)
    else:
        invitations.tell(activity, by, guests=added)
    return [one for one in added if one.activity_id == activity.pk]


@transaction.atomic
def take_out(*, participant, by, onwards: bool = False) -> None:
    """Somebody is no longer invited, and is told so; `onwards`: of a series also to those that follow."""
    activity = _locked(participant.activity, by)
    ahead = _ahead(activity, by) if onwards else None
    rows = ahead.open if ahead else [activity]
    leaving = Participant.objects.filter(activity__in=rows, email__iexact=participant.email)
    guests = invitations.invited(rows, participant.email)
    leaving.delete()
    if ahead:
        invitations.tell_series(ahead.recurrence, by, guests=guests)
    else:
        activity.sequence += 1
        activity.save(update_fields=["sequence", "updated_at"])
        invitations.call_off(activity, by, guests)


@transaction.atomic
def set_preference(*, by, remind_by_mail: bool, wants_digest: bool, digest_at: datetime.time) -> Preference:
    """How `by` is reminded, and whether the day's activities come by mail."""
    fields = {"remind_by_mail": remind_by_mail, "wants_digest": wants_digest, "digest_at": digest_at}
    preference, _is_new = Preference.objects.update_or_create(user=by, defaults=fields)
    return preference
