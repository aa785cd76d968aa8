"""The one way in for every mail: its bytes are stored and committed; only then is anybody told, or anything parsed."""

import hashlib

from django.db import transaction
from django.utils import timezone

from crm.core.forms import tidy
from crm.mail import shelf, tasks
from crm.mail.models import IncomingMail, IncomingState


def store(
    raw: bytes, *, route, envelope_from: str = "", envelope_to=(), size: int | None = None
) -> tuple[IncomingMail, bool]:
    """Keep a mail; gives its row and whether it is new. When this returns outside a transaction, it is on the disk.

    The same bytes are stored once. Envelope: what the mail server was told, which is where a BCC shows. `size`: that
    of the whole mail, where `raw` is only its beginning because it is too large to be kept.
    """
    content_hash = hashlib.sha256(raw).hexdigest()
    values = {
        "content_hash": content_hash,
        "size": len(raw) if size is None else size,
        "received_at": timezone.now(),
        "route": str(route),
        "envelope_from": _address(envelope_from),
        "envelope_to": [_address(one) for one in envelope_to][:100],
        "subject": "",
        "sender": "",
        "state": str(IncomingState.STORED),
        "reason": "",
        "attempts": 0,
        "next_try_at": timezone.now(),
    }
    with transaction.atomic():
        pk = shelf.put(raw=raw, **values)
        if pk is not None:
            # Only the wake-up: without a broker the sweep finds the row.
            transaction.on_commit(lambda: tasks.wake(pk), robust=True)
        # Read only where it is another's: the bytes are at hand, and the rest is as it was written.
        row = (
            IncomingMail(pk=pk, raw=raw, **values)
            if pk
            else IncomingMail.objects.defer("raw").get(content_hash=content_hash)
        )
    return row, pk is not None


def _address(text: str) -> str:
    return tidy(text).strip()[:320]
