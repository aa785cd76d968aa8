"""What a verb says when it cannot be done, and how a page passes it on."""

from urllib.parse import urlsplit

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.defaults import page_not_found
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from crm.core import http

# Sentences for the rules that triggers hold, by the name of the rule; each room brings its own in AppConfig.ready().
RULES: dict[str, str] = {}
# Two waited for each other, or one for too long: nothing was written, and the next try has its turn.
IN_THE_WAY = (DeadlockDetected, LockNotAvailable, SerializationFailure)


class Refused(Exception):
    """A verb cannot be done with this record now. The message is a whole, translated sentence for the user.

    `back`: the address at which the user finds out more; the page he came from unless given.
    """

    def __init__(self, text: str, back: str = ""):
        super().__init__(text)
        self.back = back


class Overtaken(Refused):
    """Someone else saved the record after it was read; nothing was written. `now` is the record as it is."""

    def __init__(self, now, text: str | None = None):
        super().__init__(text or _("Someone else changed this record in the meantime."))
        self.now = now


def explain(error: IntegrityError) -> str:
    """The sentence for a rule of the database that refused a write."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return str(
        RULES.get(name) or _said_by_model(name) or _("This would break a rule of the data, so nothing was saved.")
    )


def _said_by_model(name: str | None):
    """The sentence that a model gives with its constraint, if it gives one of its own."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if (
                constraint.name == name
                and constraint.violation_error_message != constraint.default_violation_error_message
            ):
                return constraint.violation_error_message
    return None


def _refuse(request, text: str, back: str = "") -> HttpResponse:
    """409 with a toast for htmx; a visitor goes `back`, to the page he came from unless given, and reads it there."""
    http.announce(request, text, level="bad")
    if http.is_part(request):
        return HttpResponse(status=409)
    back = back or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    # A page that refuses to be read must not be gone back to: the browser would go round in circles.
    circle = request.method in ("GET", "HEAD") and urlsplit(back).path == request.path
    return redirect(back if safe and not circle else "/")


class RefusalMiddleware:
    """Turns a verb's answer into a page: not there and not allowed are the same 404; refused is a message."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, ObjectDoesNotExist):
            return page_not_found(request, exception)
        if isinstance(exception, Refused):
            return _refuse(request, str(exception), exception.back)
        if isinstance(exception, IntegrityError):
            return _refuse(request, explain(exception))
        if isinstance(exception, OperationalError) and isinstance(exception.__cause__, IN_THE_WAY):
            return _refuse(request, _("Somebody else was working on the same records. Please try again."))
        return None
