"""Files that people and mails bring along. Stored under a random name; served only through a record's page."""

import hashlib
import secrets

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pghistory.models import Event

from crm.core import history


def random_name(instance, filename) -> str:
    """Where the content lies: never anything the sender chose."""
    token = secrets.token_hex(20)
    return f"files/{token[:2]}/{token}"


@history.track
class StoredFile(models.Model):
    content = models.FileField(upload_to=random_name, editable=False)
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"), help_text=_("bytes"))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return self.name

    @classmethod
    def keep(cls, upload, *, by) -> "StoredFile":
        """Store an uploaded file (django.core.files.File). Its name is cut to what a person can read."""
        digest = hashlib.sha256()
        for chunk in upload.chunks():
            digest.update(chunk)
        printable = "".join(c for c in upload.name.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
        return cls.objects.create(
            content=upload,
            name=printable.strip(". ")[-200:] or _("file"),
            size=upload.size,
            sha256=digest.hexdigest(),
            uploaded_by=by,
        )

    def discard(self) -> None:
        """Delete the file and its content for good, unless a record still uses it."""
        for relation in self._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and relation.one_to_many) or issubclass(relation.related_model, Event):
                continue
            if relation.related_model._base_manager.filter(**{relation.field.name: self}).exists():
                return
        storage, name = self.content.storage, self.content.name
        self.delete()
        # The content goes only once it is certain that the row is gone.
        transaction.on_commit(lambda: storage.delete(name))
