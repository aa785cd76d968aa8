"""Numbers that people read and mails carry: OPP-2026-000001, K-10001. Given by the database, also to SQL."""

from django.db import models
from django.db.models import Func, Value


def reference_field(prefix: str, *, unique: bool = True, **kwargs) -> models.CharField:
    """A field whose number is given by crm_reference(prefix) when the row is inserted; not editable.

    `unique=False`: several rows share the number (the revisions of a quote).
    """
    number = Func(Value(prefix), function="crm_reference", output_field=models.CharField())
    return models.CharField(max_length=20, unique=unique, editable=False, db_default=number, **kwargs)
