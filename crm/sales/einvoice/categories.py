"""What a document says about VAT: the category of EN 16931 and, where none is charged, the reason."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from crm.sales.models import TaxTreatment


@dataclass(frozen=True)
class Category:
    """`code`: BT-118 (UNTDID 5305); `reason`: the sentence that the law asks for on the paper; `reason_code`: VATEX."""

    code: str
    reason: str = ""
    reason_code: str = ""


STANDARD, ZERO = Category("S"), Category("Z")
WITHOUT_VAT = {
    TaxTreatment.INTRA_COMMUNITY: Category(
        "K", _("VAT-exempt intra-community supply (§ 4 No. 1b, § 6a UStG)."), "VATEX-EU-IC"
    ),
    TaxTreatment.REVERSE_CHARGE: Category(
        "AE", _("Reverse charge: the recipient of the supply owes the VAT (§ 13b UStG)."), "VATEX-EU-AE"
    ),
    TaxTreatment.EXPORT: Category("G", _("VAT-exempt export supply (§ 4 No. 1a, § 6 UStG)."), "VATEX-EU-G"),
    TaxTreatment.SMALL_BUSINESS: Category("E", _("VAT-exempt as a small business (§ 19 UStG).")),
    TaxTreatment.EXEMPT: Category("E", _("Exempt from VAT (§ 4 UStG).")),
}


def category(treatment: str, rate: Decimal) -> Category:
    """Of a line with this rate (percent) on a document with this tax treatment."""
    return WITHOUT_VAT.get(treatment) or (STANDARD if rate else ZERO)


def exemption(treatment: str) -> str:
    """The sentence for the paper, in the active language; empty where VAT is charged."""
    found = WITHOUT_VAT.get(treatment)
    return str(found.reason) if found else ""
