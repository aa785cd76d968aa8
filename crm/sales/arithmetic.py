"""The one calculation of amounts in Python: for the preview as somebody types, and for paper and e-invoice.

The database computes the same (models/document.py, rules/documents.py); a property test holds both against a third
calculation. All values are Decimal. With the limits of the models no product has more than 26 digits, so nothing is
rounded by the context (28) before it is rounded here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """Two places, half a cent up (away from zero): the rounding of invoices, and of PostgreSQL's round()."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def line_net(quantity: Decimal, unit_price: Decimal, discount_percent: Decimal = ZERO) -> Decimal:
    """Net amount of a line: quantity × unit price × (1 − discount), rounded."""
    return cents(quantity * unit_price * (100 - discount_percent) * CENT)


@dataclass(frozen=True)
class RateTotal:
    """What falls under one rate of VAT (percent)."""

    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True)
class Totals:
    """The sums of a document; `rates` from the highest to the lowest."""

    net: Decimal
    vat: Decimal
    gross: Decimal
    rates: tuple[RateTotal, ...]


def totals(amounts: Iterable[tuple[Decimal, Decimal]]) -> Totals:
    """The sums of (VAT rate, net amount) of the items. EN 16931: VAT for each rate on the sum of its nets, rounded."""
    nets: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for rate, net in amounts:
        nets[rate] += net
    rates = tuple(RateTotal(rate, nets[rate], cents(nets[rate] * rate * CENT)) for rate in sorted(nets, reverse=True))
    net, vat = sum((r.net for r in rates), ZERO), sum((r.vat for r in rates), ZERO)
    return Totals(net, vat, net + vat, rates)
