"""A mail as people read it, whichever way it went, and the files it brought."""

import uuid
from functools import partial

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import EVERYONE, Action, Area, owners
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import search_column
from crm.files.models import StoredFile
from crm.mail import filing
from crm.mail.models.outgoing import OutgoingMail

# The types of pictures that a browser draws and that can do nothing.
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class Direction(models.TextChoices):
    IN = "in", _("Received")
    OUT = "out", pgettext_lazy("mail", "Sent")


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user, action: str = Action.VIEW):
        """Whoever sees the business it is filed with sees the mail; so does its owner.

        Filed with a customer alone, the customer decides. What is filed with nothing is like an inbox item: the
        inbox's rights decide, by its owner. A private one is its owner's alone.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        reach = owners(user, Area.INBOX, action)
        if reach is EVERYONE and all(drawer.shows_all(user, action) for drawer in filing.drawers()):
            return self.filter(Q(owner=user) | Q(is_private=False))
        # Each asked of the one message, by an index: as lists of ids they would grow with all mails.
        this = {"message": OuterRef("pk")}
        business, party, of_business = Q(pk__in=[]), Q(pk__in=[]), Q(pk__in=[])
        for drawer in filing.drawers():
            seen = Exists(drawer.visible_links(user, action).filter(**this))
            if drawer.is_party:
                party |= Q(seen)
            else:
                business |= Q(seen)
                of_business |= Q(Exists(drawer.link.objects.filter(**this)))
        seen = business | party & ~of_business
        if reach is EVERYONE:
            seen |= Q(filed_at=None)
        elif reach:
            seen |= Q(filed_at=None) & (Q(owner__in=reach - {None}) | Q(owner=None))
        return self.filter(Q(owner=user) | Q(is_private=False) & seen)


# What is kept for ever as it came needs no history; what people decide about it does.
@partial(
    history.track, fields=["owner", "is_private", "filed_at", "filed_by", "review", "reason", "proposal", "bounced_at"]
)
class Message(models.Model):
    """One mail, once: however often and by whichever way it came.

    `fingerprint` is what it says apart from its transport (crm/mail/reading); empty for what we write ourselves.
    `thread` is shared by a mail and its answers. `filed_at`: since when it is filed with a record; rooms keep the
    links themselves (crm/mail/filing.py). `filed_by`: who said where it belongs, which teaches its sender's address
    (judging.taught). `forwarded`: the mails within it, as crm.mail.sorting writes them. `review`: somebody has to say
    where it belongs, because of `reason`; `proposal` is [[drawer, record id], …]. `recipients` is
    [{"kind": "to", "name": …, "email": …}, …]; of kind "reply" are those to whom the sender wants the answer.
    `problems` are msgids: what could not be read of it.
    """

    direction = models.CharField(_("direction"), max_length=3, choices=Direction)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    sender_name = models.CharField(_("sender's name"), max_length=250, blank=True)
    sender_email = models.CharField(_("sender"), max_length=320, blank=True)
    recipients = models.JSONField(_("recipients"), default=list)
    sent_at = models.DateTimeField(pgettext_lazy("mail", "sent at"))
    message_id = models.CharField(max_length=250, blank=True, editable=False)
    in_reply_to = models.CharField(max_length=250, blank=True, editable=False)
    references = ArrayField(models.CharField(max_length=250), default=list, editable=False)
    thread = models.UUIDField(default=uuid.uuid4, editable=False)
    text = models.TextField(_("text"), blank=True)
    reply = models.TextField(_("text without what was quoted"), blank=True)
    html = models.TextField(blank=True)
    forwarded = models.JSONField(_("forwarded mails"), default=list, blank=True)
    invitation = models.JSONField(_("invitation"), null=True, blank=True)
    automatic = models.CharField(_("automatic"), max_length=20, blank=True)
    problems = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("what is wrong with it"))
    fingerprint = models.CharField(max_length=64, null=True, unique=True, editable=False)
    outgoing = models.OneToOneField(
        OutgoingMail,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="message",
        help_text=_("its way through the outbox, if we wrote it here"),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    is_private = models.BooleanField(pgettext_lazy("mail", "private"), default=False)
    filed_at = models.DateTimeField(null=True, editable=False)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("filed by"),
    )
    review = models.BooleanField(default=False)
    reason = models.TextField(_("reason"), blank=True)
    proposal = models.JSONField(default=list)
    bounced_at = models.DateTimeField(_("came back at"), null=True, editable=False)
    bounce_reason = models.TextField(_("why it came back"), blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    search_text = search_column("subject", "sender_name", "sender_email")

    objects = MessageQuerySet.as_manager()
    area = Area.INBOX

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-sent_at", "-pk"]
        constraints = [
            one_of("direction", Direction, name="mail_message_direction"),
            models.CheckConstraint(condition=Q(review=False) | ~Q(reason=""), name="mail_message_review_has_a_reason"),
        ]
        indexes = [
            models.Index(fields=["-sent_at", "-id"], name="mail_message_sent"),
            models.Index(fields=["owner", "-sent_at"], name="mail_message_owner"),
            models.Index(fields=["thread", "sent_at"], name="mail_message_thread"),
            models.Index(fields=["message_id"], name="mail_message_message_id", condition=~Q(message_id="")),
            models.Index(fields=["sender_email"], name="mail_message_sender"),
            models.Index(
                fields=["sender_email", "-filed_at"], name="mail_message_taught", condition=Q(filed_by__isnull=False)
            ),
            models.Index(fields=["-sent_at"], name="mail_message_review", condition=Q(review=True)),
            GinIndex(fields=["references"], name="mail_message_references"),
            GinIndex(fields=["search_text"], name="mail_message_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.subject or str(_("(no subject)"))

    def get_absolute_url(self):
        return reverse("mail:message", args=[self.pk])

    @property
    def participants(self) -> set[str]:
        """Every address that sent or got it."""
        return {self.sender_email, *(one["email"] for one in self.recipients)} - {""}


class Attachment(models.Model):
    """A file that came with a message, or leaves with it."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    content_type = models.CharField(max_length=120, help_text=_("what the bytes are, whatever the mail says"))
    content_id = models.CharField(max_length=250, blank=True)
    inline = models.BooleanField(default=False, help_text=_("a picture that the text shows"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self):
        return str(self.file)
