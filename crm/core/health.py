"""GET /healthz: does this process reach its servers? For load balancers and monitors, without a sign-in."""

import logging
from copy import deepcopy

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu import Connection

logger = logging.getLogger(__name__)
SECONDS = 2


def database() -> None:
    """Ask the database through a new connection: the one at hand may be in a pool that only looks alive.

    Raises whatever the driver raises, within two seconds.
    """
    fresh = connections["default"].copy()
    fresh.settings_dict = deepcopy(fresh.settings_dict)
    options = fresh.settings_dict.setdefault("OPTIONS", {})
    options.pop("pool", None)
    options |= {"connect_timeout": SECONDS, "options": f"-c statement_timeout={SECONDS * 1000}"}
    try:
        with fresh.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        fresh.close()


def broker() -> None:
    """Ask the job queue's server. Raises whatever the driver raises, within two seconds."""
    patience = {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS, "max_retries": 0}
    with Connection(settings.CELERY_BROKER_URL, transport_options=patience) as connection:
        connection.transport.create_channel(connection.transport.establish_connection()).client.ping()


PARTS = {"database": database, "broker": broker}


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503; the body says which does not, the log says why."""
    answer = {"status": "ok"}
    for name, ask in PARTS.items():
        try:
            ask()
            answer[name] = "ok"
        except Exception as error:
            logger.warning("%s does not answer: %s", name, error)
            answer[name] = answer["status"] = "failed"
    return JsonResponse(answer, status=200 if answer["status"] == "ok" else 503)
