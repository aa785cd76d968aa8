"""The mail server that says 250 only after the commit, in real conversations."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection

from crm.mail import journal, reading, sorting
from crm.mail.models import NULL_SENDER, Address, IncomingMail, IncomingState, Message, Purpose, Route
from crm.mail.ways_in import fetching, listener
from tests.mail.incoming import mail
from tests.mail.ways_in.dovecot import free_port
from tests.mail.ways_in.processes import running, wait

pytestmark = pytest.mark.django_db(transaction=True)
SENDER = "kunde@hoefle.example"


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def answers(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            return client.noop()[0] == 250
    except OSError:
        return False


def greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as talk:
            return talk.recv(3) == b"220"
    except OSError:
        return False


@contextmanager
def server(*options: str, port: int = 0, **more):
    """The port of a listener, and its process."""
    port = port or free_port()
    with running("receive_mail", "--port", str(port), *options, **more) as process:
        assert wait(lambda: answers(port) or process.poll() is not None)
        yield port, process


@pytest.fixture
def ours():
    return Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)


@pytest.fixture(scope="module")
def listening(django_db_setup):
    """One for all tests that do not end it; the database is emptied between them."""
    with server() as (port, _process):
        yield port


@pytest.fixture
def port(listening, ours):
    return listening


@pytest.fixture
def client(port):
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        yield client


def send(client, raw: bytes, *to: str, sender=SENDER) -> tuple[int, bytes]:
    """The last answer to a mail, sent command by command."""
    client.mail(sender)
    for one in to or ("crm@example.com",):
        code, text = client.rcpt(one)
        if code != 250:
            client.rset()
            return code, text
    return client.data(raw)


def test_a_conversation(client):
    """What can be said in one connection: one mail after the other, and each answer."""
    assert {"size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes"} <= set(client.esmtp_features)
    assert client.esmtp_features["size"] == str(reading.limits.MAIL_BYTES)
    raw = crlf(mail(subject="Grüße", text="Schöne Grüße\n.\n..\nEnde"))
    assert send(client, raw, "crm@example.com", "CRM+OPP-2026-000001@Example.com") == (250, b"2.0.0 It is stored.")
    row = IncomingMail.objects.get()
    assert (bytes(row.raw), row.route, row.envelope_from) == (raw, Route.SMTP, SENDER)
    assert row.envelope_to == ["crm@example.com", "CRM+OPP-2026-000001@Example.com"]
    # A reply that got lost: the sender tries again.
    assert send(client, raw)[0] == 250
    # Not for us: no open relay, and no guessing.
    for stranger in ("kunde@hoefle.example", "postmaster@example.com", "crm@example.org", "crm", "a+crm@example.com"):
        assert client.mail(SENDER)[0] == 250
        assert client.rcpt(stranger)[0] == 550
        client.rset()
    # Mail about mail.
    assert send(client, crlf(mail(subject="Unzustellbar", sender="postmaster@hoefle.example")), sender="")[0] == 250
    bounce = IncomingMail.objects.get(envelope_from=NULL_SENDER)
    sorting.sort(bounce.pk)
    bounce.refresh_from_db()
    assert (bounce.state, bounce.reason) == (IncomingState.IGNORED, reading.REASONS["bounce"])
    # What is not ASCII.
    eight = "From: a@b.example\r\nSubject: Grüße\r\n\r\nÄ".encode()
    assert client.docmd(f"MAIL FROM:<{SENDER}> BODY=8BITMIME")[0] == 250
    assert client.rcpt("crm@example.com")[0] == 250
    assert client.data(eight)[0] == 250
    assert bytes(IncomingMail.objects.latest("pk").raw) == eight + b"\r\n"
    assert IncomingMail.objects.count() == 3


def test_utf8_and_nonsense_in_addresses(port):
    with socket.create_connection(("127.0.0.1", port), 20) as raw, raw.makefile("rwb") as talk:

        def say(words: bytes) -> bytes:
            talk.write(words + b"\r\n")
            talk.flush()
            while (line := talk.readline())[3:4] == b"-":
                pass
            return line[:3]

        assert talk.readline().startswith(b"220")
        say(b"EHLO x")
        for number, sender in enumerate(
            [b"j\xc3\xb6rg@h\xc3\xb6fle.example", b"broken\xff@x.example", b"a\x00b@x.example"]
        ):
            assert say(b"MAIL FROM:<" + sender + b"> SMTPUTF8") == b"250"
            assert say(b"RCPT TO:<crm@example.com>") == b"250"
            assert say(b"DATA") == b"354"
            assert say(b"Subject: %d\r\n\r\nx\r\n." % number) == b"250"
    senders = list(IncomingMail.objects.order_by("pk").values_list("envelope_from", flat=True))
    assert senders == ["jörg@höfle.example", "broken@x.example", "ab@x.example"]


def test_long_lines_dots_and_lone_line_feeds_stay_as_they_are(client):
    lines = [b"Subject: x", b"", b"x" * 200_000, b".", b".x" * 40_000, b"a\n.\nb\rc", b"." * 70_000, b"", b"Ende"]
    raw = b"\r\n".join(lines) + b"\r\n"
    client.mail(SENDER)
    client.rcpt("crm@example.com")
    client.docmd("DATA")
    client.send(b"".join(b"." + line if line.startswith(b".") else line for line in re.split(rb"(?<=\r\n)", raw)))
    client.send(b".\r\n")
    assert client.getreply()[0] == 250
    assert bytes(IncomingMail.objects.get().raw) == raw


def test_thirty_megabytes_and_what_is_too_large(client):
    big = crlf(mail(text="\n".join(["x" * 70] * 430_000)))
    assert send(client, big)[0] == 250
    row = IncomingMail.objects.defer("raw").get()
    assert row.size == len(big) > 30_000_000
    assert client.docmd(f"MAIL FROM:<{SENDER}> SIZE={reading.limits.MAIL_BYTES + 1}")[0] == 552
    client.mail(SENDER)
    client.rcpt("crm@example.com")
    client.docmd("DATA")
    piece = b"x" * 998 + b"\r\n"
    for _megabyte in range(51):
        client.send(piece * 1049)
    client.send(b".\r\n")
    assert client.getreply() == (552, b"5.3.4 The mail is larger than 50 MB.")
    assert send(client, mail())[0] == 250, "and the conversation goes on"


def test_while_the_database_is_away_the_sender_keeps_the_mail(ours):
    """451 to RCPT, and to DATA; the same process takes the mail when the database is back."""
    name = connection.settings_dict["NAME"]

    def allow(yes: bool) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {yes}')
            if not yes:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    with server() as (port, _process), smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        raw = crlf(mail())
        client.mail(SENDER)
        assert client.rcpt("crm@example.com")[0] == 250
        connection.close()
        try:
            allow(False)
            assert client.data(raw) == (451, b"4.3.0 The mail cannot be stored now. Try again later.")
            assert send(client, raw)[0] == 451
        finally:
            allow(True)
        assert send(client, raw)[0] == 250
    assert IncomingMail.objects.count() == 1


def test_killed_at_the_answer_the_mail_comes_again_and_is_one(ours):
    raw = crlf(mail())
    port = free_port()
    with server(port=port) as (_port, process):
        client = smtplib.SMTP("127.0.0.1", port, timeout=20)
        client.ehlo()
        client.mail(SENDER)
        client.rcpt("crm@example.com")
        client.docmd("DATA")
        client.send(raw + b".\r\n")
        assert wait(lambda: IncomingMail.objects.exists())
        process.send_signal(signal.SIGKILL)
        process.wait()
        client.close()
    with server(port=port), smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        assert send(client, raw)[0] == 250
    assert IncomingMail.objects.count() == 1


def test_told_to_end_it_finishes_what_is_under_way(ours):
    with server() as (port, process), smtplib.SMTP("127.0.0.1", port, timeout=20) as busy:
        idle = smtplib.SMTP("127.0.0.1", port, timeout=20)
        idle.ehlo()
        busy.ehlo()
        busy.mail(SENDER)
        busy.rcpt("crm@example.com")
        busy.docmd("DATA")
        raw = crlf(mail())
        busy.send(raw[:50])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert idle.getreply()[0] == 421
        assert not answers(port)
        busy.send(raw[50:] + b".\r\n")
        assert busy.getreply()[0] == 250
        assert busy.getreply()[0] == 421
        assert process.wait(20) == 0
    assert IncomingMail.objects.count() == 1


def test_lmtp_answers_for_each_recipient(ours):
    port = free_port()
    with running("receive_mail", "--port", str(port), "--lmtp"):
        assert wait(lambda: greets(port))
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            assert client.docmd("EHLO x")[0] == 500
            assert client.docmd("LHLO x")[0] == 250
            raw, to = crlf(mail()), ["crm@example.com", "nobody@example.com", "crm+x@example.com"]
            client.mail(SENDER)
            assert [client.rcpt(one)[0] for one in to] == [250, 550, 250]
            assert client.data(raw)[0] == 250
            assert client.getreply()[0] == 250
            assert client.noop()[0] == 250
    assert IncomingMail.objects.get().envelope_to == [to[0], to[2]]


def test_senders_that_are_too_many_or_name_too_many(client, port):
    others = [smtplib.SMTP("127.0.0.1", port, timeout=20) for _more in range(listener.CONNECTIONS - 1)]
    with pytest.raises(smtplib.SMTPConnectError, match="421"):
        smtplib.SMTP("127.0.0.1", port, timeout=20)
    others.pop().quit()
    assert wait(lambda: answers(port))
    for other in others:
        other.close()
    client.mail(SENDER)
    codes = [client.rcpt(f"crm+{n}@example.com")[0] for n in range(listener.RECIPIENTS + 1)]
    assert codes == [250] * listener.RECIPIENTS + [452]


def test_a_sender_that_hangs_up_leaves_nothing(port):
    for words in (
        b"EHLO x\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<crm@example.com>\r\nDATA\r\nSubject: x\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), 20) as raw:
            raw.sendall(words)
            time.sleep(0.3)
    assert answers(port)
    assert IncomingMail.objects.count() == 0


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "manage.py", "receive_mail", "--port", port]
        done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr or "kann nicht" in done.stderr, done.stderr


def test_one_mail_by_imap_smtp_and_pipe(dovecot, account, client):
    """The same bytes are one row, and the same mail with the trace of another way is one message."""
    raw, one = crlf(mail(subject="Überall")), account()
    dovecot.put(one.user, raw)
    fetching.fetch(one)
    assert send(client, raw)[0] == 250
    journal.store(raw, route=Route.PIPE)
    assert IncomingMail.objects.count() == 1
    assert send(client, b"Received: from x by y\r\n" + raw)[0] == 250
    for pk in IncomingMail.objects.values_list("pk", flat=True):
        sorting.sort(pk)
    assert (IncomingMail.objects.count(), Message.objects.count()) == (2, 1)


def test_many_senders_at_once(port):
    def work(number):
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.ehlo()
            for n in range(10):
                assert send(client, crlf(mail(subject=f"Mail {number}-{n}")))[0] == 250

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"80 mails from 8 senders in {time.monotonic() - began:.1f} s, {os.getloadavg()[0]:.1f} load")
    assert IncomingMail.objects.count() == 80
