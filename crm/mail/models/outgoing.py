"""What leaves the house by mail, and the texts it is written with."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.files.models import StoredFile


class State(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("mail", "Waiting")
    SENT = "sent", pgettext_lazy("mail", "Sent")
    FAILED = "failed", pgettext_lazy("mail", "Failed")


class OutgoingQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """One's own mails; those who administer see all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == "all" else self.filter(sender=user)

    def due(self):
        """What waits and may be tried now."""
        return self.filter(state=State.WAITING, next_try_at__lte=timezone.now())


class OutgoingMail(models.Model):
    """One mail in the outbox. The row is the mail: no queue holds anything of it (crm/mail/sending.py).

    What can only be made later (a PDF) is named by `maker` and `made_of`: see crm/mail/makers.py. `calendar` is an
    iCalendar object with a METHOD: by it calendar programs show an invitation (RFC 6047).
    """

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("sender"),
        help_text=_("who sent it; nobody: the CRM itself"),
    )
    to = models.EmailField(_("recipient"))
    cc = ArrayField(models.EmailField(), default=list, blank=True, verbose_name=_("copy to"))
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+", verbose_name=_("attachments"))
    maker = models.CharField(max_length=40, blank=True)
    made_of = models.BigIntegerField(null=True)
    calendar = models.TextField(blank=True, editable=False)
    state = models.CharField(pgettext_lazy("mail", "state"), max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reason = models.TextField(_("reason"), blank=True)
    next_try_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    message_id = models.CharField(max_length=200, unique=True, editable=False)
    form_key = models.UUIDField(null=True, unique=True, editable=False, help_text=_("sent twice, it is one"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(pgettext_lazy("mail", "sent at"), null=True, editable=False)

    search_text = search_column("to", "subject")

    objects = OutgoingQuerySet.as_manager()
    area = Area.SALES

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        ordering = ["-created_at", "-pk"]
        constraints = [
            one_of("state", State, name="mail_outgoingmail_state"),
            models.CheckConstraint(
                condition=Q(state=State.SENT, sent_at__isnull=False) | (~Q(state=State.SENT) & Q(sent_at=None)),
                name="mail_outgoingmail_sent_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(maker="", made_of=None) | (~Q(maker="") & Q(made_of__isnull=False)),
                name="mail_outgoingmail_maker_has_a_record",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_outgoing_waiting", condition=Q(state=State.WAITING)),
            models.Index(fields=["sender", "-created_at"], name="mail_outgoing_sender"),
        ]
        triggers = [
            # What left is kept as it left: a business letter (§ 147 AO).
            pgtrigger.Protect(
                name="sent_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state=State.SENT),
            ),
        ]

    def __str__(self):
        return f"{self.subject} → {self.to}"

    def get_absolute_url(self):
        return reverse("mail:outgoing", args=[self.pk])


@history.track
class MailTemplate(models.Model):
    """A company's own wording of a kind of mail; without a row the kind's standard stands (crm/mail/kinds.py)."""

    kind = models.CharField(_("kind of mail"), max_length=40)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=10_000)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("mail template")
        verbose_name_plural = _("mail templates")
        constraints = [
            models.UniqueConstraint(fields=["kind", "language"], name="mail_mailtemplate_one"),
        ]

    def __str__(self):
        return f"{self.kind} ({self.language})"


@history.track
class TextTemplate(models.Model):
    """A text that people begin their own mails with (crm/mail/writing.py has the placeholders)."""

    name = models.CharField(_("name"), max_length=100)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), max_length=10_000)
    is_active = models.BooleanField(_("active"), default=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("text template")
        verbose_name_plural = _("text templates")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="mail_texttemplate_once",
                violation_error_message=_("There is a text template of this name already."),
            ),
        ]

    def __str__(self):
        return self.name
