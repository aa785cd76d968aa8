"""Invoices, credit notes and payments in the API."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from crm.accounts.scope import Action
from crm.api.fields import IdOrName, Ref, Strict, one_of, text
from crm.api.paging import Page, Paging, page
from crm.sales import actions
from crm.sales.api.shapes import Day, Detail, DocumentIn, DocumentOut, create, shown
from crm.sales.models import Invoice, Order, PaymentMethod

router = Router(tags=["invoices"])


class InvoiceIn(DocumentIn):
    """With an `order` (id or number of a confirmed one) what is left to invoice of it, or of what was delivered."""

    order: IdOrName | None = None
    delivered_only: bool = False
    invoice_date: Day | None = None
    due_date: Day | None = None
    service_date: Day | None = None
    service_end: Day | None = None


class InvoiceOut(DocumentOut):
    """`number` from issue on. `open_amount`: what is still to be paid, of a credit note what is to be paid out;
    below zero: paid too much. `paid_at`: the day on which it was paid in full."""

    kind: str
    order: Ref | None
    cancels: Ref | None
    cancelled_by: Ref | None
    invoice_date: datetime.date | None
    due_date: datetime.date | None
    service_date: datetime.date | None
    service_end: datetime.date | None
    issued_at: datetime.datetime | None
    paid_amount: Decimal
    open_amount: Decimal
    paid_at: datetime.datetime | None
    cancelled_at: datetime.datetime | None
    dunning_level: int


class PaymentOut(Schema):
    """`reverses`: the id of the payment that this one takes back; its amount is negative then."""

    id: int
    amount: Decimal
    currency: str
    paid_on: datetime.date
    method: str
    reference: str
    reverses: int | None
    created_at: datetime.datetime


class InvoiceDetail(InvoiceOut, Detail):
    payments: list[PaymentOut]


class PaymentIn(Strict):
    """`paid_on`: today unless sent. The currency has to be the invoice's."""

    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
    currency: text(3) = "EUR"
    paid_on: Day | None = None
    method: Literal[tuple(PaymentMethod.values)] = PaymentMethod.TRANSFER.value
    reference: text(140) = ""


REFS = ("order", "cancels", "cancelled_by")


def _invoices(user):
    mine = Invoice.objects.visible_to(user)
    seen = [
        Prefetch("order", Order.objects.visible_to(user)),
        Prefetch("cancels", mine),
        Prefetch("cancelled_by", mine),
    ]
    return mine.for_display(user).prefetch_related(*seen)


def _one(user, pk: int) -> dict:
    invoice = get_object_or_404(_invoices(user), pk=pk)
    payments = [
        {name: getattr(payment, name) for name in PaymentOut.model_fields} | {"reverses": payment.reverses_id}
        for payment in invoice.payments.all()
    ]
    return shown(invoice, InvoiceDetail, *REFS, payments=payments)


def _mine(request, pk: int) -> Invoice:
    return get_object_or_404(Invoice.objects.visible_to(request.user, Action.CHANGE), pk=pk)


@router.get("/", response=Page[InvoiceOut], url_name="invoices")
def list_invoices(request, paging: Query[Paging]):
    found = _invoices(request.user)
    found = found.search(request.user, paging.q) if paging.q else found
    return page(request, found, paging, lambda invoice: shown(invoice, InvoiceOut, *REFS))


@router.get("/{int:pk}/", response=InvoiceDetail, url_name="invoice")
def one_invoice(request, pk: int):
    return _one(request.user, pk)


@router.post("/", response={200: InvoiceDetail, 201: InvoiceDetail}, url_name="invoices")
def create_invoice(request, data: InvoiceIn):
    """A draft (201), without a number."""
    user = request.user

    def make(fields):
        if "order" in fields:
            fields["order"] = one_of("order", Order.objects.visible_to(user), fields["order"], "number")
        else:
            del fields["delivered_only"]
        return actions.create_invoice(by=user, **fields)

    return create(Invoice, data, user, make, _one)


@router.post("/{int:pk}/issue/", response=InvoiceDetail, url_name="invoice-issue")
def issue_invoice(request, pk: int):
    """The draft gets its number and is final. What is missing for that is named (409)."""
    return _one(request.user, actions.issue_invoice(invoice=_mine(request, pk), by=request.user).pk)


@router.post("/{int:pk}/cancel/", response={201: InvoiceDetail}, url_name="invoice-cancel")
def cancel_invoice(request, pk: int):
    """A credit note over the whole of an issued invoice is issued; the answer is the credit note (201)."""
    return Status(201, _one(request.user, actions.cancel_invoice(invoice=_mine(request, pk), by=request.user).pk))


@router.post("/{int:pk}/pay/", response=InvoiceDetail, url_name="invoice-pay")
def pay_invoice(request, pk: int, data: PaymentIn):
    """Record a payment; the answer is the invoice."""
    actions.add_payment(invoice=_mine(request, pk), by=request.user, **data.model_dump())
    return _one(request.user, pk)
