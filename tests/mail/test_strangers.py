"""A number alone proves nothing: ten thousand strangers with a right ID in their subject."""

import os
import random

import pytest

from contacts.models import Company, Person
from crm.mail import filing
from crm.mail.judging import Hand, judge
from crm.mail.models import Address, IncomingMail, Purpose
from crm.mail.reading import read
from opportunities.actions import create_opportunity
from tests.mail.incoming import mail, take_in

# In the suite; `STRANGERS=10000 make test ARGS=tests/mail/test_strangers.py` asks as many as that.
STRANGERS = int(os.environ.get("STRANGERS", 1_000))
BRACKETS = ("[{n}]", "({n})", "{n}", "Re: [{n}]", "AW: WG: {n} ", "fwd: #{n}", "{n}: Frage")


@pytest.fixture
def deals(people):
    """Customers with addresses of all sorts, each with a deal."""
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    made = []
    for number in range(20):
        company = Company.objects.create(
            name=f"Firma {number}", owner=people["rep"], domain=f"firma{number}.example" if number % 2 else ""
        )
        person = Person.objects.create(
            last_name="Kurz", email=f"kurz{number}@freemail.example", company=company, owner=people["rep"]
        )
        made.append(
            create_opportunity(by=people["rep"], title=f"Deal {number}", kind="deal", company=company, person=person)
        )
    return made


def stranger(rng, deals) -> str:
    """An address that is none of theirs, many of them nearly."""
    number = rng.randrange(20)
    near = (
        f"kurz{number}@freemail.example.org",
        f"kurz{number}x@freemail.example",
        f"x@sub.firma{number}.example.net",
        f"firma{number}.example@evil.example",
        f"kurz{number}+x@freemai1.example",
        f"info@notfirma{number}.example",
    )
    return rng.choice(near) if rng.random() < 0.5 else f"{rng.randbytes(4).hex()}@{rng.randbytes(3).hex()}.example"


@pytest.mark.django_db
def test_no_stranger_is_believed(deals, people):
    rng = random.Random(7)
    judged = 0
    for _number in range(STRANGERS):
        deal = rng.choice(deals)
        subject = rng.choice(BRACKETS).format(n=deal.number)
        # Whom a stranger names beside himself makes him no friend of theirs.
        to = rng.choice(("crm@example.com", f"crm+{deal.number}@example.com"))
        also = {"Cc": deal.person.email} if rng.random() < 0.3 else {}
        raw = mail(sender=stranger(rng, deals), to=to, subject=subject, **also)
        verdict = judge(Hand.of(IncomingMail(raw=raw), read(raw)))
        assert (verdict.places, bool(verdict.reason)) == ([], True), raw
        assert ("opportunity", deal.pk) in verdict.proposal
        judged += 1
    print(f"{judged} mails of strangers with right IDs: 0 filed without review")


@pytest.mark.django_db
def test_the_same_mail_of_a_friend_is_filed(deals):
    """The control: it is the sender that decides."""
    for deal in deals:
        row = take_in(mail(sender=deal.person.email, subject=f"Re: {deal.number}"))
        assert row.state == "processed"
        assert ("opportunity", deal.pk) in filing.places_of([row.message_id])
