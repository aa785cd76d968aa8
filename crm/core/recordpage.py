"""The parts of every record page: steps, actions, timeline, click-to-edit."""

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from django.db import models
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core import http, show


@dataclass(frozen=True)
class Step:
    """One stage. `state` is done, current or next; with `url` a click posts to it."""

    label: str
    state: str = "next"
    note: str = ""
    url: str | None = None


@dataclass(frozen=True)
class Action:
    """One line of the action menu. `reason` says why it cannot be done now: the line stays, grey.

    `dialog`: `url` opens a dialog (the label ends in "…"); `post`: a click posts to it; else it is a link.
    """

    label: str
    icon: str
    url: str = ""
    reason: str = ""
    dialog: bool = False
    post: bool = False
    css: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `text` may be safe HTML (format_html); `box` is shown in a box, as plain text."""

    at: datetime.datetime
    text: str
    icon: str = "pencil"
    box: str = ""
    box_css: str = ""


def by_day(entries) -> list[dict]:
    """Entries (newest first) grouped by the day they fall on here."""
    return [
        {"title": show.day_title(day), "day": day, "entries": list(group)}
        for day, group in groupby(entries, key=lambda entry: timezone.localtime(entry.at).date())
    ]


def fingerprint(value) -> str:
    """Stands for a field's value in a form, so that a save over someone else's change is noticed."""
    if isinstance(value, list | tuple | models.QuerySet):
        value = sorted(str(getattr(entry, "pk", entry)) for entry in value)
    return hashlib.sha256(str(getattr(value, "pk", value)).encode()).hexdigest()[:16]


def edit_fact(request, *, form, field: str, save: Callable, back: str, text: str | None = None) -> HttpResponse:
    """Click-to-edit: the answer to GET and POST of a one-field form.

    `form` is a bound or unbound form of the record; only its `field` is kept. On a valid POST `save(form)` is called
    (the room's verb), then the record page refreshes itself. `back` is the record's address. Unknown fields: 404.
    """
    http.require(field in form.fields)
    for name in list(form.fields):
        if name != field:
            del form.fields[name]
    now = fingerprint(form.initial.get(field))
    if request.method == "POST" and form.is_valid():
        if request.POST.get("was", now) != now:
            form.add_error(field, _("Someone else changed this in the meantime. Saving again keeps your version."))
        else:
            save(form)
        if not form.errors:
            return http.done(request, back, text)
    context = {"form": form, "field": form[field], "action": request.get_full_path(), "back": back, "was": now}
    if http.is_part(request):
        return HttpResponse(render_to_string("components/fact_form.html", context, request))
    return http.page(request, "components/form_page.html", context | {"title": form[field].label})
