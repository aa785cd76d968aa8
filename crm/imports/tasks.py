"""Imports in the worker. A task gets a run's number; what is to be done stands in the database."""

import datetime

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from crm.imports import engine, undo
from crm.imports.models import ImportRun, ImportStatus

SILENT = datetime.timedelta(minutes=2)


@shared_task
def run_import(run_id: int) -> None:
    """Go on with an import or with its undoing. Safe to run twice: each batch takes the run's lock."""
    run = ImportRun.objects.select_related("created_by__role", "acting_user", "file").filter(pk=run_id).first()
    if run is None or not run.is_working:
        return
    more = undo.work(run) if run.status == ImportStatus.UNDOING else engine.work(run)
    if more:
        run_import.delay(run_id)


@shared_task
def resume_imports() -> None:
    """Take up what a worker left lying: its last sign of life is older than two minutes."""
    with transaction.atomic():
        silent = ImportRun.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            status__in=[ImportStatus.RUNNING, ImportStatus.UNDOING], beat_at__lt=timezone.now() - SILENT
        )
        for run in silent:
            run.beat_at = timezone.now()
            run.save(update_fields=["beat_at"])
            run_import.delay_on_commit(run.pk)
