"""The settings of one's own account, and the overview."""

import datetime

from django import forms
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from crm.accounts import actions
from crm.accounts.models import ApiToken, User
from crm.core import clock, http
from crm.core.forms import PlainForm, RecordForm
from crm.setup import pages


@require_safe
def index(request):
    """The overview of all settings this user may see."""
    return pages.page(request, "setup/index.html", {"title": _("Settings")})


class ProfileForm(RecordForm):
    spans = {"name": 12, "time_zone": 12}

    class Meta:
        model = User
        fields = ["name", "language", "theme", "time_zone"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        own = [self.instance.time_zone] if self.instance.time_zone else []
        names = sorted({*clock.zones(), *own})
        company = timezone.get_default_timezone_name()
        # Four hundred of them: searched while one types, without the server.
        self.fields["time_zone"].widget = forms.Select(
            attrs={"data-pick": "", "data-placeholder": company},
            choices=[
                ("", _("As the company: %(zone)s") % {"zone": company}),
                *((n, n.replace("_", " ")) for n in names),
            ],
        )


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request):
    """Name, language and appearance of the user; the password has a page of its own."""
    # A copy: what is typed wrongly must not show in the frame.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        actions.set_profile(by=request.user, **form.cleaned_data)
        http.announce(request, _("Your profile was saved."))
        return http.redirect(request, "settings:profile")
    context = {
        "form": form,
        "title": _("Profile and language"),
        "lead": _("How you are named, and how the pages look for you."),
    }
    return pages.page(request, "setup/profile.html", context, status=422 if form.errors else 200)


# ── API tokens ──────────────────────────────────────────────────────────────────────────────────────
class TokenForm(PlainForm):
    name = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("e.g. web shop"), "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Valid for"),
        coerce=int,
        initial="365",
        choices=[
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            ("365", gettext_lazy("one year")),
            ("0", gettext_lazy("until it is revoked")),
        ],
    )


@require_safe
def tokens(request):
    """One's own tokens; those who administer see all."""
    found = ApiToken.objects.visible_to(request.user).select_related("user").order_by("user__name", "-created_at")
    context = {
        "title": _("API tokens"),
        "lead": _("Keys with which other programs read and write in your name."),
        "tokens": found,
        "all": any(token.user_id != request.user.pk for token in found),
        "now": timezone.now(),
    }
    return pages.page(request, "setup/tokens.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request):
    """Asks for name and validity; then shows the secret, this once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        token, secret = actions.issue_token(
            by=request.user,
            name=form.cleaned_data["name"],
            expires_at=timezone.now() + datetime.timedelta(days=days) if days else None,
        )
        context = {"title": _("The new token"), "token": token, "secret": secret}
        return http.dialog(request, "setup/token_secret.html", context)
    context = {
        "title": _("New API token"),
        "lead": _("The token may do what you may do. It is shown only once."),
        "form": form,
        "submit_label": _("Create token"),
    }
    return http.dialog(request, "setup/token_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_token(request, pk):
    """Asks first: whatever uses the token stops working."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user, "delete"), pk=pk)
    if request.method == "POST":
        actions.revoke_token(token=token, by=request.user)
        return http.done(request, "settings:tokens", _("The token “%(name)s” was revoked.") % {"name": token.name})
    context = {
        "title": _("Revoke “%(name)s”?") % {"name": token.name},
        "lead": _("Programs that use this token can no longer sign in with it. This cannot be undone."),
        "submit_label": _("Revoke"),
        "submit_level": "danger",
    }
    return http.dialog(request, "setup/token_revoke.html", context)
