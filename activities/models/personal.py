"""What each user sets for himself: reminders, the morning's digest, the calendar feed."""

import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core import history


@history.track(without=("digest_on",))
class Preference(models.Model):
    """A user without a row has the defaults."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="activity_preference")
    remind_by_mail = models.BooleanField(_("remind me by e-mail as well"), default=True)
    wants_digest = models.BooleanField(_("tell me each working day by e-mail what is to be done"), default=False)
    digest_at = models.TimeField(_("at"), default=datetime.time(7, 0))
    # The last day, in the user's time zone, on which the digest went out.
    digest_on = models.DateField(null=True, editable=False)

    class Meta:
        verbose_name = _("preferences for activities")
        verbose_name_plural = _("preferences for activities")

    def __str__(self):
        return str(self.user_id)


@history.track(without=("fetched_at",))
class CalendarFeed(models.Model):
    """The secret address at which a calendar program fetches a user's activities. Revoked: the row is gone.

    Found by the hash of its key; the key itself is sealed, so that the user can copy the address once more.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_feed")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_sealed = models.TextField(editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    fetched_at = models.DateTimeField(_("last fetched"), null=True, editable=False)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self):
        return str(self.user_id)
