"""What can be done with the company's own name, and with the entries of a pick-list (sources, priorities, tags, …).

Changing a list needs the scope "all" in the list's area. What is in use is archived, never deleted.
"""

from django.db import models, transaction
from django.utils.translation import gettext as _

from crm.core.refusals import Refused
from crm.core.usage import in_use, is_used
from crm.setup.models import Organisation


@transaction.atomic
def change_organisation(*, by, **fields) -> Organisation:
    """Say who we are: any of the fields of the one row. Papers that left the house keep what we were."""
    if by.scope(Organisation.area, "change") != "all":
        raise Organisation.DoesNotExist
    return Organisation.objects.update_or_create(pk=1, defaults=fields)[0]


def _entry(entry, by, action="change"):
    return type(entry).objects.visible_to(by, action).select_for_update(of=("self",)).get(pk=entry.pk)


@transaction.atomic
def add_entry(*, model, by, name: str, **fields):
    """A new entry at the end of the list."""
    if not by.scope(model.area, "create") == "all":
        raise model.DoesNotExist
    last = model.objects.aggregate(last=models.Max("position"))["last"] or 0
    return model.objects.create(name=name, position=min(last + 10, 32767), **fields)


@transaction.atomic
def change_entry(*, entry, by, **fields):
    """Another name, colour or flag."""
    entry = _entry(entry, by)
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.save(update_fields=list(fields))
    return entry


@transaction.atomic
def order_entries(*, model, by, ids: list[int]) -> None:
    """Put the entries into the order of `ids`; those not named follow in the order they had."""
    entries = {e.pk: e for e in model.objects.visible_to(by, "change").select_for_update(of=("self",)).order_by("pk")}
    if not entries:
        raise model.DoesNotExist
    first = [pk for pk in dict.fromkeys(ids) if pk in entries]
    wanted = first + [e.pk for e in sorted(entries.values(), key=lambda e: (e.position, e.name)) if e.pk not in first]
    for place, pk in enumerate(wanted, 1):
        if entries[pk].position != place * 10:
            entries[pk].position = place * 10
            entries[pk].save(update_fields=["position"])


@transaction.atomic
def move_entry(*, entry, by, step: int) -> None:
    """One place up (-1) or down (+1); at the end of the list nothing happens."""
    rows = type(entry).objects.visible_to(by, "change")
    # All rows locked in one order, as order_entries does, so that two who move at once do not wait for each other.
    list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    ids = list(rows.values_list("pk", flat=True))
    if entry.pk not in ids:
        raise type(entry).DoesNotExist
    place = ids.index(entry.pk)
    other = place + step
    if 0 <= other < len(ids):
        ids[place], ids[other] = ids[other], ids[place]
        order_entries(model=type(entry), by=by, ids=ids)


@transaction.atomic
def archive_entry(*, entry, by, needed: bool = False):
    """Not offered any more; what carries it keeps it. `needed`: the last active entry of the list has to stay."""
    # All rows locked, so that two people cannot each archive one of the last two.
    others = [e.pk for e in type(entry).objects.select_for_update(of=("self",)).order_by("pk") if e.is_active]
    entry = _entry(entry, by)
    if needed and others == [entry.pk]:
        raise Refused(_("“%(name)s” is the last active entry of this list; one is needed.") % {"name": entry.name})
    return change_entry(entry=entry, by=by, is_active=False)


@transaction.atomic
def restore_entry(*, entry, by):
    return change_entry(entry=entry, by=by, is_active=True)


@transaction.atomic
def delete_entry(*, entry, by, needed: bool = False) -> None:
    """Delete an entry that nothing uses. `needed`: the last active entry of the list has to stay."""
    if needed:
        # Before the row's own lock: archiving locks all rows, in their order.
        archive_entry(entry=entry, by=by, needed=True)
    entry = _entry(entry, by, "delete")
    # The lock on the row keeps anybody from taking the entry into use meanwhile.
    if is_used(entry):
        raise Refused(in_use(entry, by, _("Archive it instead.")))
    entry.delete()
