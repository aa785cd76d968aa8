"""Invoices and credit notes. Once issued they never change; what follows (payments, dunning) is derived beside them."""

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Area
from crm.core import clock, history
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.files.models import StoredFile
from crm.sales import rules
from crm.sales.models.document import (
    Document,
    DocumentQuerySet,
    Line,
    LineQuerySet,
    document_constraints,
    line_constraints,
    total_field,
)
from crm.sales.models.order import Order, OrderLine

MONEY = models.DecimalField(max_digits=16, decimal_places=2)


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("document", "Draft")
    ISSUED = "issued", pgettext_lazy("invoice", "Issued")
    PAID = "paid", pgettext_lazy("invoice", "Paid")
    CANCELLED = "cancelled", pgettext_lazy("invoice", "Cancelled")


class InvoiceQuerySet(DocumentQuerySet):
    def issued(self):
        """All papers that left the house: also those since paid or cancelled, and credit notes."""
        return self.exclude(status=InvoiceStatus.DRAFT)

    def revenue(self):
        """The issued ones with `revenue`: net, a credit note negative. By invoice_date; sums to what was earned."""
        signed = Case(When(kind=InvoiceKind.CREDIT_NOTE, then=-F("net_total")), default=F("net_total"))
        return self.issued().annotate(revenue=models.ExpressionWrapper(signed, output_field=MONEY))

    def unpaid(self):
        """Invoices issued and not, or not fully, paid; nothing of credit notes."""
        return self.filter(kind=InvoiceKind.INVOICE, status=InvoiceStatus.ISSUED)

    def overdue(self, today=None):
        """Unpaid ones whose due date lies before `today` (the local day unless given)."""
        return self.unpaid().filter(due_date__lt=today or clock.today())


@history.track
class Invoice(Document):
    # Given by the database when it is issued, from its range, without gaps (crm/sales/rules/numbers.py).
    number = models.CharField(_("number"), max_length=40, null=True, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=11, choices=InvoiceKind, default=InvoiceKind.INVOICE, editable=False)
    status = models.CharField(
        pgettext_lazy("document", "status"),
        max_length=9,
        choices=InvoiceStatus,
        default=InvoiceStatus.DRAFT,
        editable=False,
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, editable=False, related_name="invoices", verbose_name=_("order")
    )
    cancels = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="cancelled_by",
        verbose_name=_("cancels"),
    )
    invoice_date = models.DateField(_("invoice date"), null=True, blank=True, help_text=_("Empty: the day of issue."))
    due_date = models.DateField(_("due date"), null=True, blank=True, help_text=_("Empty: by the payment terms."))
    # § 14 (4) 6 UStG: when the goods or services were supplied; a period, if there is an end.
    service_date = models.DateField(_("service date"), null=True, blank=True)
    service_end = models.DateField(_("end of the service period"), null=True, blank=True)
    # Who we were when it was issued (Organisation.snapshot()): name, address, tax numbers, bank.
    seller = models.JSONField(default=dict, editable=False)
    issued_at = models.DateTimeField(_("issued at"), null=True, editable=False)
    xrechnung = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name="XRechnung"
    )

    # Derived from payments, credit note and reminders by the database; no writer can set them.
    paid_amount = total_field(_("paid"))
    open_amount = total_field(_("open amount"))
    paid_at = models.DateTimeField(
        _("paid at"), null=True, editable=False, help_text=_("Midnight of the day on which it was paid in full.")
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)
    dunning_level = models.PositiveSmallIntegerField(_("dunning level"), default=0, editable=False)

    search_text = search_column("number", "subject", "recipient_name", "customer_reference", "external_id")

    objects = InvoiceQuerySet.as_manager()
    area = Area.INVOICES

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            *document_constraints("invoice", InvoiceStatus),
            one_of("kind", InvoiceKind, name="sales_invoice_kind"),
            models.CheckConstraint(
                condition=Q(kind="invoice", cancels=None) | Q(kind="credit_note", cancels__isnull=False),
                name="sales_invoice_credit_note_cancels",
                violation_error_message=_("A credit note cancels one invoice."),
            ),
            models.CheckConstraint(
                condition=Q(status="draft", number=None, issued_at=None)
                | (
                    ~Q(status="draft")
                    & Q(number__isnull=False, issued_at__isnull=False, invoice_date__isnull=False)
                    & Q(due_date__isnull=False)
                    & ~Q(recipient_name="")
                ),
                name="sales_invoice_complete",
                violation_error_message=_(
                    "An issued invoice has a number, its dates and a recipient; a draft has no number."
                ),
            ),
            models.CheckConstraint(
                condition=Q(due_date=None) | Q(invoice_date=None) | Q(due_date__gte=F("invoice_date")),
                name="sales_invoice_due_after_date",
                violation_error_message=_("The due date lies before the invoice date."),
            ),
            models.CheckConstraint(
                condition=Q(service_end=None) | Q(service_end__gte=F("service_date")),
                name="sales_invoice_service_period",
                violation_error_message=_("The service period ends before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False) | (~Q(status="paid") & Q(paid_at=None)),
                name="sales_invoice_paid_at",
            ),
            # What payments refer to, so that none can be in another currency.
            models.UniqueConstraint(fields=["id", "currency"], name="sales_invoice_currency_of"),
        ]
        triggers = rules.INVOICE_TRIGGERS
        indexes = [
            models.Index(fields=["owner", "status"], name="sales_invoice_owner"),
            models.Index(fields=["created_at", "id"], name="sales_invoice_created"),
            models.Index(fields=["invoice_date"], name="sales_invoice_date"),
            models.Index(fields=["due_date"], name="sales_invoice_due", condition=Q(status="issued")),
            models.Index(fields=["paid_at"], name="sales_invoice_paid", condition=Q(status="paid")),
            GinIndex(fields=["search_text"], name="sales_invoice_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.number or gettext("Draft of an invoice")

    def get_absolute_url(self):
        return reverse("sales:invoice", args=[self.pk])

    @property
    def is_credit_note(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE

    @property
    def overpaid_amount(self) -> Decimal:
        """What came in above the amount that was due; zero for most."""
        return max(-self.open_amount, Decimal(0))

    @property
    def is_overdue(self) -> bool:
        return (
            self.kind == InvoiceKind.INVOICE and self.status == InvoiceStatus.ISSUED and self.due_date < clock.today()
        )


class InvoiceLineQuerySet(LineQuerySet):
    def counting(self):
        """Those that count as invoiced: of invoices, drafts included, that no credit note cancelled."""
        return self.filter(invoice__kind=InvoiceKind.INVOICE).exclude(invoice__status=InvoiceStatus.CANCELLED)

    def revenue(self):
        """The lines of issued papers with `revenue`: net, of a credit note negative."""
        signed = Case(When(invoice__kind=InvoiceKind.CREDIT_NOTE, then=-F("net_amount")), default=F("net_amount"))
        issued = self.exclude(invoice__status=InvoiceStatus.DRAFT)
        return issued.annotate(revenue=models.ExpressionWrapper(signed, output_field=MONEY))


@history.track
class InvoiceLine(Line):
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines", verbose_name=_("invoice"))
    order_line = models.ForeignKey(
        OrderLine,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="invoice_lines",
        verbose_name=_("line of the order"),
    )

    objects = InvoiceLineQuerySet.as_manager()

    class Meta(Line.Meta):
        verbose_name = _("line of an invoice")
        verbose_name_plural = _("lines of invoices")
        constraints = line_constraints("invoiceline", "invoice")
        triggers = rules.INVOICE_LINE_TRIGGERS


@history.track_links
class InvoiceFile(Invoice.files.through):
    class Meta:
        proxy = True
