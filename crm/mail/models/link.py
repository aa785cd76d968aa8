"""The base of the tables in which rooms keep which mails are filed with their records."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.mail.models.message import Message


class MessageLink(models.Model):
    """A message in a drawer (crm/mail/filing.py); the room adds a foreign key to its record."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="+", verbose_name=_("message"))

    class Meta:
        abstract = True
