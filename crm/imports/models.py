"""Imports: a file, how its columns are read, what became of each row, and the way back."""

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.accounts.scope import Area
from crm.core import history
from crm.core.choices import one_of
from crm.files.models import StoredFile


class ImportStatus(models.TextChoices):
    UPLOADED = "uploaded", _("Columns to be assigned")
    READY = "ready", _("Ready to start")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class ImportQuerySet(models.QuerySet):
    def visible_to(self, user, action="view"):
        """One's own imports; whose rights in the administration reach everything sees all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.scope(Area.ADMINISTRATION, action) == "all" else self.filter(created_by=user)


@history.track
class ImportRun(models.Model):
    """One file on its way in. `reading` and `mapping` are what the user confirmed; see crm/imports/engine.py."""

    target = models.CharField(_("records"), max_length=40)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    status = models.CharField(
        pgettext_lazy("import", "status"), max_length=10, choices=ImportStatus, default=ImportStatus.UPLOADED
    )
    reading = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    total = models.PositiveIntegerField(_("rows"), default=0)
    position = models.PositiveIntegerField(_("rows read"), default=0)
    created = models.PositiveIntegerField(pgettext_lazy("rows", "created"), default=0)
    changed = models.PositiveIntegerField(pgettext_lazy("rows", "changed"), default=0)
    unchanged = models.PositiveIntegerField(pgettext_lazy("rows", "already there"), default=0)
    rejected = models.PositiveIntegerField(pgettext_lazy("rows", "rejected"), default=0)
    error = models.TextField(_("error"), blank=True)
    # What undoing did: {"removed": …, "restored": …}, empty before it began; what it kept: the effects that remain.
    undone = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    # Whom history names for what the worker does now: who started it, took it up again, or undoes it. The rights of
    # the import stay those of `created_by`.
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("set going by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)  # the worker's last sign of life
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at", "-pk"]
        constraints = [one_of("status", ImportStatus, name="imports_importrun_status")]

    def __str__(self):
        return f"{self.file.name} ({timezone.localtime(self.created_at):%d.%m.%Y %H:%M})"

    def get_absolute_url(self):
        return reverse("imports:run", args=[self.pk])

    @property
    def is_working(self) -> bool:
        return self.status in {ImportStatus.RUNNING, ImportStatus.UNDOING}

    @property
    def actor(self):
        """The user to whose account the worker writes."""
        return self.acting_user or self.created_by

    @property
    def percent(self) -> int:
        """How far a worker has come, 0 to 100."""
        return min(100, self.position * 100 // self.total) if self.total else 0


# Among the old values of a changed record: what was added beside it, as [table, id of the row].
LINKS = "_links"


class ImportEffect(models.Model):
    """What a run did to one record: made it (`before` is null), or changed it (`before` has the old values)."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="effects")
    row = models.PositiveIntegerField(help_text=_("number of the row in the file"))
    record_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    record_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    # The row as it stood in the file: a file without IDs adds nothing when it comes a second time.
    fingerprint = models.UUIDField(null=True)
    kept = models.TextField(blank=True, help_text=_("why an undo left the record as it is"))

    class Meta:
        verbose_name = _("effect of an import")
        verbose_name_plural = _("effects of imports")
        constraints = [
            models.UniqueConstraint(fields=["run", "record_type", "record_id"], name="imports_importeffect_once")
        ]
        indexes = [
            models.Index(fields=["record_type", "record_id"], name="imports_importeffect_record"),
            models.Index(
                fields=["fingerprint"],
                name="imports_importeffect_same",
                condition=models.Q(fingerprint__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.record_type_id}/{self.record_id}"

    def then(self, later: "ImportEffect") -> None:
        """The same record changed once more: what it was before the first time counts, and all that was added."""
        links = [*self.before.get(LINKS, ()), *(later.before or {}).get(LINKS, ())]
        self.before = {**(later.before or {}), **self.before} | ({LINKS: links} if links else {})


class RejectedRow(models.Model):
    """A row that could not be taken, as it stood in the file, and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rejections")
    row = models.PositiveIntegerField(help_text=_("number of the row in the file"))
    cells = models.JSONField()
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["row"]

    def __str__(self):
        return f"{self.row}: {self.reason}"
