"""What was paid. Append-only: what was booked wrongly is booked back."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Action, Area
from crm.core import history
from crm.core.choices import one_of
from crm.sales import rules
from crm.sales.models.invoice import Invoice


class PaymentMethod(models.TextChoices):
    TRANSFER = "transfer", _("Bank transfer")
    DIRECT_DEBIT = "direct_debit", _("Direct debit")
    CARD = "card", _("Card")
    CASH = "cash", _("Cash")
    OTHER = "other", _("Other")


class PaymentQuerySet(models.QuerySet):
    def visible_to(self, user, action: str = Action.VIEW):
        """Those of the invoices with which `user` may do `action`."""
        return self.filter(invoice__in=Invoice.objects.visible_to(user, action))

    def standing(self):
        """Those that count: neither taken back, nor themselves the taking back of one."""
        return self.filter(reverses=None, reversed_by=None)


@history.track
class Payment(models.Model):
    """Money for one invoice, in its currency; of a credit note, paid out. A reversal carries the amount negative."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="payments", verbose_name=_("invoice"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="EUR", editable=False)
    paid_on = models.DateField(_("paid on"), default=timezone.localdate)
    method = models.CharField(_("method"), max_length=12, choices=PaymentMethod, default=PaymentMethod.TRANSFER)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="reversed_by",
        verbose_name=_("takes back"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = PaymentQuerySet.as_manager()
    area = Area.INVOICES

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["paid_on", "pk"]
        constraints = [
            one_of("method", PaymentMethod, name="sales_payment_method"),
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="sales_payment_amount",
                violation_error_message=_("A payment is above zero; what takes one back is below."),
            ),
        ]
        triggers = rules.PAYMENT_TRIGGERS
        indexes = [models.Index(fields=["paid_on"], name="sales_payment_paid_on")]

    def __str__(self):
        return f"{self.paid_on}: {self.amount} {self.currency}"
