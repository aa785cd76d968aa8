"""`manage.py ingest_mail`: a file, a folder, an mbox, standard input; and once through a real worker."""

import io
import sys
import time
from types import SimpleNamespace

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from django.db import connections

from contacts.models import Person
from crm.celery import app
from crm.mail.models import IncomingMail, IncomingState
from tests.mail.incoming import mail


def ingest(*paths, **options) -> str:
    out = io.StringIO()
    call_command("ingest_mail", *map(str, paths), stdout=out, **options)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_files_folders_and_boxes(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.eml").write_bytes(mail(subject="A"))
    (tmp_path / "sub" / "b.eml").write_bytes(mail(subject="B"))
    box = b"".join(b"From x Mon Nov 23 12:00:00 2026\n" + mail(subject=s) + b"\n" for s in ("C", "D"))
    (tmp_path / "box.mbox").write_bytes(box)
    assert ingest(tmp_path) == "4 stored, 0 known already"
    assert ingest(tmp_path) == "0 stored, 4 known already"
    assert IncomingMail.objects.count() == 4


@pytest.mark.django_db
def test_standard_input_at_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(mail(subject="Hallo"))))
    ingest(now=True)
    row = IncomingMail.objects.get()
    assert (row.state, row.subject) == (IncomingState.REVIEW, "Hallo")


@pytest.mark.django_db
def test_what_is_not_there_is_said():
    with pytest.raises(CommandError, match="no /nirgends"):
        ingest("/nirgends")


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_settled_by_the_worker(people, tmp_path):
    Person.objects.create(last_name="Kurz", email="kurz@hoefle.example", owner=people["rep"])
    (tmp_path / "a.eml").write_bytes(mail(sender="kurz@hoefle.example"))
    queue = f"mail-test-{time.time_ns()}"
    app.conf.task_default_queue, before = queue, app.conf.task_default_queue
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
            ingest(tmp_path / "a.eml")
            until = time.monotonic() + 30
            while IncomingMail.objects.get().state == IncomingState.STORED and time.monotonic() < until:
                time.sleep(0.05)
            assert IncomingMail.objects.get().state == IncomingState.PROCESSED
    finally:
        app.conf.task_default_queue = before
        connections.close_all()
