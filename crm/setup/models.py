"""What the installation knows about the company that works with it."""

import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history, workdays


def logo_name(instance, filename) -> str:
    """Where the logo lies: never anything the sender chose."""
    return f"logo/{secrets.token_hex(20)}"


@history.track
class Organisation(models.Model):
    """The one row about ourselves: the name on every page, and what stands on our papers."""

    name = models.CharField(_("company name"), max_length=120)
    legal_name = models.CharField(
        _("legal name"),
        max_length=200,
        blank=True,
        help_text=_("As it stands in the register, for example Höfle GmbH."),
    )
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True, default="DE")
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.CharField(_("website"), max_length=200, blank=True)
    logo = models.FileField(_("logo"), upload_to=logo_name, blank=True, help_text=_("PNG or JPEG, at most 1 MB."))
    vat_id = models.CharField(_("VAT ID"), max_length=20, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=30, blank=True)
    small_business = models.BooleanField(
        _("small business (§ 19 UStG)"), default=False, help_text=_("No VAT is charged on any document.")
    )
    register_court = models.CharField(_("register court"), max_length=100, blank=True)
    register_number = models.CharField(_("register number"), max_length=40, blank=True)
    managing_directors = models.CharField(_("managing directors"), max_length=200, blank=True)
    bank_name = models.CharField(_("bank"), max_length=100, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    bic = models.CharField("BIC", max_length=11, blank=True)
    holiday_state = models.CharField(
        _("public holidays"),
        max_length=2,
        blank=True,
        choices=workdays.State,
        help_text=_("The state whose public holidays are no working days."),
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        _("payment terms (days)"),
        default=30,
        validators=[MaxValueValidator(365)],
        help_text=_("For customers without terms of their own."),
    )
    quote_valid_days = models.PositiveSmallIntegerField(
        _("quotes are valid for (days)"), default=30, validators=[MaxValueValidator(365)]
    )

    objects = SettingQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("own company")
        verbose_name_plural = _("own company")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="setup_organisation_one")]

    def __str__(self):
        return self.name

    def snapshot(self) -> dict:
        """Who we are at this moment, as plain values by field name; the logo is left out."""
        fields = (field.name for field in self._meta.concrete_fields if field.name not in {"id", "logo"})
        return {name: str(getattr(self, name)) if name == "country" else getattr(self, name) for name in fields}


def company_name() -> str:
    """What stands at the top of every page: what was said under Settings, else the environment's COMPANY_NAME."""
    return Organisation.objects.values_list("name", flat=True).first() or settings.COMPANY_NAME


def working_days() -> workdays.Workdays:
    """Our working days, by the state that was chosen under Settings."""
    return workdays.workdays(Organisation.objects.values_list("holiday_state", flat=True).first() or "")
