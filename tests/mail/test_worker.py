"""Through a real worker and a real mail server; and with workers that are killed in the worst moments."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection, connections, transaction

from crm.celery import app
from crm.mail import actions, sending, tasks
from crm.mail.models import OutgoingMail, State
from tests.mail.test_outbox import later, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker():
    """A worker with a queue of its own."""
    queue = f"mail-test-{time.time_ns()}"
    app.conf.task_default_queue, before = queue, app.conf.task_default_queue
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
        yield
    app.conf.task_default_queue = before
    connections.close_all()


def wait(condition, seconds=30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_from_the_verb_to_the_recipient(people, post_office, letter, worker):
    with transaction.atomic():
        mail = write(people["rep"], files=[letter])
    assert wait(lambda: OutgoingMail.objects.get(pk=mail.pk).state == State.SENT)
    [got] = post_office.received
    assert [part.get_content() for part in got.iter_attachments()] == [b"%PDF-1.7 Angebot"]


def test_the_sweep_finds_what_was_never_woken(people, post_office, worker, monkeypatch):
    """The broker lost the wake-up: the row is all there is."""
    monkeypatch.setattr(actions.tasks.deliver, "delay_on_commit", lambda pk: None)
    mails = [write(people["rep"]) for _mail in range(3)]
    tasks.sweep.delay()
    assert wait(lambda: OutgoingMail.objects.filter(state=State.SENT).count() == 3)
    assert {got["Message-ID"] for got in post_office.received} == {mail.message_id for mail in mails}


# A process that sends one mail, as a worker does; `{murder}` is where it may be told to die.
PROGRAM = """
    import os, signal
    import django
    django.setup()
    from django.conf import settings
    from django.db.models.signals import pre_save
    settings.DATABASES["default"]["NAME"] = {database!r}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", {port}
    from crm.mail import sending
    from crm.mail.models import OutgoingMail, State
    {murder}
    sending.deliver({pk})
"""
AFTER_ITS_ANSWER = """
    def die(sender, instance, **more):
        if instance.state == State.SENT:
            os.kill(os.getpid(), signal.SIGKILL)
    pre_save.connect(die, OutgoingMail)
"""


def process(mail, port: int, murder: str = "") -> subprocess.Popen:
    source = textwrap.dedent(PROGRAM).format(
        database=connection.settings_dict["NAME"], port=port, pk=mail.pk, murder=textwrap.dedent(murder)
    )
    return subprocess.Popen([sys.executable, "-c", source])


def test_killed_before_the_server_has_it_the_mail_is_sent_once(people, post_office):
    mail = write(people["rep"])
    workers = []

    def kill(_mail):
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        raise ConnectionError

    post_office.before_answer = kill
    workers.append(process(mail, post_office.port))
    assert workers[0].wait(60) == -signal.SIGKILL
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, post_office.received) == (State.WAITING, 1, [])
    assert wait(lambda: not _locked(mail)), "the lock ends with the process"
    post_office.before_answer = None
    later(mail, 1)
    assert sending.deliver(mail.pk)
    assert len(post_office.received) == 1


def test_killed_between_the_servers_answer_and_the_commit_it_comes_twice_as_one(people, post_office):
    """The one case that mail cannot exclude: the same Message-ID tells the receiving side that it is one mail."""
    mail = write(people["rep"])
    assert process(mail, post_office.port, AFTER_ITS_ANSWER).wait(60) == -signal.SIGKILL
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, len(post_office.received)) == (State.WAITING, 1, 1)
    assert not sending.deliver(mail.pk), "not before its pause is over"
    assert wait(lambda: not _locked(mail))
    later(mail, 1)
    assert sending.deliver(mail.pk)
    first, second = post_office.received
    assert first["Message-ID"] == second["Message-ID"] == mail.message_id
    assert first["Date"] == second["Date"]


def test_two_workers_at_once_send_one_mail(people, post_office):
    mail = write(people["rep"])
    post_office.before_answer = lambda _mail: time.sleep(0.5)
    both = [process(mail, post_office.port), process(mail, post_office.port)]
    assert [one.wait(60) for one in both] == [0, 0]
    assert len(post_office.received) == 1


def _locked(mail) -> bool:
    with transaction.atomic():
        free = OutgoingMail.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=mail.pk)
        return not free.exists()
