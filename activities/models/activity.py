"""Activities and what they depend on. What must always be true is said in the database: see rules.py."""

import datetime
import uuid

from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db import models
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from psycopg.types.range import TimestamptzRange

from activities import rules
from activities.models.plan import ActivityPlan, PlanStep
from activities.models.recurrence import Recurrence
from contacts.models import Company, Person
from crm.accounts.scope import Area, ScopedQuerySet
from crm.core import clock, history
from crm.core.choices import one_of
from crm.core.fold import matching, search_column
from crm.lists.models import PickList, Priority
from inbox.models import InboxItem
from opportunities.models import Opportunity


class Icon(models.TextChoices):
    """The icons that a type may have."""

    PHONE = "phone", pgettext_lazy("icon", "Phone")
    MAIL = "mail", pgettext_lazy("icon", "Letter")
    USERS = "users", pgettext_lazy("icon", "People")
    CHECKBOX = "checkbox", pgettext_lazy("icon", "Tick")
    VIDEO = "video", pgettext_lazy("icon", "Camera")
    MAP_PIN = "map-pin", pgettext_lazy("icon", "Place")
    PRESENTATION = "presentation", pgettext_lazy("icon", "Presentation")
    FILE_TEXT = "file-text", pgettext_lazy("icon", "Document")
    TOOL = "tool", pgettext_lazy("icon", "Tool")
    COFFEE = "coffee", pgettext_lazy("icon", "Cup")


@history.track
class ActivityType(PickList):
    icon = models.CharField(_("icon"), max_length=20, choices=Icon, default=Icon.CHECKBOX)

    class Meta(PickList.Meta):
        verbose_name = _("activity type")
        verbose_name_plural = _("activity types")
        constraints = [one_of("icon", Icon, name="activities_activitytype_icon")]


class Status(models.TextChoices):
    OPEN = "open", pgettext_lazy("activity", "Open")
    DONE = "done", pgettext_lazy("activity", "Done")
    CANCELLED = "cancelled", pgettext_lazy("activity", "Cancelled")


# From start to due, both included.
SPAN = models.Func("start_at", "due_at", models.Value("[]"), function="tstzrange", output_field=DateTimeRangeField())


def is_late(now=None) -> Q:
    """Whose due moment has passed at `now` (aware). A whole day is over when it is over where the reader is."""
    now = now or timezone.now()
    today = clock.midnight(timezone.localdate(now), timezone.get_default_timezone())
    return Q(all_day=False, due_at__lt=now) | Q(all_day=True, due_at__lte=today)


class ActivityQuerySet(ScopedQuerySet):
    def open(self):
        """Neither done nor cancelled."""
        return self.filter(status=Status.OPEN)

    def overdue(self, now=None):
        """Open ones whose due moment has passed, for whoever reads it; `now`: an aware moment."""
        return self.open().filter(is_late(now))

    def of(self, user):
        """Those for which `user` is responsible."""
        return self.filter(owner=user)

    def on(self, first: datetime.date, last: datetime.date | None = None):
        """Those that touch these days, both included: times as the reader's clock has them, whole days as days."""
        after = (last or first) + datetime.timedelta(days=1)
        ends = [
            (clock.midnight(first, where), clock.midnight(after, where))
            for where in (timezone.get_current_timezone(), timezone.get_default_timezone())
        ]
        times, whole = (Q(pk__in=self.between(*pair).order_by().values("pk")) for pair in ends)
        return self.filter(Q(all_day=False) & times | Q(all_day=True) & whole)

    def between(self, start, end):
        """Those that touch the time from `start` up to, but not including, `end` (aware moments)."""
        # By the range, which has an index. What has no length stands at its moment; a bar that ends as the window
        # begins is not in it.
        touching = self.annotate(span=SPAN).filter(span__overlap=TimestamptzRange(start, end))
        return touching.filter(Q(due_at__gt=start) | Q(start_at=start))

    def for_display(self, user):
        """With all that a row, bar or page of it shows, in the same number of queries for any number of them.

        What an activity is about is fetched as `user` may see it: what the user may not see is None here.
        """
        return self.select_related("owner", "type", "priority", "recurrence").prefetch_related(
            Prefetch("company", Company.objects.visible_to(user)),
            Prefetch("person", Person.objects.visible_to(user)),
            Prefetch("opportunity", Opportunity.objects.visible_to(user)),
            Prefetch("item", InboxItem.objects.visible_to(user)),
        )

    def search(self, user, term: str):
        """Those with every word of `term` in the title or in what they are about, as far as `user` may see it."""
        found = self
        for word in term.split()[:8]:
            everything = self.model.objects.order_by().values("pk")
            hits = matching(everything, word)
            about = [
                everything.filter(**{f"{name}__in": matching(model.objects.visible_to(user), word).values("pk")})
                for name, model in (("company", Company), ("person", Person), ("opportunity", Opportunity))
            ]
            found = found.filter(pk__in=hits.union(*about))
        return found


REFERRED = {"null": True, "blank": True, "related_name": "activities"}


@history.track(without=("remind_at", "reminded_at"))
class Activity(models.Model):
    """A call, a mail, a meeting, a task: from `start_at` to `due_at` (aware; the end is not included).

    Of a whole day (`all_day`) both are midnights of the company, so that it is the same day for everybody.
    """

    title = models.CharField(_("title"), max_length=200)
    type = models.ForeignKey(ActivityType, models.PROTECT, related_name="+", verbose_name=_("type"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    company = models.ForeignKey(Company, models.PROTECT, verbose_name=_("company"), **REFERRED)
    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("person"), **REFERRED)
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, verbose_name=_("opportunity"), **REFERRED)
    item = models.ForeignKey(InboxItem, models.PROTECT, verbose_name=_("inbox item"), **REFERRED)
    start_at = models.DateTimeField(_("start"))
    due_at = models.DateTimeField(_("due"))
    all_day = models.BooleanField(_("whole day"), default=False)
    status = models.CharField(
        pgettext_lazy("activity", "status"), max_length=9, choices=Status, default=Status.OPEN, editable=False
    )
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    location = models.CharField(_("place"), max_length=200, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    result = models.TextField(_("result"), blank=True)
    remind_before = models.SmallIntegerField(
        pgettext_lazy("activity", "reminder"), null=True, blank=True, help_text=_("minutes before")
    )
    # Computed by the database: the moment of the reminder, and when it was given.
    remind_at = models.DateTimeField(null=True, editable=False)
    reminded_at = models.DateTimeField(null=True, editable=False)
    recurrence = models.ForeignKey(
        Recurrence,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="activities",
        verbose_name=_("recurrence"),
    )
    # Where the rule has it: an occurrence that was moved keeps it (RECURRENCE-ID of RFC 5545).
    occurrence_at = models.DateTimeField(null=True, editable=False)
    plan = models.ForeignKey(
        ActivityPlan, models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("activity plan")
    )
    step = models.ForeignKey(PlanStep, models.SET_NULL, null=True, editable=False, related_name="+")
    depends_on = models.ManyToManyField(
        "self",
        through="Dependency",
        through_fields=("activity", "predecessor"),
        symmetrical=False,
        blank=True,
        related_name="followed_by",
        verbose_name=_("depends on"),
    )
    # What calendars know it by, and how often it has changed for those who were invited (RFC 5545, SEQUENCE).
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    search_text = search_column("title", "location")

    objects = ActivityQuerySet.as_manager()
    area = Area.ACTIVITIES

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = rules.ACTIVITY_CONSTRAINTS
        triggers = rules.ACTIVITY_TRIGGERS
        indexes = [
            models.Index(fields=["owner", "start_at"], name="activities_owner_start"),
            models.Index(fields=["start_at"], name="activities_start"),
            models.Index(fields=["owner", "due_at"], name="activities_owner_due", condition=Q(status="open")),
            models.Index(fields=["due_at", "id"], name="activities_due"),
            models.Index(fields=["opportunity", "due_at"], name="activities_next", condition=Q(status="open")),
            models.Index(fields=["done_at"], name="activities_done", condition=Q(status="done")),
            models.Index(
                fields=["remind_at"], name="activities_remind", condition=Q(status="open", reminded_at__isnull=True)
            ),
            GistIndex(SPAN, name="activities_span"),
            GinIndex(fields=["search_text"], name="activities_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return self.title

    def save(self, **kwargs):
        # With one of the two moments the other is the same: something to be done at that time.
        self.start_at = self.start_at or self.due_at
        self.due_at = self.due_at or self.start_at
        super().save(**kwargs)

    def get_absolute_url(self):
        return reverse("activities:activity", args=[self.pk])

    @property
    def zone(self) -> datetime.tzinfo:
        """Where its days begin and end: a whole day is the same one for everybody, a time is that of the reader."""
        return timezone.get_default_timezone() if self.all_day else timezone.get_current_timezone()

    @property
    def begins(self) -> datetime.datetime:
        """The start as the clock in its zone shows it."""
        return self.start_at.astimezone(self.zone)

    @property
    def ends(self) -> datetime.datetime:
        """The end as people say it: what ends at midnight ends on the day before."""
        end = self.due_at.astimezone(self.zone)
        is_midnight = end.time() == datetime.time() and self.due_at > self.start_at
        return end - datetime.timedelta(minutes=1) if is_midnight else end

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN

    @property
    def is_overdue(self) -> bool:
        """A moment, not a task: nothing has to run for an activity to become overdue."""
        if not self.is_open:
            return False
        return self.ends.date() < timezone.localdate() if self.all_day else self.due_at < timezone.now()


@history.track
class Dependency(models.Model):
    """`activity` begins when `predecessor` has ended."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="dependencies")
    predecessor = models.ForeignKey(Activity, models.CASCADE, related_name="dependents")

    class Meta:
        verbose_name = _("dependency")
        verbose_name_plural = _("dependencies")
        constraints = rules.DEPENDENCY_CONSTRAINTS
        triggers = rules.DEPENDENCY_TRIGGERS

    def __str__(self):
        return f"{self.predecessor_id} → {self.activity_id}"
