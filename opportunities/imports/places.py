"""Where on the pipelines a row stands; a stage that is not there yet is added at its place."""

from django.utils.translation import gettext as _

from crm.core.normalise import plain
from crm.imports.batch import Context, Row
from crm.imports.values import Bad
from opportunities.imports.fields import STAGE
from opportunities.models import Pipeline, Stage, Status

# How far a stage of another system is, where this one has none of that name (percent).
PROBABILITIES = (
    (("new", "neu", "prospect", "unqualified"), 10),
    (("qualif", "contact", "kontakt", "discovery", "bedarf"), 20),
    (("demo", "analysis", "analyse", "workshop"), 35),
    (("propos", "angebot", "quote"), 50),
    (("negot", "verhandl", "decision", "review"), 70),
    (("commit", "zusage", "contract", "vertrag", "verbal"), 90),
)


class Pipelines:
    """The pipelines and their stages, read once for a batch."""

    def __init__(self):
        self.pipelines = list(Pipeline.objects.order_by("-is_active", "-is_default", "position", "pk"))
        self.stages: dict[int, list[Stage]] = {}
        for stage in Stage.objects.order_by("-is_active", "position", "pk"):
            self.stages.setdefault(stage.pipeline_id, []).append(stage)

    def place(self, row: Row, context: Context, default_kind: str) -> None:
        """Puts kind, pipeline and stage into row.found. `default_kind` holds where the row does not say."""
        name = row.get("pipeline")
        pipeline = next((p for p in self.pipelines if name and p.name.casefold() == name.casefold()), None)
        if name and pipeline is None:
            row.reject(_("Pipeline: there is none called “%(name)s”.") % {"name": name})
            return
        stage_name = "" if row.found.get("no_stage") else row.get("stage", "")
        stage = self._named(stage_name, [pipeline] if pipeline else self._of(row.get("kind")))
        kind = row.get("kind") or (pipeline or (stage and self._by_id(stage.pipeline_id)) or _Kind(default_kind)).kind
        pipeline = pipeline or (self._by_id(stage.pipeline_id) if stage else next(iter(self._of(kind)), None))
        if pipeline is None or pipeline.kind != kind:
            row.reject(_("Pipeline: there is none for this kind; leads and deals have their own pipelines."))
            return
        row.found["kind"], row.found["pipeline"] = kind, pipeline
        try:
            row.found["stage"] = stage or self._new(row, context, pipeline, stage_name)
        except Bad as bad:
            row.reject(str(bad))

    def _of(self, kind: str | None) -> list[Pipeline]:
        return [p for p in self.pipelines if kind is None or p.kind == kind]

    def _by_id(self, pk: int) -> Pipeline:
        return next(p for p in self.pipelines if p.pk == pk)

    def _named(self, name: str, among: list[Pipeline]) -> Stage | None:
        if not name:
            return None
        stages = [stage for pipeline in among for stage in self.stages.get(pipeline.pk, [])]
        return next((stage for stage in stages if stage.name.casefold() == name.casefold()), None)

    def _new(self, row, context, pipeline, name: str) -> Stage:
        """The stage `name`, added at its place by probability; without a name the first, for a won one the last."""
        stages = self.stages.setdefault(pipeline.pk, [])
        active = [stage for stage in stages if stage.is_active]
        if name:
            chance = next((p for words, p in PROBABILITIES if any(word in plain(name) for word in words)), 30)
            position = max((s.position for s in active if s.probability <= chance), default=0) + 1
            new = {"probability": chance, "position": position}
            stage = context.entry(row, STAGE, name, pipeline=pipeline, new=new)
            if stage not in stages:
                stages.append(stage)
            return stage
        if not active:
            raise Bad(_("Pipeline: “%(name)s” has no stages.") % {"name": pipeline})
        won = row.found.get("outcome", {}).get("status") == Status.WON
        return active[-1] if won else active[0]


class _Kind:
    def __init__(self, kind):
        self.kind = kind
