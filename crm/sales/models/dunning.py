"""Reminders: the levels a company sets up, and the letters that went out."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Action, Area, SettingQuerySet
from crm.core import history
from crm.files.models import StoredFile
from crm.sales import rules
from crm.sales.models.invoice import Invoice
from crm.sales.models.product import PRICE

HIGHEST_LEVEL = 3


@history.track
class DunningLevel(models.Model):
    """What a reminder of this level asks for. Days count from the due date of the invoice or last reminder."""

    level = models.PositiveSmallIntegerField(
        _("level"), unique=True, validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_LEVEL)]
    )
    name = models.CharField(_("name"), max_length=80)
    days_after_due = models.PositiveSmallIntegerField(_("days overdue"))
    days_to_pay = models.PositiveSmallIntegerField(_("days to pay"), default=7)
    fee = models.DecimalField(_("fee"), default=Decimal(0), **PRICE)
    text_de = models.TextField(_("text (German)"), max_length=2000)
    text_en = models.TextField(_("text (English)"), max_length=2000)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("dunning level")
        verbose_name_plural = _("dunning levels")
        ordering = ["level"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=HIGHEST_LEVEL, fee__gte=0), name="sales_dunninglevel_amounts"
            )
        ]

    def __str__(self):
        return self.name


class DunningNoticeQuerySet(models.QuerySet):
    def visible_to(self, user, action: str = Action.VIEW):
        """Those of the invoices with which `user` may do `action`."""
        return self.filter(invoice__in=Invoice.objects.visible_to(user, action))


@history.track
class DunningNotice(models.Model):
    """One reminder that went out: what was open then, with the fee. Append-only; its PDF is added once."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="dunning_notices", verbose_name=_("invoice"))
    level = models.PositiveSmallIntegerField(_("level"))
    open_amount = models.DecimalField(_("open amount"), max_digits=14, decimal_places=2)
    fee = models.DecimalField(_("fee"), **PRICE)
    text = models.TextField(_("text"), max_length=2000, blank=True)
    issued_on = models.DateField(_("issued on"), default=timezone.localdate)
    due_date = models.DateField(_("due date"))
    pdf = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("PDF")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = DunningNoticeQuerySet.as_manager()
    area = Area.INVOICES

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["issued_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "level"],
                name="sales_dunningnotice_once",
                violation_error_message=_("This invoice already has a reminder of this level."),
            ),
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=HIGHEST_LEVEL, fee__gte=0, open_amount__gt=0)
                & Q(due_date__gte=F("issued_on")),
                name="sales_dunningnotice_amounts",
            ),
        ]
        triggers = rules.DUNNING_NOTICE_TRIGGERS

    def __str__(self):
        return f"{self.invoice_id}: {self.level}"
