"""Small middleware of the house."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import trigger_client_event

from crm.core.http import LEVELS, is_part

LEVEL_NAMES = {number: name for name, number in LEVELS.items()}


def never_store(get_response):
    """Personal data is not to be kept by a browser's or proxy's cache."""

    def middleware(request):
        response = get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def htmx_answers(get_response):
    """What htmx cannot follow by itself: redirects (also to the sign-in), and messages that no page will show."""

    def middleware(request):
        response = get_response(request)
        if not is_part(request):
            return response
        if 300 <= response.status_code < 400 and "Location" in response:
            # A redirect is a visit; followed inside the request it would put a whole page into a part of one.
            url = response["Location"]
            if resolve_url(settings.LOGIN_URL) == url.partition("?")[0] and request.htmx.current_url_abs_path:
                url = f"{url.partition('?')[0]}?{urlencode({'next': request.htmx.current_url_abs_path})}"
            response = HttpResponse()
            response["HX-Redirect"] = url
            return response
        if response.status_code == 422:
            # A form that shows its errors; to the browser's console a 422 would be a failed request.
            response.status_code = 200
        if not {"HX-Redirect", "HX-Location", "HX-Refresh"} & set(response.headers):
            toasts = [
                {"text": str(m.message), "level": LEVEL_NAMES.get(m.level, "info"), "undo": m.extra_tags}
                for m in messages.get_messages(request)
            ]
            if toasts:
                trigger_client_event(response, "toast", {"toasts": toasts})
        return response

    return middleware
