"""Quotes, their revisions and the private link at which a customer reads them."""

from functools import partial

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area
from crm.core import history
from crm.core.fold import search_column
from crm.core.reference import reference_field
from crm.sales import rules
from crm.sales.models.document import Document, DocumentQuerySet, Line, document_constraints, line_constraints


class QuoteStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("document", "Draft")
    SENT = "sent", pgettext_lazy("quote", "Sent")
    ACCEPTED = "accepted", pgettext_lazy("quote", "Accepted")
    DECLINED = "declined", pgettext_lazy("quote", "Declined")
    EXPIRED = "expired", pgettext_lazy("quote", "Expired")


class QuoteQuerySet(DocumentQuerySet):
    def latest_revisions(self):
        """Each quote once: as it stands now."""
        return self.filter(is_latest=True)

    def open(self):
        """Sent, and not yet answered; of each the latest revision."""
        return self.filter(status=QuoteStatus.SENT, is_latest=True)


@history.track
class Quote(Document):
    """One number, any number of revisions: each is a row of its own, and one of them is the latest."""

    number = reference_field("ANG", unique=False, verbose_name=_("number"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=1, editable=False)
    revision_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="revisions",
        verbose_name=_("revision of"),
    )
    is_latest = models.BooleanField(_("latest revision"), default=True, editable=False)
    status = models.CharField(
        pgettext_lazy("document", "status"),
        max_length=8,
        choices=QuoteStatus,
        default=QuoteStatus.DRAFT,
        editable=False,
    )
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by_name = models.CharField(_("decided by"), max_length=200, blank=True, editable=False)
    decline_reason = models.TextField(_("reason for declining"), max_length=2000, blank=True, editable=False)

    search_text = search_column("number", "subject", "recipient_name", "customer_reference", "external_id")

    objects = QuoteQuerySet.as_manager()
    area = Area.SALES

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            *document_constraints("quote", QuoteStatus),
            models.UniqueConstraint(fields=["number", "revision"], name="sales_quote_number"),
            models.UniqueConstraint(
                fields=["number"], condition=Q(is_latest=True), name="sales_quote_one_latest_revision"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", sent_at=None, decided_at=None)
                | Q(status__in=["sent", "expired"], sent_at__isnull=False, decided_at=None)
                | Q(status__in=["accepted", "declined"], sent_at__isnull=False, decided_at__isnull=False),
                name="sales_quote_moments",
                violation_error_message=_("A quote is sent before it is decided, and both have their moment."),
            ),
            models.CheckConstraint(
                condition=Q(status="declined") | Q(decline_reason=""), name="sales_quote_decline_reason"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | (Q(valid_until__isnull=False) & ~Q(recipient_name="")),
                name="sales_quote_complete",
                violation_error_message=_("A quote that is sent has a recipient and a day until which it is valid."),
            ),
        ]
        triggers = rules.QUOTE_TRIGGERS
        indexes = [
            models.Index(fields=["owner", "status"], name="sales_quote_owner"),
            models.Index(fields=["created_at", "id"], name="sales_quote_created"),
            models.Index(fields=["sent_at"], name="sales_quote_sent"),
            models.Index(fields=["decided_at"], name="sales_quote_decided"),
            models.Index(fields=["valid_until"], name="sales_quote_expiring", condition=Q(status="sent")),
            GinIndex(fields=["search_text"], name="sales_quote_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.number if self.revision == 1 else f"{self.number}/{self.revision}"

    def get_absolute_url(self):
        return reverse("sales:quote", args=[self.pk])


# The triggers' names would collide with those of Quote.
@partial(history.track, prefix="line_")
class QuoteLine(Line):
    quote = models.ForeignKey(Quote, models.CASCADE, related_name="lines", verbose_name=_("quote"))

    class Meta(Line.Meta):
        verbose_name = _("line of a quote")
        verbose_name_plural = _("lines of quotes")
        constraints = line_constraints("quoteline", "quote")
        triggers = rules.QUOTE_LINE_TRIGGERS


@history.track_links
class QuoteFile(Quote.files.through):
    class Meta:
        proxy = True


class QuoteLinkQuerySet(models.QuerySet):
    def valid(self):
        """Neither revoked nor past its time."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


@history.track
class QuoteLink(models.Model):
    """A way to one quote for whoever knows the token. Only its hash is kept: who reads the table cannot use it."""

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="links", verbose_name=_("quote"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)
    opened_at = models.DateTimeField(_("first opened at"), null=True, editable=False)

    objects = QuoteLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link to a quote")
        verbose_name_plural = _("links to quotes")

    def __str__(self):
        return f"{self.quote_id}: {self.created_at:%Y-%m-%d}"
