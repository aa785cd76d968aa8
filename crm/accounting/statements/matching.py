"""Which invoice a bank entry pays: proposals in an order, each with its reasons. Nothing is booked here.

What speaks for an invoice: its number in the purpose (whole, or only its digits), the amount to the cent, the payer's
account as known from earlier bookings, a payer's name like the customer's. One proposal may hold several invoices.
"""

import datetime
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

from django.urls import reverse
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from crm.accounting.models import BankEntry, Booking
from crm.core import show
from crm.core.normalise import plain
from crm.sales.models import Invoice

NUMBER, DIGITS, AMOUNT, ACCOUNT, NAME = 50, 30, 30, 20, 15
ALIKE = 88  # of 100, by which two names are taken for one
FEWEST_DIGITS = 6  # of a number without its letters, to be believed
MOST = 5  # proposals for an entry, and invoices tried together
TRIED_TOGETHER = 10
LEGAL_FORMS = re.compile(
    r"\b(gmbh|mbh|ag|kg|ohg|gbr|ug|se|e\.? ?k\.?|e\.? ?v\.?|co\.?|haftungsbeschränkt|inc|ltd|llc|bv|sarl|sas)\b"
    r"|[&+().,]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """An open invoice (for money that left: a credit note to be paid out), as much of it as matching needs."""

    pk: int
    number: str
    open_amount: Decimal
    currency: str
    customer: str
    company_id: int | None
    due_date: datetime.date

    @property
    def url(self) -> str:
        """The invoice's page, without fetching the invoice."""
        return reverse("sales:invoice", args=[self.pk])


@dataclass(frozen=True)
class Proposal:
    """`shares`: invoice and amount of it, which add up to the entry's. `sure`: may be booked without a look."""

    shares: tuple[tuple[Candidate, Decimal], ...]
    score: int
    reasons: tuple[str, ...]
    sure: bool

    @property
    def numbers(self) -> str:
        return ", ".join(candidate.number for candidate, _amount in self.shares)

    @property
    def value(self) -> str:
        """As a form posts it: "12:1190.00,13:50.00"."""
        return ",".join(f"{candidate.pk}:{amount}" for candidate, amount in self.shares)


def propose(entries: Iterable[BankEntry], user) -> dict[int, list[Proposal]]:
    """{entry's pk: proposals, the best first}, from what `user` may change. Three queries, however many entries."""
    entries = list(entries)
    invoices = Invoice.objects.visible_to(user, "change")
    coming = _Candidates(invoices.unpaid())
    going = _Candidates(invoices.filter(kind="credit_note", status="issued", open_amount__gt=0))
    accounts = _known_accounts({entry.iban for entry in entries} - {""})
    return {
        entry.pk: (coming if entry.amount > 0 else going).proposals(entry, accounts.get(entry.iban, frozenset()))
        for entry in entries
    }


def _known_accounts(ibans: set[str]) -> dict[str, set[int]]:
    """{account: the companies whose invoices it has paid}"""
    found = defaultdict(set)
    rows = Booking.objects.filter(entry__iban__in=ibans, undone_at=None).values_list(
        "entry__iban", "payment__invoice__company_id"
    )
    for iban, company in rows.distinct():
        found[iban].add(company)
    return found


def _name(text: str) -> str:
    """A name without its legal form, case and accents; ä, ae and a are one (banks write either)."""
    bare = unicodedata.normalize("NFKD", LEGAL_FORMS.sub(" ", text.casefold().replace("ß", "ss")))
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(re.sub("([aou])e", r"\1", bare).split())


def said(text: str, number: str) -> int:
    """How clearly a purpose names the invoice `number`: NUMBER, DIGITS or 0. Banks break lines anywhere."""
    digits = re.sub(r"\D", "", number)
    if _pattern(plain(number)).search(text):
        return NUMBER
    return DIGITS if len(digits) >= FEWEST_DIGITS and _pattern(digits).search(text) else 0


@lru_cache(maxsize=20_000)
def _pattern(word: str) -> re.Pattern:
    """`word` with anything but letters and digits between its signs, and not as a part of a longer number."""
    before = r"(?<!\d)" if word[:1].isdigit() else ""
    return re.compile(before + r"[\W_]*".join(map(re.escape, word)) + r"(?!\d)", re.IGNORECASE)


class _Candidates:
    """The open invoices, so that each entry finds its own without a query."""

    def __init__(self, invoices):
        rows = invoices.order_by("due_date", "pk").values_list(
            "pk", "number", "open_amount", "currency", "recipient_name", "company_id", "due_date"
        )
        self.all = [Candidate(*row) for row in rows]
        self.by_amount = defaultdict(list)
        self.by_company = defaultdict(list)
        # Every word of digits in a purpose is looked up here; only then numbers are compared in full.
        self.by_digits = defaultdict(list)
        names = set()
        for candidate in self.all:
            self.by_amount[candidate.open_amount].append(candidate)
            if candidate.company_id:
                self.by_company[candidate.company_id].append(candidate)
            self.by_digits[re.sub(r"\D", "", candidate.number)[-4:]].append(candidate)
            names.add(candidate.customer)
        self.names = {name: _name(name) for name in names}

    def proposals(self, entry: BankEntry, companies: frozenset | set) -> list[Proposal]:
        named = self._named(f"{entry.purpose} {entry.end_to_end}", entry.currency)
        alike = self._alike(entry.name)
        amount = abs(entry.amount)
        found = {}

        def weigh(chosen: tuple[Candidate, ...]) -> None:
            key = frozenset(c.pk for c in chosen)
            if key and key not in found:
                found[key] = self._weigh(chosen, amount, named, alike, companies)

        if len(named) > 1:
            weigh(tuple(named))
        for candidate in named:
            weigh((candidate,))
        known = [c for company in companies for c in self.by_company[company] if c.currency == entry.currency]
        of_name = [c for c in self.all if c.customer in alike and c.currency == entry.currency][:TRIED_TOGETHER]
        for candidate in (*known[:TRIED_TOGETHER], *of_name):
            weigh((candidate,))
        for candidate in self.by_amount[amount][:TRIED_TOGETHER]:
            if candidate.currency == entry.currency:
                weigh((candidate,))
        for group in (known[:TRIED_TOGETHER], of_name):
            if together := _adding_up(group, amount):
                weigh(together)
        ranked = sorted(found.values(), key=lambda p: (-p.score, p.shares[0][0].due_date, p.shares[0][0].pk))
        return _one_is_sure(ranked[:MOST], entry)

    def _named(self, text: str, currency: str) -> dict[Candidate, int]:
        """The invoices whose number stands in the purpose; if one stands there whole, digits alone do not count."""
        digits = re.sub(r"[\W_]", "", text)
        ends = {digits[i : i + size] for size in range(1, 5) for i in range(len(digits))}
        perhaps = (c for end in ends for c in self.by_digits.get(end, ()) if c.currency == currency)
        clear = {candidate: said(text, candidate.number) for candidate in perhaps}
        clear = {c: weight for c, weight in clear.items() if weight}
        best = max(clear.values(), default=0)
        return dict(sorted(((c, w) for c, w in clear.items() if w == best), key=lambda item: item[0].due_date))

    def _alike(self, payer: str) -> set[str]:
        """The customers whose name is like the payer's."""
        if not (payer := _name(payer)):
            return set()
        hits = process.extract(payer, self.names, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE, limit=20)
        # A set of words that contains the other would match "Meier" with every Meier: the lengths have to agree, too.
        return {key for name, _score, key in hits if fuzz.token_sort_ratio(payer, name) >= ALIKE - 18}

    def _weigh(self, chosen, amount, named, alike, companies) -> Proposal:
        total = sum(c.open_amount for c in chosen)
        reasons, score = [], 0
        weight = min(named.get(c, 0) for c in chosen)
        if weight == NUMBER:
            reasons.append(_("number in the purpose"))
        elif weight:
            reasons.append(_("digits of the number in the purpose"))
        score += weight
        if total == amount:
            score += AMOUNT
            reasons.append(_("amount to the cent") if len(chosen) == 1 else _("sum to the cent"))
        elif amount < total:
            reasons.append(_("partial payment: %(rest)s stays open") % {"rest": show.money(total - amount)})
        else:
            reasons.append(_("overpaid by %(rest)s") % {"rest": show.money(amount - total)})
        if companies and all(c.company_id in companies for c in chosen):
            score += ACCOUNT
            reasons.append(_("known account of the customer"))
        if all(c.customer in alike for c in chosen):
            score += NAME
            reasons.append(_("name of the customer"))
        sure = total == amount and (weight == NUMBER or (weight and score >= DIGITS + AMOUNT + NAME))
        return Proposal(shares=_share(chosen, amount), score=score, reasons=tuple(reasons), sure=bool(sure))


def _adding_up(group: list[Candidate], amount: Decimal) -> tuple[Candidate, ...] | None:
    """The invoices of one customer, the oldest first, whose sum is the amount; two to five of them."""
    for size in range(2, min(len(group), MOST) + 1):
        for chosen in combinations(group, size):
            if sum(c.open_amount for c in chosen) == amount:
                return chosen
    return None


def _share(chosen: tuple[Candidate, ...], amount: Decimal) -> tuple[tuple[Candidate, Decimal], ...]:
    """How much of the amount each gets: the oldest first; what is too much goes to the last one."""
    shares, rest = [], amount
    for place, candidate in enumerate(chosen):
        share = rest if place == len(chosen) - 1 else min(rest, candidate.open_amount)
        if share > 0:
            shares.append((candidate, share))
        rest -= share
    return tuple(shares)


def _one_is_sure(ranked: list[Proposal], entry: BankEntry) -> list[Proposal]:
    """Sure is only the best one, if no other is as good, and if the money was not told before by another file."""
    tied = len(ranked) > 1 and ranked[0].score == ranked[1].score
    twin = getattr(entry, "has_twin", False)
    return [replace(p, sure=p.sure and place == 0 and not tied and not twin) for place, p in enumerate(ranked)]
