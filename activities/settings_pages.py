"""Settings of activities: their types, and the plans of pipelines."""

from dataclasses import dataclass
from itertools import groupby

from django import forms
from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activities import plan_settings
from activities.models import ActivityPlan, ActivityType, Assignee, Begin
from activities.models.plan import LONGEST
from activities.plans import works
from crm.accounts.models import User
from crm.accounts.scope import Action, Area, Scope
from crm.core import http
from crm.core.forms import PlainForm, RecordForm, tidy
from crm.core.refusals import Overtaken, Refused
from crm.core.usage import in_use, usage
from crm.setup import actions, pages
from crm.setup.picklist import PickListPage
from opportunities.models import Pipeline, Stage

MOST_STEPS = 60
# The columns of the editor's table, as a row posts them: the fields of StepForm, in its order.
COLUMNS = ("step", "step_title", "type", "stage", "begin", "offset", "duration", "assignee", "user")


class ActivityTypes(PickListPage):
    model = ActivityType
    slug = "activity-types"
    title = gettext_lazy("Activity types")
    lead = gettext_lazy("What there is to do: calls, e-mails, meetings, tasks.")
    label_add = gettext_lazy("New activity type")
    marks = ("icon",)
    needed = True


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────
class NewPlanForm(RecordForm):
    spans = {"name": 12, "pipeline": 12}

    class Meta:
        model = ActivityPlan
        fields = ["name", "pipeline"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        now = self.instance.pipeline_id
        self.fields["pipeline"].queryset = Pipeline.objects.filter(is_active=True) | Pipeline.objects.filter(pk=now)
        self.fields["pipeline"].empty_label = None

    def clean_name(self):
        name = " ".join(self.cleaned_data["name"].split())
        if not name:
            raise forms.ValidationError(_("Enter a name."))
        return name


class PlanForm(NewPlanForm):
    """The head of a plan. Another pipeline brings other stages: the page is fetched anew, as typed."""

    class Meta(NewPlanForm.Meta):
        fields = ["name", "pipeline", "is_automatic"]


@dataclass(frozen=True)
class Choices:
    """What a step of a plan can be given: {key as text: record}."""

    types: dict[str, ActivityType]
    stages: dict[str, Stage]
    users: dict[str, User]

    @classmethod
    def of(cls, plan, pipeline) -> "Choices":
        """What is offered, and what the plan's steps have already."""
        steps = plan.steps.select_related("type", "stage__pipeline", "user")
        old = [(step.type, step.stage, step.user) for step in steps]
        types, stages, users = (set(filter(None, column)) for column in zip(*old, strict=True)) if old else ((),) * 3
        types = [t for t in ActivityType.objects.all() if t.is_active or t in types]
        stages = [s for s in pipeline.stages.all() if s.is_active or s in stages]
        everybody = User.objects.select_related("role").prefetch_related("role__rights").order_by("name", "pk")
        users = [u for u in everybody if works(u) or u in users]
        return cls(*({str(record.pk): record for record in records} for records in (types, stages, users)))


class StepForm(PlainForm):
    """One row."""

    pk = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    title = forms.CharField(max_length=200, label=gettext_lazy("Step"))
    type = forms.ChoiceField()
    stage = forms.ChoiceField(required=False)
    begin = forms.ChoiceField(choices=Begin.choices)
    offset = forms.IntegerField(min_value=0, max_value=LONGEST)
    duration = forms.IntegerField(min_value=1, max_value=LONGEST)
    assignee = forms.ChoiceField(choices=Assignee.choices)
    user = forms.ChoiceField(required=False)

    def __init__(self, *args, choices: Choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.records = {"type": choices.types, "stage": choices.stages, "user": choices.users}
        for name, records in self.records.items():
            self.fields[name].choices = [("", ""), *((key, str(record)) for key, record in records.items())]

    def clean(self):
        data = super().clean()
        for name, records in self.records.items():
            data[name] = records.get(data.get(name))
        if data.get("assignee") != Assignee.USER:
            data["user"] = None
        elif data["user"] is None and "user" not in self.errors:
            self.add_error("user", _("Say which person becomes responsible."))
        return data

    def row(self) -> plan_settings.Row:
        return plan_settings.Row(**self.cleaned_data)


def _rows_of(post, choices) -> list[StepForm]:
    """The posted rows, in the order in which they stand on the page; what is wholly empty is none."""
    columns = [post.getlist(name)[: MOST_STEPS + 1] for name in COLUMNS]
    return [
        StepForm(dict(zip(StepForm.base_fields, values, strict=True)), choices=choices)
        for values in zip(*columns, strict=False)
        if values[0] or tidy(values[1]).strip()
    ]


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────
def _may(request, action) -> bool:
    return request.user.scope(Area.SETTINGS, action) == Scope.ALL


def _address(plan=None) -> str:
    return reverse("settings:activity-plan", args=[plan.pk]) if plan else reverse("settings:activity-plans")


def _plan(request, pk, action=Action.VIEW) -> ActivityPlan:
    return get_object_or_404(ActivityPlan.objects.visible_to(request.user, action).select_related("pipeline"), pk=pk)


@require_safe
def index(request):
    """The plans of all pipelines, with how many steps they have and how often they are used."""
    http.require(request.user.may(Area.SETTINGS))
    used = usage(ActivityPlan, request.user)
    found = ActivityPlan.objects.select_related("pipeline").annotate(steps_count=Count("steps"))
    found = found.order_by("pipeline__kind", "pipeline__position", "pipeline__name", "pipeline", "name", "pk")
    rows = [{"plan": plan, "used": used.get(plan.pk, 0), "url": _address(plan)} for plan in found]
    active = [row for row in rows if row["plan"].is_active]
    context = {
        "title": _("Activity plans"),
        "lead": _("The standard activities of a pipeline, planned in order and on working days."),
        "by_pipeline": [(name, list(group)) for name, group in groupby(active, key=lambda row: row["plan"].pipeline)],
        "archived": [row for row in rows if not row["plan"].is_active],
        "head_url": reverse("settings:activity-plan-new") if _may(request, Action.CREATE) else "",
        "head_label": _("Activity plan"),
        "may_change": _may(request, Action.CHANGE),
        "may_delete": _may(request, Action.DELETE),
    }
    return pages.page(request, "activities/plans.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """A new plan: its name and pipeline; its steps come next."""
    http.require(_may(request, Action.CREATE))
    wish = http.number(request.GET.get("pipeline", ""))
    form = NewPlanForm(request.POST if request.method == "POST" else None, initial={"pipeline": wish})
    if request.method == "POST" and form.is_valid():
        made = plan_settings.create_plan(by=request.user, **form.cleaned_data)
        http.announce(request, _("The plan “%(name)s” was made. Now add its steps.") % {"name": made})
        return http.redirect(request, _address(made))
    context = {"title": _("New activity plan"), "form": form, "submit_label": _("Make"), "back": _address()}
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk):
    """One plan with its steps."""
    posted = request.method == "POST"
    http.require(_may(request, Action.CHANGE) if posted else request.user.may(Area.SETTINGS))
    plan = _plan(request, pk)
    form = PlanForm(request.POST if posted else None, instance=_plan(request, pk))
    seen, rows = plan_settings.version(plan), None
    if posted:
        right = form.is_valid()
        choices = Choices.of(plan, form.cleaned_data.get("pipeline") or plan.pipeline)
        rows = _rows_of(request.POST, choices)
        if "reload" in request.POST:
            form = PlanForm(None, instance=plan, initial=_typed_head(request.POST, form))
            return _show(request, plan, form, choices, _shown(rows, judged=False), request.POST.get("seen", ""))
        # Of every row, not only up to the first wrong one.
        right = not [row for row in rows if row.errors] and right
        if len(rows) > MOST_STEPS:
            form.add_error(None, _("A plan has at most %(n)s steps.") % {"n": MOST_STEPS})
        elif right:
            try:
                plan_settings.save_plan(
                    plan=plan,
                    by=request.user,
                    rows=[row.row() for row in rows],
                    seen=request.POST.get("seen", seen),
                    **form.cleaned_data,
                )
            except Overtaken as overtaken:
                form.add_error(None, f"{overtaken} {_('Save again to keep what you have typed.')}")
            except Refused as reason:
                form.add_error(None, str(reason))
            else:
                http.announce(request, _("The plan was saved."))
                return http.redirect(request, _address(plan))
        return _show(request, plan, form, choices, _shown(rows), seen)
    return _show(request, plan, form, Choices.of(plan, plan.pipeline), _stored(plan), seen)


def _typed_head(post, form) -> dict:
    """The head as it was typed, not judged yet."""
    pipeline = form.cleaned_data.get("pipeline")
    return {"name": tidy(post.get("name", ""), 200), "is_automatic": "is_automatic" in post} | (
        {"pipeline": pipeline.pk} if pipeline else {}
    )


def _stored(plan) -> list[dict]:
    """The rows of the table as they are."""
    return [
        {
            "pk": step.pk,
            "title": step.title,
            "type": str(step.type_id),
            "stage": str(step.stage_id or ""),
            "begin": step.begin,
            "offset": step.offset,
            "duration": step.duration,
            "assignee": step.assignee,
            "user": str(step.user_id or ""),
            "errors": {},
        }
        for step in plan.steps.order_by("position", "pk")
    ]


def _shown(forms_: list[StepForm], *, judged: bool = True) -> list[dict]:
    """The rows as they were typed, with what is wrong about them."""
    return [
        {name: row[name].value() for name in row.fields}
        | {"errors": {name: texts[0] for name, texts in row.errors.items()} if judged else {}}
        for row in forms_
    ]


def _show(request, plan, form, choices: Choices, rows: list[dict], seen: str):
    context = {
        "title": plan.name,
        "plan": plan,
        "form": form,
        "rows": rows,
        "seen": seen,
        "typed": form.is_bound,
        "types": choices.types.items(),
        "stages": choices.stages.items(),
        "users": choices.users.items(),
        "begins": Begin.choices,
        "assignees": Assignee.choices,
        "longest": LONGEST,
        "index_url": _address(),
        "may_change": _may(request, Action.CHANGE),
    }
    wrong = form.is_bound and (form.errors or any(row["errors"] for row in rows))
    return pages.page(request, "activities/plan.html", context, status=422 if wrong else 200)


@require_POST
def archive(request, pk):
    plan = actions.archive_entry(entry=_plan(request, pk, Action.CHANGE), by=request.user)
    http.announce(request, _("“%(name)s” was archived and is no longer offered.") % {"name": plan})
    return http.redirect(request, _address())


@require_POST
def restore(request, pk):
    plan = actions.restore_entry(entry=_plan(request, pk, Action.CHANGE), by=request.user)
    http.announce(request, _("“%(name)s” is offered again.") % {"name": plan})
    return http.redirect(request, _address())


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, pk):
    """Deletes a plan that was never used; else says by how many it is."""
    plan = _plan(request, pk, Action.DELETE)
    if request.method == "POST":
        actions.delete_entry(entry=plan, by=request.user)
        http.announce(request, _("“%(name)s” was deleted.") % {"name": plan})
        return http.redirect(request, _address())
    used = usage(ActivityPlan, request.user).get(plan.pk, 0)
    context = {
        "title": _("Delete “%(name)s”?") % {"name": plan},
        "reason": in_use(plan, request.user, _("Archive it instead.")) if used else "",
        "back": _address(),
    }
    return http.dialog(request, "setup/picklist_delete.html", context)


def register() -> None:
    """Addresses and entries of the navigation; called once, when the application starts."""
    pages.add_urls(
        [
            path("activity-plans/", index, name="activity-plans"),
            path("activity-plans/new/", new, name="activity-plan-new"),
            path("activity-plans/<int:pk>/", edit, name="activity-plan"),
            path("activity-plans/<int:pk>/archive/", archive, name="activity-plan-archive"),
            path("activity-plans/<int:pk>/restore/", restore, name="activity-plan-restore"),
            path("activity-plans/<int:pk>/delete/", delete, name="activity-plan-delete"),
        ]
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Activity plans"),
        "settings:activity-plans",
        Area.SETTINGS,
        position=50,
        help=gettext_lazy("The standard activities of a pipeline, planned in order and on working days."),
    )
    ActivityTypes.register(pages.SALES, position=55)
