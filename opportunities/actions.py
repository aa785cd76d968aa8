"""What can be done with an opportunity. Page, board, admin, API, import and test call the same verbs.

Each verb takes `by` (the user), asks the scope, locks the row, and is atomic. What one may not do looks like what
does not exist (DoesNotExist, which becomes 404); what cannot be done now is Refused with a sentence.
"""

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounts.scope import Action, Area, Scope
from crm.core.audit import door
from crm.core.refusals import Overtaken, Refused
from crm.files.models import StoredFile
from opportunities.models import Kind, LossReason, Opportunity, Pipeline, Stage, Status, Subscription
from opportunities.signals import stage_entered


def _locked(opportunity, by, action=Action.CHANGE) -> Opportunity:
    """The row, locked for this transaction, if `by` may do `action` with it."""
    return Opportunity.objects.visible_to(by, action).select_for_update(of=("self",)).get(pk=opportunity.pk)


def _open(opportunity, by, action=Action.CHANGE) -> Opportunity:
    opportunity = _locked(opportunity, by, action)
    if opportunity.is_closed:
        raise Refused(
            _("%(number)s is won or lost; its data can no longer be changed.") % {"number": opportunity.number}
        )
    return opportunity


def default_pipeline(kind: str) -> Pipeline:
    """The pipeline for a new opportunity of this kind (the default one, else the first active one)."""
    pipelines = Pipeline.objects.filter(kind=kind, is_active=True, stages__is_active=True).distinct()
    pipeline = pipelines.order_by("-is_default", "position", "name").first()
    if pipeline is None:
        raise Refused(_("There is no pipeline with stages for this kind yet. Make one in the settings."))
    return pipeline


def first_stage(pipeline: Pipeline) -> Stage:
    """Where an opportunity begins on `pipeline`."""
    stage = pipeline.stages.active().first()
    if stage is None:
        raise Refused(_("The pipeline %(name)s has no stages yet.") % {"name": pipeline})
    return stage


def _reached(opportunity, by) -> None:
    """Its stage is a new one: tell the rooms above. What goes wrong there is logged, and does not stop the verb."""
    stage_entered.send_robust(Opportunity, opportunity=opportunity, by=by)


@transaction.atomic
def create_opportunity(*, by, **fields) -> Opportunity:
    """A new opportunity, a lead unless `kind` says otherwise, on the first stage of the pipeline if none is given.

    `tags` may be given. The owner is `by` unless given.
    """
    if not by.may(Area.OPPORTUNITIES, Action.CREATE):
        raise Opportunity.DoesNotExist
    tags = fields.pop("tags", ())
    fields.setdefault("kind", Kind.LEAD)
    fields.setdefault("owner", by)
    pipeline = fields.get("pipeline") or default_pipeline(fields["kind"])
    fields["pipeline"] = pipeline
    fields["stage"] = fields.get("stage") or first_stage(pipeline)
    opportunity = Opportunity(**fields)
    opportunity.save()
    opportunity.tags.set(tags)
    _reached(opportunity, by)
    return opportunity


@transaction.atomic
def convert_to_deal(*, opportunity, by, pipeline=None, stage=None) -> Opportunity:
    """A lead becomes a deal, on the first stage of the deals' pipeline unless one is given."""
    opportunity = _open(opportunity, by)
    if opportunity.kind == Kind.DEAL:
        raise Refused(_("%(number)s is already a deal.") % {"number": opportunity.number})
    opportunity.kind = Kind.DEAL
    opportunity.converted_at = timezone.now()
    opportunity.pipeline = pipeline or default_pipeline(Kind.DEAL)
    opportunity.stage = stage or first_stage(opportunity.pipeline)
    opportunity.probability = None
    opportunity.save()
    _reached(opportunity, by)
    return opportunity


def version(opportunity) -> str:
    """Which state of the record a form shows; given back to `update_opportunity`, nothing is overwritten unseen."""
    return opportunity.updated_at.isoformat()


@transaction.atomic
def update_opportunity(*, opportunity, by, tags=None, seen: str | None = None, **fields) -> Opportunity:
    """Change business data of an open opportunity. `seen`: the version the user saw; raises Overtaken if it is old.

    A new pipeline without a stage means its first stage. `tags`, if given, replaces them.
    """
    opportunity = _open(opportunity, by)
    if seen is not None and seen != version(opportunity):
        raise Overtaken(opportunity)
    pipeline = fields.get("pipeline")
    if pipeline is not None and pipeline.pk != opportunity.pipeline_id and fields.get("stage") is None:
        fields["stage"] = first_stage(pipeline)
    stage = opportunity.stage_id
    for name, value in fields.items():
        setattr(opportunity, name, value)
    # Written even if only tags change: it is the version, and what a list sorts by.
    opportunity.save(update_fields=[*fields, "updated_at"])
    if tags is not None:
        opportunity.tags.set(tags)
    if opportunity.stage_id != stage:
        _reached(opportunity, by)
    return opportunity


@transaction.atomic
def move(*, opportunity, stage: Stage, by, seen: Stage | None = None) -> Opportunity:
    """To another stage of its pipeline. The stage's change is written down by the database.

    `seen`: the stage on which the user saw it; refused if somebody has moved it meanwhile.
    """
    opportunity = _open(opportunity, by)
    if stage.pipeline_id != opportunity.pipeline_id:
        raise Refused(_("This stage belongs to another pipeline."))
    if stage.pk == opportunity.stage_id:
        return opportunity
    if seen is not None and seen.pk != opportunity.stage_id:
        moved = _("%(number)s was moved to “%(stage)s” in the meantime.")
        raise Overtaken(opportunity, moved % {"number": opportunity.number, "stage": opportunity.stage})
    if not stage.is_active:
        raise Refused(_("The stage “%(stage)s” is no longer on this pipeline.") % {"stage": stage})
    opportunity.stage = stage
    opportunity.save(update_fields=["stage", "updated_at"])
    _reached(opportunity, by)
    return opportunity


@transaction.atomic
def win(*, opportunity, by) -> Opportunity:
    """Won: the company becomes a customer (by the database's rule), the opportunity is final."""
    opportunity = _open(opportunity, by)
    opportunity.status = Status.WON
    opportunity.won_at = timezone.now()
    opportunity.save()
    return opportunity


@transaction.atomic
def lose(*, opportunity, by, reason: LossReason, note: str = "") -> Opportunity:
    """Lost, for a reason; the opportunity is final."""
    opportunity = _open(opportunity, by)
    if reason is None:
        raise Refused(_("A lost opportunity needs a loss reason."))
    opportunity.status = Status.LOST
    opportunity.lost_at = timezone.now()
    opportunity.loss_reason = reason
    opportunity.loss_note = note
    opportunity.save()
    return opportunity


def may_reopen(user) -> bool:
    """Reopening is for those who administer the CRM."""
    return user.scope(Area.ADMINISTRATION, Action.CHANGE) == Scope.ALL


@transaction.atomic
def reopen(*, opportunity, by) -> Opportunity:
    """Take the outcome back (one of the three doors of the lock). What the company became, it stays."""
    if not may_reopen(by):
        raise Opportunity.DoesNotExist
    opportunity = _locked(opportunity, by)
    if not opportunity.is_closed:
        raise Refused(_("%(number)s is open.") % {"number": opportunity.number})
    opportunity.status = Status.OPEN
    opportunity.won_at = opportunity.lost_at = opportunity.loss_reason = None
    opportunity.loss_note = ""
    with door("reopen"):
        opportunity.save()
    return opportunity


@transaction.atomic
def delete_opportunity(*, opportunity, by) -> None:
    """Delete an open opportunity that nothing refers to. Won and lost ones stay."""
    opportunity = _open(opportunity, by, Action.DELETE)
    files = list(opportunity.files.all())
    try:
        opportunity.delete()
    except ProtectedError:
        raise Refused(
            _("Other records refer to %(number)s, so it cannot be deleted.") % {"number": opportunity.number}
        ) from None
    for file in files:
        file.discard()


@transaction.atomic
def attach(*, opportunity, upload, by) -> StoredFile:
    """Keep a file with an opportunity; also with a closed one, where papers still arrive."""
    opportunity = _locked(opportunity, by)
    file = StoredFile.keep(upload, by=by)
    opportunity.files.add(file)
    return file


@transaction.atomic
def detach(*, opportunity, file: StoredFile, by) -> None:
    """Take a file off an open opportunity; what a closed one has is kept."""
    opportunity = _open(opportunity, by)
    file = opportunity.files.get(pk=file.pk)
    opportunity.files.remove(file)
    file.discard()


@transaction.atomic
def subscribe(*, opportunity, by) -> None:
    """Follow an opportunity that one may see. Twice is once."""
    opportunity = Opportunity.objects.visible_to(by).get(pk=opportunity.pk)
    Subscription.objects.get_or_create(user=by, opportunity=opportunity)


@transaction.atomic
def unsubscribe(*, opportunity, by) -> None:
    Subscription.objects.filter(user=by, opportunity=opportunity).delete()
