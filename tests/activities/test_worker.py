"""Reminders through real workers that are killed in the midst of them: each is given once."""

import datetime
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import connections
from django.utils import timezone

from activities import digest, tasks
from activities.models import Activity, Preference
from crm.celery import app
from crm.mail.models import OutgoingMail
from crm.notices.models import Notice
from tests.mail.ways_in.processes import environment, wait

pytestmark = pytest.mark.django_db(transaction=True)
DUE, KILLS = 200, 6


class Workers:
    """Two workers of two threads each, on a queue of their own; `app` is the module that Celery loads."""

    def __init__(self, app: str):
        self.queue = f"reminders-test-{time.time_ns()}"
        self.command = [sys.executable, "-m", "celery", "-A", app, "worker", "--queues", self.queue, "--loglevel"]
        self.command += ["ERROR", "--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        self.running = [self._start() for _worker in range(2)]

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(self.command, cwd=settings.BASE_DIR, env=environment(), start_new_session=True)

    def tick(self) -> None:
        """What the clock does every half minute; here two ticks at once."""
        for _tick in range(2):
            tasks.remind.apply_async(queue=self.queue)

    def kill(self) -> None:
        """The one that has run longest, at once; another one takes its place, and the clock goes on."""
        victim = self.running.pop(0)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        self.running.append(self._start())
        self.tick()

    def end(self) -> None:
        for worker in self.running:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        with app.connection_for_write() as connection:
            connection.default_channel.queue_delete(self.queue)


def plan(call) -> None:
    """Reminders that are all due, of three users."""
    start = timezone.now() + datetime.timedelta(minutes=5)
    for number in range(DUE):
        call(f"Anruf {number}", start, owner=("rep", "mate", "lead")[number % 3], remind_before=15)


def storm(app: str) -> None:
    """Let the workers work, and kill one whenever another share is settled."""
    workers = Workers(app)
    try:
        workers.tick()
        for share in range(1, KILLS + 1):
            left = DUE - share * DUE // (KILLS + 2)
            assert wait(lambda left=left: open_ones() <= left, 60)
            workers.kill()
        assert wait(lambda: open_ones() == 0, 90)
        # Whoever came late finds nothing to do.
        workers.tick()
        time.sleep(1)
    finally:
        workers.end()


def open_ones() -> int:
    return Activity.objects.filter(reminded_at=None).count()


def given() -> tuple[Counter, Counter]:
    """How often each activity was told of, and written of."""
    told = Counter(text.rpartition(": ")[2] for text in Notice.objects.values_list("text", flat=True))
    return told, Counter(subject.split(",")[0] for subject in OutgoingMail.objects.values_list("subject", flat=True))


def test_each_reminder_is_given_once_while_workers_are_killed(call, capsys):
    plan(call)
    storm("crm.celery")
    told, written = given()
    with capsys.disabled():
        print(f"\n{DUE} reminders, {KILLS} workers killed: {sum(told.values())} told, {sum(written.values())} written")
    assert len(told) == len(written) == DUE
    assert set(told.values()) == set(written.values()) == {1}


def test_without_the_guards_they_come_twice(call, capsys):
    """The control: the storm is one in which a reminder that is not guarded is given twice."""
    plan(call)
    storm("tests.activities.unguarded")
    told, written = given()
    with capsys.disabled():
        print(f"\nunguarded, {KILLS} killed: {sum(told.values())} told, {sum(written.values())} written of {DUE}")
    assert sum(told.values()) > DUE
    assert sum(written.values()) > DUE
    assert max(told.values()) > 1


def test_the_digest_through_a_worker(call, people, monkeypatch):
    Preference.objects.create(user=people["rep"], wants_digest=True)
    call("Anruf")
    monkeypatch.setattr(digest, "is_due", lambda wish, now: wish.digest_on is None)
    queue = f"digest-test-{time.time_ns()}"
    app.conf.task_default_queue, before = queue, app.conf.task_default_queue
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
            for _tick in range(3):
                tasks.send_digests.delay()
            assert wait(lambda: OutgoingMail.objects.exists())
            time.sleep(1)
    finally:
        app.conf.task_default_queue = before
        connections.close_all()
    assert OutgoingMail.objects.count() == 1
