"""What can be done with an import. See opportunities/actions.py for how verbs answer."""

from django.db import transaction
from django.utils.translation import gettext as _

from crm.accounts.scope import Action
from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.imports import engine, mapping, reading, targets, tasks, undo
from crm.imports.models import ImportRun, ImportStatus


def _target(key: str, by) -> targets.Target:
    target = targets.get(key)
    if target is None or not by.may(target.area, Action.CREATE):
        raise ImportRun.DoesNotExist
    return target


def _locked(run, by) -> ImportRun:
    run = ImportRun.objects.visible_to(by).select_for_update(of=("self",)).get(pk=run.pk)
    _target(run.target, by)
    return run


def upload(*, file, target: str, by, given: dict | None = None) -> ImportRun:
    """Keep a file (django.core.files.File) and detect how it is to be read and assigned. Raises Unreadable."""
    _target(target, by)
    found = reading.inspect(file, given)
    file.seek(0)
    with transaction.atomic():
        run = ImportRun(
            target=target, file=StoredFile.keep(file, by=by), reading=found, total=found["total"], created_by=by
        )
        mapping.recall(run, by)
        run.save()
    return run


@transaction.atomic
def read_again(*, run, given: dict, by) -> ImportRun:
    """Read the file anew with what the user corrected (encoding, delimiter, …). Raises Unreadable."""
    run = _locked(run, by)
    _must(run, ImportStatus.UPLOADED, ImportStatus.READY)
    before = run.reading["signature"]
    with engine.opened(run) as file:
        run.reading = reading.inspect(file, given)
    if run.reading["signature"] != before:
        mapping.recall(run, by)
    run.total, run.status = run.reading["total"], ImportStatus.UPLOADED
    run.save()
    return run


@transaction.atomic
def assign(*, run, chosen: dict, formats: dict, by) -> ImportRun:
    """Keep the mapping and the formats of columns that the user confirmed. Raises Refused if it cannot be used."""
    run = _locked(run, by)
    _must(run, ImportStatus.UPLOADED, ImportStatus.READY)
    corrected = dict(run.mapping.get("formats", {}))
    for index, form in formats.items():
        if run.reading["columns"][int(index)]["format"] != form:
            run.reading["columns"][int(index)]["format"] = corrected[index] = form
    run.mapping = {**chosen, "formats": corrected}
    wrong = mapping.problems(targets.get(run.target), run.reading, chosen)
    run.status = ImportStatus.UPLOADED if wrong else ImportStatus.READY
    run.save()
    return run


def _must(run, *statuses) -> None:
    if run.status not in statuses:
        raise Refused(_("This import has gone on in the meantime."))


def _set_going(run, begin, by, wake: bool) -> ImportRun:
    """`begin` the work in the name of `by`. Without `wake` it is the caller who does it, not a worker."""
    run.acting_user = by
    begin(run)
    if wake:
        tasks.run_import.delay_on_commit(run.pk)
    return run


@transaction.atomic
def start(*, run, by, wake: bool = True) -> ImportRun:
    """Begin, in the worker. Pressed twice, it begins once. Without `wake` the caller does the work (engine.work)."""
    run = _locked(run, by)
    _must(run, ImportStatus.READY)
    return _set_going(run, engine.start, by, wake)


@transaction.atomic
def go_on(*, run, by, wake: bool = True) -> ImportRun:
    """Take a failed import, or a failed undoing, up where it stopped."""
    run = _locked(run, by)
    _must(run, ImportStatus.FAILED)
    return _set_going(run, undo.begin if run.undone else engine.start, by, wake)


def may_undo(run) -> bool:
    """Is there anything that can be taken back?"""
    return run.status in {ImportStatus.DONE, ImportStatus.FAILED, ImportStatus.UNDONE} and run.effects.exists()


@transaction.atomic
def undo_import(*, run, by, wake: bool = True) -> ImportRun:
    """Take the whole import back, in the worker. Without `wake` the caller does the work (undo.work)."""
    run = _locked(run, by)
    if not may_undo(run):
        raise Refused(_("There is nothing of this import to be undone."))
    return _set_going(run, undo.begin, by, wake)


@transaction.atomic
def discard(*, run, by) -> None:
    """Throw away an import that was never started, and its file."""
    run = _locked(run, by)
    _must(run, ImportStatus.UPLOADED, ImportStatus.READY)
    run.delete()
    run.file.discard()
