"""Apply an activity plan to an opportunity: which one, from when, what becomes of it; and take it back."""

import datetime

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activities import plans
from activities.models import ActivityPlan
from crm.accounts.scope import Action, Area, Scope
from crm.core import clock, http, recordpage, show
from crm.core.forms import Pick, PlainForm
from crm.core.refusals import Refused
from crm.setup.models import working_days
from opportunities.models import Opportunity, Status


class OpportunityForm(PlainForm):
    """For which opportunity, where that is not clear already."""

    spans = {"opportunity": 12}
    # Empty is how the picker begins, and no mistake yet.
    use_required_attribute = False
    opportunity = forms.ModelChoiceField(
        label=gettext_lazy("Opportunity"),
        queryset=Opportunity.objects.none(),
        empty_label="",
        widget=Pick(reverse_lazy("opportunities:pick"), placeholder=gettext_lazy("Search opportunities")),
    )

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["opportunity"].queryset = Opportunity.objects.visible_to(by).open().order_by("-pk")
        # Chosen is asked enough: the dialog goes on by itself.
        self.fields["opportunity"].widget.attrs |= {
            "hx-get": reverse("activities:apply-plan"),
            "hx-trigger": "change",
            "hx-target": "#dialog",
        }


class PlanForm(PlainForm):
    """Which plan, from when. What depends on them is fetched anew as they change."""

    spans = {"plan": 8, "start": 4}
    plan = forms.ModelChoiceField(label=gettext_lazy("Activity plan"), queryset=ActivityPlan.objects.none())
    start = forms.DateField(label=gettext_lazy("Start date"))

    def __init__(self, *args, opportunity, **kwargs):
        super().__init__(*args, **kwargs)
        choices = offered(opportunity)
        self.fields["plan"].queryset = choices
        self.fields["plan"].empty_label = _("Choose a plan") if len(choices) > 1 else None
        refresh = {
            "hx-get": reverse("activities:preview-plan", args=[opportunity.pk]),
            "hx-trigger": "change",
            "hx-target": "#plan-preview",
            "hx-swap": "outerHTML",
            "hx-include": "closest .fields",
        }
        for name in ("plan", "start"):
            self.fields[name].widget.attrs |= refresh


def offered(opportunity):
    """The plans that can be applied to an opportunity."""
    return ActivityPlan.objects.filter(pipeline=opportunity.pipeline_id, is_active=True, steps__isnull=False).distinct()


def _opportunity(request) -> Opportunity | None:
    """The opportunity of ?opportunity=, if the user may see it; None without one."""
    key = http.number(request.GET.get("opportunity", ""))
    seen = Opportunity.objects.visible_to(request.user).select_related("pipeline", "owner__team")
    return seen.filter(pk=key).first() if key is not None else None


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request):
    """The dialog; ?opportunity= says for which one, else it asks. ?plan= and ?start= fill in."""
    http.require(request.user.may(Area.ACTIVITIES, Action.CREATE))
    opportunity = _opportunity(request)
    if opportunity is None:
        return _ask_opportunity(request)
    if opportunity.is_closed:
        raise Refused(
            _("%(number)s is won or lost; no activities can be planned for it by a plan.")
            % {"number": opportunity.number},
            back=opportunity.get_absolute_url(),
        )
    form = _form(request, opportunity)
    if request.method == "POST" and form.is_valid():
        # The box stands in the preview, which knows whether it is needed.
        again = "again" in request.POST
        try:
            made = plans.apply_plan(opportunity=opportunity, by=request.user, again=again, **form.cleaned_data)
        except Refused as reason:
            form.add_error(None, str(reason))
        else:
            text = ngettext("%(n)s activity was planned.", "%(n)s activities were planned.", len(made))
            undo_url = reverse("activities:undo-plan", args=[plans.receipt(made, request.user)])
            back = opportunity.get_absolute_url()
            return http.done(request, back, text % {"n": len(made)}, undo_url=undo_url)
    typed = form.data if form.is_bound else form.initial
    context = {
        "title": _("Apply activity plan"),
        "form": form,
        "opportunity": opportunity,
        "any_plan": form.fields["plan"].queryset.exists(),
        "settings_url": _settings_url(request),
        "back": opportunity.get_absolute_url(),
        "submit_label": _("Apply plan"),
        "wide": True,
        **_shown(request, opportunity, typed),
    }
    return http.dialog(request, "activities/apply_plan.html", context, status=422 if form.errors else 200)


def _ask_opportunity(request):
    form = OpportunityForm(request.POST if request.method == "POST" else None, by=request.user)
    here = reverse("activities:apply-plan")
    if request.method == "POST" and form.is_valid():
        return http.redirect(request, f"{here}?opportunity={form.cleaned_data['opportunity'].pk}")
    context = {
        "title": _("Apply activity plan"),
        "form": form,
        "action": here,
        "submit_label": _("Next"),
        "back": reverse("opportunities:list"),
    }
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


def _form(request, opportunity) -> PlanForm:
    if request.method == "POST":
        return PlanForm(request.POST, opportunity=opportunity)
    choices = list(offered(opportunity)[:2])
    only = choices[0].pk if len(choices) == 1 else None
    wish = http.number(request.GET.get("plan", ""))
    initial = {"plan": wish or only, "start": _day(request.GET.get("start", "")) or clock.today()}
    return PlanForm(opportunity=opportunity, initial=initial)


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _settings_url(request) -> str:
    """Where plans are made, for those who may make them."""
    may = request.user.scope(Area.SETTINGS, Action.CHANGE) == Scope.ALL
    return reverse("settings:activity-plans") if may else ""


@require_safe
def preview(request, pk):
    """What the plan of ?plan= would become from ?start= on."""
    http.require(request.user.may(Area.ACTIVITIES, Action.CREATE))
    seen = Opportunity.objects.visible_to(request.user).select_related("pipeline", "owner__team")
    opportunity = get_object_or_404(seen, pk=pk)
    context = {"title": _("Apply activity plan"), **_shown(request, opportunity, request.GET)}
    return http.page(request, "activities/plan_preview.html", context)


def _shown(request, opportunity, typed) -> dict:
    """The preview's context: its rows, or why there are none."""
    key, start = http.number(str(typed.get("plan") or "")), typed.get("start") or ""
    plan = offered(opportunity).filter(pk=key).first() if key is not None else None
    day = start if isinstance(start, datetime.date) else _day(start)
    if plan is None or day is None:
        return {"rows": [], "reason": _("Enter a start date.") if plan else ""}
    try:
        planned = plans.preview(opportunity=opportunity, plan=plan, start=day, by=request.user)
    except Refused as reason:
        return {"rows": [], "reason": str(reason)}
    workdays = working_days()
    rows = [
        {
            "planned": one,
            "first": _with_weekday(one.first),
            "last": _with_weekday(one.last) if one.last > one.first else "",
            "days": workdays.between(one.first, one.last),
        }
        for one in planned
    ]
    return {
        "rows": rows,
        "first": planned[0].first,
        "last": max(one.last for one in planned),
        "applied": plans.applied(opportunity, plan),
        "again": bool(typed.get("again")),
    }


def _with_weekday(day: datetime.date) -> str:
    return f"{formats.date_format(day, 'D')} {show.day(day)}"


@require_POST
def undo(request, receipt):
    """Take back what was just planned, as far as nobody has touched it."""
    opportunity, gone, kept = plans.undo_plan(receipt=receipt, by=request.user)
    text = ngettext("%(n)s planned activity was taken back.", "%(n)s planned activities were taken back.", gone) % {
        "n": gone
    }
    if kept:
        stays = ngettext("%(n)s was changed meanwhile and stays.", "%(n)s were changed meanwhile and stay.", kept)
        text = f"{text} {stays % {'n': kept}}"
    return http.done(request, opportunity.get_absolute_url(), text)


def menu_entry(request, opportunity) -> recordpage.Action:
    """The line of an opportunity's menu: grey with the reason where the record is closed or the right is missing."""
    reason = ""
    if opportunity.is_closed:
        reason = _("is won") if opportunity.status == Status.WON else _("is lost")
    elif not request.user.may(Area.ACTIVITIES, Action.CREATE):
        reason = _("no right")
    url = f"{reverse('activities:apply-plan')}?opportunity={opportunity.pk}"
    return recordpage.Action(_("Apply activity plan …"), "list-check", url, reason, dialog=True)
