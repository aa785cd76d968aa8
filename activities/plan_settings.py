"""What can be done with activity plans, under the settings. See actions.py for how verbs answer.

They are archived, restored and deleted like the entries of a pick-list: see crm/setup/actions.py.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import ActivityPlan, ActivityType, Assignee, Begin, PlanStep
from crm.accounts.models import User
from crm.accounts.scope import Action, Scope
from crm.core.recordpage import fingerprint
from crm.core.refusals import Overtaken, Refused
from opportunities.models import Pipeline, Stage


@dataclass(frozen=True)
class Row:
    """One step as the settings give it. `pk` None: a new one."""

    title: str
    type: ActivityType
    stage: Stage | None = None
    begin: str = Begin.PREVIOUS
    offset: int = 0
    duration: int = 1
    assignee: str = Assignee.OWNER
    user: User | None = None
    pk: int | None = None


FIELDS = ("title", "type", "stage", "begin", "offset", "duration", "assignee", "user")


def version(plan) -> str:
    """Which state of the plan a page shows; given back to `save_plan`, nothing is overwritten unseen."""
    head = (plan.name, plan.pipeline_id, plan.is_automatic)
    return fingerprint([head, *plan.steps.order_by("position", "pk").values_list()])


@transaction.atomic
def create_plan(*, by, pipeline: Pipeline, name: str) -> ActivityPlan:
    """A new plan without steps, which nobody can apply yet."""
    if by.scope(ActivityPlan.area, Action.CREATE) != Scope.ALL:
        raise ActivityPlan.DoesNotExist
    return ActivityPlan.objects.create(pipeline=pipeline, name=name)


@transaction.atomic
def save_plan(
    *, plan, by, name: str, pipeline: Pipeline, is_automatic: bool, rows: list[Row], seen: str | None = None
) -> ActivityPlan:
    """The head, and the steps in the order of `rows`; a step that is not among them is deleted.

    `seen`: the version the user saw; raises Overtaken if it is old.
    """
    plan = ActivityPlan.objects.visible_to(by, Action.CHANGE).select_for_update(of=("self",)).get(pk=plan.pk)
    if seen is not None and seen != version(plan):
        raise Overtaken(plan)
    if any(row.stage and row.stage.pipeline_id != pipeline.pk for row in rows):
        raise Refused(_("A step names a stage of another pipeline. Choose one of this pipeline, or none."))
    plan.name, plan.pipeline, plan.is_automatic = name, pipeline, is_automatic
    plan.save()
    steps = {step.pk: step for step in plan.steps.select_related("type", "stage", "user")}
    plan.steps.exclude(pk__in=[row.pk for row in rows if row.pk]).delete()
    for place, row in enumerate(rows, 1):
        # One that somebody else has removed meanwhile is made anew.
        step = steps.get(row.pk) or PlanStep(plan=plan)
        wanted = {name: getattr(row, name) for name in FIELDS} | {"position": place * 10}
        if step.pk is None or any(getattr(step, name) != value for name, value in wanted.items()):
            for field, value in wanted.items():
                setattr(step, field, value)
            step.save()
    return plan
