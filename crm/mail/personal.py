"""The settings page of one's private addresses: with whom mail stays out of the CRM."""

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.accounts.scope import Action
from crm.core import http
from crm.core.forms import PlainForm
from crm.mail import handling
from crm.mail.models import ExcludedAddress
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
        http.announce(request, _("Mails with %(email)s are no longer filed.") % {"email": added})
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
    http.announce(request, _("Mails with %(email)s are filed again.") % {"email": one})
    return http.redirect(request, "settings:excluded-addresses")


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls(
        [
            path("private-addresses/", excluded, name="excluded-addresses"),
            path("private-addresses/<int:pk>/remove/", include, name="include-address"),
        ]
    )
    pages.register(
        pages.PERSONAL,
        gettext_lazy("Private addresses"),
        "settings:excluded-addresses",
        position=60,
        help=gettext_lazy("With whom your mail stays out of the CRM."),
    )
