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
NO_DESK = gettext_noop("Nothing is made of mails to this address yet.")


@dataclass
class Verdict:
    """`places`: where it is filed at once. `reason` (a msgid): why somebody has to look, with `proposal`.

    `desk`: what the purpose's desk makes of it. `ignore`: why nothing becomes of it. `thread`: whose answer it is.
    """

    places: list[Place] = field(default_factory=list)
    proposal: list[Place] = field(default_factory=list)
    reason: str = ""
    desk: str = ""
    ignore: str = ""
    thread: uuid.UUID | None = None


@dataclass
class Hand:
    """A mail in the hand of whoever judges it: what was read, and who of ours is in it."""

    row: IncomingMail
    mail: reading.Mail
    user: User | None  # who of us sent it
    users: list[User]  # who of us got it
    ours: dict[str, str]  # our own addresses it went to, with their purposes
    strangers: set[str]  # every address in it that is none of ours

    @classmethod
    def of(cls, row: IncomingMail, mail: reading.Mail) -> "Hand":
        """Look up who is who; two queries."""
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
        return cls(
            row=row,
            mail=mail,
            user=known.get(sender),
            users=[known[email] for email in dict.fromkeys(named) if email in known],
            ours=ours,
            strangers={e for e in senders | set(named) | others if e not in known and bare(e) not in own},
        )

    @property
    def senders(self) -> set[str]:
        """The addresses of whoever wrote it, of ours or not."""
        found = {self.mail.sender.email} if self.mail.sender else set()
        return found & self.strangers

    @property
    def owner(self) -> User | None:
        return self.user or (self.users[0] if self.users else None)

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

    def is_excluded(self) -> bool:
        """Does the user it belongs to keep mail of one of its other addresses out?"""
        users = [user for user in (self.user, *self.users) if user]
        return (
            bool(users and self.strangers)
            and ExcludedAddress.objects.filter(user__in=users, email__in=self.strangers).exists()
        )

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
    verdict = _by_thread(hand) or _by_number(hand)
    if hand.mail.automatic not in ("", "own") and verdict is None:
        # It makes nothing: no lead, no work for anybody.
        return Verdict(ignore=reading.REASONS[hand.mail.automatic])
    if verdict is not None and (verdict.places or not verdict.proposal):
        return verdict
    # Whom a stranger claims to write for is not believed either: then only the stranger's own address counts.
    emails = hand.senders if verdict else hand.strangers
    places = taught(hand.senders) or filing.addressed(emails)
    if verdict:
        verdict.places = places
        return verdict
    if places:
        return Verdict(places=places)
    return _by_purpose(hand)


def taught(senders: set[str]) -> list[Place]:
    """The customers with whom a mail of such a sender was last filed by hand: a correction is remembered."""
    by_hand = Message.objects.filter(sender_email__in=senders, filed_by__isnull=False).order_by("-filed_at")
    last = by_hand.values_list("pk", flat=True).first() if senders else None
    return [place for place in filing.places_of([last]) if filing.drawer(place[0]).is_party] if last else []


def _by_thread(hand: Hand) -> Verdict | None:
    """The thread of a message that we sent, or in which the sender takes part."""
    named = [*hand.mail.references, *([hand.mail.in_reply_to] if hand.mail.in_reply_to else [])]
    if not named:
        return None
    sender = hand.mail.sender.email if hand.mail.sender else ""
    for message in Message.objects.filter(message_id__in=named).order_by("-sent_at", "-pk"):
        believed = message.direction == Direction.OUT or hand.user or sender in message.participants
        if believed and (places := filing.places_of([message.pk])):
            return Verdict(places=places, thread=message.thread)
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
