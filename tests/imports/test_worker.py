"""Once through a real worker: the task travels over the broker, and the run ends."""

import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connections, transaction

from crm.celery import app
from crm.imports import actions
from crm.imports.models import ImportStatus
from inbox.models import InboxItem
from tests.imports.conftest import prepare


@pytest.mark.django_db(transaction=True)
def test_an_import_and_its_undo_through_the_worker(people):
    run = prepare("ID;Firma\n" + "".join(f"{i};Firma {i}\n" for i in range(700)), "inbox", people["admin"])
    queue = f"imports-test-{run.file.sha256[:8]}-{time.time_ns()}"
    app.conf.task_default_queue, before = queue, app.conf.task_default_queue
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
            with transaction.atomic():
                actions.start(run=run, by=people["admin"])
            assert _wait(run, ImportStatus.DONE)
            assert InboxItem.objects.count() == run.created == 700
            with transaction.atomic():
                actions.undo_import(run=run, by=people["admin"])
            assert _wait(run, ImportStatus.UNDONE)
            assert not InboxItem.objects.exists()
    finally:
        app.conf.task_default_queue = before
        connections.close_all()


def _wait(run, status, seconds=60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        run.refresh_from_db()
        if run.status == status:
            return True
        time.sleep(0.1)
    return False
