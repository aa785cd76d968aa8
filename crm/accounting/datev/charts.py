"""The accounts of DATEV's standard charts that our bookings need, and a company's own instead of them."""

from dataclasses import dataclass
from decimal import Decimal

from crm.accounting.models import Chart, DatevSettings, RevenueAccount
from crm.sales.models import TaxTreatment

# (treatment, rate): (SKR03, SKR04). All of them are automatic accounts or need no tax key.
REVENUE = {
    (TaxTreatment.DOMESTIC, Decimal(19)): (8400, 4400),
    (TaxTreatment.DOMESTIC, Decimal(7)): (8300, 4300),
    (TaxTreatment.DOMESTIC, Decimal(0)): (8290, 4290),
    (TaxTreatment.INTRA_COMMUNITY, Decimal(0)): (8125, 4125),
    (TaxTreatment.REVERSE_CHARGE, Decimal(0)): (8337, 4337),
    (TaxTreatment.EXPORT, Decimal(0)): (8120, 4120),
    (TaxTreatment.SMALL_BUSINESS, Decimal(0)): (8195, 4185),
    (TaxTreatment.EXEMPT, Decimal(0)): (8100, 4100),
}
BANK, CASH = (1200, 1800), (1000, 1600)
# Where money lies that came by card: on its way to the bank.
CARD = (1360, 1460)


@dataclass(frozen=True)
class Account:
    number: int
    tax_key: str = ""


class Accounts:
    """The accounts of this company: its own ones, else those of its chart."""

    def __init__(self, settings: DatevSettings):
        self.settings = settings
        # As they were saved: a form writes what was typed onto its instance before it says that it is wrong.
        self.length = settings.account_length
        self.place = 1 if settings.chart == Chart.SKR04 else 0
        self.own = {
            (row.tax_treatment, row.vat_rate): Account(row.account, row.tax_key) for row in RevenueAccount.objects.all()
        }

    def standard(self, treatment: str, rate: Decimal) -> Account | None:
        """The chart's own account; None for a rate that it has none for."""
        numbers = REVENUE.get((treatment, rate.normalize() if rate else Decimal(0)))
        return Account(self._long(numbers[self.place])) if numbers else None

    def revenue(self, treatment: str, rate: Decimal) -> Account | None:
        """Where revenue of this kind is booked; None if nobody has said it."""
        return self.own.get((treatment, rate)) or self.standard(treatment, rate)

    def money(self, method: str) -> int:
        """Where a payment by `method` arrives."""
        if method == "cash":
            return self.settings.cash_account or self._long(CASH[self.place])
        if method == "card":
            return self._long(CARD[self.place])
        return self.settings.bank_account or self._long(BANK[self.place])

    def debtor(self, company) -> int:
        """The customer's account: his number where it is one, else the collective account."""
        digits = "".join(c for c in company.number if c.isdigit()) if company else ""
        first, end = 10**self.length, 7 * 10**self.length
        if self.settings.one_debtor or not digits or not first <= int(digits) < end:
            return max(self.settings.debtors_account, first)
        return int(digits)

    def _long(self, number: int) -> int:
        """An account of four digits with as many as the company's accounts have."""
        return number * 10 ** (self.length - 4)
