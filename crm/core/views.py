"""The pages of the frame: start, search, help, theme and language, doors behind which nothing is built yet."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.core import frame, http
from crm.core.forms import tidy

# Where a user begins: the first of these doors that the role may open.
START = ("inbox", "opportunities", "contacts", "settings")


@require_GET
def home(request):
    """The start page: the inbox until the dashboard is built."""
    for key in START:
        door = frame.doors[key]
        if door.area is None or request.user.may(door.area):
            return redirect(door.url_name)
    return http.page(request, "components/no_right.html", {"title": _("Welcome")})


@require_GET
def later(request, key: str):
    """A door behind which nothing is built yet says so."""
    return http.page(request, "components/later.html", {"title": frame.doors[key].label})


@require_GET
def search(request):
    """Hits of all rooms for ?q=, grouped, eight each."""
    term = tidy(request.GET.get("q", ""), 200).strip()
    groups = frame.searchers.find(request.user, term) if term else []
    return http.page(request, "components/search.html", {"title": _("Search"), "term": term, "groups": groups})


@require_GET
def help_page(request):
    keys = [
        ("/", _("Search in the list")),
        (_("Ctrl K"), _("Search everything")),
        ("j  k", _("Next and previous row")),
        ("x", _("Select the row")),
        ("Enter", _("Open the row")),
        ("c", _("Menu “New”")),
        ("e", _("Edit the record")),
        (_("Ctrl Enter"), _("Save")),
        ("Esc", _("Close or cancel")),
        ("t  d  w  m", _("In the calendar: today, day, week, month")),
        ("← → ↑ ↓", _("In the calendar: move the activity; with Shift its end")),
        ("?", _("This page")),
    ]
    return http.page(request, "components/help.html", {"title": _("Help and support"), "keys": keys})


def _back(request) -> str:
    url = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if safe else "/"


@require_POST
def theme(request):
    """Keep how the user wants the pages: auto, light, dark; "toggle" is answered by what the page shows now."""
    wish = request.POST.get("theme", "")
    if wish == "toggle":
        wish = "light" if request.user.theme == "dark" else "dark"
    if wish in {"auto", "light", "dark"} and wish != request.user.theme:
        request.user.theme = wish
        request.user.save(update_fields=["theme"])
    return HttpResponse(status=204) if http.is_part(request) else HttpResponseRedirect(_back(request))


@login_not_required
@require_POST
def language(request):
    """Keep the language: for a user in the profile, before sign-in in a cookie."""
    code = request.POST.get("language", "")
    response = HttpResponseRedirect(_back(request))
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        if request.user.is_authenticated:
            request.user.language = code
            request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=60 * 60 * 24 * 365,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    return response


class SignInForm(AuthenticationForm):
    """E-mail and password. One message for all failures: it does not tell which accounts exist."""

    error_messages = {
        "invalid_login": gettext_lazy("This e-mail address and password do not match."),
        "inactive": gettext_lazy("This e-mail address and password do not match."),
    }

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("E-mail")
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs["autocomplete"] = "username"


class SignIn(LoginView):
    authentication_form = SignInForm
    redirect_authenticated_user = True


class PasswordChange(PasswordChangeView):
    """Change one's own password; other sessions of the account end with it."""

    success_url = reverse_lazy("home")

    def form_valid(self, form):
        response = super().form_valid(form)
        http.announce(self.request, _("Your password was changed."))
        return response

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"title": _("Change password"), "back": reverse("home")}


def bad_request(request, exception):
    """What is refused before a view is asked; too much at once is named as such.

    In place of Django's, which draws the page without the request, and ours needs one.
    """
    status = 413 if isinstance(exception, RequestDataTooBig | TooManyFieldsSent) else 400
    return render(request, f"errors/{status}.html", status=status)
