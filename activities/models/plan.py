"""Activity plans: what has to be done on a pipeline, step by step."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from opportunities.models import Pipeline, Stage

# Working days: about a year.
LONGEST = 250


class Assignee(models.TextChoices):
    """Who becomes responsible for a step. Who cannot be found is replaced by the opportunity's owner."""

    OWNER = "owner", _("Responsible for the opportunity")
    LEAD = "lead", _("Team lead")
    USER = "user", _("A certain person")
    LEAST_BUSY = "least_busy", _("Whoever in the team has least to do")


class Begin(models.TextChoices):
    """From where a step's offset counts."""

    PREVIOUS = "previous", _("after the step before")
    START = "start", _("after the start of the plan")


@history.track
class ActivityPlan(models.Model):
    """The standard steps of a pipeline. `is_automatic`: a stage's steps are planned as soon as it is reached."""

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=80)
    is_automatic = models.BooleanField(
        _("plan a stage's steps by itself when it is reached"),
        default=False,
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = SettingQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("activity plan")
        verbose_name_plural = _("activity plans")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "name"],
                name="activities_plan_once",
                violation_error_message=_("This pipeline already has a plan of this name."),
            ),
        ]

    def __str__(self):
        return self.name


@history.track
class PlanStep(models.Model):
    """One activity of a plan, in working days: it begins `offset` of them later, and takes `duration`."""

    plan = models.ForeignKey(ActivityPlan, models.CASCADE, related_name="steps", verbose_name=_("activity plan"))
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    title = models.CharField(_("title"), max_length=200)
    type = models.ForeignKey("activities.ActivityType", models.PROTECT, related_name="+", verbose_name=_("type"))
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("stage"))
    begin = models.CharField(_("begins"), max_length=8, choices=Begin, default=Begin.PREVIOUS)
    offset = models.PositiveSmallIntegerField(
        pgettext_lazy("plan", "offset"), default=0, validators=[MaxValueValidator(LONGEST)]
    )
    duration = models.PositiveSmallIntegerField(
        pgettext_lazy("plan", "duration"), default=1, validators=[MinValueValidator(1), MaxValueValidator(LONGEST)]
    )
    assignee = models.CharField(_("responsible"), max_length=10, choices=Assignee, default=Assignee.OWNER)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("step of a plan")
        verbose_name_plural = _("steps of plans")
        ordering = ["plan", "position", "pk"]
        constraints = [
            one_of("begin", Begin, name="activities_planstep_begin"),
            one_of("assignee", Assignee, name="activities_planstep_assignee"),
            models.CheckConstraint(
                condition=Q(duration__gte=1, duration__lte=LONGEST, offset__lte=LONGEST),
                name="activities_planstep_days",
                violation_error_message=_("A step takes at least one working day, and at most 250."),
            ),
            models.CheckConstraint(
                condition=Q(assignee=Assignee.USER, user__isnull=False) | (~Q(assignee=Assignee.USER) & Q(user=None)),
                name="activities_planstep_user",
                violation_error_message=_("Say which person becomes responsible."),
            ),
        ]

    def __str__(self):
        return self.title
