"""Addresses that mean something: our own at which mail reaches the CRM, and those whose mail is private."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.accounts.scope import Area, Scope, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of


class Purpose(models.TextChoices):
    """What becomes of a mail to one of our addresses that belongs to nothing we know."""

    CAPTURE = "capture", _("Smart BCC: file with the customer")
    LEADS = "leads", _("New leads: make an inbox item")
    SERVICE = "service", _("Service: make a service ticket")


class AddressQuerySet(SettingQuerySet):
    def capture(self) -> str:
        """The address for copies (Smart BCC): what is sent there is filed with the customer. Empty: there is none."""
        return self.filter(purpose=Purpose.CAPTURE, is_active=True).values_list("email", flat=True).first() or ""


@history.track
class Address(models.Model):
    """An address of our own at which mail reaches the CRM."""

    email = models.EmailField(_("e-mail"))
    purpose = models.CharField(_("purpose"), max_length=7, choices=Purpose, default=Purpose.CAPTURE)
    is_active = models.BooleanField(_("active"), default=True)

    objects = AddressQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("mail address")
        verbose_name_plural = _("mail addresses")
        ordering = ["purpose", "email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="mail_address_once",
                violation_error_message=_("This address is already in the list."),
            ),
            one_of("purpose", Purpose, name="mail_address_purpose"),
        ]

    def __str__(self):
        return self.email


class OwnQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """One's own entries; those who administer see all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == Scope.ALL else self.filter(user=user)


@history.track
class ExcludedAddress(models.Model):
    """Mail between a user and this address is private: it is not filed, for nobody to see."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    email = models.EmailField(_("e-mail"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = OwnQuerySet.as_manager()
    area = Area.INBOX

    class Meta:
        verbose_name = _("excluded address")
        verbose_name_plural = _("excluded addresses")
        ordering = ["email"]
        constraints = [models.UniqueConstraint(fields=["user", "email"], name="mail_excludedaddress_once")]

    def __str__(self):
        return self.email
