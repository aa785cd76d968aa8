"""The settings pages of the ways in: mail accounts, and our own addresses."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounts.scope import Action, Scope
from crm.core import http
from crm.core.forms import RecordForm
from crm.core.refusals import Refused
from crm.mail.models import Address, MailAccount
from crm.mail.ways_in import actions
from crm.setup import pages

# A name or an address of a server, and nothing that would be more than that.
HOST = re.compile(r"(?=.{1,253}$)([\w-]{1,63}(\.[\w-]{1,63})*|[0-9a-f:]*:[0-9a-f:.]+)")


def _all(user, model, action) -> bool:
    return user.scope(model.area, action) == Scope.ALL


def _find(request, model, pk, action=Action.CHANGE):
    return get_object_or_404(model.objects.visible_to(request.user, action), pk=pk)


def _twice(request, model, pk) -> tuple:
    """The record, and a copy for the form, which writes into it also what is typed wrongly; both None without `pk`."""
    return (None, None) if pk is None else (_find(request, model, pk), _find(request, model, pk))


# ── mail accounts ───────────────────────────────────────────────────────────────────────────────────
class AccountForm(RecordForm):
    """An account. Its password is never shown, and only ever sent to the server for which it was entered."""

    spans = {"host": 6, "port": 2, "security": 4, "folder": 6, "address": 6, "is_active": 12}
    groups = (
        (gettext_lazy("Server"), ("host", "port", "security", "user", "password")),
        (gettext_lazy("Mails"), ("folder", "address", "afterwards", "move_to", "is_active")),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=500,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = MailAccount
        fields = ("host", "port", "security", "user", "folder", "address", "afterwards", "move_to", "is_active")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].widget.attrs["autocomplete"] = "off"
        self.fields["port"].help_text = _("usually 993, with STARTTLS 143")
        self.fields["password"].required = not self.instance.pk
        if self.instance.pk:
            self.fields["password"].help_text = _("Leave it empty to keep the one there is.")

    def _line(self, name: str) -> str:
        return " ".join(self.cleaned_data[name].split())

    def clean_host(self):
        host = self._line("host").lower()
        if not HOST.fullmatch(host):
            raise ValidationError(_("Enter the name of a server, such as imap.example.com."), code="host")
        return host

    def clean_user(self):
        return self._line("user")

    def clean_folder(self):
        return self._line("folder")

    def clean_move_to(self):
        return self._line("move_to")

    def clean(self):
        data = super().clean()
        elsewhere = any(data.get(name) != self.initial.get(name) for name in ("host", "port", "security", "user"))
        if self.instance.pk and elsewhere and not data.get("password"):
            self.add_error(
                "password", _("Enter the password again: it is only sent to the server for which it was entered.")
            )
        return data


@require_safe
def accounts(request):
    """All accounts: when each was fetched last, and what is wrong with it."""
    http.require(request.user.may(MailAccount.area))
    found = list(MailAccount.objects.visible_to(request.user))
    for account in found:
        account.trouble = _trouble(account.error, account.error_detail)
    context = {
        "title": _("Mail accounts"),
        "lead": _("Mailboxes whose mails are fetched and filed with the customers."),
        "accounts": found,
        "may_create": _all(request.user, MailAccount, Action.CREATE),
        "may_change": _all(request.user, MailAccount, Action.CHANGE),
    }
    return pages.page(request, "mail/accounts.html", context)


def _trouble(reason: str, detail: str) -> str:
    return f"{_(reason)} {detail}".strip() if reason else ""


@require_http_methods(["GET", "HEAD", "POST"])
def account(request, pk=None):
    """A new account, or the one with this key. The button "check" tries what is typed, and saves nothing."""
    if pk is None:
        http.require(_all(request.user, MailAccount, Action.CREATE))
    found, typed = _twice(request, MailAccount, pk)
    form = AccountForm(request.POST if request.method == "POST" else None, instance=typed)
    context = {
        "title": str(found) if found else _("New mail account"),
        "form": form,
        "account": found,
        "trouble": _trouble(found.error, found.error_detail) if found else "",
        "may_delete": found and _all(request.user, MailAccount, Action.DELETE),
        "back": reverse("settings:mail-accounts"),
    }
    if request.method == "POST" and form.is_valid():
        if "check" in request.POST:
            context |= _checked(form, found)
        else:
            saved = actions.save_account(by=request.user, account=found, **form.cleaned_data)
            http.announce(request, _("The mail account “%(name)s” was saved.") % {"name": saved})
            return http.redirect(request, "settings:mail-accounts")
    return pages.page(request, "mail/account.html", context, status=422 if form.errors else 200)


def _checked(form: AccountForm, kept: MailAccount | None) -> dict:
    """What the server says to what is typed."""
    # Here, or every process of the CRM would carry the IMAP client (8 MB, tests/mail/test_memory.py).
    from crm.mail.ways_in import fetching, imap

    try:
        password = form.cleaned_data["password"] or fetching.password_of(kept)
        number = imap.check(form.instance, password)
    except imap.Trouble as trouble:
        return {"check_failed": _trouble(trouble.reason, trouble.detail)}
    text = ngettext("The sign-in works. There is %(n)s mail.", "The sign-in works. There are %(n)s mails.", number)
    return {"check_passed": text % {"n": number}}


@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request, pk):
    """Asks first."""
    found = _find(request, MailAccount, pk, Action.DELETE)
    if request.method == "POST":
        actions.delete_account(by=request.user, account=found)
        http.announce(request, _("The mail account “%(name)s” was deleted.") % {"name": found})
        return http.redirect(request, "settings:mail-accounts")
    context = {
        "title": _("Delete “%(name)s”?") % {"name": found},
        "lead": _("Its mails are fetched no more. What came from there stays."),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": reverse("settings:mail-account", args=[pk]),
    }
    return http.dialog(request, "components/dialog.html", context)


# ── our own addresses ───────────────────────────────────────────────────────────────────────────────
class AddressForm(RecordForm):
    spans = {"email": 12, "purpose": 12, "is_active": 12}

    class Meta:
        model = Address
        fields = ("email", "purpose", "is_active")

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if "+" in email.partition("@")[0]:
            raise ValidationError(_("Without the plus: what stands behind it may be the ID of a record."), code="plus")
        return email


@require_safe
def addresses(request):
    """Our own addresses, and what becomes of mails to them."""
    http.require(request.user.may(Address.area))
    context = {
        "title": _("Mail addresses"),
        "lead": _("Our own addresses at which mails reach the CRM, and what becomes of them there."),
        "addresses": Address.objects.visible_to(request.user),
        "may_create": _all(request.user, Address, Action.CREATE),
        "may_change": _all(request.user, Address, Action.CHANGE),
        "may_delete": _all(request.user, Address, Action.DELETE),
    }
    return pages.page(request, "mail/addresses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def address(request, pk=None):
    """A new address, or the one with this key."""
    if pk is None:
        http.require(_all(request.user, Address, Action.CREATE))
    found, typed = _twice(request, Address, pk)
    form = AddressForm(request.POST if request.method == "POST" else None, instance=typed)
    if request.method == "POST" and form.is_valid():
        saved = actions.save_address(by=request.user, address=found, **form.cleaned_data)
        return http.done(request, "settings:mail-addresses", _("“%(name)s” was saved.") % {"name": saved})
    context = {
        "title": str(found) if found else _("New mail address"),
        "form": form,
        "back": reverse("settings:mail-addresses"),
    }
    return http.dialog(request, "components/dialog.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_address(request, pk):
    """Asks first, or says why it cannot be."""
    found = _find(request, Address, pk, Action.DELETE)
    if request.method == "POST":
        try:
            actions.delete_address(by=request.user, address=found)
        except Refused as reason:
            return http.done(request, "settings:mail-addresses", str(reason), level="bad")
        return http.done(request, "settings:mail-addresses", _("“%(name)s” was deleted.") % {"name": found})
    context = {
        "title": _("Delete “%(name)s”?") % {"name": found},
        "lead": _("Mails to this address are then refused, or wait to be reviewed."),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": reverse("settings:mail-addresses"),
    }
    return http.dialog(request, "components/dialog.html", context)


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls(
        [
            path("mail-accounts/", accounts, name="mail-accounts"),
            path("mail-accounts/new/", account, name="mail-account-new"),
            path("mail-accounts/<int:pk>/", account, name="mail-account"),
            path("mail-accounts/<int:pk>/delete/", delete_account, name="mail-account-delete"),
            path("mail-addresses/", addresses, name="mail-addresses"),
            path("mail-addresses/new/", address, name="mail-address-new"),
            path("mail-addresses/<int:pk>/", address, name="mail-address"),
            path("mail-addresses/<int:pk>/delete/", delete_address, name="mail-address-delete"),
        ]
    )
    pages.register(
        pages.ADMINISTRATION,
        gettext_lazy("Mail accounts"),
        "settings:mail-accounts",
        MailAccount.area,
        position=60,
        help=gettext_lazy("Mailboxes whose mails are fetched."),
    )
    pages.register(
        pages.ADMINISTRATION,
        gettext_lazy("Mail addresses"),
        "settings:mail-addresses",
        Address.area,
        position=65,
        help=gettext_lazy("Our own addresses, and what becomes of mails to them."),
    )
