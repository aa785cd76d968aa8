"""Forms of opportunities. What one may not see cannot be chosen, whatever is posted."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import http
from crm.core.forms import NumberText, Pick, PlainForm, RecordForm
from crm.lists.models import Priority, Source, Tag
from opportunities.models import Kind, LossReason, Opportunity, Pipeline, Stage


def offered(model, *current):
    """The active entries of a pick-list, and those that the record has already."""
    return model.objects.filter(is_active=True) | model.objects.filter(pk__in=[pk for pk in current if pk])


class OpportunityForm(RecordForm):
    """A new opportunity, or the business data of an open one. `by` decides what can be chosen."""

    spans = {"title": 12, "kind": 12, "tags": 12, "description": 12, "owner": 6, "probability": 4}
    spans |= {"estimated_value": 4, "expected_budget": 4, "start_date": 4, "close_date": 4, "delivery_date": 4}
    groups = (
        ("", ("kind", "title", "company", "person", "description")),
        (gettext_lazy("Pipeline"), ("pipeline", "stage")),
        (
            gettext_lazy("Value and dates"),
            ("estimated_value", "expected_budget", "probability", "start_date", "close_date", "delivery_date"),
        ),
        (gettext_lazy("Assignment"), ("owner", "priority", "source", "tags")),
    )

    class Meta:
        model = Opportunity
        fields = [
            "kind",
            "title",
            "company",
            "person",
            "description",
            "pipeline",
            "stage",
            "estimated_value",
            "expected_budget",
            "probability",
            "start_date",
            "close_date",
            "delivery_date",
            "owner",
            "priority",
            "source",
            "tags",
        ]
        widgets = {
            "kind": forms.RadioSelect,
            "company": Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
            "person": Pick(reverse_lazy("contacts:pick-person"), placeholder=gettext_lazy("Search persons")),
            "probability": NumberText(suffix="%", places=0),
        }

    def __init__(self, data=None, *, by, instance=None, initial=None, **kwargs):
        self.by = by
        is_new = instance is None or instance.pk is None
        if is_new:
            initial = {"kind": Kind.LEAD, "owner": by.pk} | (initial or {})
        super().__init__(data, instance=instance, initial=initial, **kwargs)
        now, fields = self.instance, self.fields
        fields["owner"].queryset = User.objects.assignable_by(by, Area.OPPORTUNITIES, now.owner_id)
        fields["owner"].empty_label = _("Nobody")
        fields["company"].queryset = Company.objects.visible_to(by).order_by("sort_name", "pk")
        fields["person"].queryset = Person.objects.visible_to(by).order_by("sort_name", "pk")
        for name in ("company", "person"):
            fields[name].empty_label = ""
            hidden = getattr(now, f"{name}_id")
            if hidden and not fields[name].queryset.filter(pk=hidden).exists():
                # There is one that the user may not see: it is neither named nor taken away.
                del fields[name]
        fields["source"].queryset = offered(Source, now.source_id)
        fields["priority"].queryset = offered(Priority, now.priority_id)
        tags = now.tags.values_list("pk", flat=True) if now.pk else ()
        fields["tags"].queryset = offered(Tag, *tags)
        self._offer_pipelines(is_new)

    def _offer_pipelines(self, is_new: bool) -> None:
        now, fields = self.instance, self.fields
        kind = self["kind"].value() if is_new else now.kind
        kind = kind if kind in Kind.values else Kind.LEAD
        if is_new:
            fields["kind"].choices = Kind.choices
        else:
            # A lead becomes a deal by converting it, which notes when.
            del fields["kind"]
        pipelines = offered(Pipeline, now.pipeline_id).filter(kind=kind).order_by("-is_default", "position", "name")
        chosen = self["pipeline"].value()
        pipeline = pipelines.filter(pk=chosen).first() if str(chosen or "").isdecimal() else None
        pipeline = pipeline or pipelines.first()
        stages = Stage.objects.filter(pipeline=pipeline)
        stages = stages.active() | stages.filter(pk=now.stage_id)
        fields["pipeline"].queryset, fields["stage"].queryset = pipelines, stages
        fields["pipeline"].empty_label = fields["stage"].empty_label = None
        fields["stage"].error_messages["invalid_choice"] = _("This is no stage of the chosen pipeline.")
        if pipeline and not self.is_bound and pipeline.pk != now.pipeline_id:
            self.initial["pipeline"] = pipeline.pk

    def reload_on_change(self, url: str) -> None:
        """Kind and pipeline fetch the form anew when they change: the choices below them depend on it."""
        for name in {"kind", "pipeline"} & set(self.fields):
            self.fields[name].widget.attrs |= {
                "hx-post": url,
                "hx-trigger": "change",
                "hx-target": "#form-page",
                "hx-swap": "outerHTML",
                "hx-vals": '{"reload": "1"}',
                "hx-push-url": "false",
            }

    def without_errors(self):
        """As typed, but not judged yet."""
        self._errors = forms.utils.ErrorDict()
        return self

    def clean_title(self):
        title = " ".join(self.cleaned_data["title"].split())
        if not title:
            raise ValidationError(_("Enter a title."))
        return title

    def clean(self):
        data = super().clean()
        start, close = data.get("start_date"), data.get("close_date")
        if start and close and close < start:
            self.add_error("close_date", _("The closing date lies before the start."))
        if data.get("person") and "company" in self.fields and not data.get("company"):
            company = data["person"].company
            if company and self.fields["company"].queryset.filter(pk=company.pk).exists():
                data["company"] = company
        return data

    def changes(self) -> dict:
        """What the verbs take: the cleaned fields by name."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.fields}


class LoseForm(PlainForm):
    reason = forms.ModelChoiceField(
        queryset=LossReason.objects.none(), label=gettext_lazy("Loss reason"), empty_label=gettext_lazy("Please choose")
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea,
        help_text=gettext_lazy("What could we have done better?"),
    )
    spans = {"reason": 12}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = LossReason.objects.filter(is_active=True)


def prefilled(request) -> dict:
    """What the address of a new opportunity gives: ?company=, ?person=, ?kind=; only what the user may see."""
    initial = {}
    for name, model in (("company", Company), ("person", Person)):
        if (key := http.number(request.GET.get(name, ""))) is not None:
            record = model.objects.visible_to(request.user).filter(pk=key).first()
            if record:
                initial[name] = record.pk
                if name == "person" and "company" not in initial and record.company_id:
                    company = Company.objects.visible_to(request.user).filter(pk=record.company_id).first()
                    initial |= {"company": company.pk} if company else {}
    if request.GET.get("kind") in Kind.values:
        initial["kind"] = request.GET["kind"]
    return initial


def difference(form: OpportunityForm, current: Opportunity) -> list[str]:
    """For two people editing at once: what is saved now where the form says something else, in words."""
    lines = []
    for name, field in form.fields.items():
        if name == "tags":
            saved, typed = set(current.tags.all()), set(form.cleaned_data.get(name) or ())
            text = ", ".join(sorted(map(str, saved)))
        else:
            saved, typed = getattr(current, name), form.cleaned_data.get(name)
            text = str(saved if saved not in (None, "") else "–")
        if saved != typed:
            lines.append(_("%(field)s is now: %(value)s") % {"field": field.label, "value": text[:200] or "–"})
    return lines
