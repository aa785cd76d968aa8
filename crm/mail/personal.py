"""Settings pages of the post office for people: their excluded addresses, and the company's text templates."""

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.scope import Action, Scope
from crm.core import http
from crm.core.forms import PlainForm, RecordForm
from crm.mail import actions, handling, kinds, writing
from crm.mail.models import ExcludedAddress, TextTemplate
from crm.setup import pages


class AddressForm(PlainForm):
    email = forms.EmailField(label=gettext_lazy("Address"), max_length=254)
    spans = {"email": 12}


@require_http_methods(["GET", "HEAD", "POST"])
def excluded(request):
    """One's own addresses with which mail is private, and a further one."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = handling.exclude(email=form.cleaned_data["email"], by=request.user)
        http.announce(request, _("Mails with %(email)s are no longer kept.") % {"email": added})
        return http.redirect(request, "settings:excluded-addresses")
    context = {
        "title": _("Private addresses"),
        "lead": _("Mail between you alone and these addresses is filed nowhere. What was filed already only you see."),
        "form": form,
        "rows": ExcludedAddress.objects.filter(user=request.user),
    }
    return pages.page(request, "mail/excluded.html", context, status=422 if form.errors else 200)


@require_POST
def include(request, pk):
    """Take an address off the list."""
    one = get_object_or_404(ExcludedAddress.objects.visible_to(request.user, Action.CHANGE), pk=pk)
    handling.include(excluded=one, by=request.user)
    http.announce(request, _("Mails with %(email)s are kept again.") % {"email": one})
    return http.redirect(request, "settings:excluded-addresses")


class TextForm(RecordForm):
    """A template; a placeholder that nothing can fill is an error."""

    spans = {"name": 12, "subject": 12, "body": 12, "is_active": 12}

    class Meta:
        model = TextTemplate
        fields = ("name", "subject", "body", "is_active")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs |= {"rows": 14, "class": "mail-text"}
        names = ", ".join(f"{{{one.name}}}" for one in writing.PLACEHOLDERS)
        self.fields["body"].help_text = _("Placeholders: %(names)s") % {"names": names}

    def _known(self, name: str) -> str:
        text = self.cleaned_data[name].replace("\r\n", "\n")
        if strange := kinds.strange(writing.PLACEHOLDERS, text):
            raise forms.ValidationError(
                _("There is no placeholder {%(name)s} for this mail."), params={"name": strange[0]}, code="placeholder"
            )
        return text

    def clean_subject(self):
        return self._known("subject")

    def clean_body(self):
        return self._known("body")


@require_http_methods(["GET", "HEAD"])
def texts(request):
    """The list of text templates."""
    http.require(request.user.may(TextTemplate.area))
    context = {
        "title": _("Text templates"),
        "lead": _("With what people begin the mails that they write themselves."),
        "rows": TextTemplate.objects.visible_to(request.user),
        "may_change": request.user.scope(TextTemplate.area, Action.CHANGE) == Scope.ALL,
    }
    return pages.page(request, "mail/texts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def text(request, pk=None):
    """One text template, or a new one."""
    found = None
    if pk:
        found = get_object_or_404(TextTemplate.objects.visible_to(request.user, Action.CHANGE), pk=pk)
    http.require(request.user.scope(TextTemplate.area, Action.CHANGE) == Scope.ALL)
    form = TextForm(request.POST or None, instance=found, initial={} if found else {"body": "{salutation}\n\n"})
    if request.method == "POST" and form.is_valid():
        actions.save_text(text=form.instance, by=request.user)
        http.announce(request, _("The text template was saved."))
        return http.redirect(request, "settings:texts")
    context = {
        "title": found.name if found else _("New text template"),
        "form": form,
        "template": found,
    }
    return pages.page(request, "mail/text.html", context, status=422 if form.errors else 200)


@require_POST
def delete_text(request, pk):
    """Nothing hangs on a text template: mails that began with it have copied it."""
    found = get_object_or_404(TextTemplate.objects.visible_to(request.user, Action.DELETE), pk=pk)
    actions.delete_text(text=found, by=request.user)
    http.announce(request, _("“%(name)s” was deleted.") % {"name": found.name})
    return http.redirect(request, "settings:texts")


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls(
        [
            path("private-addresses/", excluded, name="excluded-addresses"),
            path("private-addresses/<int:pk>/remove/", include, name="include-address"),
            path("text-templates/", texts, name="texts"),
            path("text-templates/new/", text, name="new-text"),
            path("text-templates/<int:pk>/", text, name="text"),
            path("text-templates/<int:pk>/delete/", delete_text, name="delete-text"),
        ]
    )
    pages.register(
        pages.PERSONAL,
        gettext_lazy("Private addresses"),
        "settings:excluded-addresses",
        position=60,
        help=gettext_lazy("With whom your mail stays out of the CRM."),
    )
    pages.register(
        pages.SALES,
        gettext_lazy("Text templates"),
        "settings:texts",
        TextTemplate.area,
        position=71,
        help=gettext_lazy("Texts with which people begin their own mails."),
    )
