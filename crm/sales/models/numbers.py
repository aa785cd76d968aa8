"""The ranges from which issued invoices get their numbers. See docs/decisions/0011-invoice-numbers.md."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.sales import rules
from crm.sales.models.invoice import InvoiceKind


@history.track
class NumberRange(models.Model):
    """How the numbers of one kind of paper look: {year} and {number} stand in the pattern, the rest is copied."""

    kind = models.CharField(_("kind"), max_length=11, choices=InvoiceKind, unique=True, editable=False)
    pattern = models.CharField(
        _("pattern"), max_length=24, help_text=_("{year} and {number} are filled in, for example RE-{year}-{number}.")
    )
    digits = models.PositiveSmallIntegerField(
        _("digits"), default=5, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    restarts_yearly = models.BooleanField(_("begins anew each year"), default=True)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("number range")
        verbose_name_plural = _("number ranges")
        ordering = ["-kind"]
        constraints = [
            one_of("kind", InvoiceKind, name="sales_numberrange_kind"),
            models.CheckConstraint(
                condition=Q(pattern__contains="{number}", digits__gte=1, digits__lte=10)
                & (Q(restarts_yearly=False) | Q(pattern__contains="{year}")),
                name="sales_numberrange_pattern",
                violation_error_message=_(
                    "The pattern needs {number}; and {year}, if the numbers begin anew each year."
                ),
            ),
        ]

    def __str__(self):
        return self.get_kind_display()

    def period(self, year: int) -> int:
        """The year of the counter that numbers of `year` come from."""
        return year if self.restarts_yearly else 0

    def number(self, count: int, year: int) -> str:
        """How number `count` of `year` looks; the database writes it so as well (sales_next_number)."""
        return self.pattern.replace("{year}", f"{year:04}").replace("{number}", f"{count:0{self.digits}}")

    def last(self, year: int) -> int | None:
        """The last number given in `year`; None if there is none yet."""
        return self.counters.filter(year=self.period(year)).values_list("last", flat=True).first()


class NumberCounter(models.Model):
    """The last number given in a range and year (0: it does not begin anew). Its row is the lock of the range."""

    range = models.ForeignKey(NumberRange, models.PROTECT, related_name="counters")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("counter of numbers")
        verbose_name_plural = _("counters of numbers")
        constraints = [models.UniqueConstraint(fields=["range", "year"], name="sales_numbercounter_once")]
        triggers = rules.COUNTER_TRIGGERS

    def __str__(self):
        return f"{self.range_id} {self.year}: {self.last}"
