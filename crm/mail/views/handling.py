"""The buttons of a mail: where it belongs, what is made of it, who may see it."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.scope import Action
from crm.core import http
from crm.core.forms import Pick, PlainForm
from crm.core.refusals import Refused
from crm.mail import filing, handling
from crm.mail.models import Direction
from crm.mail.views.messages import find

form_view = require_http_methods(["GET", "HEAD", "POST"])


def _done(request, mail, text):
    return http.done(request, mail.get_absolute_url(), text)


@require_POST
def confirm(request, pk):
    """File it as proposed: place=opportunity:7, several of them."""
    mail = find(request, pk, Action.CHANGE)
    proposed = {f"{key}:{record}": (key, record) for key, record in mail.proposal}
    places = [proposed[text] for text in request.POST.getlist("place") if text in proposed]
    if not places:
        raise Refused(_("Choose where the mail belongs."))
    handling.file_with(message=mail, places=places, by=request.user)
    return _done(request, mail, _("The mail was filed."))


class FileForm(PlainForm):
    """One record of any kind with which mails are filed."""

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        for one in filing.drawers():
            if one.pick_url:
                self.fields[one.key] = forms.ModelChoiceField(
                    label=one.label,
                    queryset=one.model.objects.visible_to(user, Action.VIEW if one.is_party else Action.CHANGE),
                    required=False,
                    widget=Pick(reverse(one.pick_url)),
                    empty_label="–",
                )

    spans = {"opportunity": 12, "person": 12, "company": 12}

    def clean(self):
        data = super().clean()
        if not self.errors and not any(data.values()):
            raise forms.ValidationError(_("Choose where the mail belongs."), code="nothing")
        return data

    @property
    def places(self) -> list[filing.Place]:
        return [(key, record.pk) for key, record in self.cleaned_data.items() if record]


@form_view
def file_elsewhere(request, pk):
    """Choose the records with which it is to be filed."""
    mail = find(request, pk, Action.CHANGE)
    form = FileForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        handling.file_with(message=mail, places=form.places, by=request.user)
        return _done(request, mail, _("The mail was filed."))
    lead = ""
    if mail.direction == Direction.IN and mail.sender_email:
        lead = _("The next mail of %(sender)s will be filed with the same customer.") % {"sender": mail.sender_email}
    context = {
        "title": _("File with …"),
        "lead": lead,
        "form": form,
        "submit_label": pgettext("mail", "File"),
        "back": mail.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)


@require_POST
def take_out(request, pk, drawer, record):
    """No longer filed with this record."""
    mail = find(request, pk, Action.CHANGE)
    http.require(filing.drawer(drawer))
    handling.take_out(message=mail, place=(drawer, record), by=request.user)
    return _done(request, mail, _("The mail is no longer filed there."))


@require_POST
def have_made(request, pk, purpose):
    """An inbox item, or what else a desk makes of it."""
    mail = find(request, pk, Action.CHANGE)
    (place, *_more) = handling.have_made(message=mail, purpose=purpose, by=request.user)
    record = filing.record(place, request.user)
    http.announce(request, _("“%(record)s” was created.") % {"record": record or ""})
    return http.redirect(request, record or mail)


class ReasonForm(PlainForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Stands in the journal. It may stay empty."),
    )
    spans = {"reason": 12}


@form_view
def set_aside(request, pk):
    """It belongs nowhere."""
    mail = find(request, pk, Action.CHANGE)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        handling.set_aside(message=mail, reason=form.cleaned_data["reason"], by=request.user)
        return _done(request, mail, _("The mail was set aside."))
    context = {
        "title": _("Set the mail aside?"),
        "lead": _("It is filed nowhere and no longer waits for a review. Nothing is deleted."),
        "form": form,
        "submit_label": _("Set aside"),
        "back": mail.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)


@require_POST
def set_private(request, pk):
    """Hide it from the others, or show it again (private=1 or not)."""
    mail = handling.set_private(message=find(request, pk), private="private" in request.POST, by=request.user)
    text = _("Only you see this mail now.") if mail.is_private else _("The others see this mail again.")
    return _done(request, mail, text)


class ExcludeForm(PlainForm):
    """Which of the mail's addresses."""

    email = forms.ChoiceField(label=gettext_lazy("Address"), widget=forms.RadioSelect)

    def __init__(self, *args, emails, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["email"].choices = [(email, email) for email in emails]
        self.fields["email"].initial = emails[0]


@form_view
def exclude(request, pk):
    """Keep one's mails with an address out of the CRM."""
    mail = find(request, pk)
    emails = sorted(email for email in mail.participants if not handling.is_ours(email))
    if mail.owner_id != request.user.pk or not emails:
        raise Refused(handling.NOT_YOURS, back=mail.get_absolute_url())
    form = ExcludeForm(request.POST or None, emails=emails)
    if request.method == "POST" and form.is_valid():
        excluded = handling.exclude(email=form.cleaned_data["email"], by=request.user)
        return _done(request, mail, _("Mails with %(email)s are no longer filed.") % {"email": excluded})
    context = {
        "title": _("Exclude an address"),
        "lead": _("Your mails with this address are no longer filed, and those that are here become private."),
        "form": form,
        "submit_label": _("Exclude"),
        "back": mail.get_absolute_url(),
    }
    return http.dialog(request, "components/dialog.html", context)
