"""The way back: what a run made is removed, what it changed gets its earlier values back, and nothing else.

A record that was changed or linked since then is kept, and the result says so. Works backwards in batches, each one
transaction; killed, it goes on where it stopped, because an effect that was taken back is gone.
"""

import time
from functools import partial

from django.apps import apps
from django.db import IntegrityError, InterfaceError, OperationalError, connection, models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.core import audit
from crm.core.refusals import explain
from crm.imports import targets
from crm.imports.engine import SLICE_SECONDS, Elsewhere, fail_unforeseen, language_of, lock
from crm.imports.models import LINKS, ImportEffect, ImportRun, ImportStatus

BATCH = 200


def begin(run: ImportRun) -> None:
    """From here on a worker may take it. The caller wakes one up (crm.imports.tasks)."""
    run.effects.exclude(kept="").update(kept="")
    run.status, run.error, run.beat_at, run.position = ImportStatus.UNDOING, "", timezone.now(), 0
    run.total = run.effects.count()
    # From now on there is only the way back: where it stops, nothing is imported any more.
    run.undone.setdefault("removed", 0)
    run.save(update_fields=["status", "error", "beat_at", "position", "total", "undone", "acting_user"])


def work(run: ImportRun, *, seconds: float = SLICE_SECONDS) -> bool:
    """Take back what is still to be taken back; True if there is more when the time is up.

    A fault in the code ends it as failed, and it can be taken up again; a database that is away raises.
    """
    until = time.monotonic() + seconds
    with translation.override(language_of(run.created_by)), audit.acting(run.actor, via="import", run=run.pk):
        try:
            while True:
                progress = False
                while effects := list(run.effects.filter(kept="").order_by("-pk")[:BATCH]):
                    progress = _batch(run, effects) or progress
                    if time.monotonic() > until:
                        return True
                # What was only kept for the sake of a record that is gone by now can go, too.
                if not progress or not run.effects.exclude(kept="").update(kept=""):
                    break
            with transaction.atomic():
                run = lock(run, ImportStatus.UNDOING)
                run.status, run.finished_at = ImportStatus.UNDONE, timezone.now()
                run.total = run.position = run.created + run.changed + run.unchanged + run.rejected
                run.save(update_fields=["status", "finished_at", "total", "position"])
        except Elsewhere:
            return False
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            fail_unforeseen(run)
    return False


def _batch(run: ImportRun, effects: list[ImportEffect]) -> bool:
    """Take back some effects of one kind, newest first; True if any could be."""
    first = effects[0]
    same = [
        e for e in effects if e.record_type_id == first.record_type_id and (e.before is None) == (first.before is None)
    ]
    model = first.record_type.model_class()
    with transaction.atomic():
        locked = lock(run, ImportStatus.UNDOING)
        # Only an unbroken row of the same kind, so that the order between kinds stays as it was.
        part = effects[: next((i for i, e in enumerate(effects) if e not in same), len(effects))]
        with audit.door("undo_import"):
            kept = _remove(run, model, part) if first.before is None else _restore(run, model, part)
        gone = [e for e in part if e.pk not in kept]
        ImportEffect.objects.filter(pk__in=[e.pk for e in gone]).delete()
        for effect in part:
            if effect.pk in kept:
                effect.kept = kept[effect.pk]
        ImportEffect.objects.bulk_update([e for e in part if e.pk in kept], ["kept"])
        key = "removed" if first.before is None else "restored"
        locked.undone[key] = locked.undone.get(key, 0) + len(gone)
        locked.position, locked.beat_at = locked.total - locked.effects.filter(kept="").count(), timezone.now()
        locked.save(update_fields=["undone", "position", "beat_at"])
    return bool(gone)


# ── is it still as the run left it? ─────────────────────────────────────────────────────────────────


def _events(model, run: ImportRun, ids) -> dict[int, tuple[dict, dict]]:
    """{pk: (the record as the run left it, the record as its newest history entry has it)}."""
    history = model._meta.get_field("events").related_model
    columns = [f.attname for f in history._meta.concrete_fields if not f.name.startswith("pgh_")]
    found: dict[int, list[dict]] = {}
    events = history.objects.filter(pgh_obj_id__in=ids).order_by("pgh_id")
    for event in events.values("pgh_obj_id", "pgh_context__run", *columns).iterator():
        pk, by = event.pop("pgh_obj_id"), event.pop("pgh_context__run")
        pair = found.setdefault(pk, [{}, {}])
        pair[1] = event
        if by == run.pk:
            pair[0] = event
    return {pk: tuple(pair) for pk, pair in found.items()}


def _remove(run: ImportRun, model, effects) -> dict[int, str]:
    """Delete what the run made; {pk of the effect: why its record is kept}."""
    ids = {effect.record_id: effect for effect in effects}
    kept: dict[int, str] = {}
    present = list(model.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    events = _events(model, run, ids)
    for record in present:
        left, now = events.get(record.pk, ({}, {}))
        different = [name for name in now if name != "updated_at" and now[name] != left.get(name)]
        if different:
            labels = ", ".join(str(model._meta.get_field(name).verbose_name) for name in different)
            kept[record.pk] = _("It was changed since then: %(fields)s.") % {"fields": labels}
    free = {record.pk for record in present} - set(kept)
    # A record that stays may be what another one hangs on, so look again until nothing more is held.
    while held := _linked(model, free):
        kept |= held
        free -= set(held)
    if _refusal(model.objects.filter(pk__in=free).delete):
        for pk in sorted(free):
            if reason := _refusal(model.objects.filter(pk=pk).delete):
                kept[pk] = reason
    return {ids[pk].pk: reason for pk, reason in kept.items()}


def _refusal(write) -> str:
    """Do `write()` if no rule of the database is against it; the reason (a whole sentence) if one is.

    What is only checked at the end of a transaction (keys) is checked at once: there it would take all the rest along.
    """
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()
    except (models.ProtectedError, models.RestrictedError):
        return _("It is in use.")
    except IntegrityError as error:
        return explain(error)
    return ""


def _linked(model, ids: set[int]) -> dict[int, str]:
    """{pk: reason} for those of `ids` at which something points that does not go with them."""
    held: dict[int, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)) or not ids:
            continue
        other = relation.related_model
        if (
            other._meta.proxy
            or not other._meta.managed
            or targets.is_belonging(other)
            or hasattr(other, "pgh_tracked_model")
        ):
            continue
        name = relation.field.name
        pointing = other._base_manager.filter(**{f"{name}__in": ids})
        if other is model:
            pointing = pointing.exclude(pk__in=ids)
        for pk in pointing.values_list(relation.field.attname, flat=True).distinct():
            held.setdefault(pk, _("It is linked with: %(kind)s.") % {"kind": _kind(other)})
    return held


def _kind(model) -> str:
    """What a table is called; the table between two kinds of records is called by the second."""
    if not model._meta.auto_created:
        return str(model._meta.verbose_name)
    ends = [f.related_model for f in model._meta.fields if f.is_relation]
    return str(ends[-1]._meta.verbose_name_plural)


def _restore(run: ImportRun, model, effects) -> dict[int, str]:
    """Give changed records their earlier values back; {pk of the effect: why its record stays as it is}."""
    kept: dict[int, str] = {}
    ids = [effect.record_id for effect in effects]
    records = {r.pk: r for r in model.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    events = _events(model, run, ids)
    guarded: dict[int, str] = {}
    for guard in targets.guards(model):
        guarded |= guard(run, list(records.values()))
    columns = {f.attname for f in model._meta.concrete_fields}
    for effect in effects:
        record = records.get(effect.record_id)
        if record is None:
            continue
        before = {key: value for key, value in effect.before.items() if key in columns}
        left, now = events.get(record.pk, ({}, {}))
        mine = [name for name in before if name != "updated_at"]
        different = [name for name in mine if now.get(name) != left.get(name)]
        if effect.record_id in guarded:
            kept[effect.pk] = guarded[effect.record_id]
            continue
        if different:
            labels = ", ".join(str(model._meta.get_field(name).verbose_name) for name in different)
            kept[effect.pk] = _("It was changed since then: %(fields)s.") % {"fields": labels}
            continue
        if now.get("updated_at") != left.get("updated_at"):
            before.pop("updated_at", None)
        values = {key: model._meta.get_field(key).to_python(value) for key, value in before.items()}
        if reason := _refusal(partial(_give_back, record, values, effect)):
            kept[effect.pk] = reason
    return kept


def _give_back(record, values: dict, effect: ImportEffect) -> None:
    """The earlier values of the record's columns, without what was added beside it, and what the rooms put back."""
    type(record).objects.filter(pk=record.pk).update(**values)
    for label, pk in effect.before.get(LINKS, ()):
        apps.get_model(label).objects.filter(pk=pk).delete()
    for restorer in targets.restorers(type(record)):
        restorer(effect.before, record)
