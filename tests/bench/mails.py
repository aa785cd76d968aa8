"""What incoming mail costs."""

import itertools
import os
import random
import time
from pathlib import Path

from django.db import connection

from tests.bench.rows import row

COUNT, PATIENCE = 600, 120
COLLECTION = Path(__file__).resolve().parents[2] / "../shared/data/mail"


def _mails(deals) -> list[bytes]:
    """As many as are measured: of the collection of real ones where there is one, each with an ID in its subject."""
    from tests.mail.incoming import mail

    rng = random.Random(1)
    real = sorted(path for path in COLLECTION.rglob("*.eml") if path.stat().st_size < 50_000)
    pool = [path.read_bytes() for path in real] or [mail(text="Guten Tag\n\n" + "Text " * 400)]
    made = []
    for number, raw in zip(range(COUNT), itertools.cycle(pool), strict=False):
        deal = rng.choice(deals)
        # Ahead of its own header: the first From and Subject count, and no two mails are the same.
        head = f"From: kunde{deal.pk}@bench.example\nSubject: Re: Frage {number} [{deal.number}]\nX-Number: {number}\n"
        made.append(head.encode() + raw)
    return made


def _receive(mails: list[bytes]) -> int:
    """A receiver: a process of its own that stores the mails, one after the other; gives its id."""
    from crm.mail import journal
    from crm.mail.models import Route

    connection.close()
    if pid := os.fork():
        return pid
    for raw in mails:
        journal.store(raw, route=Route.SMTP)
    os._exit(0)


@row(name="Mails through one receiver and one worker process", unit="mails/s", at_least=100)
def filed() -> float:
    """Wall time from the first byte stored to the last mail parsed and filed, without the broker between the two."""
    from contacts.models import Person
    from crm.accounts.models import Role, User
    from crm.mail import sorting
    from crm.mail.models import IncomingMail
    from opportunities.actions import create_opportunity

    by = User.objects.create(email="bench@example.com", name="Bench", role=Role.objects.get(name="admin"), password="!")
    deals = [create_opportunity(by=by, title=f"Deal {number}", kind="deal") for number in range(50)]
    for deal in deals:
        deal.person = Person.objects.create(last_name="Kunde", email=f"kunde{deal.pk}@bench.example")
        deal.save()
    mails = _mails(deals)
    began = time.perf_counter()
    receiver, done = _receive(mails), 0
    while done < COUNT:
        for pk in IncomingMail.objects.due().order_by("pk").values_list("pk", flat=True)[:100]:
            done += sorting.sort(pk)
        if time.perf_counter() - began > PATIENCE:
            raise ValueError(f"{done} of {COUNT} mails were settled within {PATIENCE} s.")
    took = time.perf_counter() - began
    os.waitpid(receiver, 0)
    settled = IncomingMail.objects.filter(state__in=("processed", "ignored", "review")).count()
    if settled != COUNT:
        raise ValueError(f"{settled} of {COUNT} mails were settled.")
    return COUNT / took
