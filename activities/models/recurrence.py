"""Series of activities: the rule, as RFC 5545 writes it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core import history


@history.track
class Recurrence(models.Model):
    """A rule by which an activity comes again. Its occurrences are activities of their own, made with the rule.

    `rule` is an RRULE with an end (COUNT or UNTIL) and without DTSTART. It counts from `starts_at`, as the clock shows
    it in `time_zone`: 9:00 stays 9:00 when summer time begins.
    """

    rule = models.CharField(_("rule"), max_length=300)
    starts_at = models.DateTimeField(_("first"))
    time_zone = models.CharField(_("time zone"), max_length=40)

    class Meta:
        verbose_name = _("recurrence")
        verbose_name_plural = _("recurrences")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rule__contains="COUNT=") | models.Q(rule__contains="UNTIL="),
                name="activities_recurrence_ends",
                violation_error_message=_("A series needs an end."),
            ),
        ]

    def __str__(self):
        return self.rule
