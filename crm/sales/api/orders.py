"""Orders in the API."""

import datetime
from decimal import Decimal
from typing import Annotated

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from ninja import Query, Router
from pydantic import Field

from crm.accounts.scope import Action
from crm.api.fields import IdOrName, Ref, Strict, invalid, one_of, text
from crm.api.paging import Page, Paging, page
from crm.sales import actions
from crm.sales.api.shapes import Day, Detail, DocumentIn, DocumentOut, LineOut, create, shown
from crm.sales.models import Order, Quote

router = Router(tags=["orders"])


class OrderIn(DocumentIn):
    """With a `quote` (id or number of an accepted one) its lines, customer and owner, unless sent."""

    quote: IdOrName | None = None
    order_date: Day | None = None
    delivery_date: Day | None = None


class OrderOut(DocumentOut):
    quote: Ref | None
    order_date: datetime.date
    delivery_date: datetime.date | None
    confirmed_at: datetime.datetime | None
    delivered_at: datetime.datetime | None
    cancelled_at: datetime.datetime | None


class OrderLineOut(LineOut):
    """`invoiced_quantity`: on invoices, drafts included; `to_invoice`: what is left."""

    delivered_quantity: Decimal
    invoiced_quantity: Decimal
    to_invoice: Decimal


class OrderDetail(OrderOut, Detail):
    lines: list[OrderLineOut]


class DeliveredIn(Strict):
    line: Annotated[int, Field(ge=1, lt=2**63)]
    quantity: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)]


class DeliverIn(Strict):
    """Without `lines`: all that is left. `delivered_on`: today unless sent."""

    lines: Annotated[list[DeliveredIn], Field(max_length=1000)] | None = None
    delivered_on: Day | None = None
    note: text(200) = ""


def _orders(user):
    seen = Prefetch("quote", Quote.objects.visible_to(user))
    return Order.objects.visible_to(user).for_display(user).prefetch_related(seen)


def _one(user, pk: int) -> dict:
    order = get_object_or_404(_orders(user), pk=pk)
    answer = shown(order, OrderDetail, "quote")
    more = ("delivered_quantity", "invoiced_quantity", "to_invoice")
    left = {line["id"]: line for line in order.lines.with_invoiced().values("id", *more)}
    answer["lines"] = [line | left[line["id"]] for line in answer["lines"]]
    return answer


def _mine(request, pk: int) -> Order:
    return get_object_or_404(Order.objects.visible_to(request.user, Action.CHANGE), pk=pk)


@router.get("/", response=Page[OrderOut], url_name="orders")
def list_orders(request, paging: Query[Paging]):
    found = _orders(request.user)
    found = found.search(request.user, paging.q) if paging.q else found
    return page(request, found, paging, lambda order: shown(order, OrderOut, "quote"))


@router.get("/{int:pk}/", response=OrderDetail, url_name="order")
def one_order(request, pk: int):
    return _one(request.user, pk)


@router.post("/", response={200: OrderDetail, 201: OrderDetail}, url_name="orders")
def create_order(request, data: OrderIn):
    """A draft (201)."""
    user = request.user

    def make(fields):
        if "quote" in fields:
            quotes = Quote.objects.visible_to(user).latest_revisions()
            fields["quote"] = one_of("quote", quotes, fields["quote"], "number")
        return actions.create_order(by=user, **fields)

    return create(Order, data, user, make, _one)


@router.post("/{int:pk}/confirm/", response=OrderDetail, url_name="order-confirm")
def confirm_order(request, pk: int):
    return _one(request.user, actions.confirm_order(order=_mine(request, pk), by=request.user).pk)


@router.post("/{int:pk}/deliver/", response=OrderDetail, url_name="order-deliver")
def deliver_order(request, pk: int, data: DeliverIn):
    order, wanted = _mine(request, pk), None
    if data.lines is not None:
        wanted = {line.line: line.quantity for line in data.lines}
        if len(wanted) < len(data.lines):
            raise invalid("lines", "names a line twice")
    actions.deliver_order(
        order=order, by=request.user, quantities=wanted, delivered_on=data.delivered_on, note=data.note
    )
    return _one(request.user, pk)


@router.post("/{int:pk}/cancel/", response=OrderDetail, url_name="order-cancel")
def cancel_order(request, pk: int):
    return _one(request.user, actions.cancel_order(order=_mine(request, pk), by=request.user).pk)
