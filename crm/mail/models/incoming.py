"""The journal: every mail that came in, byte for byte, and what became of it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area, Scope
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.mail.models.message import Message

# As which the sender of a mail about mail is named to mail servers; kept as that, because nothing may answer it.
NULL_SENDER = "<>"


class Route(models.TextChoices):
    IMAP = "imap", "IMAP"
    SMTP = "smtp", "SMTP"
    PIPE = "pipe", _("File or pipe")
    API = "api", "API"


class IncomingState(models.TextChoices):
    STORED = "stored", pgettext_lazy("mail", "Stored")
    PROCESSED = "processed", pgettext_lazy("mail", "Processed")
    REVIEW = "review", pgettext_lazy("mail", "To be reviewed")
    FAILED = "failed", pgettext_lazy("mail", "Failed")
    IGNORED = "ignored", pgettext_lazy("mail", "Ignored")


class IncomingQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """The raw mail of everybody: for those who administer."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == Scope.ALL else self.none()

    def due(self):
        """What was never settled and may be tried now."""
        return self.filter(state__in=(IncomingState.STORED, IncomingState.FAILED), next_try_at__lte=timezone.now())


class IncomingMail(models.Model):
    """One mail as it came. It is committed before the sender is told so; nothing is parsed until then.

    `content_hash` is SHA-256 of the bytes: the same bytes twice are one row, whichever way they come. `reason` is
    kept in English and shown in the reader's language. `envelope_from` may be NULL_SENDER. `size` is more than `raw`
    has where only the header was kept. `message`: what it became, or (ignored) what it repeats.
    """

    raw = models.BinaryField()
    content_hash = models.CharField(max_length=64, unique=True, editable=False)
    size = models.PositiveIntegerField(_("size"))
    received_at = models.DateTimeField(_("received at"), default=timezone.now, editable=False)
    route = models.CharField(_("way in"), max_length=4, choices=Route)
    envelope_from = models.CharField(max_length=320, blank=True, help_text=_("as the mail server was told"))
    envelope_to = ArrayField(models.CharField(max_length=320), default=list)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    sender = models.CharField(_("sender"), max_length=320, blank=True)
    state = models.CharField(
        pgettext_lazy("mail", "state"), max_length=9, choices=IncomingState, default=IncomingState.STORED
    )
    reason = models.TextField(_("reason"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True, default=timezone.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, editable=False)
    message = models.ForeignKey(Message, models.PROTECT, null=True, blank=True, related_name="journal")

    search_text = search_column("subject", "sender")

    objects = IncomingQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("incoming mail")
        verbose_name_plural = _("incoming mails")
        ordering = ["-received_at", "-pk"]
        constraints = [
            one_of("state", IncomingState, name="mail_incomingmail_state"),
            # Nothing is dropped silently.
            models.CheckConstraint(
                condition=~Q(state__in=(IncomingState.IGNORED, IncomingState.FAILED, IncomingState.REVIEW))
                | ~Q(reason=""),
                name="mail_incomingmail_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(IncomingState.PROCESSED, IncomingState.REVIEW)) | Q(message__isnull=False),
                name="mail_incomingmail_has_become_something",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="mail_incoming_due", condition=Q(state__in=("stored", "failed"))),
            models.Index(fields=["-received_at", "-id"], name="mail_incoming_received"),
            models.Index(fields=["state", "-received_at"], name="mail_incoming_state"),
        ]
        triggers = [
            # A business letter is kept as it came (§ 147 AO).
            pgtrigger.ReadOnly(name="as_it_came", fields=["raw", "content_hash", "received_at", "route"]),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return self.subject or f"#{self.pk}"

    def get_absolute_url(self):
        return reverse("mail:incoming", args=[self.pk])
