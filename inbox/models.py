"""The inbox: leads as they arrive, before anyone has looked at them."""

import secrets

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries.fields import CountryField

from contacts.models import Company, Person
from crm.accounts.scope import Area, ScopedQuerySet, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.files.models import StoredFile
from crm.imports.models import ImportRun
from crm.lists.models import PickList, Priority, Source
from crm.mail.models import MessageLink
from opportunities.models import Opportunity

# The settings number a list in tens: the first entry is at 10.
FIRST_POSITION = 10


@history.track
class ProcessingStatus(PickList):
    """The standard pipeline of the inbox: fixed for users, changed by admins."""

    is_done = models.BooleanField(_("done"), default=False, help_text=_("Here the item asks: convert or archive?"))
    area = Area.ADMINISTRATION

    class Meta(PickList.Meta):
        verbose_name = _("processing status")
        verbose_name_plural = _("processing statuses")

    @property
    def colour(self) -> str:
        """Of its dot: done is green, the beginning grey, what is being worked on blue."""
        if self.is_done:
            return "ok"
        return "accent" if self.position > FIRST_POSITION else "grey"


class LeadKind(models.TextChoices):
    COLD = "cold", _("Cold lead")
    MQL = "mql", _("MQL")
    SQL = "sql", _("SQL")
    OPPORTUNITY = "opportunity", _("Opportunity")


class InboxQuerySet(ScopedQuerySet):
    def waiting(self):
        """Neither converted nor archived."""
        return self.filter(opportunity=None, archived_at=None)


@history.track
class InboxItem(models.Model):
    title = models.CharField(_("title"), max_length=200)
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=LeadKind, default=LeadKind.COLD)
    status = models.ForeignKey(ProcessingStatus, models.PROTECT, related_name="+", verbose_name=_("processing status"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    company_name = models.CharField(_("company name"), max_length=200, blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    message = models.TextField(_("message"), blank=True)
    expected_budget = models.DecimalField(
        _("expected budget"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+", verbose_name=_("files"))
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="inbox_items", verbose_name=_("company")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="inbox_items", verbose_name=_("person")
    )
    opportunity = models.OneToOneField(
        Opportunity,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="inbox_item",
        verbose_name=_("opportunity"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    qualified_at = models.DateTimeField(_("qualified at"), null=True, editable=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)
    archive_reason = models.CharField(_("reason for archiving"), max_length=200, blank=True, editable=False)
    external_id = models.CharField(
        _("external ID"), max_length=100, null=True, blank=True, help_text=_("ID in another system")
    )
    import_run = models.ForeignKey(ImportRun, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    search_text = search_column(
        "title", "company_name", "first_name", "last_name", "email", "phone", "city", "external_id"
    )

    objects = InboxQuerySet.as_manager()
    area = Area.INBOX

    class Meta:
        verbose_name = _("inbox item")
        verbose_name_plural = _("inbox items")
        constraints = [
            one_of("kind", LeadKind, name="inbox_inboxitem_kind"),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=Q(external_id__isnull=False),
                nulls_distinct=False,
                name="inbox_inboxitem_external_id",
            ),
            models.CheckConstraint(
                condition=Q(opportunity=None) | Q(qualified_at__isnull=False),
                name="inbox_inboxitem_converted_is_qualified",
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None, archive_reason="")
                | (Q(archived_at__isnull=False, opportunity=None) & ~Q(archive_reason="")),
                name="inbox_inboxitem_archived",
                violation_error_message=_("An item is archived with a reason, and only while it is not converted."),
            ),
            models.CheckConstraint(
                condition=Q(expected_budget=None) | Q(expected_budget__gte=0),
                name="inbox_inboxitem_budget",
                violation_error_message=_("An amount is zero or more."),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="inbox_inboxitem_created"),
            models.Index(
                fields=["-created_at", "-id"],
                name="inbox_inboxitem_waiting",
                condition=Q(opportunity=None, archived_at=None),
            ),
            models.Index(fields=["owner", "-created_at"], name="inbox_inboxitem_owner"),
            GinIndex(fields=["search_text"], name="inbox_inboxitem_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("inbox:item", args=[self.pk])

    @property
    def is_waiting(self) -> bool:
        return self.opportunity_id is None and self.archived_at is None

    @property
    def contact_name(self) -> str:
        return " ".join(filter(None, [self.first_name, self.last_name]))


@history.track
class InboxItemMessage(MessageLink):
    item = models.ForeignKey(InboxItem, models.PROTECT, related_name="message_links")

    class Meta:
        verbose_name = _("message of an inbox item")
        verbose_name_plural = _("messages of inbox items")
        constraints = [models.UniqueConstraint(fields=["item", "message"], name="inbox_inboxitemmessage_once")]

    def __str__(self):
        return f"{self.item_id}: {self.message_id}"


def public_key() -> str:
    return secrets.token_urlsafe(12)


@history.track
class WebForm(models.Model):
    """A form for the company's own web site: hosted at /forms/<key>/, or embedded there as a frame."""

    FIELDS = (
        "company_name",
        "first_name",
        "last_name",
        "email",
        "phone",
        "street",
        "postal_code",
        "city",
        "expected_budget",
        "message",
        "files",
    )

    name = models.CharField(_("name"), max_length=80, unique=True)
    key = models.CharField(max_length=32, unique=True, default=public_key, editable=False)
    heading = models.CharField(_("heading"), max_length=120, blank=True)
    introduction = models.TextField(_("introduction"), blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=[("de", "Deutsch"), ("en", "English")], default="de"
    )
    # [{"name": "email", "required": true}, …] in the order in which they are shown.
    fields = models.JSONField(_("fields"), default=list)
    consent_text = models.TextField(
        _("consent"), blank=True, help_text=_("Shown beside a box that must be ticked; empty: no box.")
    )
    thanks = models.TextField(_("thank-you text"), blank=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name=_("source"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    embed_origins = models.TextField(
        _("may be embedded by"),
        blank=True,
        help_text=_("One web address in each line, such as https://www.example.com"),
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = SettingQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("web form")
        verbose_name_plural = _("web forms")
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("public-form", args=[self.key])

    @property
    def origins(self) -> list[str]:
        """The web sites that may show the form in a frame."""
        return self.embed_origins.split()

    @property
    def shown_fields(self) -> list[tuple[str, bool]]:
        """The fields in their order: name, required. What a later version does not know any more is left out."""
        return [(f["name"], bool(f.get("required"))) for f in self.fields if f.get("name") in self.FIELDS]


class Submission(models.Model):
    """One post of a web form: what was ticked, from where; counts for the throttle, and makes a repeat harmless."""

    form = models.ForeignKey(WebForm, models.PROTECT, related_name="submissions")
    item = models.OneToOneField(InboxItem, models.CASCADE, related_name="submission")
    token = models.UUIDField(unique=True, help_text=pgettext_lazy("submission", "given with the empty form"))
    # Kept for the throttle alone, and forgotten after a day (inbox.tasks.forget_addresses).
    address = models.GenericIPAddressField(null=True)
    consent_text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("submission of a web form")
        verbose_name_plural = _("submissions of web forms")
        indexes = [
            models.Index(fields=["address", "created_at"], name="inbox_submission_throttle"),
            models.Index(fields=["form", "created_at"], name="inbox_submission_form"),
        ]

    def __str__(self):
        return f"{self.form_id}: {self.created_at:%d.%m.%Y %H:%M}"
