"""What quotes, orders and invoices have in common, and their lines."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Prefetch, Q, Value
from django.db.models.functions import Round
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from contacts.models import Company, Person
from crm.accounts.scope import ScopedQuerySet
from crm.core.choices import one_of
from crm.core.fold import matching
from crm.files.models import StoredFile
from crm.sales.arithmetic import Totals, totals
from crm.sales.models.product import PERCENT, PRICE, Product
from opportunities.models import Opportunity

# A document has at most as many lines; more is a mistake, or a file that belongs beside the document.
MOST_LINES = 1000
# All texts of its lines together, in characters: some sixty pages, which are drawn in ten seconds.
MOST_TEXT = 200_000
LONGEST_TEXT = 4000
LARGEST_QUANTITY = Decimal("999999.999")
# So that the sum of the most lines, with VAT, has room in a total.
LARGEST_AMOUNT = Decimal("9999999999.99")


class TaxTreatment(models.TextChoices):
    """Why VAT is charged, or not. All but the first mean a rate of zero on every line."""

    DOMESTIC = "domestic", _("VAT is charged")
    INTRA_COMMUNITY = "intra_community", _("Intra-community supply")
    REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
    EXPORT = "export", _("Export outside the EU")
    SMALL_BUSINESS = "small_business", _("Small business (§ 19 UStG)")
    EXEMPT = "exempt", _("Exempt from VAT")


class LineKind(models.TextChoices):
    ITEM = "item", _("Item")
    TEXT = "text", _("Text")


class DocumentQuerySet(ScopedQuerySet):
    def for_display(self, user):
        """With what a row or page of it shows; what it points at and `user` may not see is None here."""
        return self.select_related("owner").prefetch_related(
            Prefetch("company", Company.objects.visible_to(user)),
            Prefetch("person", Person.objects.visible_to(user)),
            Prefetch("opportunity", Opportunity.objects.visible_to(user)),
        )

    def search(self, user, term: str):
        """Those with every word of `term` in number, subject, recipient, or in what `user` sees of the contacts."""
        found = self
        for word in term.split()[:8]:
            companies = matching(Company.objects.visible_to(user), word).values("pk")
            persons = matching(Person.objects.visible_to(user), word).values("pk")
            everything = self.model.objects.order_by().values("pk")
            hits = matching(everything, word).union(
                everything.filter(company__in=companies), everything.filter(person__in=persons)
            )
            found = found.filter(pk__in=hits)
        return found


def total_field(label) -> models.DecimalField:
    """A sum that the database keeps from the lines (crm/sales/rules/totals.py); no writer sets it."""
    return models.DecimalField(label, max_digits=16, decimal_places=2, default=Decimal(0), editable=False)


class Document(models.Model):
    """A paper for a customer. Amounts in `currency`; the three totals are derived by the database from the lines.

    recipient_* is to whom it is addressed: what was typed, else copied from company and person when the document
    leaves the house, so that a later move changes no paper.
    """

    subject = models.CharField(_("subject"), max_length=200, blank=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("company")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("person")
    )
    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("opportunity")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", editable=False)
    language = models.CharField(
        _("language of the document"), max_length=2, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    tax_treatment = models.CharField(
        _("tax treatment"), max_length=20, choices=TaxTreatment, default=TaxTreatment.DOMESTIC
    )
    net_total = total_field(_("net total"))
    vat_total = total_field(_("VAT"))
    gross_total = total_field(_("gross total"))
    intro = models.TextField(_("text above the lines"), blank=True, max_length=LONGEST_TEXT)
    closing = models.TextField(_("text below the lines"), blank=True, max_length=LONGEST_TEXT)
    customer_reference = models.CharField(_("customer's reference"), max_length=100, blank=True)

    recipient_name = models.CharField(_("recipient"), max_length=200, blank=True)
    recipient_contact = models.CharField(_("for the attention of"), max_length=200, blank=True)
    recipient_street = models.CharField(_("street"), max_length=200, blank=True)
    recipient_postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    recipient_city = models.CharField(_("city"), max_length=100, blank=True)
    recipient_country = CountryField(_("country"), blank=True)
    recipient_vat_id = models.CharField(_("VAT ID"), max_length=20, blank=True)
    recipient_email = models.EmailField(_("e-mail"), blank=True)

    # The paper as it went out; made once by the worker, delivered as it was ever after.
    pdf = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("PDF")
    )
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+", verbose_name=_("files"))
    external_id = models.CharField(
        _("external ID"),
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text=_("ID in another system"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True

    @property
    def is_draft(self) -> bool:
        return self.status == "draft"

    def totals(self) -> Totals:
        """The sums with their parts by VAT rate, from the lines as they are in the database."""
        return totals(self.lines.items().values_list("vat_rate", "net_amount"))

    @property
    def charges_vat(self) -> bool:
        return self.tax_treatment == TaxTreatment.DOMESTIC


def document_constraints(name: str, statuses: type[models.TextChoices]) -> list:
    """The check constraints of every document; `name` is the model's in lower case."""
    return [
        one_of("status", statuses, name=f"sales_{name}_status"),
        one_of("tax_treatment", TaxTreatment, name=f"sales_{name}_tax"),
        models.CheckConstraint(
            condition=Q(currency__regex=r"^[A-Z]{3}$"),
            name=f"sales_{name}_currency",
            violation_error_message=_("A currency is a code of three capital letters, for example EUR."),
        ),
        models.CheckConstraint(
            condition=Q(gross_total=F("net_total") + F("vat_total")), name=f"sales_{name}_gross_is_net_and_vat"
        ),
    ]


class LineQuerySet(models.QuerySet):
    def items(self):
        """Those with an amount; the others are text between them."""
        return self.filter(kind=LineKind.ITEM)


class Line(models.Model):
    """One line. `net_amount` is computed by the database: quantity × unit price × (1 − discount), half a cent up."""

    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=4, choices=LineKind, default=LineKind.ITEM)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    quantity = models.DecimalField(
        _("quantity"),
        max_digits=9,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(LARGEST_QUANTITY)],
    )
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    unit_price = models.DecimalField(_("unit price"), default=Decimal(0), **PRICE)
    discount_percent = models.DecimalField(_("discount (%)"), default=Decimal(0), **PERCENT)
    vat_rate = models.DecimalField(_("VAT (%)"), default=Decimal(0), **PERCENT)
    # × 0.01 and not ÷ 100: PostgreSQL's products are exact, its quotients are cut.
    net_amount = models.GeneratedField(
        expression=Round(
            F("quantity") * F("unit_price") * (Value(Decimal(100)) - F("discount_percent")) * Value(Decimal("0.01")),
            precision=2,
            output_field=models.DecimalField(max_digits=18, decimal_places=2),
        ),
        output_field=models.DecimalField(max_digits=18, decimal_places=2),
        db_persist=True,
        verbose_name=_("net amount"),
    )

    objects = LineQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self):
        return f"{self.position}. {self.text[:60]}"


def line_constraints(name: str, document: str) -> list:
    """The check constraints of every line; `name` is the model's in lower case, `document` its parent's field."""
    return [
        models.UniqueConstraint(
            fields=[document, "position"], name=f"sales_{name}_position", deferrable=models.Deferrable.DEFERRED
        ),
        models.CheckConstraint(
            condition=Q(position__gte=1, position__lte=MOST_LINES),
            name=f"sales_{name}_most",
            violation_error_message=_("A document has at most 1,000 lines."),
        ),
        models.CheckConstraint(
            condition=Q(kind=LineKind.ITEM, quantity__gt=0, quantity__lte=LARGEST_QUANTITY, unit_price__gte=0)
            | Q(kind=LineKind.TEXT, product=None, quantity=0, unit_price=0, discount_percent=0, vat_rate=0),
            name=f"sales_{name}_amounts",
            violation_error_message=_(
                "A line needs a quantity above zero and a price of zero or more; a text has neither."
            ),
        ),
        models.CheckConstraint(
            condition=Q(net_amount__lte=LARGEST_AMOUNT),
            name=f"sales_{name}_largest",
            violation_error_message=_("The amount of a line is at most 9,999,999,999.99."),
        ),
        models.CheckConstraint(
            condition=Q(discount_percent__gte=0, discount_percent__lte=100, vat_rate__gte=0, vat_rate__lte=100),
            name=f"sales_{name}_percent",
            violation_error_message=_("A discount and a VAT rate lie between 0 and 100 percent."),
        ),
    ]
