"""The texts above and below the lines that a new document begins with."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of


class PaperKind(models.TextChoices):
    """The letters that a company writes."""

    QUOTE = "quote", _("Quote")
    ORDER = "order", _("Order confirmation")
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


@history.track
class StandardText(models.Model):
    """For one kind of paper in one language."""

    kind = models.CharField(_("kind"), max_length=11, choices=PaperKind)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    intro = models.TextField(_("text above the lines"), blank=True, max_length=4000)
    closing = models.TextField(_("text below the lines"), blank=True, max_length=4000)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("standard text")
        verbose_name_plural = _("standard texts")
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="sales_standardtext_once"),
            one_of("kind", PaperKind, name="sales_standardtext_kind"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} ({self.language})"
