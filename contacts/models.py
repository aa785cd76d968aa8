"""Companies and persons: with whom we do business."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries.fields import CountryField

from crm.accounts.scope import Area, ScopedQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import CompanyKey, Domain, Fold, generated, search_column
from crm.core.reference import reference_field
from crm.files.models import StoredFile
from crm.imports.models import ImportRun
from crm.lists.models import Tag
from crm.mail.models import MessageLink


class Contact(models.Model):
    """What companies and persons have in common."""

    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="+", verbose_name=_("tags"))
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+", verbose_name=_("files"))
    external_id = models.CharField(
        _("external ID"),
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text=_("ID in another system"),
    )
    import_run = models.ForeignKey(ImportRun, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ScopedQuerySet.as_manager()
    area = Area.CONTACTS

    class Meta:
        abstract = True


class CompanyStatus(models.TextChoices):
    PROSPECT = "prospect", _("Prospect")
    CUSTOMER = "customer", _("Customer")
    PARTNER = "partner", _("Partner")
    SUPPLIER = "supplier", _("Supplier")
    FORMER = "former", _("Former customer")


class CompanySize(models.TextChoices):
    MICRO = "1-9", _("1–9 employees")
    SMALL = "10-49", _("10–49 employees")
    MEDIUM = "50-249", _("50–249 employees")
    LARGE = "250-999", _("250–999 employees")
    HUGE = "1000+", _("1,000 employees and more")


@history.track
class Company(Contact):
    number = reference_field("K", verbose_name=_("number"))
    name = models.CharField(_("company name"), max_length=200)
    legal_form = models.CharField(_("legal form"), max_length=60, blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True)
    vat_id = models.CharField(_("VAT ID"), max_length=20, blank=True)
    industry_code = models.CharField(
        _("industry code"), max_length=10, blank=True, help_text=_("WZ 2008 / NACE, for example 28.15")
    )
    size = models.CharField(_("size"), max_length=10, blank=True, choices=CompanySize)
    status = models.CharField(
        pgettext_lazy("company", "status"),
        max_length=10,
        choices=CompanyStatus,
        default=CompanyStatus.PROSPECT,
    )
    customer_since = models.DateField(_("customer since"), null=True, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(_("payment terms (days)"), default=30)
    invoice_email = models.EmailField(
        _("e-mail for invoices"), blank=True, help_text=_("Empty: the company's e-mail address.")
    )
    leitweg_id = models.CharField(
        _("Leitweg-ID"),
        max_length=46,
        blank=True,
        help_text=_("Public buyers name it; it stands in every electronic invoice to them (buyer reference)."),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent company"),
    )

    sort_name = generated(Fold(F("name")))
    match_key = generated(CompanyKey(F("name")))
    domain = generated(Domain(F("email"), F("website")))
    search_text = search_column("name", "number", "email", "phone", "website", "postal_code", "city", "vat_id")

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [
            one_of("status", CompanyStatus, name="contacts_company_status"),
            # Whoever has been a customer is a customer or a former one, never again a prospect.
            models.CheckConstraint(
                condition=~Q(status=CompanyStatus.PROSPECT) | Q(customer_since=None),
                name="contacts_company_customer_is_no_prospect",
                violation_error_message=_("A company that has been a customer cannot become a prospect again."),
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")),
                name="contacts_company_not_its_own_parent",
                violation_error_message=_("A company cannot be its own parent company."),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "sort_name"], name="contacts_company_owner"),
            models.Index(fields=["sort_name", "id"], name="contacts_company_sort"),
            models.Index(fields=["created_at"], name="contacts_company_created"),
            models.Index(fields=["email"], name="contacts_company_email", condition=~Q(email="")),
            models.Index(fields=["phone"], name="contacts_company_phone", condition=~Q(phone="")),
            models.Index(fields=["vat_id"], name="contacts_company_vat", condition=~Q(vat_id="")),
            models.Index(fields=["domain"], name="contacts_company_domain", condition=~Q(domain="")),
            models.Index(fields=["match_key"], name="contacts_company_key"),
            GinIndex(fields=["match_key"], name="contacts_company_match", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["search_text"], name="contacts_company_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("contacts:company", args=[self.pk])


class Salutation(models.TextChoices):
    MS = "ms", _("Ms")
    MR = "mr", _("Mr")
    NONE = "none", _("without salutation")


@history.track
class Person(Contact):
    salutation = models.CharField(_("salutation"), max_length=4, blank=True, choices=Salutation)
    title = models.CharField(pgettext_lazy("person", "title"), max_length=40, blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    mobile = models.CharField(_("mobile"), max_length=40, blank=True)
    function = models.CharField(_("function"), max_length=120, blank=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="persons", verbose_name=_("company")
    )

    sort_name = generated(Fold(F("last_name")))
    match_key = generated(Fold(models.functions.Concat(F("first_name"), models.Value(" "), F("last_name"))))
    search_text = search_column("first_name", "last_name", "email", "phone", "mobile", "city", "function")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        constraints = [
            models.CheckConstraint(
                condition=~Q(first_name="", last_name="", email=""),
                name="contacts_person_has_a_name",
                violation_error_message=_("Enter a name or an e-mail address."),
            )
        ]
        indexes = [
            models.Index(fields=["owner", "sort_name"], name="contacts_person_owner"),
            models.Index(fields=["sort_name", "id"], name="contacts_person_sort"),
            models.Index(fields=["created_at"], name="contacts_person_created"),
            models.Index(fields=["email"], name="contacts_person_email", condition=~Q(email="")),
            models.Index(fields=["phone"], name="contacts_person_phone", condition=~Q(phone="")),
            models.Index(fields=["mobile"], name="contacts_person_mobile", condition=~Q(mobile="")),
            models.Index(fields=["match_key"], name="contacts_person_key"),
            GinIndex(fields=["match_key"], name="contacts_person_match", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["search_text"], name="contacts_person_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return " ".join(filter(None, [self.title, self.first_name, self.last_name])) or self.email

    def get_absolute_url(self):
        return reverse("contacts:person", args=[self.pk])


@history.track
class PersonEmail(models.Model):
    """A further address of a person; the first one is on the person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="further_emails", verbose_name=_("person"))
    email = models.EmailField(_("e-mail"), db_index=True)

    class Meta:
        verbose_name = _("further e-mail")
        verbose_name_plural = _("further e-mails")
        constraints = [models.UniqueConstraint(fields=["person", "email"], name="contacts_personemail_once")]

    def __str__(self):
        return self.email


# Tags and files hang on plain many-to-many tables; these proxies keep the history of those.
@history.track_links
class CompanyTag(Company.tags.through):
    class Meta:
        proxy = True


@history.track_links
class CompanyFile(Company.files.through):
    class Meta:
        proxy = True


@history.track_links
class PersonTag(Person.tags.through):
    class Meta:
        proxy = True


@history.track_links
class PersonFile(Person.files.through):
    class Meta:
        proxy = True


@history.track
class CompanyMessage(MessageLink):
    company = models.ForeignKey(Company, models.PROTECT, related_name="message_links")

    class Meta:
        verbose_name = _("message of a company")
        verbose_name_plural = _("messages of companies")
        constraints = [models.UniqueConstraint(fields=["company", "message"], name="contacts_companymessage_once")]

    def __str__(self):
        return f"{self.company_id}: {self.message_id}"


@history.track
class PersonMessage(MessageLink):
    person = models.ForeignKey(Person, models.PROTECT, related_name="message_links")

    class Meta:
        verbose_name = _("message of a person")
        verbose_name_plural = _("messages of persons")
        constraints = [models.UniqueConstraint(fields=["person", "message"], name="contacts_personmessage_once")]

    def __str__(self):
        return f"{self.person_id}: {self.message_id}"


class Listed(models.Model):
    """Companies and persons as one table, for the list: a view of the database (migration 0003), read only.

    `id` is unique over both (company: 2 × its id, person: 2 × its id + 1); `record_id` is the record's own.
    """

    class Kind(models.TextChoices):
        COMPANY = "company", _("Company")
        PERSON = "person", _("Person")

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    record_id = models.BigIntegerField()
    name = models.CharField(_("name"), max_length=300)
    sort_name = models.TextField()
    search_text = models.TextField()
    number = models.CharField(_("number"), max_length=20)
    company = models.ForeignKey(
        Company, models.DO_NOTHING, null=True, db_constraint=False, related_name="+", verbose_name=_("company")
    )
    function = models.CharField(_("function"), max_length=120)
    email = models.CharField(_("e-mail"), max_length=254)
    phone = models.CharField(_("phone"), max_length=40)
    mobile = models.CharField(_("mobile"), max_length=40)
    website = models.CharField(_("website"), max_length=200)
    vat_id = models.CharField(_("VAT ID"), max_length=20)
    street = models.CharField(_("street"), max_length=200)
    postal_code = models.CharField(_("postal code"), max_length=20)
    city = models.CharField(_("city"), max_length=100)
    country = CountryField(_("country"))
    status = models.CharField(pgettext_lazy("company", "status"), max_length=10, choices=CompanyStatus)
    is_active = models.BooleanField(_("active"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("responsible"),
    )
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = ScopedQuerySet.as_manager()
    area = Area.CONTACTS

    class Meta:
        managed = False
        db_table = "contacts_listed"
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse(f"contacts:{self.kind}", args=[self.record_id])
