"""Invoices: of an order (all, or what was delivered), an opportunity, or directly; issued; cancelled."""

import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.core import clock
from crm.core.refusals import Refused
from crm.sales.actions import lines as line_actions
from crm.sales.actions.documents import (
    address,
    begin,
    check_dates,
    check_not_empty,
    draft,
    locked,
    may_create,
    one_line,
    opportunity_of,
)
from crm.sales.actions.quotes import HEAD
from crm.sales.einvoice import missing_data
from crm.sales.keeping import keep_later
from crm.sales.models import (
    Invoice,
    InvoiceKind,
    InvoiceStatus,
    LineKind,
    Order,
    OrderStatus,
    PaperKind,
    Quote,
    QuoteStatus,
    StandardText,
)
from crm.setup.models import Organisation

FROM_ORDER = [name for name in HEAD if name not in {"intro", "closing"}]


# ── drafts ──────────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def create_invoice(
    *, by, order=None, delivered_only=False, opportunity=None, lines: list[dict] | None = None, **fields
) -> Invoice:
    """A draft: of what is left to invoice of an order (`delivered_only`: of what was delivered), of an opportunity,
    or for the company or person given.

    Of an opportunity: its order with something left to invoice, else its accepted quote, else title and value.
    """
    if opportunity is not None and order is None:
        opportunity = opportunity_of(opportunity, by)
        order = _order_to_invoice(opportunity, by)
    if order is not None:
        return _of_order(_open_order(order, by), by, delivered_only, lines, fields)
    if opportunity is not None and lines is None:
        lines = _lines_of_opportunity(opportunity, by)
    return begin(Invoice, by=by, kind=PaperKind.INVOICE, of=opportunity, lines=lines or [], **fields)


def _order_to_invoice(opportunity, by) -> Order | None:
    for order in Order.objects.visible_to(by).confirmed().filter(opportunity=opportunity).order_by("pk"):
        if order.lines.with_invoiced().filter(to_invoice__gt=0).exists():
            return order
    return None


def _lines_of_opportunity(opportunity, by) -> list[dict]:
    quotes = Quote.objects.visible_to(by).filter(opportunity=opportunity, status=QuoteStatus.ACCEPTED)
    quote = quotes.order_by("-decided_at").first()
    if quote is None:
        return one_line(opportunity)
    return [line_actions.copied(line) for line in quote.lines.select_related("product")]


def _open_order(order, by) -> Order:
    """The order, locked: two invoices of it wait for each other."""
    seen = Order.objects.visible_to(by).select_related("company", "person", "opportunity", "owner")
    order = seen.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    if order.status not in (OrderStatus.CONFIRMED, OrderStatus.DELIVERED):
        raise Refused(
            _("%(number)s is “%(status)s”; only a confirmed order can be invoiced.")
            % {"number": order.number, "status": order.get_status_display()}
        )
    return order


def _of_order(order, by, delivered_only, lines, fields) -> Invoice:
    if lines is None:
        lines = left_to_invoice(order, delivered_only=delivered_only)
    if not lines:
        raise Refused(
            _("Nothing that was delivered is left to invoice.")
            if delivered_only
            else _("All of %(number)s is on invoices already.") % {"number": order.number}
        )
    delivered = order.deliveries.aggregate(last=Max("delivered_on"))["last"]
    fields = {name: getattr(order, name) for name in FROM_ORDER} | {"service_date": delivered} | fields
    return begin(Invoice, by=by, kind=PaperKind.INVOICE, lines=lines, **fields, order=order)


def left_to_invoice(order, *, delivered_only=False) -> list[dict]:
    """The lines of an invoice of what is left of `order`. Its texts come along when nothing was invoiced before."""
    left = "delivered_to_invoice" if delivered_only else "to_invoice"
    ordered = list(order.lines.with_invoiced().select_related("product"))
    first = not any(line.invoiced_quantity for line in ordered)
    lines = [
        line_actions.copied(line) | {"quantity": getattr(line, left), "order_line": line}
        for line in ordered
        if (getattr(line, left) if line.kind == LineKind.ITEM else first)
    ]
    return lines if any(line["kind"] == LineKind.ITEM for line in lines) else []


# ── issuing ─────────────────────────────────────────────────────────────────────────────────────────
def due_date(invoice, day: datetime.date) -> datetime.date:
    """When an invoice of `day` is due: by the terms of the company, else by ours."""
    seller = Organisation.objects.first() or Organisation()
    days = invoice.company.payment_terms_days if invoice.company else seller.payment_terms_days
    return day + datetime.timedelta(days=days)


@transaction.atomic
def issue_invoice(*, invoice, by) -> Invoice:
    """The draft gets the next number of its range and is final from now on.

    What is missing (§ 14 UStG, e-invoice) is named first. The number is taken by the database in the same statement
    that freezes the invoice; a rollback gives it back.
    """
    invoice = draft(invoice, by)
    check_not_empty(invoice)
    return _issue(invoice, by)


def _issue(invoice: Invoice, by) -> Invoice:
    today = clock.today()
    invoice.invoice_date = invoice.invoice_date or today
    if invoice.invoice_date > today:
        raise Refused(_("The invoice date lies in the future; an invoice is issued on its date or later."))
    invoice.due_date = invoice.due_date or due_date(invoice, invoice.invoice_date)
    invoice.service_date = invoice.service_date or invoice.invoice_date
    check_dates(invoice)
    address(invoice, by)
    if missing := missing_data(invoice):
        raise Refused(" ".join([_("This invoice cannot be issued yet."), *missing]))
    invoice.seller = (Organisation.objects.first() or Organisation()).snapshot()
    invoice.status = InvoiceStatus.ISSUED
    invoice.save()
    invoice.refresh_from_db()
    keep_later(invoice)
    return invoice


# ── cancelling ──────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def cancel_invoice(*, invoice, by) -> Invoice:
    """Cancel an issued invoice: a credit note over the same lines is issued with a number of its own; gives it."""
    may_create(Invoice, by)
    invoice = locked(invoice, by)
    if invoice.is_credit_note:
        raise Refused(_("A credit note cannot be cancelled."))
    if invoice.status not in (InvoiceStatus.ISSUED, InvoiceStatus.PAID):
        raise Refused(
            _("“%(name)s” is “%(status)s”; only an issued invoice can be cancelled.")
            % {"name": invoice, "status": invoice.get_status_display()}
        )
    note = Invoice.objects.create(
        kind=InvoiceKind.CREDIT_NOTE,
        cancels=invoice,
        order=invoice.order,
        service_date=invoice.service_date,
        service_end=invoice.service_end,
        due_date=clock.today(),
        **{name: getattr(invoice, name) for name in HEAD} | _cancellation_texts(invoice),
    )
    lines = [
        line_actions.copied(line, more=("order_line",))
        for line in invoice.lines.select_related("product", "order_line")
    ]
    line_actions.write(note, line_actions.built(note, lines))
    note.refresh_from_db()
    return _issue(note, by)


def _cancellation_texts(invoice) -> dict:
    with override(invoice.language):
        subject = _("Cancellation of invoice %(number)s") % {"number": invoice.number}
    text = StandardText.objects.filter(kind=PaperKind.CREDIT_NOTE, language=invoice.language).first()
    return {"subject": subject, "intro": text.intro if text else "", "closing": text.closing if text else ""}
