"""Orders: from a quote, an opportunity or directly; confirmed, delivered in parts, cancelled."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

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
    one_line,
    opportunity_of,
)
from crm.sales.actions.quotes import HEAD
from crm.sales.keeping import keep_later
from crm.sales.models import Delivery, DeliveryLine, Order, OrderStatus, PaperKind, Quote, QuoteStatus

# The texts of a quote are not those of an order.
FROM_QUOTE = [name for name in HEAD if name not in {"intro", "closing"}]


@transaction.atomic
def create_order(*, by, quote=None, opportunity=None, lines: list[dict] | None = None, **fields) -> Order:
    """A draft: of an accepted quote with its lines, of an opportunity, or for the company or person given.

    Of an opportunity: its accepted quote that has no order yet, else its title and estimated value, make the lines.
    """
    if opportunity is not None and quote is None:
        opportunity = opportunity_of(opportunity, by)
        quote = _quote_to_order(opportunity, by)
    if quote is not None:
        quote = _accepted(quote, by)
        fields = {name: getattr(quote, name) for name in FROM_QUOTE} | fields | {"quote": quote}
        opportunity = None
        if lines is None:
            lines = [line_actions.copied(line) for line in quote.lines.select_related("product")]
    elif opportunity is not None:
        if opportunity.delivery_date and opportunity.delivery_date >= clock.today():
            fields.setdefault("delivery_date", opportunity.delivery_date)
        lines = one_line(opportunity) if lines is None else lines
    return begin(Order, by=by, kind=PaperKind.ORDER, of=opportunity, lines=lines or [], **fields)


def _quote_to_order(opportunity, by) -> Quote | None:
    mine = Quote.objects.visible_to(by).filter(opportunity=opportunity, status=QuoteStatus.ACCEPTED)
    return mine.exclude(orders__in=Order.objects.exclude(status=OrderStatus.CANCELLED)).order_by("-decided_at").first()


def _accepted(quote, by) -> Quote:
    """The quote, locked: two orders of it wait for each other."""
    seen = Quote.objects.visible_to(by).select_related("company", "person", "opportunity", "owner")
    quote = seen.select_for_update(of=("self",), no_key=True).get(pk=quote.pk)
    if quote.status != QuoteStatus.ACCEPTED:
        raise Refused(_("%(number)s has not been accepted yet.") % {"number": quote})
    order = quote.orders.exclude(status=OrderStatus.CANCELLED).first()
    if order is not None:
        raise Refused(_("There is already an order for this quote: %(number)s.") % {"number": order.number})
    return quote


@transaction.atomic
def confirm_order(*, order, by) -> Order:
    """We promise to deliver; the lines are final."""
    order = draft(order, by)
    check_not_empty(order)
    address(order, by)
    order.status = OrderStatus.CONFIRMED
    order.confirmed_at = timezone.now()
    order.save()
    order.refresh_from_db()
    keep_later(order)
    return order


def _confirmed(order, by) -> Order:
    order = locked(order, by)
    if order.status != OrderStatus.CONFIRMED:
        raise Refused(
            _("%(number)s is “%(status)s”; this needs a confirmed order that is not yet delivered.")
            % {"number": order.number, "status": order.get_status_display()}
        )
    return order


@transaction.atomic
def update_delivery_date(*, order, by, delivery_date: datetime.date | None) -> Order:
    """Another promise for a confirmed order: the only thing of it that may still change."""
    order = _confirmed(order, by)
    order.delivery_date = delivery_date
    check_dates(order)
    order.save(update_fields=["delivery_date", "updated_at"])
    return order


@transaction.atomic
def deliver_order(
    *, order, by, quantities: dict[int, Decimal] | None = None, delivered_on: datetime.date | None = None, note=""
) -> Delivery:
    """Record a delivery: `quantities` by the line's id, or all that is left. With the last one the order is delivered.

    `delivered_on`: today unless given; neither before the order nor in the future.
    """
    order = _confirmed(order, by)
    today = clock.today()
    delivered_on = delivered_on or today
    if delivered_on > today:
        raise Refused(_("The day of delivery lies in the future."))
    if delivered_on < order.order_date:
        raise Refused(_("The day of delivery lies before the order date."))
    left = {line.pk: line.quantity - line.delivered_quantity for line in order.lines.items()}
    wanted = _wanted(left, quantities)
    delivery = Delivery.objects.create(order=order, delivered_on=delivered_on, note=note, created_by=by)
    DeliveryLine.objects.bulk_create(
        DeliveryLine(delivery=delivery, order_line_id=pk, quantity=quantity) for pk, quantity in wanted.items()
    )
    if all(left[pk] == wanted.get(pk, 0) for pk in left):
        order.status = OrderStatus.DELIVERED
        order.delivered_at = timezone.now() if delivered_on == today else _midnight(delivered_on)
        order.save(update_fields=["status", "delivered_at", "updated_at"])
    return delivery


def _wanted(left: dict[int, Decimal], quantities: dict[int, Decimal] | None) -> dict[int, Decimal]:
    wanted = left if quantities is None else quantities
    if set(wanted) - set(left):
        raise Refused(_("Only lines of this order can be delivered."))
    for pk, quantity in wanted.items():
        if quantity < 0:
            raise Refused(_("A delivered quantity is above zero."))
        if quantity > left[pk]:
            raise Refused(_("No more can be delivered than was ordered."))
    wanted = {pk: quantity for pk, quantity in wanted.items() if quantity}
    if not wanted:
        raise Refused(_("Nothing is left to deliver.") if quantities is None else _("What was delivered?"))
    return wanted


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


@transaction.atomic
def undo_delivery(*, delivery, by) -> Order:
    """Take back a delivery that was recorded wrongly; a delivered order is confirmed again."""
    order = locked(delivery.order, by)
    delivery = order.deliveries.get(pk=delivery.pk)
    if order.status == OrderStatus.CANCELLED:
        raise Refused(_("%(number)s is cancelled.") % {"number": order.number})
    delivery.delete()
    if order.status == OrderStatus.DELIVERED:
        order.status = OrderStatus.CONFIRMED
        order.delivered_at = None
        order.save(update_fields=["status", "delivered_at", "updated_at"])
    return order


@transaction.atomic
def cancel_order(*, order, by) -> Order:
    """Call off a confirmed order of which nothing was delivered and nothing is on an invoice."""
    order = _confirmed(order, by)
    if order.deliveries.exists():
        raise Refused(_("Part of %(number)s has been delivered; take that back first.") % {"number": order.number})
    if order.invoices.exclude(status="cancelled").exists():
        raise Refused(_("There are invoices for %(number)s; cancel or delete them first.") % {"number": order.number})
    order.status = OrderStatus.CANCELLED
    order.cancelled_at = timezone.now()
    order.save(update_fields=["status", "cancelled_at", "updated_at"])
    return order
