"""The import at work: batches, each one transaction that also says how far it came.

Killed at any point, a run goes on where its last batch ended; nothing is lost and nothing is doubled. The file is
streamed: a million rows need no more memory than a thousand.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.core import audit
from crm.core.refusals import Refused, explain
from crm.imports import reading, targets
from crm.imports.batch import CHANGED, CREATED, UNCHANGED, Context, Row
from crm.imports.mapping import Plan
from crm.imports.models import ImportEffect, ImportRun, ImportStatus, RejectedRow
from crm.imports.results import without_number

BATCH = 500
# A task ends before the broker believes that it is lost, and is followed by the next one.
SLICE_SECONDS = 15 * 60
log = logging.getLogger(__name__)


class Elsewhere(Exception):
    """Another worker is at this run, or it was stopped."""


def language_of(user: User) -> str:
    """In which language the reasons are written down."""
    return user.language or settings.LANGUAGE_CODE


@contextmanager
def opened(run: ImportRun):
    """The file of a run, to be read. Raises Unreadable where it is gone."""
    try:
        file = run.file.content.open("rb")
    except FileNotFoundError:
        raise reading.Unreadable(_("The file is no longer there.")) from None
    with file:
        yield file


# ── one batch ───────────────────────────────────────────────────────────────────────────────────────


def _known_before(rows: list[Row], target: targets.Target) -> None:
    """Rows that an earlier run brought already, found by how they stood in the file: row.found["same"]."""
    effects = ImportEffect.objects.filter(
        fingerprint__in={row.fingerprint for row in rows},
        record_type__app_label=target.model._meta.app_label,
        record_type__model=target.model._meta.model_name,
    )
    ids = dict(effects.values_list("fingerprint", "record_id"))
    records = target.model.objects.in_bulk(set(ids.values())) if ids else {}
    for row in rows:
        row.found["same"] = records.get(ids.get(row.fingerprint))


def _keys(row: Row, target: targets.Target) -> set[tuple]:
    """What tells that two rows of one file mean the same record."""
    external = row.get("external_id")
    keys = {("id", external) if external else ("row", row.fingerprint), *target.identity(row)}
    for extension in target.extensions:
        keys.update(extension.identity(row))
    return keys


def _waves(rows: list[Row], target: targets.Target) -> Iterator[list[Row]]:
    """Rows that mean the same record come in different waves, so that the later one finds what the earlier made."""
    while rows:
        seen, wave, later = set(), [], []
        for row in rows:
            keys = _keys(row, target)
            if keys & seen:
                later.append(row)
            else:
                wave.append(row)
            seen |= keys
        yield wave
        rows = later


def _write(rows: list[Row], target: targets.Target, context: Context) -> None:
    for wave in _waves([row for row in rows if row.ok], target):
        _known_before(wave, target)
        for extension in target.extensions:
            extension.prepare([row for row in wave if row.ok], context)
        target.write([row for row in wave if row.ok], context)
        for extension in target.extensions:
            extension.after([row for row in wave if row.ok], context)
        _note_effects(context)


def _note_effects(context: Context) -> None:
    """Save what was done. Who is touched twice by one run keeps the values from before the first time."""
    merged: dict[tuple[int, int], ImportEffect] = {}
    for effect in context.effects:
        key = (effect.record_type_id, effect.record_id)
        if key not in merged:
            merged[key] = effect
        elif merged[key].before is not None:
            merged[key].then(effect)
    context.effects.clear()
    changed = [key for key, effect in merged.items() if effect.before is not None]
    if changed:
        for earlier in ImportEffect.objects.filter(run=context.run, record_id__in={pk for _t, pk in changed}):
            new = merged.get((earlier.record_type_id, earlier.record_id))
            if new is not None and new.before is not None and earlier.before is not None:
                earlier.then(new)
                earlier.save(update_fields=["before"])
    ImportEffect.objects.bulk_create(merged.values(), ignore_conflicts=True)


def _try(rows: list[Row], target, context) -> list[Row]:
    """Write the rows together; if a rule of the database refuses, one by one, so that only the bad ones stay out."""
    try:
        with transaction.atomic():
            _write(rows, target, context)
        return rows
    except (IntegrityError, DataError, Refused, ValueError):
        pass
    tried = []
    for row in rows:
        row = row if not row.ok and not row.found else row.again()
        if row.ok:
            _try_alone(row, target, context)
        tried.append(row)
    return tried


def _try_alone(row: Row, target, context) -> None:
    context.forget()
    try:
        with transaction.atomic():
            _write([row], target, context)
    except IntegrityError as error:
        row.reject(explain(error))
    except DataError:
        row.reject(_("A value of this row is too long or too large."))
    except (Refused, ValueError) as error:
        row.reject(str(error) or _("This row cannot be read."))


def lock(run: ImportRun, status: str, position: int | None = None) -> ImportRun:
    """The run, locked for this transaction, if it is still ours to work at. Raises Elsewhere."""
    found = ImportRun.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=run.pk, status=status).first()
    if found is None or (position is not None and found.position != position):
        raise Elsewhere
    return found


def _one_at_a_time(target_key: str) -> None:
    """Two imports of one kind take turns batch by batch, so that the second sees what the first has made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import:{target_key}"])


def _batch(run: ImportRun, target, rows: list[Row], count: int) -> ImportRun:
    """One batch: the rows, what was rejected, and how far the run came, all or nothing."""
    with transaction.atomic():
        run = lock(run, ImportStatus.RUNNING, run.position)
        _one_at_a_time(target.key)
        context = Context(run, by=run.created_by)
        rows = _try(rows, target, context)
        RejectedRow.objects.bulk_create(
            RejectedRow(run=run, row=row.number, cells=row.cells, reason=" ".join(row.reasons))
            for row in rows
            if not row.ok
        )
        outcomes = [row.outcome for row in rows if row.ok]
        run.position += count
        run.created += outcomes.count(CREATED)
        run.changed += outcomes.count(CHANGED)
        run.unchanged += outcomes.count(UNCHANGED)
        run.rejected += sum(not row.ok for row in rows)
        run.beat_at = timezone.now()
        run.save(update_fields=["position", "created", "changed", "unchanged", "rejected", "beat_at"])
    return run


# ── a run ───────────────────────────────────────────────────────────────────────────────────────────


def start(run: ImportRun) -> None:
    """From here on a worker may take it. The caller wakes one up (crm.imports.tasks)."""
    run.status, run.error = ImportStatus.RUNNING, ""
    run.total = run.reading["total"]
    run.started_at = run.started_at or timezone.now()
    run.beat_at, run.finished_at = timezone.now(), None
    run.save(update_fields=["status", "error", "total", "started_at", "beat_at", "finished_at", "acting_user"])


def work(run: ImportRun, *, seconds: float = SLICE_SECONDS, progress=None) -> bool:
    """Import the rows of a running run that are still to come; True if there are more when the time is up.

    `progress(run)` is called after each batch. An unreadable file or a fault in the code ends the run as failed,
    with what came in so far; a database that is away raises, and the run is taken up again later.
    """
    until = time.monotonic() + seconds
    with translation.override(language_of(run.created_by)), audit.acting(run.actor, via="import", run=run.pk):
        try:
            target = targets.get(run.target)
            plan = Plan(target, run.reading, run.mapping)
            with opened(run) as file:
                source = reading.rows(file, run.reading, start=run.position)
                while chunk := list(islice(source, BATCH)):
                    run = _batch(run, target, [plan.row(*one) for one in chunk], len(chunk))
                    if progress:
                        progress(run)
                    if time.monotonic() > until:
                        return True
            _finish(run, ImportStatus.RUNNING, ImportStatus.DONE)
        except Elsewhere:
            return False
        except (OperationalError, InterfaceError):
            raise
        except reading.Unreadable as error:
            fail(run, str(error))
        except Exception:
            fail_unforeseen(run)
    return False


def _finish(run: ImportRun, was: str, status: str) -> None:
    ImportRun.objects.filter(pk=run.pk, status=was).update(
        status=status, finished_at=timezone.now(), beat_at=timezone.now(), total=F("position")
    )


def fail(run: ImportRun, error: str) -> None:
    """The work at the run ends here, for this reason (a whole sentence)."""
    ImportRun.objects.filter(pk=run.pk).update(status=ImportStatus.FAILED, error=error, finished_at=timezone.now())


def fail_unforeseen(run: ImportRun) -> None:
    """The same for a fault in the code, to be called where it is caught: it stands in the log."""
    log.exception("Import %s failed", run.pk)
    fail(run, _("Something went wrong that was not foreseen; the administrators find it in the log."))


# ── what would happen ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Preview:
    """What an import would do with the first rows of its file."""

    rows: int = 0
    more: bool = False
    counts: dict = field(default_factory=lambda: {CREATED: 0, CHANGED: 0, UNCHANGED: 0, "rejected": 0})
    examples: dict = field(default_factory=lambda: {CREATED: [], CHANGED: [], UNCHANGED: [], "rejected": []})
    reasons: dict = field(default_factory=dict)
    new_entries: list = field(default_factory=list)


def preview(run: ImportRun, *, limit: int = 20_000, examples: int = 8) -> Preview:
    """What would happen, over the first `limit` rows. Writes nothing, takes no numbers. Raises Unreadable."""
    result, seen = Preview(), set()
    target = targets.get(run.target)
    plan = Plan(target, run.reading, run.mapping)
    context = Context(run, by=run.created_by, dry=True)
    with opened(run) as file:
        source = reading.rows(file, run.reading)
        while result.rows < limit and (chunk := list(islice(source, min(BATCH, limit - result.rows)))):
            rows = [plan.row(*one) for one in chunk]
            _foresee(rows, target, context, seen)
            for row in rows:
                outcome = row.outcome if row.ok else "rejected"
                result.rows += 1
                result.counts[outcome] += 1
                if len(result.examples[outcome]) < examples:
                    result.examples[outcome].append(row)
                for reason in map(without_number, row.reasons):
                    result.reasons[reason] = result.reasons.get(reason, 0) + 1
        result.more = next(source, None) is not None
    result.reasons = dict(sorted(result.reasons.items(), key=lambda item: -item[1])[:20])
    result.new_entries = [(label, name) for label, name in context.new_entries]
    return result


def _foresee(rows: list[Row], target, context: Context, seen: set) -> None:
    """Give each row the outcome that it would have; a row that repeats an earlier one is there already by then."""
    new = []
    for row in rows:
        if not row.ok:
            continue
        keys = _keys(row, target)
        if keys & seen:
            row.outcome, row.note = UNCHANGED, _("the same as an earlier row of this file")
        else:
            new.append(row)
        seen |= keys
    _known_before(new, target)
    for extension in target.extensions:
        extension.prepare([row for row in new if row.ok], context)
    target.write([row for row in new if row.ok], context)
    context.effects.clear()
