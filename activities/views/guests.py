"""Who is invited to an activity: added and taken out."""

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from activities import actions
from activities.views.records import OnwardsForm, found
from contacts.models import Person
from crm.accounts.scope import Action
from crm.core import http
from crm.core.forms import PickMany
from crm.core.refusals import Refused


class InviteForm(OnwardsForm):
    """Persons, and addresses of whoever is none; `onwards` only where there is a series."""

    spans = {"people": 12, "emails": 12, "onwards": 12}
    field_order = ["people", "emails", "onwards"]
    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Persons"),
        queryset=Person.objects.none(),
        required=False,
        widget=PickMany(reverse_lazy("contacts:pick-person"), placeholder=gettext_lazy("Search persons")),
    )
    emails = forms.CharField(
        label=gettext_lazy("Other addresses"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea,
        help_text=gettext_lazy("One in each line, or with commas between them."),
    )

    def __init__(self, data=None, *, by, activity, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["people"].queryset = Person.objects.visible_to(by).filter(is_active=True)
        if not activity.recurrence_id:
            del self.fields["onwards"]

    def clean_emails(self) -> list[str]:
        return [one for one in self.cleaned_data["emails"].replace(",", " ").replace(";", " ").split() if one]

    def clean(self):
        data = super().clean()
        if not self.errors and not data["people"] and not data["emails"]:
            raise forms.ValidationError(_("Choose a person, or enter an address."))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request, pk):
    """Asks whom; each gets a mail with the appointment."""
    record = found(request, pk, Action.CHANGE)
    form = InviteForm(request.POST if request.method == "POST" else None, by=request.user, activity=record)
    if request.method == "POST" and form.is_valid():
        try:
            added = actions.invite(activity=record, by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            text = ngettext("%(n)s person was invited.", "%(n)s people were invited.", len(added)) % {"n": len(added)}
            return http.done(request, record.get_absolute_url(), text)
    context = {
        "form": form,
        "title": _("Invite to “%(title)s”") % {"title": record},
        "lead": _(
            "They get title, time, place and notes by mail, and a mail for each change of these. "
            "Whoever is invited sees the addresses of the others."
        ),
        "back": record.get_absolute_url(),
        "submit_label": _("Invite"),
    }
    return http.dialog(request, "components/dialog.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def take_out(request, pk, participant):
    """Asks once: a mail tells it."""
    record = found(request, pk, Action.CHANGE)
    one = get_object_or_404(record.participants, pk=participant)
    if request.method == "POST":
        actions.take_out(participant=one, by=request.user, onwards="onwards" in request.POST)
        return http.done(request, record.get_absolute_url(), _("%(name)s is no longer invited.") % {"name": one})
    context = {
        "form": OnwardsForm() if record.recurrence_id else "",
        "title": _("No longer invite %(name)s?") % {"name": one},
        "lead": _("A mail calls the appointment off."),
        "back": record.get_absolute_url(),
        "submit_label": _("Take out"),
        "submit_level": "danger",
    }
    return http.dialog(request, "components/dialog.html", context)
