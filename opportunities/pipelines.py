"""What can be done with pipelines and stages, under the settings. See actions.py for how verbs answer."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.scope import Action, Area, Scope
from crm.core.refusals import Refused
from opportunities.models import Kind, Opportunity, Pipeline, Stage, StageChange


@dataclass(frozen=True)
class Row:
    """One stage as the settings give it. `pk` None: a new one."""

    name: str
    probability: int
    colour: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class Template:
    """A pipeline to begin with: its kind, its name, and (stage, probability) in order."""

    key: str
    kind: str
    name: str
    stages: tuple[tuple[str, int], ...]


TEMPLATES = [
    Template(
        "leads",
        Kind.LEAD,
        gettext_lazy("Lead qualification"),
        (
            (gettext_lazy("New"), 5),
            (gettext_lazy("Contacted"), 10),
            (gettext_lazy("Need understood"), 20),
            (gettext_lazy("Qualified"), 35),
        ),
    ),
    Template(
        "sales",
        Kind.DEAL,
        gettext_lazy("Sales with a quote"),
        (
            (gettext_lazy("Need understood"), 20),
            (gettext_lazy("Quote made"), 40),
            (gettext_lazy("Quote discussed"), 55),
            (gettext_lazy("Negotiation"), 70),
            (gettext_lazy("Verbal agreement"), 90),
        ),
    ),
    Template(
        "short",
        Kind.DEAL,
        gettext_lazy("Spare parts and reorders"),
        (
            (gettext_lazy("Enquiry"), 40),
            (gettext_lazy("Quote made"), 65),
            (gettext_lazy("Order announced"), 90),
        ),
    ),
    Template(
        "tender",
        Kind.DEAL,
        gettext_lazy("Tender"),
        (
            (gettext_lazy("Documents checked"), 10),
            (gettext_lazy("Bid handed in"), 25),
            (gettext_lazy("Shortlist"), 50),
            (gettext_lazy("Negotiation"), 75),
        ),
    ),
]


def _may(by, action=Action.CHANGE) -> None:
    if by.scope(Area.SETTINGS, action) != Scope.ALL:
        raise Pipeline.DoesNotExist


@transaction.atomic
def create_pipeline(*, by, name: str, kind: str, stages=()) -> Pipeline:
    """A new pipeline with `stages` (of Row) in this order; the first one of its kind becomes the default."""
    _may(by, Action.CREATE)
    same_kind = Pipeline.objects.filter(kind=kind)
    last = Pipeline.objects.order_by("-position").first()
    pipeline = Pipeline.objects.create(
        name=free_name(name),
        kind=kind,
        position=min((last.position if last else 0) + 10, 32000),
        is_default=not same_kind.filter(is_default=True).exists(),
    )
    for place, row in enumerate(stages, 1):
        pipeline.stages.create(name=str(row.name), probability=row.probability, colour=row.colour, position=place * 10)
    return pipeline


def free_name(name: str) -> str:
    """`name`, or "name 2", "name 3" if there is a pipeline of this name already."""
    name = str(name)
    taken = {taken.casefold() for taken in Pipeline.objects.values_list("name", flat=True)}
    number, free = 2, name
    while free.casefold() in taken:
        free, number = f"{name[:75]} {number}", number + 1
    return free


@transaction.atomic
def save_pipeline(*, pipeline, by, name: str, is_default: bool, rows: list[Row]) -> Pipeline:
    """Name, default and the stages in the order of `rows`. Stages that are not among them stay as they are."""
    _may(by)
    pipeline = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    if is_default and not pipeline.is_default:
        Pipeline.objects.filter(kind=pipeline.kind, is_default=True).update(is_default=False)
    if pipeline.is_default and not is_default:
        raise Refused(_("One pipeline of each kind is the default. Make another one the default instead."))
    pipeline.name, pipeline.is_default = name, is_default
    pipeline.is_active = pipeline.is_active or is_default
    pipeline.save()
    stages = {stage.pk: stage for stage in pipeline.stages.active().select_for_update()}
    given = [row for row in rows if row.pk is None or row.pk in stages]
    if len(given) < len(rows):
        raise Refused(_("A stage was deleted in the meantime. Please look at the pipeline again."))
    # First out of each other's way: two stages may swap their names.
    renamed = [row for row in given if row.pk and stages[row.pk].name != row.name]
    for row in renamed:
        Stage.objects.filter(pk=row.pk).update(name=f"#{row.pk}")
    for place, row in enumerate(given, 1):
        stage = stages.get(row.pk) or Stage(pipeline=pipeline)
        wanted = (row.name, row.probability, row.colour, place * 10)
        if (
            stage.pk is None
            or row in renamed
            or wanted
            != (
                stage.name,
                stage.probability,
                stage.colour,
                stage.position,
            )
        ):
            stage.name, stage.probability, stage.colour, stage.position = wanted
            stage.save()
    return pipeline


@transaction.atomic
def delete_stage(*, stage, by, to: Stage | None = None) -> bool:
    """Take a stage off its pipeline. Its open opportunities move to stage `to`.

    What is closed, and the history, keeps naming it: then the stage stays in the database, but nowhere to choose.
    Gives True if it is gone altogether.
    """
    _may(by, Action.DELETE)
    stage = Stage.objects.select_for_update(of=("self",)).select_related("pipeline").get(pk=stage.pk, is_active=True)
    rest = stage.pipeline.stages.active().exclude(pk=stage.pk)
    if not rest.exists():
        raise Refused(_("A pipeline needs at least one stage."))
    waiting = Opportunity.objects.open().filter(stage=stage)
    if waiting.exists():
        if to is None:
            raise Refused(_("Choose where the open opportunities of this stage go."))
        if not rest.filter(pk=to.pk).exists():
            raise Refused(_("This stage belongs to another pipeline."))
        # All of them, also those of other people: the stage goes for everybody.
        waiting.select_for_update(of=("self",)).order_by("pk").update(stage=to)
    used = Opportunity.objects.filter(stage=stage).exists()
    if used or StageChange.objects.filter(Q(from_stage=stage) | Q(to_stage=stage)).exists():
        stage.is_active = False
        stage.save(update_fields=["is_active"])
        return False
    stage.delete()
    return True


@transaction.atomic
def delete_pipeline(*, pipeline, by) -> bool:
    """Delete a pipeline that nothing refers to, else put it away; refused while open opportunities are on it.

    Gives True if it is gone altogether.
    """
    _may(by, Action.DELETE)
    pipeline = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    if pipeline.is_default:
        raise Refused(_("This is the default pipeline. Make another one the default first."))
    if Opportunity.objects.open().filter(pipeline=pipeline).exists():
        raise Refused(_("There are open opportunities on this pipeline. Move or close them first."))
    stages = pipeline.stages.all()
    if (
        Opportunity.objects.filter(pipeline=pipeline).exists()
        or StageChange.objects.filter(Q(from_stage__in=stages) | Q(to_stage__in=stages)).exists()
    ):
        pipeline.is_active = False
        pipeline.save(update_fields=["is_active"])
        return False
    try:
        pipeline.delete()
    except ProtectedError:
        # Rooms above refer to it, too: an activity plan keeps its pipeline.
        pipeline.is_active = False
        pipeline.save(update_fields=["is_active"])
        return False
    return True


@transaction.atomic
def revive_pipeline(*, pipeline, by) -> Pipeline:
    """Take a pipeline that was put away back into use."""
    _may(by)
    pipeline = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
    pipeline.is_active = True
    pipeline.save(update_fields=["is_active"])
    return pipeline
