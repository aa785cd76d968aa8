"""What an invoice still lacks. § 14 (4), § 14a UStG; the mandatory terms of EN 16931 and XRechnung."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _
from stdnum import iban
from stdnum.de import leitweg

from crm.sales.einvoice.cii import LEITWEG, compact, electronic_address
from crm.sales.models import Invoice, TaxTreatment
from crm.sales.seller import Seller

# Section O of WZ 2008 and NACE: public administration.
PUBLIC = "84"
NEEDS_SELLER_VAT_ID = {TaxTreatment.INTRA_COMMUNITY, TaxTreatment.REVERSE_CHARGE, TaxTreatment.EXPORT}
NEEDS_BUYER_VAT_ID = {TaxTreatment.INTRA_COMMUNITY, TaxTreatment.REVERSE_CHARGE}


def missing_data(invoice: Invoice) -> list[str]:
    """What has to be added before `invoice` can be issued: whole sentences, in the active language.

    Expects the recipient filled in. Empty: it says all that the law asks for, and is valid as ZUGFeRD and XRechnung.
    A credit note repeats the recipient of what it cancels, so of that nothing is asked.
    """
    sentences = [*_of_seller(Seller.of(invoice), invoice)]
    if not invoice.is_credit_note:
        sentences += [*_of_buyer(invoice), *_of_supply(invoice)]
    return sentences


def _of_seller(seller: Seller, invoice: Invoice) -> Iterator[str]:
    if not seller.full_name:
        yield _("Your company's name is missing (Settings, Own company).")
    if not (seller.street and seller.postal_code and seller.city):
        yield _("Your company's address is incomplete (Settings, Own company).")
    if not (seller.vat_id or seller.tax_number):
        yield _("Your company's VAT ID or tax number is missing (Settings, Own company).")
    elif not seller.vat_id and invoice.tax_treatment in NEEDS_SELLER_VAT_ID:
        yield _("Without VAT for this reason, your company's VAT ID has to be on the invoice (Settings, Own company).")
    if not iban.is_valid(seller.iban):
        yield _("Your company's IBAN is missing or wrong (Settings, Own company).")
    if not (seller.phone and seller.email):
        yield _("Your company's phone number and e-mail address are missing (Settings, Own company).")


def _of_buyer(invoice: Invoice) -> Iterator[str]:
    if not invoice.recipient_name:
        yield _("The recipient's name is missing.")
    if not (invoice.recipient_street and invoice.recipient_postal_code and invoice.recipient_city):
        yield _("The recipient's address is incomplete: street, postal code and city.")
    has_vat_id = re.match(r"[A-Z]{2}\w", compact(invoice.recipient_vat_id))
    if invoice.tax_treatment in NEEDS_BUYER_VAT_ID and not has_vat_id:
        yield _("Without VAT for this reason, the recipient's VAT ID has to be on the invoice.")
    # A private customer takes paper.
    if invoice.company_id and not electronic_address(invoice):
        yield _("The recipient's e-mail address is missing; an electronic invoice needs one.")
    yield from _of_public_buyer(invoice)


def _of_public_buyer(invoice: Invoice) -> Iterator[str]:
    company, reference = invoice.company, invoice.customer_reference
    if company is None or not (company.leitweg_id or company.industry_code.startswith(PUBLIC)):
        return
    if not reference:
        yield _("%(company)s is a public buyer: its Leitweg-ID is missing.") % {"company": company}
    elif LEITWEG.fullmatch(reference) and not leitweg.is_valid(reference):
        yield _("The Leitweg-ID %(id)s is wrong: its check digits do not fit.") % {"id": reference}


def _of_supply(invoice: Invoice) -> Iterator[str]:
    if not invoice.service_date:
        yield _("The day or period of the supply is missing.")
    if not any(line.kind == "item" for line in invoice.lines.all()):
        yield _("The invoice has no line with an amount.")
