"""What uses a record: asked before it is deleted, and said when it cannot be."""

from django.db import models
from django.db.models import Count
from django.utils.text import get_text_list
from django.utils.translation import gettext as _


def references(model):
    """The relations that keep a record of `model` from being deleted: (referring model, name of its field).

    What goes with the record (CASCADE) or merely loses it (SET_NULL) does not count, nor does history (DO_NOTHING).
    A row of a plain many-to-many table counts: some record carries this one.
    """
    for relation in model._meta.get_fields(include_hidden=True):
        points_here = relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)
        if not points_here or relation.on_delete is models.DO_NOTHING:
            continue
        if relation.on_delete in {models.CASCADE, models.SET_NULL} and not relation.related_model._meta.auto_created:
            continue
        yield relation.related_model, relation.field.name


def is_used(record) -> bool:
    """Does anything at all refer to this record?"""
    return any(m._base_manager.filter(**{field: record.pk}).exists() for m, field in references(type(record)))


def usage(model, by) -> dict[int, int]:
    """{id: how many records refer to it}, of the records that `by` may see. A query for each relation."""
    used: dict[int, int] = {}
    for referring, field in references(model):
        seen = _seen(referring, by).order_by().filter(**{f"{field}__isnull": False})
        for pk, number in seen.values_list(field).annotate(n=Count("pk")):
            used[pk] = used.get(pk, 0) + number
    return used


def in_use(record, by, hint: str = "") -> str:
    """The sentence that says why `record` cannot be deleted, and by how many of what it is used.

    Only records that `by` may see are counted. `hint` says what to do instead.
    """
    counts: dict[str, int] = {}
    for referring, field in references(type(record)):
        number = _seen(referring, by).filter(**{field: record.pk}).count()
        if number:
            name = str(_record_of(referring)._meta.verbose_name_plural)
            counts[name] = counts.get(name, 0) + number
    parts = [_("%(name)s: %(n)s") % {"name": name, "n": number} for name, number in counts.items()]
    if not parts:
        text = _("“%(name)s” is in use and cannot be deleted.") % {"name": record}
    else:
        text = _("“%(name)s” is in use and cannot be deleted (%(uses)s).") % {
            "name": record,
            "uses": get_text_list(parts, _("and")),
        }
    return f"{text} {hint}".strip()


def _link(model):
    """The field that leads from a row of a many-to-many table to the record that carries the other one."""
    for field in model._meta.fields:
        target = field.related_model
        if target and hasattr(target, "owner") and hasattr(target._default_manager.all(), "visible_to"):
            return field
    return None


def _record_of(model):
    """What people call it: for a many-to-many table the record that it belongs to."""
    link = _link(model)
    links = link.related_model._meta.many_to_many if link else ()
    return link.related_model if any(field.remote_field.through is model for field in links) else model


def _seen(model, by):
    """The records of `model` that `by` may see; rows of a many-to-many table through the record they belong to."""
    records = model._default_manager.all()
    if hasattr(records, "visible_to"):
        return records.visible_to(by)
    link = _link(model)
    if link is None:
        return records
    return records.filter(**{f"{link.name}__in": link.related_model._default_manager.visible_to(by)})
