"""Bank statements and what was made of them; what the tax adviser's program asks for; who is not to be reminded."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Action, Area, Scope, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.files.models import StoredFile
from crm.sales.models import Invoice, Payment, TaxTreatment


class LedgerQuerySet(models.QuerySet):
    def visible_to(self, user, action: str = Action.VIEW):
        """Bank data names every customer's payments: it is for those who may change everybody's invoices."""
        may = user.is_authenticated and user.is_active and sees_ledger(user)
        return self if may else self.none()


def sees_ledger(user) -> bool:
    """May `user` see and book the bank's entries?"""
    return user.scope(Area.INVOICES, Action.CHANGE) == Scope.ALL


# ── the bank ────────────────────────────────────────────────────────────────────────────────────────
class StatementStatus(models.TextChoices):
    COLUMNS = "columns", _("Columns to be assigned")
    READ = "read", pgettext_lazy("bank statement", "Read")


class StatementQuerySet(LedgerQuerySet):
    def with_counts(self):
        """With `total` and `still_open`: how many entries came of it, and about how many nobody has decided."""
        return self.annotate(
            total=Count("entries"), still_open=Count("entries", filter=Q(entries__state=EntryState.OPEN))
        )


@history.track
class BankStatement(models.Model):
    """One file of the bank, as it came. Its content can be read once only."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    content_hash = models.CharField(max_length=64, unique=True, editable=False)
    status = models.CharField(
        pgettext_lazy("bank statement", "status"),
        max_length=7,
        choices=StatementStatus,
        default=StatementStatus.COLUMNS,
    )
    # How a CSV file is read: see crm/accounting/statements/bankcsv.py. Empty for CAMT.053, which says it itself.
    mapping = models.JSONField(default=dict)
    known = models.PositiveIntegerField(_("already there"), default=0)
    pending = models.PositiveIntegerField(_("not booked yet"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = StatementQuerySet.as_manager()
    area = Area.INVOICES

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        ordering = ["-created_at", "-pk"]
        constraints = [one_of("status", StatementStatus, name="accounting_bankstatement_status")]

    def __str__(self):
        return self.file.name

    def get_absolute_url(self):
        return reverse("accounting:columns", args=[self.pk])


class EntryState(models.TextChoices):
    OPEN = "open", pgettext_lazy("bank entry", "Open")
    BOOKED = "booked", pgettext_lazy("bank entry", "Booked")
    IGNORED = "ignored", pgettext_lazy("bank entry", "Ignored")


class EntryQuerySet(LedgerQuerySet):
    def open(self):
        """Those about which nobody has decided."""
        return self.filter(state=EntryState.OPEN)

    def with_twins(self):
        """With `has_twin`: the same amount of the same payer on the same day, from another file.

        The same money may be told twice in two forms (CAMT and CSV); whether it is, a person has to say.
        """
        twins = BankEntry.objects.filter(
            account=OuterRef("account"),
            booked_on=OuterRef("booked_on"),
            amount=OuterRef("amount"),
            iban=OuterRef("iban"),
        ).exclude(statement=OuterRef("statement"))
        return self.annotate(has_twin=Exists(twins))


@history.track
class BankEntry(models.Model):
    """One movement on our account, as the bank says it. `key` is what makes it the same one in another file."""

    statement = models.ForeignKey(
        BankStatement, models.PROTECT, related_name="entries", verbose_name=_("bank statement")
    )
    account = models.CharField(_("own account"), max_length=34)
    key = models.CharField(max_length=60, editable=False)
    booked_on = models.DateField(_("booking date"))
    valued_on = models.DateField(_("value date"), null=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    name = models.CharField(_("payer or payee"), max_length=140, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    purpose = models.CharField(_("purpose"), max_length=500, blank=True)
    kind = models.CharField(_("booking text"), max_length=80, blank=True)
    end_to_end = models.CharField(_("end-to-end reference"), max_length=60, blank=True)
    reference = models.CharField(_("the bank's reference"), max_length=60, blank=True)
    state = models.CharField(
        pgettext_lazy("bank entry", "state"), max_length=7, choices=EntryState, default=EntryState.OPEN
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    search_text = search_column("name", "purpose", "iban", "end_to_end")

    objects = EntryQuerySet.as_manager()
    area = Area.INVOICES

    class Meta:
        verbose_name = _("bank entry")
        verbose_name_plural = _("bank entries")
        ordering = ["-booked_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="accounting_bankentry_once"),
            one_of("state", EntryState, name="accounting_bankentry_state"),
            models.CheckConstraint(
                condition=Q(state=EntryState.OPEN, decided_at=None)
                | (~Q(state=EntryState.OPEN) & Q(decided_at__isnull=False)),
                name="accounting_bankentry_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-booked_on"], name="accounting_entry_state"),
            models.Index(fields=["iban"], name="accounting_entry_iban", condition=~Q(iban="")),
            models.Index(fields=["account", "booked_on", "amount"], name="accounting_entry_twin"),
        ]

    def __str__(self):
        return f"{self.booked_on}: {self.amount} {self.currency}, {self.name}"

    def get_absolute_url(self):
        return reverse("accounting:entry", args=[self.pk])


@history.track
class Booking(models.Model):
    """A payment that was made of an entry; several, if the transfer pays several invoices. Undone, it stays."""

    entry = models.ForeignKey(BankEntry, models.PROTECT, related_name="bookings", verbose_name=_("bank entry"))
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="booking", verbose_name=_("payment"))
    undone_at = models.DateTimeField(_("undone at"), null=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.entry_id} → {self.payment_id}"


# ── reminders ───────────────────────────────────────────────────────────────────────────────────────
@history.track
class DunningBlock(models.Model):
    """An invoice that is not reminded of: disputed, deferred, agreed otherwise."""

    invoice = models.OneToOneField(Invoice, models.CASCADE, related_name="dunning_block", verbose_name=_("invoice"))
    reason = models.CharField(_("reason"), max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("blocked by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("dunning block")
        verbose_name_plural = _("dunning blocks")

    def __str__(self):
        return self.reason


# ── the tax adviser ─────────────────────────────────────────────────────────────────────────────────
class Chart(models.TextChoices):
    SKR03 = "SKR03", "SKR03"
    SKR04 = "SKR04", "SKR04"


ACCOUNT_NUMBER = [MinValueValidator(1), MaxValueValidator(99_999_999)]


@history.track
class DatevSettings(models.Model):
    """The one row of what a DATEV booking batch says about itself. Accounts of revenue: RevenueAccount."""

    consultant_number = models.PositiveIntegerField(
        _("consultant number"), validators=[MinValueValidator(1001), MaxValueValidator(9_999_999)], default=1001
    )
    client_number = models.PositiveIntegerField(
        _("client number"), validators=[MinValueValidator(1), MaxValueValidator(99_999)], default=1
    )
    fiscal_year_month = models.PositiveSmallIntegerField(
        _("first month of the fiscal year"), validators=[MinValueValidator(1), MaxValueValidator(12)], default=1
    )
    chart = models.CharField(_("chart of accounts"), max_length=5, choices=Chart, default=Chart.SKR03)
    account_length = models.PositiveSmallIntegerField(
        _("length of account numbers"), validators=[MinValueValidator(4), MaxValueValidator(8)], default=4
    )
    debtors_account = models.PositiveIntegerField(
        _("collective debtors' account"),
        default=10_000,
        validators=ACCOUNT_NUMBER,
        help_text=_("For customers without a customer number that is an account."),
    )
    one_debtor = models.BooleanField(_("all customers on the collective account"), default=False)
    bank_account = models.PositiveIntegerField(
        _("bank account"), null=True, blank=True, validators=ACCOUNT_NUMBER, help_text=_("Empty: the chart's standard.")
    )
    cash_account = models.PositiveIntegerField(
        _("cash account"), null=True, blank=True, validators=ACCOUNT_NUMBER, help_text=_("Empty: the chart's standard.")
    )

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("DATEV settings")
        verbose_name_plural = _("DATEV settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="accounting_datevsettings_one"),
            one_of("chart", Chart, name="accounting_datevsettings_chart"),
        ]

    def __str__(self):
        return f"{self.consultant_number}/{self.client_number}"


@history.track
class RevenueAccount(models.Model):
    """Where revenue of a tax treatment and rate is booked, if not where the chart's standard says (datev.py).

    `tax_key` (BU-Schlüssel): for accounts that do not know their VAT by themselves.
    """

    tax_treatment = models.CharField(_("tax treatment"), max_length=20, choices=TaxTreatment)
    vat_rate = models.DecimalField(_("VAT (%)"), max_digits=5, decimal_places=2, default=Decimal(0))
    account = models.PositiveIntegerField(_("account"), validators=ACCOUNT_NUMBER)
    tax_key = models.CharField(_("tax key"), max_length=4, blank=True, help_text=_("Empty for automatic accounts."))

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("revenue account")
        verbose_name_plural = _("revenue accounts")
        ordering = ["tax_treatment", "-vat_rate"]
        constraints = [
            models.UniqueConstraint(fields=["tax_treatment", "vat_rate"], name="accounting_revenueaccount_one"),
            one_of("tax_treatment", TaxTreatment, name="accounting_revenueaccount_tax"),
            models.CheckConstraint(
                condition=Q(vat_rate__gte=0, vat_rate__lte=100), name="accounting_revenueaccount_percent"
            ),
        ]

    def __str__(self):
        return f"{self.get_tax_treatment_display()} {self.vat_rate} %: {self.account}"
