"""To whom a mail belongs: by the thread it answers, the ID in its subject, the addresses it names; in this order.

A number alone proves nothing: where the sender is a stranger to the record, somebody is asked.
"""

import uuid
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext_noop

from crm.accounts.models import User
from crm.mail import desks, filing, reading
from crm.mail.filing import Place
from crm.mail.models import Address, Direction, ExcludedAddress, IncomingMail, Message, Purpose
from crm.mail.reading import contact, references

STRANGER = gettext_noop("The ID in the subject is right, but the sender is not known there.")
NOBODY = gettext_noop("Nobody with one of its addresses is known.")
# Orders from their systems, and what they write by way of a list; not absence notes, nor reports of mail servers.
SENT_BY_CUSTOMERS = {"generated", "list", "bulk"}
NO_DESK = gettext_noop("Nothing is made of mails to this address yet.")


@dataclass
class Verdict:
    """`places`: where it is filed at once. `reason` (a msgid): why somebody has to look, with `proposal`.

    `desk`: what the purpose's desk makes of it. `ignore`: why nothing becomes of it. `thread`: whose answer it is.
    `owner_id`: the user whose mail it is, if none of us is among its people.
    """

    places: list[Place] = field(default_factory=list)
    proposal: list[Place] = field(default_factory=list)
    reason: str = ""
    desk: str = ""
    ignore: str = ""
    thread: uuid.UUID | None = None
    owner_id: int | None = None


@dataclass
class Hand:
    """A mail in the hand of whoever judges it: what was read, and who of ours is in it."""

    row: IncomingMail
    mail: reading.Mail
    user: User | None  # who of us sent it
    users: list[User]  # who of us got it
    ours: dict[str, str]  # our own addresses it went to, with their purposes
    strangers: set[str]  # every address in it that is none of ours
    excluders: set[int]  # the ids of those of us who keep mail with one of these out

    @classmethod
    def of(cls, row: IncomingMail, mail: reading.Mail) -> "Hand":
        """Look up who is who; three queries."""
        senders = {mail.sender.email} if mail.sender else set()
        named = [one.email for one in (*mail.to, *mail.cc, *mail.reply_to)]
        reached = {*named, *mail.delivered_to, *(to.lower() for to in row.envelope_to)}
        others = {one.email for one in mail.original_senders}
        others |= {one.sender.email for one in mail.forwarded if one.sender}
        known = {user.email: user for user in User.objects.filter(email__in=senders | reached | others, is_active=True)}
        own = dict(Address.objects.filter(is_active=True).values_list("email", "purpose"))
        own = {email.lower(): purpose for email, purpose in own.items()}
        ours = {email: own[bare(email)] for email in reached if bare(email) in own}
        sender = mail.sender.email if mail.sender else ""
        user, users = known.get(sender), [known[email] for email in dict.fromkeys(named) if email in known]
        strangers = {e for e in senders | set(named) | others if e not in known and bare(e) not in own}
        excluded = ExcludedAddress.objects.filter(user__in={user, *users} - {None}, email__in=strangers)
        return cls(
            row=row,
            mail=mail,
            user=user,
            users=users,
            ours=ours,
            strangers=strangers,
            excluders=set(excluded.values_list("user", flat=True)) if strangers else set(),
        )

    @property
    def senders(self) -> set[str]:
        """The addresses of whoever wrote it, of ours or not."""
        found = {self.mail.sender.email} if self.mail.sender else set()
        return found & self.strangers

    @property
    def owner(self) -> User | None:
        """Whose mail it is: the sender's, else the first recipient's; not of one who keeps it out."""
        return next((user for user in (self.user, *self.users) if user and user.pk not in self.excluders), None)

    @property
    def purpose(self) -> str:
        """What our address was for; of several the one that makes something."""
        purposes = set(self.ours.values())
        return next((p for p in (Purpose.SERVICE, Purpose.LEADS, Purpose.CAPTURE) if p in purposes), "")

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The IDs in the subject, and in what stands behind a plus in our address."""
        tags = " ".join(email.partition("+")[2].partition("@")[0] for email in self.ours)
        return references.numbers(f"{self.mail.subject} {tags}")

    @property
    def is_excluded(self) -> bool:
        """Is it between strangers and only those of us who keep it out?"""
        return bool(self.excluders) and self.owner is None

    def contact(self) -> desks.Contact:
        """Who wrote first: of what one of us passed on the original sender."""
        mail, sender, inner = self.mail, self.mail.sender, next(iter(self.mail.forwarded), None)
        text, signature = mail.text, mail.signature
        if self.user and inner:
            sender, text, signature = inner.sender, inner.text, inner.signature
        elif self.user and mail.original_senders:
            sender = mail.original_senders[0]
        found = contact.from_signature(text, signature, sender)
        return desks.Contact(email=sender.email if sender else "", **found)


def bare(email: str) -> str:
    """An address without what stands behind its plus: crm+OPP-2026-000001@example.com is crm@example.com."""
    local, at, domain = email.partition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def judge(hand: Hand) -> Verdict:
    """Where a mail belongs; see the module's first lines."""
    answered, numbered = _by_thread(hand), None
    if answered and answered.places:
        return answered
    numbered = _by_number(hand)
    if numbered and numbered.places:
        verdict = numbered
    elif hand.mail.automatic:
        verdict = _of_a_machine(hand)
    elif numbered:
        # Whom a stranger claims to write for is not believed either: then only the stranger's own address counts.
        verdict = numbered
        verdict.places = taught(hand.senders) or filing.addressed(hand.senders)
    else:
        places = taught(hand.senders) or filing.addressed(hand.strangers)
        verdict = Verdict(places=places) if places else _by_purpose(hand)
    verdict.thread = answered.thread if answered else None
    return verdict


def thread(hand: Hand) -> uuid.UUID | None:
    """The thread that a mail answers, if its sender is to be believed."""
    answered = _by_thread(hand)
    return answered.thread if answered else None


def _of_a_machine(hand: Hand) -> Verdict:
    """It makes nothing: no lead, no work for anybody. What a known customer's program sends is filed all the same."""
    places = filing.addressed(hand.senders, exact=True) if hand.mail.automatic in SENT_BY_CUSTOMERS else []
    return Verdict(places=places) if places else Verdict(ignore=reading.REASONS[hand.mail.automatic])


def taught(senders: set[str]) -> list[Place]:
    """The customers with whom a mail of such a sender was last filed by hand: a correction is remembered."""
    by_hand = Message.objects.filter(sender_email__in=senders, filed_by__isnull=False).order_by("-filed_at")
    last = by_hand.values_list("pk", flat=True).first() if senders else None
    return [place for place in filing.places_of([last]) if filing.drawer(place[0]).is_party] if last else []


def _by_thread(hand: Hand) -> Verdict | None:
    """The thread of a message that we sent, or in which the sender takes part; perhaps filed with nothing yet."""
    named = [*hand.mail.references, *([hand.mail.in_reply_to] if hand.mail.in_reply_to else [])]
    if not named:
        return None
    sender = hand.mail.sender.email if hand.mail.sender else ""
    for message in Message.objects.filter(message_id__in=named).order_by("-sent_at", "-pk"):
        believed = message.direction == Direction.OUT or hand.user or sender in message.participants
        if believed:
            return Verdict(places=filing.places_of([message.pk]), thread=message.thread)
    return None


def _by_number(hand: Hand) -> Verdict | None:
    if not hand.numbers or not (places := filing.numbered(hand.numbers)):
        return None
    if hand.user or (hand.senders and all(filing.trusts(place, hand.senders) for place in places)):
        return Verdict(places=places)
    return Verdict(proposal=places, reason=STRANGER)


def _by_purpose(hand: Hand) -> Verdict:
    if hand.purpose in ("", Purpose.CAPTURE) or (hand.user and not hand.contact().email):
        return Verdict(reason=NOBODY)
    return Verdict(desk=hand.purpose) if desks.get(hand.purpose) else Verdict(reason=NO_DESK)


def responsible(places: list[Place]) -> int | None:
    """The id of the user whose record it is: of the first place that belongs to somebody."""
    for key, pk in places:
        if found := filing.drawer(key).owners([pk]):
            return found[0]
    return None
