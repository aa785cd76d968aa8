"""An invoice as XML: UN/CEFACT Cross Industry Invoice, built with drafthorse. BT and BG: the terms of EN 16931."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _
from drafthorse.models.accounting import ApplicableTradeTax, TradeAllowanceCharge
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.product import ProductCharacteristic
from drafthorse.models.tradelines import LineItem

from crm.core import show
from crm.sales import arithmetic
from crm.sales.einvoice import units
from crm.sales.einvoice.categories import category
from crm.sales.models import Invoice, LineKind, TaxTreatment
from crm.sales.seller import Seller

EN16931 = "urn:cen.eu:en16931:2017"
XRECHNUNG = f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PEPPOL_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
SEPA_TRANSFER, CLEARING = "58", "97"  # UNTDID 4461
DISCOUNT = "95"  # UNTDID 5189
LEITWEG_SCHEME, EMAIL_SCHEME, GERMAN_VAT_SCHEME = "0204", "EM", "9930"  # EAS

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LEITWEG = re.compile(r"\d{2,12}(-[0-9A-Za-z]{1,30})?-\d{2}")


def text(value) -> str:
    """What XML can carry of a text: without control characters, trimmed."""
    return NOT_XML.sub("", str(value or "")).strip()


@dataclass(frozen=True)
class Item:
    """A line with an amount, and the texts that stand above it on the paper."""

    number: int
    line: object
    notes: tuple[str, ...]


def items(lines) -> tuple[list[Item], list[str]]:
    """The lines with an amount, each with the texts before it; and the texts after the last one."""
    found, waiting = [], []
    for line in lines:
        if line.kind == LineKind.TEXT:
            waiting.append(line.text)
        else:
            found.append(Item(len(found) + 1, line, tuple(waiting)))
            waiting = []
    return found, waiting


def build(invoice: Invoice, *, profile: str) -> bytes:
    """The XML of an issued invoice or credit note; `profile` is EN16931 or XRECHNUNG. Its texts are in its language."""
    seller = Seller.of(invoice)
    with translation.override(invoice.language):
        lines, trailing = items(invoice.lines.select_related("product").order_by("position", "pk"))
        document = Document()
        document.context.guideline_parameter.id = profile
        if profile == XRECHNUNG:
            document.context.business_parameter.id = PEPPOL_BILLING
        _header(document.header, invoice, trailing)
        for item in lines:
            document.trade.items.add(_line(item, invoice))
        _parties(document.trade.agreement, invoice, seller)
        _delivery(document.trade, invoice, seller)
        _settlement(document.trade.settlement, invoice, seller, lines)
        return document.serialize(schema=None)


def _header(header, invoice: Invoice, trailing: list[str]) -> None:
    header.id = invoice.number
    header.type_code = CREDIT_NOTE if invoice.is_credit_note else INVOICE
    header.issue_date_time = invoice.invoice_date
    for words in (invoice.subject, invoice.intro, *trailing, invoice.closing):
        if words := text(words):
            header.notes.add(IncludedNote(content=words))  # BT-22


# ── lines ───────────────────────────────────────────────────────────────────────────────────────────
def _line(item: Item, invoice: Invoice) -> LineItem:
    line, element = item.line, LineItem()
    element.document.line_id = str(item.number)
    if notes := text("\n".join(item.notes)):
        element.document.notes.add(IncludedNote(content=notes))  # BT-127
    name, _newline, more = text(line.text).partition("\n")
    element.product.name = text(name) or "–"
    element.product.description = text(more)
    if line.product_id:
        element.product.seller_assigned_id = text(line.product.sku)
    code = units.code_of(line.unit)
    if code is None:
        element.product.characteristics.add(ProductCharacteristic(description=_("Unit"), value=text(line.unit)))
    element.agreement.net.amount = line.unit_price
    element.delivery.billed_quantity = (_plain(line.quantity), code or units.PIECE)
    tax = element.settlement.trade_tax
    tax.type_code = "VAT"
    tax.category_code = category(invoice.tax_treatment, line.vat_rate).code
    tax.rate_applicable_percent = _plain(line.vat_rate)
    if line.discount_percent:
        element.settlement.allowance_charge.add(_discount(line))
    element.settlement.monetary_summation.total_amount = line.net_amount
    return element


def _discount(line) -> TradeAllowanceCharge:
    """BG-27: what the discount takes from quantity × price, to the cent, so that the line's sum holds."""
    gross = arithmetic.line_net(line.quantity, line.unit_price)
    discount = TradeAllowanceCharge()
    discount.indicator = False
    discount.calculation_percent = _plain(line.discount_percent)
    discount.basis_amount = gross
    discount.actual_amount = gross - line.net_amount
    discount.reason_code = DISCOUNT
    discount.reason = _("Discount")
    return discount


def _plain(value: Decimal) -> str:
    """A number without trailing zeros, and never with an exponent."""
    return f"{value.normalize():f}"


# ── parties ─────────────────────────────────────────────────────────────────────────────────────────
def _parties(agreement, invoice: Invoice, seller: Seller) -> None:
    customer = invoice.company.number if invoice.company_id else ""
    # BT-10: the Leitweg-ID for public buyers; XRechnung wants one from everybody.
    agreement.buyer_reference = text(invoice.customer_reference or customer or invoice.number)
    if invoice.order_id:
        agreement.seller_order.issuer_assigned_id = invoice.order.number
    _seller(agreement.seller, invoice, seller)
    _buyer(agreement.buyer, invoice, seller, customer)


def _seller(party, invoice: Invoice, seller: Seller) -> None:
    party.name = text(seller.full_name)
    party.description = text(" · ".join(filter(None, (seller.register_court, seller.managing_directors))))  # BT-33
    party.legal_organization.id = text(seller.register_number)
    if seller.name != seller.full_name:
        party.legal_organization.trade_name = text(seller.name)
    party.contact.person_name = text(invoice.owner.name if invoice.owner_id else seller.full_name)
    party.contact.telephone.number = text(seller.phone)
    party.contact.email.address = text(seller.email)
    _address(party.address, seller.street, seller.postal_code, seller.city, seller.country or "DE")
    if seller.email:
        party.electronic_address.uri_ID = (EMAIL_SCHEME, text(seller.email))
    if seller.vat_id:
        party.tax_registrations.add(TaxRegistration(id=("VA", compact(seller.vat_id))))
    if seller.tax_number:
        party.tax_registrations.add(TaxRegistration(id=("FC", text(seller.tax_number))))


def _buyer(party, invoice: Invoice, seller: Seller, customer: str) -> None:
    party.id = text(customer)
    party.name = text(invoice.recipient_name)
    party.contact.person_name = text(invoice.recipient_contact)
    _address(
        party.address,
        invoice.recipient_street,
        invoice.recipient_postal_code,
        invoice.recipient_city,
        str(invoice.recipient_country) or seller.country or "DE",
    )
    vat_id = compact(invoice.recipient_vat_id)
    if re.match(r"[A-Z]{2}", vat_id):
        party.tax_registrations.add(TaxRegistration(id=("VA", vat_id)))
    if electronic := electronic_address(invoice):
        party.electronic_address.uri_ID = electronic


def electronic_address(invoice: Invoice) -> tuple[str, str] | None:
    """BT-49 with its scheme: where the buyer takes electronic invoices; None if nothing is known of it."""
    vat_id = compact(invoice.recipient_vat_id)
    if invoice.recipient_email:
        return EMAIL_SCHEME, text(invoice.recipient_email)
    if LEITWEG.fullmatch(invoice.customer_reference):
        return LEITWEG_SCHEME, invoice.customer_reference
    return (GERMAN_VAT_SCHEME, vat_id) if vat_id.startswith("DE") else None


def compact(vat_id: str) -> str:
    """A VAT ID as registers write it: DE123456789."""
    return re.sub(r"[^A-Z0-9]", "", vat_id.upper())


def _address(address, street: str, postal_code: str, city: str, country: str) -> None:
    first, _newline, second = text(street).partition("\n")
    address.postcode, address.line_one, address.line_two = text(postal_code), text(first), text(second)
    address.city_name, address.country_id = text(city), country


# ── delivery, sums, payment ─────────────────────────────────────────────────────────────────────────
def _delivery(trade, invoice: Invoice, seller: Seller) -> None:
    if invoice.tax_treatment == TaxTreatment.INTRA_COMMUNITY:
        _address(
            trade.delivery.ship_to.address,
            invoice.recipient_street,
            invoice.recipient_postal_code,
            invoice.recipient_city,
            str(invoice.recipient_country) or seller.country,
        )
    if invoice.service_end and invoice.service_end != invoice.service_date:
        trade.settlement.period.start = invoice.service_date
        trade.settlement.period.end = invoice.service_end
    elif invoice.service_date:
        trade.delivery.event.occurrence = invoice.service_date


def _settlement(settlement, invoice: Invoice, seller: Seller, lines: list[Item]) -> None:
    settlement.payment_reference = invoice.number
    settlement.currency_code = invoice.currency
    settlement.payment_means.add(_payment(invoice, seller))
    sums = arithmetic.totals((item.line.vat_rate, item.line.net_amount) for item in lines)
    for rate in sums.rates:
        settlement.trade_tax.add(_tax(invoice, rate))
    settlement.terms.add(_terms(invoice))
    total = settlement.monetary_summation
    total.line_total = sums.net
    total.tax_basis_total = (sums.net, None)
    total.tax_total = (sums.vat, invoice.currency)
    total.grand_total = (sums.gross, None)
    total.due_amount = sums.gross
    if invoice.cancels_id:
        settlement.invoice_referenced_document.issuer_assigned_id = invoice.cancels.number  # BG-3
        settlement.invoice_referenced_document.issue_date_time = invoice.cancels.invoice_date


def _payment(invoice: Invoice, seller: Seller) -> PaymentMeans:
    """BG-16: a transfer to our account; a cancellation is settled against the invoice."""
    means = PaymentMeans()
    if invoice.is_credit_note:
        means.type_code = CLEARING
        return means
    means.type_code = SEPA_TRANSFER
    means.payee_account.iban = re.sub(r"\s", "", seller.iban)
    means.payee_account.account_name = text(seller.full_name)
    means.payee_institution.bic = re.sub(r"\s", "", seller.bic)
    return means


def _terms(invoice: Invoice) -> PaymentTerms:
    terms = PaymentTerms()
    if invoice.is_credit_note:
        terms.description = _("Settled against invoice %(number)s.") % {"number": invoice.cancels.number}
    else:
        terms.description = _("Payable by %(day)s without deduction.") % {"day": show.day(invoice.due_date)}
    terms.due = invoice.due_date
    return terms


def _tax(invoice: Invoice, rate: arithmetic.RateTotal) -> ApplicableTradeTax:
    kind = category(invoice.tax_treatment, rate.rate)
    tax = ApplicableTradeTax()
    tax.calculated_amount, tax.type_code, tax.basis_amount = rate.vat, "VAT", rate.net
    tax.category_code, tax.rate_applicable_percent = kind.code, _plain(rate.rate)
    tax.exemption_reason, tax.exemption_reason_code = str(kind.reason), kind.reason_code
    return tax
