"""Whether VAT is charged on a new document. A first guess by the customer's country; people decide on the document."""

from decimal import Decimal

from crm.sales.models import TaxTreatment, VatRate
from crm.setup.models import Organisation

EU = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
}


def default_treatment(*, country: str, vat_id: str, seller: Organisation | None) -> str:
    """For a customer in `country` (ISO 3166; empty: like the seller's) with this VAT id, which may be empty.

    § 4 Nr. 1 UStG: within the EU to another business, and outside, no VAT; consumers in the EU are charged.
    """
    home = str(seller.country) if seller and seller.country else "DE"
    if seller and seller.small_business:
        return TaxTreatment.SMALL_BUSINESS
    if not country or country == home:
        return TaxTreatment.DOMESTIC
    if country in EU:
        return TaxTreatment.INTRA_COMMUNITY if vat_id else TaxTreatment.DOMESTIC
    return TaxTreatment.EXPORT


def default_rate() -> Decimal:
    """The rate of a new line without a product: the first one under Settings."""
    return VatRate.objects.filter(is_active=True).values_list("rate", flat=True).first() or Decimal(0)
