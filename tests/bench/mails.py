"""What incoming mail costs."""

import itertools
import random
import time
from pathlib import Path

from tests.bench.rows import row

COUNT = 600
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


@row(name="Mails stored, parsed and filed by one process", unit="mails/s", at_least=100)
def filed() -> float:
    """Wall time from the first byte stored to the last mail filed, without the broker between the two."""
    from contacts.models import Person
    from crm.accounts.models import Role, User
    from crm.mail import journal, sorting
    from crm.mail.models import IncomingMail, Route
    from opportunities.actions import create_opportunity

    by = User.objects.create(email="bench@example.com", name="Bench", role=Role.objects.get(name="admin"), password="!")
    deals = [create_opportunity(by=by, title=f"Deal {number}", kind="deal") for number in range(50)]
    for deal in deals:
        deal.person = Person.objects.create(last_name="Kunde", email=f"kunde{deal.pk}@bench.example")
        deal.save()
    mails = _mails(deals)
    began = time.perf_counter()
    for raw in mails:
        stored, _new = journal.store(raw, route=Route.SMTP)
        sorting.sort(stored.pk)
    took = time.perf_counter() - began
    settled = IncomingMail.objects.filter(state__in=("processed", "ignored", "review")).count()
    if settled != COUNT:
        raise ValueError(f"{settled} of {COUNT} mails were settled.")
    return COUNT / took
