"""Price list, rates, ranges, levels and texts as raw tables; documents and payments to look into."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin
from crm.sales.models import (
    DunningLevel,
    Invoice,
    InvoiceLine,
    NumberRange,
    Order,
    OrderLine,
    Payment,
    Product,
    Quote,
    QuoteLine,
    StandardText,
    VatRate,
)

ARCHIVE = gettext_lazy("Archive it instead: take away “active”.")


@admin.register(Product)
class ProductAdmin(RuledAdmin):
    list_display = ("sku", "name", "unit", "net_price", "vat_rate", "is_active")
    list_filter = ("is_active", "vat_rate")
    search_fields = ("sku", "name")
    hint = ARCHIVE


@admin.register(VatRate)
class VatRateAdmin(RuledAdmin):
    list_display = ("name", "rate", "position", "is_active")
    list_editable = ("position", "is_active")


@admin.register(NumberRange)
class NumberRangeAdmin(ReadOnlyAdmin):
    """How numbers look, which Settings change; the counters move by issuing alone."""

    list_display = ("kind", "pattern", "digits", "restarts_yearly")


@admin.register(DunningLevel)
class DunningLevelAdmin(RuledAdmin):
    list_display = ("level", "name", "days_after_due", "days_to_pay", "fee")


@admin.register(StandardText)
class StandardTextAdmin(RuledAdmin):
    list_display = ("kind", "language", "intro")
    list_filter = ("kind", "language")


class LineInline(admin.TabularInline):
    """The lines under their document."""

    extra = 0
    can_delete = False
    fields = readonly_fields = (
        *("position", "kind", "product", "text", "quantity", "unit"),
        *("unit_price", "discount_percent", "vat_rate", "net_amount"),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product")

    def has_add_permission(self, request, obj=None):
        return False


class QuoteLines(LineInline):
    model = QuoteLine


class OrderLines(LineInline):
    model = OrderLine


class InvoiceLines(LineInline):
    model = InvoiceLine


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    list_display = ("number", "revision", "status", "company", "net_total", "valid_until", "owner", "created_at")
    list_filter = ("status", "is_latest")
    list_select_related = ("company", "owner")
    inlines = (QuoteLines,)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ("number", "status", "company", "net_total", "order_date", "delivery_date", "owner", "created_at")
    list_filter = ("status",)
    list_select_related = ("company", "owner")
    inlines = (OrderLines,)


class Payments(admin.TabularInline):
    model = Payment
    extra = 0
    can_delete = False
    fields = readonly_fields = ("paid_on", "amount", "currency", "method", "reference", "reverses", "created_by")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("created_by", "reverses")

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("number", "kind", "status", "company", "gross_total", "open_amount", "invoice_date", "due_date")
    list_filter = ("kind", "status")
    list_select_related = ("company",)
    inlines = (InvoiceLines, Payments)
