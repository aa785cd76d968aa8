"""What the product tells a user by itself: under the bell, until it is read."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """One's own, and nobody else's."""
        return self.filter(user=user) if user.is_authenticated and user.is_active else self.none()

    def unread(self):
        return self.filter(read_at=None)


class Notice(models.Model):
    """One message to one user. `key` says what it is about: told twice with the same key, it is one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    text = models.CharField(_("text"), max_length=300)
    icon = models.CharField(max_length=30, default="bell")
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notices_notice_once")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], name="notices_unread", condition=models.Q(read_at=None)),
        ]

    def __str__(self):
        return self.text
