"""Opportunities (leads and deals) on pipelines. What must always be true is said in the database: see rules.py."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, DecimalField, F, Prefetch, Q, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models import Company, Person
from crm.accounts.scope import Area, ScopedQuerySet, SettingQuerySet
from crm.core import history
from crm.core.choices import one_of
from crm.core.fold import matching, search_column
from crm.core.reference import reference_field
from crm.files.models import StoredFile
from crm.imports.models import ImportRun
from crm.lists.models import Colour, PickList, Priority, Source, Tag
from crm.mail.models import MessageLink
from opportunities import rules

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class Kind(models.TextChoices):
    LEAD = "lead", _("Lead")
    DEAL = "deal", _("Deal")


class Status(models.TextChoices):
    OPEN = "open", pgettext_lazy("opportunity", "Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


@history.track
class Pipeline(PickList):
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta(PickList.Meta):
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        constraints = [
            one_of("kind", Kind, name="opportunities_pipeline_kind"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(is_default=True), name="opportunities_pipeline_one_default"
            ),
        ]


class StageQuerySet(SettingQuerySet):
    def active(self):
        """The stages that are on their pipeline."""
        return self.filter(is_active=True)


@history.track
class Stage(models.Model):
    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="stages", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    probability = models.PositiveSmallIntegerField(_("probability (%)"), validators=PERCENT)
    colour = models.CharField(_("colour"), max_length=8, choices=Colour, blank=True)
    # A stage that closed opportunities or the history refer to cannot be deleted; it is taken off the pipeline.
    is_active = models.BooleanField(_("active"), default=True)

    objects = StageQuerySet.as_manager()
    area = Area.SETTINGS

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["pipeline", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pipeline", "name"],
                condition=Q(is_active=True),
                name="opportunities_stage_once",
                violation_error_message=_("This pipeline already has a stage of this name."),
            ),
            models.CheckConstraint(condition=Q(probability__lte=100), name="opportunities_stage_probability"),
        ]

    def __str__(self):
        return self.name


@history.track
class LossReason(PickList):
    class Meta(PickList.Meta):
        verbose_name = _("loss reason")
        verbose_name_plural = _("loss reasons")


MONEY = {
    "max_digits": 14,
    "decimal_places": 2,
    "null": True,
    "blank": True,
    "validators": [MinValueValidator(0)],
}


class OpportunityQuerySet(ScopedQuerySet):
    def open(self):
        return self.filter(status=Status.OPEN)

    def won(self):
        return self.filter(status=Status.WON)

    def lost(self):
        return self.filter(status=Status.LOST)

    def leads(self):
        return self.filter(kind=Kind.LEAD)

    def deals(self):
        return self.filter(kind=Kind.DEAL)

    def for_display(self, user):
        """With all that a row, card or page of it shows, in the same number of queries for any number of them.

        Company and person are fetched as `user` may see them: one that the user may not see is None here.
        """
        return self.select_related("owner", "pipeline", "stage", "source", "priority", "loss_reason").prefetch_related(
            Prefetch("company", Company.objects.visible_to(user)),
            Prefetch("person", Person.objects.visible_to(user)),
            "tags",
        )

    def search(self, user, term: str):
        """Those with every word of `term` in number, title, or the company's or person's data that `user` may see."""
        found = self
        for word in term.split()[:8]:
            companies = matching(Company.objects.visible_to(user), word).values("pk")
            persons = matching(Person.objects.visible_to(user), word).values("pk")
            # A union of look-ups that each have an index; an OR across tables would read them all.
            everything = self.model.objects.order_by().values("pk")
            hits = matching(everything, word).union(
                everything.filter(company__in=companies), everything.filter(person__in=persons)
            )
            found = found.filter(pk__in=hits)
        return found

    def with_chance(self):
        """Adds `chance` (0–100: the opportunity's own probability, else its stage's; won 100, lost 0)
        and `weighted_value` (EUR: estimated value × chance)."""
        chance = Case(
            When(status=Status.WON, then=100),
            When(status=Status.LOST, then=0),
            default=Coalesce("probability", "stage__probability"),
            output_field=models.IntegerField(),
        )
        return self.annotate(chance=chance).annotate(
            weighted_value=models.ExpressionWrapper(
                Coalesce(F("estimated_value"), 0, output_field=DecimalField(max_digits=14, decimal_places=2))
                * F("chance")
                / 100,
                output_field=DecimalField(max_digits=16, decimal_places=2),
            )
        )


@history.track(without=("next_step_at",))
class Opportunity(models.Model):
    number = reference_field("OPP", verbose_name=_("number"))
    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("kind"), max_length=4, choices=Kind, default=Kind.LEAD)
    status = models.CharField(
        pgettext_lazy("opportunity", "status"),
        max_length=4,
        choices=Status,
        default=Status.OPEN,
        editable=False,
    )
    company = models.ForeignKey(
        Company,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("company"),
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="opportunities", verbose_name=_("person")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    tags = models.ManyToManyField(Tag, through="OpportunityTag", blank=True, related_name="+", verbose_name=_("tags"))
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+", verbose_name=_("files"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+", verbose_name=_("stage"))
    probability = models.PositiveSmallIntegerField(
        _("probability (%)"),
        null=True,
        blank=True,
        validators=PERCENT,
        help_text=_("Empty: the stage's probability."),
    )
    estimated_value = models.DecimalField(_("estimated value"), **MONEY)
    expected_budget = models.DecimalField(_("expected budget"), **MONEY)
    start_date = models.DateField(_("start"), null=True, blank=True)
    close_date = models.DateField(_("closing date"), null=True, blank=True)
    delivery_date = models.DateField(_("delivery date"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)
    entered_as = models.CharField(_("entered as"), max_length=4, choices=Kind, editable=False)
    converted_at = models.DateTimeField(_("became a deal at"), null=True, editable=False)
    won_at = models.DateTimeField(_("won at"), null=True, editable=False)
    lost_at = models.DateTimeField(_("lost at"), null=True, editable=False)
    loss_reason = models.ForeignKey(
        LossReason,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("loss reason"),
    )
    loss_note = models.TextField(_("note on the loss"), blank=True, editable=False)
    # When the next open activity is due; kept by the database (activities/rules.py), so that a board can sort by it.
    next_step_at = models.DateTimeField(_("next step"), null=True, editable=False)
    external_id = models.CharField(
        _("external ID"),
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text=_("ID in another system"),
    )
    import_run = models.ForeignKey(ImportRun, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    search_text = search_column("number", "title", "external_id")

    objects = OpportunityQuerySet.as_manager()
    area = Area.OPPORTUNITIES

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        constraints = rules.OPPORTUNITY_CONSTRAINTS
        triggers = rules.OPPORTUNITY_TRIGGERS
        indexes = [
            models.Index(fields=["owner", "status", "kind"], name="opportunities_owner"),
            models.Index(fields=["pipeline", "stage"], name="opportunities_board", condition=Q(status="open")),
            models.Index(fields=["created_at", "id"], name="opportunities_created"),
            models.Index(fields=["won_at"], name="opportunities_won", condition=Q(status="won")),
            models.Index(fields=["lost_at"], name="opportunities_lost", condition=Q(status="lost")),
            models.Index(fields=["close_date"], name="opportunities_closing", condition=Q(status="open")),
            GinIndex(fields=["search_text"], name="opportunities_search", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self):
        return f"{self.number} {self.title}"

    def save(self, **kwargs):
        if self._state.adding and not self.entered_as:
            self.entered_as = self.kind
        super().save(**kwargs)

    def get_absolute_url(self):
        return reverse("opportunities:opportunity", args=[self.pk])

    @property
    def is_closed(self) -> bool:
        return self.status != Status.OPEN


@history.track
class OpportunityTag(models.Model):
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="+")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("tag of an opportunity")
        verbose_name_plural = _("tags of opportunities")
        constraints = [models.UniqueConstraint(fields=["opportunity", "tag"], name="opportunities_tag_once")]
        triggers = rules.CHILD_TRIGGERS

    def __str__(self):
        return f"{self.opportunity_id}: {self.tag_id}"


# Files hang on a plain many-to-many table; this proxy keeps its history.
@history.track_links
class OpportunityFile(Opportunity.files.through):
    class Meta:
        proxy = True


@history.track
class OpportunityMessage(MessageLink):
    opportunity = models.ForeignKey(Opportunity, models.PROTECT, related_name="message_links")

    class Meta:
        verbose_name = _("message of an opportunity")
        verbose_name_plural = _("messages of opportunities")
        constraints = [models.UniqueConstraint(fields=["opportunity", "message"], name="opportunities_message_once")]

    def __str__(self):
        return f"{self.opportunity_id}: {self.message_id}"


class StageChange(models.Model):
    """Every step on a pipeline, written by a trigger: also for bulk and SQL writes. Append-only."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="stage_changes")
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stage change")
        verbose_name_plural = _("stage changes")
        ordering = ["changed_at", "pk"]
        indexes = [models.Index(fields=["opportunity", "changed_at"], name="opportunities_stagechange_when")]
        triggers = rules.APPEND_ONLY

    def __str__(self):
        return f"{self.opportunity_id}: {self.from_stage_id} → {self.to_stage_id}"


@history.track
class Subscription(models.Model):
    """A user follows an opportunity; it stands in Mein Tag with what changed since `last_seen_at`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="subscriptions")
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [models.UniqueConstraint(fields=["user", "opportunity"], name="opportunities_subscription_once")]

    def __str__(self):
        return f"{self.user_id}: {self.opportunity_id}"
