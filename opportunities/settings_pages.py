"""Settings of opportunities: pipelines with their stages, loss reasons, tags."""

from django import forms
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.scope import Action, Area, Scope
from crm.core import http
from crm.core.forms import PlainForm, RecordForm, tidy
from crm.core.refusals import Refused
from crm.lists.models import Colour, Tag
from crm.setup import pages
from crm.setup.picklist import PickListPage
from opportunities import pipelines
from opportunities.board import shade
from opportunities.browse import MONEY, NOTHING
from opportunities.models import Kind, LossReason, Opportunity, Pipeline, Stage

MOST_STAGES = 40


class LossReasons(PickListPage):
    model = LossReason
    slug = "loss-reasons"
    title = gettext_lazy("Loss reasons")
    lead = gettext_lazy("One of these is asked for when an opportunity is lost.")
    label_add = gettext_lazy("New loss reason")
    needed = True


class Tags(PickListPage):
    model = Tag
    slug = "tags"
    title = gettext_lazy("Tags")
    lead = gettext_lazy("Words that companies, persons and opportunities can carry.")
    label_add = gettext_lazy("New tag")


class PipelineForm(RecordForm):
    """The head of a pipeline: name and default."""

    class Meta:
        model = Pipeline
        fields = ["name", "is_default"]

    def clean_name(self):
        name = " ".join(self.cleaned_data["name"].split())
        if Pipeline.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is already a pipeline of this name."))
        return name


class StageForm(PlainForm):
    """One row."""

    pk = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    name = forms.CharField(max_length=80, label=gettext_lazy("Stage"))
    probability = forms.IntegerField(min_value=0, max_value=100, label=gettext_lazy("Probability"))
    colour = forms.ChoiceField(choices=[("", gettext_lazy("By probability")), *Colour.choices], required=False)


class NewPipelineForm(PlainForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices, widget=forms.RadioSelect)
    spans = {"name": 12, "kind": 12}

    def clean_name(self):
        name = " ".join(self.cleaned_data["name"].split())
        if Pipeline.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(_("There is already a pipeline of this name."))
        return name


class TemplateForm(PlainForm):
    template = forms.ChoiceField(label=gettext_lazy("Template"), widget=forms.RadioSelect)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = [
            (t.key, f"{t.name} ({Kind(t.kind).label}): {', '.join(str(name) for name, _percent in t.stages)}")
            for t in pipelines.TEMPLATES
        ]


class DeleteStageForm(PlainForm):
    """Where the open opportunities of the stage go."""

    to = forms.ModelChoiceField(queryset=Stage.objects.none(), label=gettext_lazy("Move them to"), empty_label=None)
    spans = {"to": 12}

    def __init__(self, *args, stage, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = stage.pipeline.stages.active().exclude(pk=stage.pk)


def _require(request, action) -> None:
    http.require(request.user.scope(Area.SETTINGS, action) == Scope.ALL)


def _address(pipeline=None) -> str:
    url = reverse("settings:pipelines")
    return f"{url}?pipeline={pipeline.pk}" if pipeline else url


def _rows_of(post) -> list[StageForm]:
    """The posted rows, in the order in which they stand on the page."""
    columns = [post.getlist(name)[: MOST_STAGES + 1] for name in ("stage", "stage_name", "probability", "colour")]
    return [
        StageForm({"pk": pk, "name": name, "probability": probability, "colour": colour})
        for pk, name, probability, colour in zip(*columns, strict=False)
        if pk or tidy(name).strip() or probability.strip()
    ]


def _checked(rows: list[StageForm]) -> bool:
    """Are all rows right, and no name twice? Errors are noted on the rows."""
    # Of every row, not only up to the first wrong one.
    wrong = [row for row in rows if row.errors]
    right = not wrong
    names = set()
    for row in rows:
        name = row.cleaned_data.get("name", "").casefold()
        if name and name in names:
            row.add_error("name", _("This name is there twice."))
            right = False
        names.add(name)
    return right


@require_http_methods(["GET", "HEAD", "POST"])
def index(request):
    """The pipelines of a kind; the chosen one with its stages, to be changed and saved together."""
    http.require(request.user.may(Area.SETTINGS))
    chosen = request.GET.get("pipeline", "")
    every = list(Pipeline.objects.visible_to(request.user).order_by("-is_active", "-is_default", "position", "name"))
    pipeline = next((p for p in every if str(p.pk) == chosen), None)
    kind = pipeline.kind if pipeline else request.GET.get("kind")
    kind = kind if kind in Kind.values else Kind.DEAL
    same_kind = [p for p in every if p.kind == kind]
    pipeline = pipeline or next(iter(same_kind), None)
    form = rows = None
    if request.method == "POST":
        _require(request, Action.CHANGE)
        http.require(pipeline)
        form = PipelineForm(request.POST, instance=Pipeline.objects.get(pk=pipeline.pk))
        rows = _rows_of(request.POST)
        right = form.is_valid() & _checked(rows)
        if len(rows) > MOST_STAGES or not rows:
            form.add_error(None, _("A pipeline has between 1 and %(most)s stages.") % {"most": MOST_STAGES})
        elif right:
            try:
                pipelines.save_pipeline(
                    pipeline=pipeline,
                    by=request.user,
                    rows=[pipelines.Row(**row.cleaned_data) for row in rows],
                    **form.cleaned_data,
                )
            except Refused as reason:
                form.add_error(None, str(reason))
            else:
                http.announce(request, _("The pipeline was saved."))
                return http.redirect(request, _address(pipeline))
    context = {
        "title": _("Pipelines"),
        "lead": _("The steps that a lead or deal goes through, with the probability of winning it."),
        "kinds": [
            {"label": label, "url": f"{_address()}?kind={key}", "current": key == kind}
            for key, label in ((Kind.LEAD, _("Leads")), (Kind.DEAL, _("Deals")))
        ],
        "pipelines": _with_open(request, same_kind, pipeline),
        "pipeline": pipeline,
        "kind": kind,
        "form": form or (PipelineForm(instance=Pipeline.objects.get(pk=pipeline.pk)) if pipeline else None),
        "rows": _shown(request, pipeline, rows) if pipeline else [],
        "colours": [("", _("By probability")), *Colour.choices],
        "may_change": request.user.scope(Area.SETTINGS, Action.CHANGE) == Scope.ALL,
        "may_create": request.user.scope(Area.SETTINGS, Action.CREATE) == Scope.ALL,
        "may_delete": request.user.scope(Area.SETTINGS, Action.DELETE) == Scope.ALL,
    }
    status = 422 if form is not None and (form.errors or any(row.errors for row in rows)) else 200
    return pages.page(request, "opportunities/pipelines.html", context, status=status)


def _with_open(request, same_kind, pipeline) -> list[dict]:
    seen = Opportunity.objects.visible_to(request.user).open().filter(pipeline__in=same_kind).order_by()
    counts = dict(seen.values_list("pipeline").annotate(n=Count("pk")))
    return [
        {"pipeline": p, "open": counts.get(p.pk, 0), "url": _address(p), "current": p == pipeline} for p in same_kind
    ]


def _shown(request, pipeline, typed: list[StageForm] | None) -> list[dict]:
    """The rows of the table: the stages as they are, or as they were typed, with what is open on them."""
    figures = {
        row["stage"]: row
        for row in Opportunity.objects.visible_to(request.user)
        .open()
        .filter(pipeline=pipeline)
        .order_by()
        .values("stage")
        .annotate(
            n=Count("pk"),
            value=Coalesce(Sum("estimated_value"), NOTHING, output_field=MONEY),
            # What changes its weight with the stage's probability.
            plain=Coalesce(Sum("estimated_value", filter=Q(probability=None)), NOTHING, output_field=MONEY),
        )
    }
    stages = {stage.pk: stage for stage in pipeline.stages.active()}
    if typed is None:
        rows = [(stage.pk, stage.name, stage.probability, stage.colour, {}) for stage in stages.values()]
    else:
        rows = []
        for row in typed:
            pk = row.cleaned_data.get("pk")
            errors = {name: messages[0] for name, messages in row.errors.items()}
            rows.append((pk, row["name"].value(), row["probability"].value(), row["colour"].value(), errors))
    return [
        {
            "stage": stages.get(pk),
            "name": name,
            "probability": probability,
            "colour": colour,
            "shade": f"colour-{colour}" if colour in Colour.values else shade(_number(probability)),
            "errors": errors,
            "figures": figures.get(pk, {"n": 0, "value": NOTHING, "plain": NOTHING}),
        }
        for pk, name, probability, colour, errors in rows
    ]


def _number(text) -> int:
    text = str(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """A new pipeline with one stage to begin with."""
    _require(request, Action.CREATE)
    wish = request.GET.get("kind")
    initial = {"kind": wish if wish in Kind.values else Kind.DEAL}
    form = NewPipelineForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        first = [pipelines.Row(name=_("New"), probability=10)]
        made = pipelines.create_pipeline(by=request.user, stages=first, **form.cleaned_data)
        http.announce(request, _("The pipeline “%(name)s” was made. Now add its stages.") % {"name": made})
        return http.redirect(request, _address(made))
    context = {"title": _("New pipeline"), "form": form, "submit_label": _("Make"), "back": _address()}
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def from_template(request):
    """A new pipeline as a template has it."""
    _require(request, Action.CREATE)
    form = TemplateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        chosen = next(t for t in pipelines.TEMPLATES if t.key == form.cleaned_data["template"])
        rows = [pipelines.Row(name=str(name), probability=percent) for name, percent in chosen.stages]
        made = pipelines.create_pipeline(by=request.user, name=str(chosen.name), kind=chosen.kind, stages=rows)
        http.announce(request, _("The pipeline “%(name)s” was made.") % {"name": made})
        return http.redirect(request, _address(made))
    context = {"title": _("From a template"), "form": form, "submit_label": _("Make"), "back": _address()}
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_stage(request, pk):
    """Take a stage off its pipeline; asks where its open opportunities go."""
    _require(request, Action.DELETE)
    stage = get_object_or_404(Stage.objects.active().select_related("pipeline"), pk=pk)
    # All that are on it count here, also those that others own: they all have to go somewhere.
    waiting = Opportunity.objects.open().filter(stage=stage).count()
    form = DeleteStageForm(request.POST if request.method == "POST" else None, stage=stage) if waiting else None
    if request.method == "POST" and (form is None or form.is_valid()):
        to = form.cleaned_data["to"] if form else None
        gone = pipelines.delete_stage(stage=stage, by=request.user, to=to)
        text = (
            _("The stage “%(name)s” was deleted.")
            if gone
            else _("The stage “%(name)s” is no longer offered. Closed opportunities and the history keep it.")
        )
        http.announce(request, text % {"name": stage})
        return http.redirect(request, _address(stage.pipeline))
    context = {
        "title": _("Delete the stage “%(name)s”?") % {"name": stage},
        "lead": _("%(n)s open opportunities are on this stage. Those with a probability of their own keep it.")
        % {"n": waiting}
        if waiting
        else _("No open opportunity is on this stage."),
        "form": form or "",
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": _address(stage.pipeline),
    }
    return http.dialog(request, "components/dialog.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_pipeline(request, pk):
    """Delete a pipeline, or put it away if closed opportunities refer to it."""
    _require(request, Action.DELETE)
    pipeline = get_object_or_404(Pipeline, pk=pk)
    if request.method == "POST":
        gone = pipelines.delete_pipeline(pipeline=pipeline, by=request.user)
        text = (
            _("The pipeline “%(name)s” was deleted.")
            if gone
            else _("The pipeline “%(name)s” was put away. Closed opportunities and the history keep it.")
        )
        http.announce(request, text % {"name": pipeline})
        return http.redirect(request, f"{_address()}?kind={pipeline.kind}")
    context = {
        "title": _("Delete the pipeline “%(name)s”?") % {"name": pipeline},
        "lead": _("Open opportunities have to be moved first. What is closed keeps it."),
        "form": "",
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": _address(pipeline),
    }
    return http.dialog(request, "components/dialog.html", context)


@require_POST
def revive(request, pk):
    """Take a pipeline that was put away back into use."""
    pipeline = pipelines.revive_pipeline(pipeline=get_object_or_404(Pipeline, pk=pk), by=request.user)
    http.announce(request, _("The pipeline “%(name)s” is in use again.") % {"name": pipeline})
    return http.redirect(request, _address(pipeline))


def register() -> None:
    """Addresses and entries of the navigation; called once, when the application starts."""
    pages.add_urls(
        [
            path("pipelines/", index, name="pipelines"),
            path("pipelines/new/", new, name="pipelines-new"),
            path("pipelines/template/", from_template, name="pipelines-template"),
            path("pipelines/<int:pk>/delete/", delete_pipeline, name="pipelines-delete"),
            path("pipelines/<int:pk>/revive/", revive, name="pipelines-revive"),
            path("pipelines/stages/<int:pk>/delete/", delete_stage, name="stages-delete"),
        ]
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Pipelines"),
        "settings:pipelines",
        Area.SETTINGS,
        position=20,
        help=gettext_lazy("Stages of leads and deals, with their probabilities."),
    )
    LossReasons.register(pages.SALES, position=30)
    Tags.register(pages.SALES, position=60)
