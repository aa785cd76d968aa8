"""What is sold, and the rates of VAT."""

from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.fold import search_column
from crm.lists.models import PickList

# A rate or discount in percent, two places.
PERCENT = {
    "max_digits": 5,
    "decimal_places": 2,
    "validators": [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
}
# The price of one unit: EUR net, two places.
PRICE = {"max_digits": 12, "decimal_places": 2, "validators": [MinValueValidator(Decimal(0))]}


@history.track
class VatRate(PickList):
    """A rate that lines offer. A line keeps the number, so that an archived rate changes nothing."""

    rate = models.DecimalField(_("rate (%)"), unique=True, **PERCENT)

    class Meta(PickList.Meta):
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering = ["position", "-rate"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=100), name="sales_vatrate_percent"),
        ]


class ProductQuerySet(SettingQuerySet):
    def active(self):
        """Those that new lines offer."""
        return self.filter(is_active=True)


@history.track
class Product(models.Model):
    """An entry of the price list. Lines copy text, unit, price and rate: a new price changes no document."""

    sku = models.CharField(_("item number"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True, max_length=4000)
    unit = models.CharField(_("unit"), max_length=20, blank=True, help_text=_("for example pcs, h, m²"))
    net_price = models.DecimalField(_("net price"), **PRICE)
    vat_rate = models.DecimalField(_("VAT (%)"), default=Decimal(19), **PERCENT)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    search_text = search_column("sku", "name", "description")

    objects = ProductQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(net_price__gte=0, vat_rate__gte=0, vat_rate__lte=100),
                name="sales_product_amounts",
                violation_error_message=_("A price is zero or more, a VAT rate lies between 0 and 100 percent."),
            ),
        ]
        indexes = [GinIndex(fields=["search_text"], name="sales_product_search", opclasses=["gin_trgm_ops"])]

    def __str__(self):
        return self.name
