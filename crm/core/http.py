"""How a view answers: a page or its part, a dialog, a message, a way onward.

Every answer works for a visitor (whole page, redirect) and for htmx (a part, a header).
"""

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string, select_template
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

LEVELS = {"ok": messages.SUCCESS, "info": messages.INFO, "warn": messages.WARNING, "bad": messages.ERROR}
# Fired on the page after something was changed: lists and record pages fetch themselves anew.
CHANGED = "changed"


def is_part(request: HttpRequest) -> bool:
    """Does htmx want a part of a page? Boosted links and the way back want the whole page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def number(text: str) -> int | None:
    """The whole number that a parameter is; None for all else, also for what is too long to be a record's key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def part_of(template: str) -> str:
    """The part belonging to a page: "inbox/list.html" has "inbox/_list.html"."""
    folder, _slash, name = template.rpartition("/")
    return f"{folder}/_{name}" if folder else f"_{name}"


def page(
    request, template: str, context: dict | None = None, *, status: int = 200, frame: str = "components/page.html"
) -> HttpResponse:
    """The page `template` for a visitor, only its part for htmx; so a swap shows what a reload would show.

    "room/thing.html" extends base.html and includes "room/_thing.html". A room that has nothing to add around
    its part leaves "room/thing.html" out: `frame` stands around it; `title` in the context is then the page's title.
    """
    part = part_of(template)
    context = {"part": part, **(context or {})}
    if is_part(request):
        html = render_to_string(part, context, request)
    else:
        html = select_template([template, frame]).render(context, request)
    response = HttpResponse(html, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def dialog(request, template: str, context: dict | None = None, *, status: int = 200) -> HttpResponse:
    """A dialog. `template` extends "components/dialog.html"; without htmx it becomes a page with the same form.

    A form with errors is answered like one without, with status 200: the dialog shows them.
    """
    part = is_part(request)
    frame = "components/_dialog_frame.html" if part else "components/dialog_page.html"
    context = {"dialog_frame": frame, "action": request.get_full_path(), **(context or {})}
    response = HttpResponse(render_to_string(template, context, request), status=status)
    if part:
        response["HX-Retarget"] = "#dialog"
        response["HX-Reswap"] = "innerHTML"
    patch_vary_headers(response, ["HX-Request"])
    return response


def announce(request, text: str, level: str = "ok", undo_url: str | None = None) -> None:
    """Show `text` in a corner of the page: of this one after an htmx request, else of the next one.

    `level` is one of ok, info, warn, bad. `undo_url` adds a button that posts to it.
    """
    messages.add_message(request, LEVELS[level], text, extra_tags=undo_url or "")


def redirect(request, to, *args, **kwargs) -> HttpResponse:
    """Send the browser to another page; `to` is what django.shortcuts.redirect takes."""
    url = resolve_url(to, *args, **kwargs)
    if is_part(request):
        response = HttpResponse()
        response["HX-Redirect"] = url
        return response
    return HttpResponseRedirect(url)


def done(request, url, text: str | None = None, *, level="ok", undo_url: str | None = None) -> HttpResponse:
    """The answer to a change that worked: say so, close the dialog, refresh what is on the page.

    Without htmx: on to `url`.
    """
    if text:
        announce(request, text, level, undo_url)
    if not is_part(request):
        return HttpResponseRedirect(resolve_url(url))
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"dialog:close": True, CHANGED: True})
    return response


def picks(queryset, *, label=str, hint=None, limit: int = 20) -> JsonResponse:
    """The answer to a Pick's search: `queryset` is already scoped and filtered."""
    return JsonResponse(
        {
            "results": [
                {
                    "value": str(record.pk),
                    "text": str(label(record)),
                    "hint": str(hint(record) or "") if hint else "",
                }
                for record in queryset[:limit]
            ]
        }
    )


def require(condition) -> None:
    """404 unless `condition`: what one may not do looks like what does not exist."""
    if not condition:
        raise Http404(_("Not found."))
