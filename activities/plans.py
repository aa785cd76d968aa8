"""Activity plans at work: which step falls on which day, who becomes responsible, and the verbs that plan them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.core import signing
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity, ActivityPlan, Assignee, Begin, Dependency, PlanStep
from crm.accounts.models import User
from crm.accounts.scope import Action, Area
from crm.core import clock, forms
from crm.core.refusals import Refused
from crm.core.workdays import ONE, Workdays
from crm.setup.models import working_days
from opportunities.models import Opportunity

OLDEST = datetime.timedelta(days=366)
# For so long an application can be taken back, in seconds; a message on the page offers it for less.
UNDO_FOR = 60 * 60
SALT = "activities.plans"


def schedule(steps: Sequence, start: datetime.date, workdays: Workdays) -> list[tuple]:
    """[(step, first day, last day)] for `steps` in their order; both days are working days, and included.

    A step has `begin`, `offset` and `duration`:

    - begin "previous": it begins `offset` working days after the end of the step before. Offset 0 is the next working
      day after that end; offset 2 leaves two working days free between them. The first step has none before it:
      it counts from the start.
    - begin "start": it begins `offset` working days after the start. Offset 0 is `start` itself if that is a working
      day, else the next one.
    - It takes `duration` working days: 1 begins and ends on the same day.
    """
    planned, last = [], None
    for step in steps:
        after = start if last is None or step.begin == Begin.START else last + ONE
        first = workdays.later(after, step.offset)
        last = workdays.later(first, step.duration - 1)
        planned.append((step, first, last))
    return planned


@dataclass(frozen=True)
class Planned:
    """A step as it would be planned: its days, both included, and who becomes responsible."""

    step: PlanStep
    first: datetime.date
    last: datetime.date
    owner: User


class _Finder:
    """Who becomes responsible for the steps of one opportunity; remembers whom it gave how many.

    Only who is active and may work on activities is found. Whom a rule does not find is replaced by the opportunity's
    owner, and he by `by`.
    """

    def __init__(self, opportunity, by):
        self.owner, self.by = opportunity.owner, by
        self.given: dict[int, int] = {}

    def find(self, step) -> User:
        rules = {
            Assignee.OWNER: lambda: self.owner,
            Assignee.LEAD: lambda: self.team and self.team.lead,
            Assignee.USER: lambda: step.user,
            Assignee.LEAST_BUSY: self._least_busy,
        }
        chosen = rules[step.assignee]()
        found = next((user for user in (chosen, self.owner) if user and works(user)), self.by)
        self.given[found.pk] = self.given.get(found.pk, 0) + 1
        return found

    @property
    def team(self):
        return self.owner and self.owner.team

    @cached_property
    def _members(self) -> list[tuple[User, int]]:
        """The owner's team with how many open activities each has."""
        members = User.objects.filter(team=self.team, is_active=True).select_related("role")
        members = [user for user in members.prefetch_related("role__rights") if works(user)]
        busy = Activity.objects.open().filter(owner__in=members).order_by()
        counts = dict(busy.values_list("owner").annotate(n=Count("pk")))
        return [(user, counts.get(user.pk, 0)) for user in members]

    def _least_busy(self) -> User | None:
        if not self.team:
            return None
        loads = [(open_ones + self.given.get(user.pk, 0), user.pk, user) for user, open_ones in self._members]
        return min(loads)[2] if loads else None


def works(user) -> bool:
    """May this user do anything with activities?"""
    return user.may(Area.ACTIVITIES, Action.CHANGE)


def steps_of(plan) -> list[PlanStep]:
    """The steps of a plan, in their order, with what planning and showing them needs."""
    return list(plan.steps.select_related("plan", "type", "stage", "user__role").order_by("position", "pk"))


def preview(*, opportunity, plan, start: datetime.date, by) -> list[Planned]:
    """What `apply_plan` would plan. Writes nothing; refuses what that refuses, but not a second time."""
    steps = steps_of(plan)
    _check(opportunity, plan, steps, start)
    return _lay_out(steps, opportunity, start, by)


def _check(opportunity, plan, steps, start) -> None:
    if opportunity.is_closed:
        raise Refused(
            _("%(number)s is won or lost; no activities can be planned for it by a plan.")
            % {"number": opportunity.number}
        )
    if plan.pipeline_id != opportunity.pipeline_id:
        raise Refused(_("The plan “%(plan)s” belongs to another pipeline.") % {"plan": plan})
    if not plan.is_active:
        raise Refused(_("The plan “%(plan)s” is archived and no longer offered.") % {"plan": plan})
    if not steps:
        raise Refused(_("The plan “%(plan)s” has no steps yet.") % {"plan": plan})
    if not forms.EARLIEST <= start <= forms.LATEST:
        raise Refused(_("Enter a date between 1900 and 2200."))
    if start < clock.today() - OLDEST:
        raise Refused(_("The start lies more than a year back."))


def _lay_out(steps, opportunity, start, by) -> list[Planned]:
    finder = _Finder(opportunity, by)
    planned = [
        Planned(step, first, last, finder.find(step)) for step, first, last in schedule(steps, start, working_days())
    ]
    if planned and max(one.last for one in planned) > forms.LATEST:
        raise Refused(_("The plan would end after the year 2200. Choose an earlier start."))
    return planned


def applied(opportunity, plan) -> int:
    """How many activities of `plan` there are at `opportunity` already, planned by hand or by a stage."""
    return Activity.objects.filter(opportunity=opportunity, plan=plan).count()


@transaction.atomic
def apply_plan(*, opportunity, plan, start: datetime.date, by, again: bool = False) -> list[Activity]:
    """Plan all steps of `plan` from `start` on, or none. Refused if it was applied already, unless `again`."""
    if not by.may(Area.ACTIVITIES, Action.CREATE):
        raise Activity.DoesNotExist
    # Whoever applies at the same moment waits here, and then sees what was planned.
    opportunity = Opportunity.objects.visible_to(by).select_for_update(of=("self",)).get(pk=opportunity.pk)
    # Its steps stay as they are while they are planned.
    plan = ActivityPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    steps = steps_of(plan)
    _check(opportunity, plan, steps, start)
    if not again and applied(opportunity, plan):
        raise Refused(
            _("“%(plan)s” was applied to %(number)s already. To plan it a second time, tick “apply again”.")
            % {"plan": plan, "number": opportunity.number}
        )
    return _write(_lay_out(steps, opportunity, start, by), opportunity)


def _write(planned: list[Planned], opportunity) -> list[Activity]:
    """The activities, all of one moment, each waiting for the one before it if its step does."""
    now, made, where = timezone.now(), [], timezone.get_default_timezone()
    for one in planned:
        activity = Activity.objects.create(
            title=one.step.title,
            type=one.step.type,
            owner=one.owner,
            company=opportunity.company,
            person=opportunity.person,
            opportunity=opportunity,
            start_at=clock.midnight(one.first, where),
            due_at=clock.midnight(one.last + ONE, where),
            all_day=True,
            plan=one.step.plan,
            step=one.step,
            created_at=now,
        )
        if made and one.step.begin == Begin.PREVIOUS:
            Dependency.objects.create(activity=activity, predecessor=made[-1])
        made.append(activity)
    return made


# ── by itself ───────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def plan_stage(*, opportunity, by) -> list[Activity]:
    """Plan what the automatic plans of its pipeline have for the stage that `opportunity` has reached, from today on.

    Each step once: who comes back to a stage finds what was planned then. It needs no right of `by`: what happens by
    itself was decided by whoever made the plan. The caller holds the opportunity's lock.
    """
    known = Activity.objects.filter(opportunity=opportunity, step=OuterRef("pk"))
    steps = (
        PlanStep.objects.filter(
            ~Exists(known),
            stage=opportunity.stage_id,
            plan__pipeline=opportunity.pipeline_id,
            plan__is_automatic=True,
            plan__is_active=True,
        )
        .select_related("plan", "type", "user__role")
        .order_by("plan", "position", "pk")
    )
    by_plan: dict[int, list] = {}
    for step in steps:
        by_plan.setdefault(step.plan_id, []).append(step)
    made = [
        activity
        for of_plan in by_plan.values()
        for activity in _write(_lay_out(of_plan, opportunity, clock.today(), by), opportunity)
    ]
    if made:
        # A step that was deleted meanwhile is noticed here, and not when the move is committed.
        connection.check_constraints()
        opportunity.refresh_from_db(fields=["next_step_at"])
    return made


def on_stage_entered(sender, opportunity, by, **kwargs) -> None:
    """Of opportunities.signals.stage_entered."""
    plan_stage(opportunity=opportunity, by=by)


# ── undo ────────────────────────────────────────────────────────────────────────────────────────────
def receipt(made: list[Activity], by) -> str:
    """What `undo_plan` asks for: says which activities `by` has just planned by `apply_plan`."""
    one = made[0]
    return signing.dumps([by.pk, one.opportunity_id, one.plan_id, one.created_at.isoformat()], salt=SALT)


@transaction.atomic
def undo_plan(*, receipt: str, by) -> tuple[Opportunity, int, int]:
    """Take back what `by` has planned: delete what nobody has touched since. Gives (opportunity, deleted, kept).

    Whoever has planned them needs no right to delete for it, but only for an hour.
    """
    if not by.may(Area.ACTIVITIES, Action.CREATE):
        raise Activity.DoesNotExist
    try:
        whose, opportunity, plan, moment = signing.loads(receipt, salt=SALT, max_age=UNDO_FOR)
    except signing.BadSignature:
        raise Refused(_("This can no longer be undone.")) from None
    if whose != by.pk:
        raise Refused(_("This can no longer be undone."))
    opportunity = Opportunity.objects.visible_to(by).select_for_update(of=("self",)).get(pk=opportunity)
    planned = Activity.objects.filter(opportunity=opportunity, plan=plan, created_at=moment)
    ids = set(planned.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    touched = Q(events__pgh_label="update") | Q(participants__isnull=False)
    kept = set(Activity.objects.filter(touched, pk__in=ids).values_list("pk", flat=True))
    Activity.objects.filter(pk__in=ids - kept).delete()
    return opportunity, len(ids - kept), len(kept)
