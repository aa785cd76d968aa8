"""Quotes, order confirmations, invoices, cancellations and reminders as letters: what stands where.

The form is crm/papers'; keeping what was made is crm/sales/keeping.py's.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.salutation import salutation
from crm.core import clock, show
from crm.core.normalise import phone_shown
from crm.papers.letter import Letter, Sender, render
from crm.sales import arithmetic
from crm.sales.einvoice.categories import exemption
from crm.sales.models import DunningNotice, Invoice, LineKind, Order, Quote
from crm.sales.seller import Seller
from crm.setup.models import Organisation

# From here on a line's text may break over pages: it would leave too much of a page empty.
LONG_TEXT = 900
# Amounts from here on need wider columns.
WIDE_AMOUNT = 1_000_000
SHORT_UNIT = 5


@dataclass(frozen=True)
class Row:
    """A line as it is printed; `so_far` is what the document amounts to up to here."""

    is_item: bool
    number: int
    name: str
    more: str
    quantity: str
    unit_price: str
    discount: str
    rate: str
    amount: str
    so_far: str

    @property
    def is_long(self) -> bool:
        return len(self.name) + len(self.more) > LONG_TEXT


def draw(document) -> bytes:
    """The PDF of a quote, order, invoice, credit note or reminder, in its language; a draft is marked as one.

    Raises CannotDraw (crm/papers).
    """
    with translation.override(document.invoice.language if isinstance(document, DunningNotice) else document.language):
        template, context = CONTENTS[type(document)](document)
        return render(template, context, translation.get_language())


def preview(document, by) -> bytes:
    """The PDF of a draft as it stands, marked as a draft; the recipient as `by` would send it. Refused without one."""
    # Imported late: the verbs know the papers.
    from crm.sales.actions.documents import address

    document = copy.copy(document)
    address(document, by)
    return draw(document)


def title(document) -> str:
    """What the paper is called, in its language: Rechnung RE-2026-00001. Also the name of its file."""
    with translation.override(document.invoice.language if isinstance(document, DunningNotice) else document.language):
        return _title(document)


def _title(document) -> str:
    if isinstance(document, DunningNotice):
        return f"{_dunning_name(document)} {document.invoice.number}"
    if isinstance(document, Invoice) and document.is_draft:
        return _("Credit note") if document.is_credit_note else _("Invoice")
    name = {Quote: _("Quote"), Order: _("Order confirmation"), Invoice: _("Invoice")}[type(document)]
    if isinstance(document, Invoice) and document.is_credit_note:
        name = _("Credit note")
    return f"{name} {document}"


def _dunning_name(notice: DunningNotice) -> str:
    return {1: _("Payment reminder"), 2: _("Second reminder"), 3: _("Final reminder")}[notice.level]


# ── what all have in common ─────────────────────────────────────────────────────────────────────────
def sender_of(document) -> Sender:
    """Us, as the letter shows us."""
    seller, organisation = Seller.of(document), Organisation.objects.first()
    city = f"{seller.postal_code} {seller.city}".strip()
    registered = " · ".join(filter(None, (seller.register_court, seller.register_number)))
    directors = _("Managing directors: %(names)s") % {"names": seller.managing_directors}
    columns = (
        (seller.full_name, seller.street, city),
        (phone_shown(seller.phone), seller.email, seller.website),
        (seller.bank_name, _labelled("IBAN", _grouped(seller.iban)), _labelled("BIC", seller.bic)),
        (
            registered,
            directors if seller.managing_directors else "",
            _labelled(_("VAT ID"), seller.vat_id),
            _labelled(_("Tax number"), seller.tax_number),
        ),
    )
    columns = tuple(tuple(filter(None, column)) for column in columns)
    return Sender(
        name=seller.name or seller.full_name,
        return_line=" · ".join(filter(None, (seller.full_name, seller.street, city))),
        footer=tuple(filter(None, columns)),
        logo=_logo(organisation),
    )


def _logo(organisation) -> bytes:
    if organisation is None or not organisation.logo:
        return b""
    try:
        with organisation.logo.open("rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _labelled(label: str, value: str) -> str:
    return f"{label}{show.NBSP}{value}" if value else ""


def _grouped(iban: str) -> str:
    iban = "".join(iban.split())
    return show.NBSP.join(iban[start : start + 4] for start in range(0, len(iban), 4))


def recipient_of(document) -> tuple[str, ...]:
    """The lines of the address window. Abroad the country is named as the post here reads it: in German capitals."""
    country, home = document.recipient_country, Seller.of(document).country
    with translation.override("de"):
        abroad = country.name.upper() if country and country.code != home else ""
    return tuple(
        filter(
            None,
            (
                document.recipient_name,
                document.recipient_contact,
                *document.recipient_street.splitlines(),
                f"{document.recipient_postal_code} {document.recipient_city}".strip(),
                abroad,
            ),
        )
    )


def info_of(document, facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The information block: `facts`, then what every paper says about the customer and whom to ask."""
    seller = Seller.of(document)
    return tuple(
        (label, value)
        for label, value in (
            *facts,
            (_("Your reference"), document.customer_reference),
            (_("Customer number"), document.company.number if document.company_id else ""),
            (_("Your VAT ID"), document.recipient_vat_id),
            (_("Your contact"), document.owner.name if document.owner_id else ""),
            (_("Phone"), phone_shown(seller.phone)),
            (_("E-mail"), _breakable(seller.email)),
        )
        if value
    )


def _breakable(email: str):
    """May break before the @: the block is narrow."""
    name, at, domain = email.partition("@")
    return format_html("{}<wbr>{}{}", name, at, domain) if at else email


def amount(value: Decimal, currency: str) -> str:
    """1.234,56 €; other currencies by their code."""
    return show.money(value) if currency == "EUR" else f"{show.number(value, 2)}{show.NBSP}{currency}"


def number(value: Decimal, places: int = 0) -> str:
    """With as many decimals as it has, at least `places`: 2, 1,5, 0,333."""
    return show.number(value, max(places, -value.normalize().as_tuple().exponent))


# ── lines ───────────────────────────────────────────────────────────────────────────────────────────
def rows_of(lines, currency: str) -> list[Row]:
    """The lines in order; texts between them have no number."""
    rows, position, so_far = [], 0, arithmetic.ZERO
    for line in lines:
        is_item = line.kind == LineKind.ITEM
        position += is_item
        so_far += line.net_amount
        name, _newline, more = line.text.strip().partition("\n")
        rows.append(
            Row(
                is_item=is_item,
                number=position,
                name=name,
                more=more.strip(),
                quantity=_with_unit(number(line.quantity), line.unit),
                unit_price=show.number(line.unit_price, 2),
                discount=_percent(line.discount_percent) if line.discount_percent else "",
                rate=_percent(line.vat_rate),
                amount=show.number(line.net_amount, 2),
                so_far=amount(so_far, currency),
            )
        )
    return rows


def _with_unit(quantity: str, unit: str) -> str:
    """A long unit may stand below its number."""
    return f"{quantity}{show.NBSP if len(unit) <= SHORT_UNIT else ' '}{unit}".strip()


def _percent(value: Decimal) -> str:
    return show.percent(value, max(0, -value.normalize().as_tuple().exponent))


def _document(document, template: str, facts, **more) -> tuple[str, dict]:
    """Template and context of a paper with lines."""
    lines = list(document.lines.order_by("position", "pk"))
    items = [line for line in lines if line.kind == LineKind.ITEM]
    name = _title(document)
    context = {
        "letter": Letter(
            sender=sender_of(document),
            recipient=recipient_of(document),
            title=name,
            info=info_of(document, facts),
            watermark=_("Draft") if document.is_draft else "",
        ),
        "document": document,
        "salutation": salutation(document.person),
        "rows": rows_of(lines, document.currency),
        "is_wide": any(max(line.net_amount, line.unit_price) >= WIDE_AMOUNT for line in items),
        "has_discount": any(line.discount_percent for line in items),
        "has_rates": len({line.vat_rate for line in items}) > 1,
        "vat": [
            (_percent(rate.rate), show.number(rate.net, 2), amount(rate.vat, document.currency))
            for rate in arithmetic.totals((line.vat_rate, line.net_amount) for line in items).rates
        ]
        if document.charges_vat
        else [],
        "net": amount(document.net_total, document.currency),
        "gross": amount(document.gross_total, document.currency),
        "exemption": exemption(document.tax_treatment),
    }
    return template, context | more


# ── each of them ────────────────────────────────────────────────────────────────────────────────────
def _quote(quote: Quote) -> tuple[str, dict]:
    facts = (
        (_("Quote number"), quote.number),
        (_("Revision"), str(quote.revision) if quote.revision > 1 else ""),
        (_("Date"), show.day(quote.sent_at or timezone.now())),
        (_("Valid until"), show.day(quote.valid_until)),
    )
    return _document(quote, "sales/pdf/quote.html", facts)


def _order(order: Order) -> tuple[str, dict]:
    facts = (
        (_("Order number"), order.number),
        (_("Order date"), show.day(order.order_date)),
        (_("Delivery date"), show.day(order.delivery_date) if order.delivery_date else ""),
        (_("Our quote"), str(order.quote) if order.quote_id else ""),
    )
    return _document(order, "sales/pdf/order.html", facts)


def _invoice(invoice: Invoice) -> tuple[str, dict]:
    """All that § 14 (4) UStG asks for; beside the block also parties, lines, rates and the reason for no VAT."""
    cancels = invoice.cancels
    facts = (
        (_("Number"), invoice.number or ""),
        (_("Date"), show.day(invoice.invoice_date or clock.today())),
        (_("Cancels invoice"), cancels.number if cancels else ""),
        (pgettext("document", "of"), show.day(cancels.invoice_date) if cancels else ""),
        supplied(invoice),
        (_("Due date"), show.day(invoice.due_date) if invoice.due_date and not cancels else ""),
        (_("Our order"), invoice.order.number if invoice.order_id else ""),
    )
    account = account_of(invoice, invoice.number or "")
    return _document(invoice, "sales/pdf/invoice.html", facts, account=account, cancels=cancels)


def account_of(invoice: Invoice, reference: str) -> tuple[tuple[str, str], ...]:
    """Where to pay to: label and value; empty without an IBAN."""
    seller = Seller.of(invoice)
    if not seller.iban:
        return ()
    facts = (
        (_("Account"), seller.full_name),
        ("IBAN", _grouped(seller.iban)),
        ("BIC", ", ".join(filter(None, (seller.bic, seller.bank_name)))),
        (_("Reference"), reference),
    )
    return tuple((label, value) for label, value in facts if value)


def supplied(invoice: Invoice) -> tuple[str, str]:
    """Label and value: the day, or from when until when (§ 14 (4) no. 6 UStG)."""
    if not invoice.service_date:
        return _("Date of supply"), ""
    if invoice.service_end and invoice.service_end != invoice.service_date:
        return _("Period of supply"), f"{show.day(invoice.service_date)} – {show.day(invoice.service_end)}"
    return _("Date of supply"), show.day(invoice.service_date)


def _reminder(notice: DunningNotice) -> tuple[str, dict]:
    invoice = notice.invoice
    facts = (
        (_("Invoice"), invoice.number),
        (_("Date"), show.day(notice.issued_on)),
        (_("Payable by"), show.day(notice.due_date)),
    )
    paid = invoice.gross_total - notice.open_amount
    sums = [
        (_("Invoice amount"), amount(invoice.gross_total, invoice.currency)),
        (_("Already paid"), amount(-paid, invoice.currency) if paid else ""),
        (_("Open amount"), amount(notice.open_amount, invoice.currency)),
        (_("Reminder fee"), amount(notice.fee, invoice.currency) if notice.fee else ""),
    ]
    context = {
        "letter": Letter(
            sender=sender_of(invoice),
            recipient=recipient_of(invoice),
            title=_title(notice),
            info=info_of(invoice, facts),
        ),
        "notice": notice,
        "invoice": invoice,
        "salutation": salutation(invoice.person),
        "sums": [(label, value) for label, value in sums if value],
        "total": amount(notice.open_amount + notice.fee, invoice.currency),
        "account": account_of(invoice, invoice.number),
    }
    return "sales/pdf/reminder.html", context


CONTENTS = {Quote: _quote, Order: _order, Invoice: _invoice, DunningNotice: _reminder}
