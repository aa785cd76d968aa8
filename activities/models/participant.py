"""Who was invited, and what they answered."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models import Person
from crm.core import history
from crm.core.choices import one_of


class Answer(models.TextChoices):
    """PARTSTAT of RFC 5545."""

    WAITING = "waiting", pgettext_lazy("invitation", "No answer yet")
    ACCEPTED = "accepted", pgettext_lazy("invitation", "Accepted")
    TENTATIVE = "tentative", pgettext_lazy("invitation", "Tentative")
    DECLINED = "declined", pgettext_lazy("invitation", "Declined")


@history.track
class Participant(models.Model):
    """Somebody who is invited to an activity, by mail. What was sent last is `invited_sequence`; never: None."""

    activity = models.ForeignKey("activities.Activity", models.CASCADE, related_name="participants")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"))
    invited_sequence = models.PositiveIntegerField(null=True, editable=False)
    answer = models.CharField(_("answer"), max_length=9, choices=Answer, default=Answer.WAITING, editable=False)
    answered_at = models.DateTimeField(_("answered at"), null=True, editable=False)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("activity", Lower("email"), name="activities_participant_once"),
            one_of("answer", Answer, name="activities_participant_answer"),
        ]

    def __str__(self):
        return self.name or self.email

    @property
    def is_hidden(self) -> bool:
        """Is it a person who was not fetched, because the viewer may not see him?"""
        return self.person_id is not None and self.person is None
