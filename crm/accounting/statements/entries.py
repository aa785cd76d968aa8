"""What a bank's file says, whatever its form: plain data between the readers and the database."""

import datetime
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from crm.core import show
from crm.core.forms import tidy
from crm.core.normalise import line, plain

# More is no statement of a month, whatever else it is.
MOST_ENTRIES = 50_000
MAX_BYTES = 20 * 1024 * 1024
LARGEST = Decimal("9999999999.99")


class Unreadable(Exception):
    """The file cannot be taken. The message is a whole, translated sentence for the user."""


def refuse_large(file) -> None:
    """Raises Unreadable for more than a statement can have; else the file is at its beginning."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size > MAX_BYTES:
        raise Unreadable(
            _("The file has %(size)s MB; a bank statement has up to %(limit)s MB.")
            % {"size": show.number(size / 1024 / 1024, 1), "limit": MAX_BYTES // 1024 // 1024}
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One movement on `account`, ours. `amount`: positive is money that came in. `name`, `iban`: of the other side.

    `reference` is the bank's own, if it gives one; `end_to_end` the payer's.
    """

    account: str
    booked_on: datetime.date
    amount: Decimal
    currency: str = "EUR"
    valued_on: datetime.date | None = None
    name: str = ""
    iban: str = ""
    purpose: str = ""
    kind: str = ""
    end_to_end: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A whole file: its entries in the bank's order, and how many were not final yet and are left out."""

    entries: tuple[Entry, ...]
    pending: int = 0


def text(value: str | None, limit: int) -> str:
    """A bank's text on one line, without what no text has."""
    return tidy(line(value or ""), limit)


def iban(value: str | None) -> str:
    """An account's number as IBANs are kept: capitals without spaces."""
    return "".join(c for c in (value or "").upper() if c.isascii() and c.isalnum())[:34]


def keys(entries: Iterable[Entry]) -> list[str]:
    """What makes each entry the same one when it comes again: a hash of what the bank says of it.

    Two entries of a file may be alike to the letter (the same amount, twice a day): the second has a key of its own.
    """
    seen, found = Counter(), []
    for entry in entries:
        parts = (
            entry.account,
            entry.booked_on.isoformat(),
            str(entry.amount.normalize()),
            entry.currency,
            entry.reference,
            entry.end_to_end,
            entry.iban,
            plain(entry.name),
            plain(entry.purpose),
        )
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:48]
        seen[digest] += 1
        found.append(f"{digest}-{seen[digest]}")
    return found
