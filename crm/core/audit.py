"""Who did it, and by which door: what the history triggers write down beside a change."""

from contextlib import contextmanager

import pghistory
from django.db import connection, transaction
from pghistory.middleware import HistoryMiddleware as _HistoryMiddleware

from crm.core.address import client_address


class HistoryMiddleware(_HistoryMiddleware):
    """Adds to every change of a request: the user, the page, the address it came from."""

    def get_context(self, request):
        return super().get_context(request) | {"ip": client_address(request)}


def acting(by, **facts):
    """Context manager for work outside a request: changes inside are written to the account of user `by`.

    `facts` are kept as well, e.g. via="import", run=12; the timeline shows them.
    """
    return pghistory.context(user=by.pk if by else None, **facts)


@contextmanager
def door(name: str):
    """Open one of the narrow doors of a database rule ("reopen", "undo_import", "merge"), inside a transaction.

    What a door lets through is said in the trigger itself; everything else stays refused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('crm.door', %s, true)", [name])
        with pghistory.context(door=name):
            yield
        cursor.execute("SELECT set_config('crm.door', '', true)")
