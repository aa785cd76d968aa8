"""The one way in for every mail: its bytes are stored and committed; only then is anybody told, or anything parsed."""

import hashlib

from django.db import transaction

from crm.mail import tasks
from crm.mail.models import IncomingMail


def store(raw: bytes, *, route, envelope_from: str = "", envelope_to=()) -> tuple[IncomingMail, bool]:
    """Keep a mail; gives its row and whether it is new. When this returns outside a transaction, it is on the disk.

    The same bytes are stored once. Envelope: what the mail server was told, which is where a BCC shows.
    """
    with transaction.atomic():
        row, new = IncomingMail.objects.get_or_create(
            content_hash=hashlib.sha256(raw).hexdigest(),
            defaults={
                "raw": raw,
                "size": len(raw),
                "route": route,
                "envelope_from": _address(envelope_from),
                "envelope_to": [_address(one) for one in envelope_to][:100],
            },
        )
        if new:
            # Only the wake-up: without a broker the sweep finds the row.
            transaction.on_commit(lambda: tasks.wake(row.pk), robust=True)
    return row, new


def _address(text: str) -> str:
    return text.replace("\0", "").strip()[:320]
