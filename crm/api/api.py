"""The API itself. Every error is a problem document (RFC 9457): status, title, detail, and `errors` by field."""

import json

import pghistory
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer, SessionAuth

from crm.accounts.models import ApiToken
from crm.api.models import Throttle
from crm.core.address import client_address
from crm.core.refusals import Refused, explain

TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "This cannot be done here",
    409: "This cannot be done now",
    413: "The request is too large",
    422: "Please check the fields",
    429: "Too many requests",
}


def problem(status: int, detail: str = "", errors: list | None = None) -> HttpResponse:
    """A problem document. `errors`: [{"field": …, "message": …}]."""
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    if status == 429:
        response["Retry-After"] = "60"
    return response


# ── who is calling ──────────────────────────────────────────────────────────────────────────────────
def _admit(request, user):
    """Count the request of `user`; afterwards changes are written to the user's account, "via api"."""
    if Throttle.count_up(f"user:{user.pk}") > settings.API_REQUESTS_PER_MINUTE:
        raise HttpError(429, "Wait a minute and try again.")
    request.user = user
    pghistory.context(via="api")
    return user


class Token(HttpBearer):
    """`Authorization: Bearer crm_…`, made under Settings → API tokens."""

    def authenticate(self, request, token):
        caller = f"address:{client_address(request)}"
        # Asked before the token is looked up, so that trying out tokens is slow.
        if Throttle.so_far(caller) >= settings.API_FAILURES_PER_MINUTE:
            raise HttpError(429, "Wait a minute and try again.")
        user = ApiToken.user_of(token)
        if user is None:
            Throttle.count_up(caller)
            return None
        return _admit(request, user)


class Session(SessionAuth):
    """The session of someone who is signed in; what changes data needs the CSRF token as well."""

    def __call__(self, request):
        # Who sends a token means it: a wrong one does not fall back to the session.
        return None if "Authorization" in request.headers else super().__call__(request)

    def authenticate(self, request, key):
        user = super().authenticate(request, key)
        return _admit(request, user) if user else None


api = NinjaAPI(
    title="CRM",
    version="1.0.0",
    description=(
        "What one may see of leads, contacts, opportunities, activities and sales documents; "
        "leads and documents come in."
    ),
    urls_namespace="api",
    auth=[Token(), Session()],
    docs_url=None,
)


# ── what went wrong ─────────────────────────────────────────────────────────────────────────────────
@api.exception_handler(HttpError)
def _http_error(request, error):
    return problem(error.status_code, str(error))


@api.exception_handler(Http404)
@api.exception_handler(ObjectDoesNotExist)
def _not_there(request, error):
    return problem(404)


@api.exception_handler(Refused)
def _refused(request, error):
    return problem(409, str(error))


@api.exception_handler(IntegrityError)
def _rule(request, error):
    return problem(409, explain(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request, error):
    return problem(413)


@api.exception_handler(ValidationError)
def _invalid(request, error):
    found = []
    for one in error.errors:
        place = [str(step) for step in one["loc"] if step not in {"body", "query", "path", "data", "payload"}]
        found.append({"field": ".".join(place), "message": one["msg"].removeprefix("Value error, ")})
    return problem(422, errors=found)


@api.exception_handler(DjangoValidationError)
def _invalid_model(request, error):
    if not hasattr(error, "error_dict"):
        return problem(422, " ".join(error.messages))
    errors = [{"field": f, "message": str(m)} for f, messages in error.message_dict.items() for m in messages]
    return problem(422, errors=errors)
