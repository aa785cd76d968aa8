"""Orders and what was delivered of them."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area
from crm.core import history
from crm.core.fold import search_column
from crm.core.reference import reference_field
from crm.sales import rules
from crm.sales.models.document import (
    Document,
    DocumentQuerySet,
    Line,
    LineQuerySet,
    document_constraints,
    line_constraints,
)
from crm.sales.models.quote import Quote

QUANTITY = models.DecimalField(max_digits=12, decimal_places=3)


class OrderStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("document", "Draft")
    CONFIRMED = "confirmed", pgettext_lazy("order", "Confirmed")
    DELIVERED = "delivered", pgettext_lazy("order", "Delivered")
    CANCELLED = "cancelled", pgettext_lazy("order", "Cancelled")


class OrderQuerySet(DocumentQuerySet):
    def confirmed(self):
        """Those that count: confirmed, whether delivered or not."""
        return self.filter(status__in=[OrderStatus.CONFIRMED, OrderStatus.DELIVERED])


@history.track
class Order(Document):
    number = reference_field("AUF", verbose_name=_("number"))
    status = models.CharField(
        pgettext_lazy("document", "status"),
        max_length=9,
        choices=OrderStatus,
        default=OrderStatus.DRAFT,
        editable=False,
    )
    quote = models.ForeignKey(
        Quote, models.PROTECT, null=True, blank=True, editable=False, related_name="orders", verbose_name=_("quote")
    )
    order_date = models.DateField(_("order date"), default=timezone.localdate)
    delivery_date = models.DateField(_("delivery date"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)

    search_text = search_column("number", "subject", "recipient_name", "customer_reference", "external_id")

    objects = OrderQuerySet.as_manager()
    area = Area.SALES

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            *document_constraints("order", OrderStatus),
            models.CheckConstraint(
                condition=Q(delivery_date=None) | Q(delivery_date__gte=F("order_date")),
                name="sales_order_delivery_after_order",
                violation_error_message=_("The delivery date lies before the order date."),
            ),
            models.CheckConstraint(
                condition=Q(status="draft", confirmed_at=None, delivered_at=None, cancelled_at=None)
                | Q(status="confirmed", confirmed_at__isnull=False, delivered_at=None, cancelled_at=None)
                | Q(status="delivered", confirmed_at__isnull=False, delivered_at__isnull=False, cancelled_at=None)
                | Q(status="cancelled", delivered_at=None, cancelled_at__isnull=False),
                name="sales_order_moments",
                violation_error_message=_("Confirmed, delivered and cancelled have their moment, one after the other."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | ~Q(recipient_name=""),
                name="sales_order_complete",
                violation_error_message=_("A confirmed order has a recipient."),
            ),
            # A quote becomes one order; a cancelled one makes room for another.
            models.UniqueConstraint(
                fields=["quote"],
                condition=Q(quote__isnull=False) & ~Q(status="cancelled"),
                name="sales_order_one_for_a_quote",
                violation_error_message=_("There is already an order for this quote."),
            ),
        ]
        triggers = rules.ORDER_TRIGGERS
        indexes = [
            models.Index(fields=["owner", "status"], name="sales_order_owner"),
            models.Index(fields=["created_at", "id"], name="sales_order_created"),
            models.Index(fields=["order_date"], name="sales_order_date"),
            models.Index(fields=["delivered_at"], name="sales_order_delivered"),
            GinIndex(fields=["search_text"], name="sales_order_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("sales:order", args=[self.pk])


class OrderLineQuerySet(LineQuerySet):
    def with_invoiced(self):
        """Adds `invoiced_quantity`: on invoices, drafts included, that were not cancelled; and the two that remain:
        `to_invoice` of what was ordered, `delivered_to_invoice` of what was delivered (never below zero)."""
        # Imported late: invoices know orders, not the other way round.
        from crm.sales.models.invoice import InvoiceLine

        invoiced = (
            InvoiceLine.objects.counting()
            .filter(order_line=OuterRef("pk"))
            .order_by()
            .values("order_line")
            .values(total=Sum("quantity"))
        )
        zero = models.Value(Decimal(0), output_field=QUANTITY)
        return self.annotate(invoiced_quantity=Coalesce(Subquery(invoiced, output_field=QUANTITY), zero)).annotate(
            to_invoice=models.functions.Greatest(F("quantity") - F("invoiced_quantity"), zero, output_field=QUANTITY),
            delivered_to_invoice=models.functions.Greatest(
                F("delivered_quantity") - F("invoiced_quantity"), zero, output_field=QUANTITY
            ),
        )


@history.track
class OrderLine(Line):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    # Kept by the database from the deliveries.
    delivered_quantity = models.DecimalField(
        _("delivered"), max_digits=9, decimal_places=3, default=Decimal(0), editable=False
    )

    objects = OrderLineQuerySet.as_manager()

    class Meta(Line.Meta):
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        constraints = [
            *line_constraints("orderline", "order"),
            models.CheckConstraint(
                condition=Q(delivered_quantity__gte=0, delivered_quantity__lte=F("quantity")),
                name="sales_orderline_delivered",
                violation_error_message=_("No more can be delivered than was ordered."),
            ),
        ]
        triggers = rules.ORDER_LINE_TRIGGERS


@history.track_links
class OrderFile(Order.files.through):
    class Meta:
        proxy = True


@history.track
class Delivery(models.Model):
    """What left the house on one day. Written once: a slip that was wrong is taken back as a whole."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="deliveries", verbose_name=_("order"))
    delivered_on = models.DateField(_("delivered on"), default=timezone.localdate)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["delivered_on", "pk"]

    def __str__(self):
        return f"{self.order_id}: {self.delivered_on}"


@history.track
class DeliveryLine(models.Model):
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="lines", verbose_name=_("delivery"))
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="deliveries", verbose_name=_("line"))
    quantity = models.DecimalField(
        _("quantity"), max_digits=9, decimal_places=3, validators=[MinValueValidator(Decimal("0.001"))]
    )

    class Meta:
        verbose_name = _("line of a delivery")
        verbose_name_plural = _("lines of deliveries")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "order_line"], name="sales_deliveryline_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="sales_deliveryline_quantity",
                violation_error_message=_("A delivered quantity is above zero."),
            ),
        ]
        triggers = rules.DELIVERY_LINE_TRIGGERS

    def __str__(self):
        return f"{self.order_line_id}: {self.quantity}"
