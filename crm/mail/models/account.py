"""Mailboxes on other servers that are emptied into the journal, by IMAP."""

import datetime
from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area, Scope
from crm.core import history
from crm.core.choices import one_of
from crm.mail.models.mailbox import Address

LATE = datetime.timedelta(minutes=15)
# The only hosts to which a password may go in the open.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Security(models.TextChoices):
    TLS = "tls", _("TLS from the beginning")
    STARTTLS = "starttls", "STARTTLS"
    NONE = "none", _("None (only on this machine)")


class Afterwards(models.TextChoices):
    """What becomes of a mail on the server once it is in the journal."""

    LEAVE = "leave", _("Leave it as it is")
    SEEN = "seen", _("Mark it as read")
    MOVE = "move", _("Move it to another folder")
    DELETE = "delete", _("Delete it")


class MailAccountQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """Where the company's mail lies is for those who administer."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == Scope.ALL else self.none()


# The password is in no history, sealed or not; that it was changed is. What the fetching notes is no decision.
@partial(
    history.track,
    fields=[
        "host",
        "port",
        "security",
        "user",
        "password_set_at",
        "folder",
        "address",
        "afterwards",
        "move_to",
        "is_active",
    ],
)
class MailAccount(models.Model):
    """A folder of a mailbox, and how far it has been read.

    `password` is sealed (crm/core/seal.py). `last_uid` counts within `uid_validity`; both are written in the
    transaction that stores the mail. `untidied`: UIDs of stored mails with which the server has not done yet what
    `afterwards` says. `postponed`: UIDs of mails that the server did not give; they are asked for again. `error` is
    kept in English and shown in the reader's language, `error_detail` are the server's own words.
    """

    host = models.CharField(_("server"), max_length=253)
    port = models.PositiveIntegerField(
        _("port"), default=993, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("encryption"), max_length=8, choices=Security, default=Security.TLS)
    user = models.CharField(_("user name"), max_length=250)
    password = models.TextField(editable=False)
    password_set_at = models.DateTimeField(_("password set at"), editable=False)
    folder = models.CharField(pgettext_lazy("mailbox", "folder"), max_length=250, default="INBOX")
    address = models.ForeignKey(
        Address,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("counts as sent to"),
        help_text=_(
            "Which of our addresses the mails of this folder were sent to, where they do not say so themselves."
        ),
    )
    afterwards = models.CharField(
        _("stored mails on the server"), max_length=6, choices=Afterwards, default=Afterwards.LEAVE
    )
    move_to = models.CharField(_("folder to move them to"), max_length=250, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    uid_validity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)
    untidied = ArrayField(models.BigIntegerField(), default=list, editable=False)
    postponed = ArrayField(models.BigIntegerField(), default=list, editable=False)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    error_detail = models.TextField(blank=True, editable=False)

    objects = MailAccountQuerySet.as_manager()
    area = Area.ADMINISTRATION

    class Meta:
        verbose_name = _("mail account")
        verbose_name_plural = _("mail accounts")
        ordering = ["user", "host", "folder"]
        constraints = [
            models.UniqueConstraint(
                Lower("host"),
                "user",
                "folder",
                name="mail_mailaccount_once",
                violation_error_message=_("This folder is already fetched."),
            ),
            one_of("security", Security, name="mail_mailaccount_security"),
            one_of("afterwards", Afterwards, name="mail_mailaccount_afterwards"),
            models.CheckConstraint(
                condition=~Q(security=Security.NONE) | Q(host__in=LOOPBACK),
                name="mail_mailaccount_in_the_open",
                violation_error_message=_("Without encryption only a server on this machine can be asked."),
            ),
            models.CheckConstraint(
                condition=~Q(afterwards=Afterwards.MOVE) | ~Q(move_to=""),
                name="mail_mailaccount_move_to",
                violation_error_message=_("Say to which folder stored mails are moved."),
            ),
        ]

    def __str__(self):
        name = self.user if "@" in self.user else f"{self.user}@{self.host}"
        return name if self.folder.upper() == "INBOX" else f"{name}/{self.folder}"

    @property
    def is_late(self) -> bool:
        """Has it been looked at by nobody for longer than any pause: does `fetch_mail` run at all?"""
        return self.is_active and (self.fetched_at or self.password_set_at) < timezone.now() - LATE
