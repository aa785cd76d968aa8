"""The public pages of a web form. Whoever sees them is not signed in."""

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from crm.core.address import client_address, neighbourhood
from crm.core.refusals import Refused
from inbox import webforms
from inbox.models import WebForm

THEMES = ("auto", "light", "dark")


def _look(request) -> dict:
    """How the form is shown: in a frame or by itself, in which colours."""
    embed = request.GET.get("embed") == "1"
    theme = request.GET.get("theme", "")
    return {
        "embed": embed,
        # In a frame it follows the site around it, which says so in the address, and not the visitor's system.
        "theme": theme if theme in THEMES else "light" if embed else "auto",
    }


def _address(name: str, webform: WebForm, look: dict) -> str:
    query = urlencode({"embed": 1, "theme": look["theme"]} if look["embed"] else {})
    return reverse(name, args=[webform.key]) + (f"?{query}" if query else "")


def _answer(request, template: str, webform: WebForm, look: dict, context: dict, status: int = 200):
    with override(webform.language):
        context = {"webform": webform, "look": look, "title": webform.heading or webform.name, **context}
        response = render(request, template, context, status=status)
    response["Content-Language"] = webform.language
    if look["embed"] and webform.origins:
        response.xframe_options_exempt = True
        return csp_replace({"frame-ancestors": webform.origins})(lambda _request: response)(request)
    return response


def _is_ours(request, webform: WebForm) -> bool:
    """Was it sent from our own page? The frame's content is ours too. Some browsers do not say."""
    origin = request.headers.get("Origin")
    own = {f"{request.scheme}://{request.get_host()}", settings.BASE_URL}
    return origin is None or origin in own | set(webform.origins)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request, key):
    """The form; a valid post makes the inbox item and leads to the thanks."""
    webform = get_object_or_404(WebForm.objects.filter(is_active=True).select_related("source", "owner"), key=key)
    look = _look(request)
    with override(webform.language):
        return _post(request, webform, look) if request.method == "POST" else _page(request, webform, look)


def _page(request, webform, look, form=None, *, token=None, problem: str = "", status: int = 200):
    form = form or webforms.form_class(webform)()
    context = {
        "form": form,
        "token": token or webforms.issue(webform),
        "problem": problem,
        "action": _address("public-form", webform, look),
    }
    return _answer(request, "inbox/public_form.html", webform, look, context, status)


def _post(request, webform, look):
    thanks = redirect(_address("public-form-thanks", webform, look))
    # Only a machine fills in the field that nobody sees; it need not learn that it was noticed.
    if request.POST.get("homepage"):
        return thanks
    form = webforms.form_class(webform)(request.POST, request.FILES)
    if not _is_ours(request, webform):
        problem = _("Please open this form at its own address and send it again.")
        return _page(request, webform, look, form, problem=problem, status=403)
    ticket = webforms.read(webform, request.POST.get("token", ""))
    if ticket is None:
        problem = _("This page was open for too long. Please check what you entered and send it again.")
        return _page(request, webform, look, form, problem=problem, status=422)
    token = request.POST["token"]
    if ticket.age < webforms.FASTEST:
        problem = _("That was very quick. Please check what you entered and send it again.")
        return _page(request, webform, look, form, token=token, problem=problem, status=422)
    if not form.is_valid():
        return _page(request, webform, look, form, token=token, status=422)
    fields = {name: value for name, value in form.cleaned_data.items() if name != "consent"}
    try:
        webforms.submit(webform=webform, ticket=ticket, sender=neighbourhood(client_address(request)), **fields)
    except Refused as refused:
        return _page(request, webform, look, form, token=token, problem=str(refused), status=429)
    return thanks


@login_not_required
@require_safe
def thanks(request, key):
    webform = get_object_or_404(WebForm, key=key, is_active=True)
    look = _look(request)
    return _answer(
        request, "inbox/public_thanks.html", webform, look, {"again": _address("public-form", webform, look)}
    )
