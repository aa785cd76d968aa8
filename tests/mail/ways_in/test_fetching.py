"""Mailboxes are emptied into the journal: nothing twice, nothing lost, nothing done on the server before its time."""

import signal
import socket
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from crm.core import seal
from crm.mail import journal, reading, sorting
from crm.mail.models import (
    Address,
    Afterwards,
    IncomingMail,
    IncomingState,
    MailAccount,
    Message,
    Purpose,
    Route,
    Security,
)
from crm.mail.ways_in import fetching, imap
from tests.mail.incoming import mail
from tests.mail.ways_in.processes import program, running, wait

pytestmark = pytest.mark.django_db


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def some(count: int) -> list[bytes]:
    return [crlf(mail(subject=f"Mail {n}")) for n in range(count)]


def stored() -> set[bytes]:
    return {bytes(raw) for raw in IncomingMail.objects.values_list("raw", flat=True)}


def test_mails_are_stored_byte_for_byte_and_once(dovecot, account):
    leads = Address.objects.create(email="anfragen@example.com", purpose=Purpose.LEADS)
    one, mails = account(address=leads), some(3)
    dovecot.put(one.user, *mails)
    assert fetching.fetch(one) == 3
    assert stored() == set(mails)
    assert {(row.route, *row.envelope_to) for row in IncomingMail.objects.all()} == {(Route.IMAP, leads.email)}
    dovecot.put(one.user, crlf(mail(subject="Noch eine")))
    assert fetching.fetch(one) == 1
    assert fetching.fetch(one) == 0
    one.refresh_from_db()
    assert (one.last_uid, one.untidied, one.error) == (4, [], "")
    assert one.fetched_at is not None
    assert all(b"\\Seen" not in flags for flags in dovecot.see(one.user).values())


@pytest.mark.parametrize(
    ("afterwards", "seen", "there", "moved"),
    [(Afterwards.SEEN, 2, 2, 0), (Afterwards.MOVE, 0, 0, 2), (Afterwards.DELETE, 0, 0, 0)],
)
def test_what_is_done_with_stored_mails(dovecot, account, afterwards, seen, there, moved):
    one = account(afterwards=afterwards, move_to="Erledigt" if moved else "")
    dovecot.put(one.user, *some(2))
    with dovecot.client(one.user) as client:
        client.create_folder("Erledigt")
    assert fetching.fetch(one) == 2
    flags = dovecot.see(one.user).values()
    assert (len(flags), sum(b"\\Seen" in one for one in flags)) == (there, seen)
    assert len(dovecot.see(one.user, "Erledigt")) == moved
    assert MailAccount.objects.get().untidied == []


def test_a_server_without_move_copies_and_deletes(dovecot, account, monkeypatch):
    one = account(afterwards=Afterwards.MOVE, move_to="Weg")
    dovecot.put(one.user, *some(2))
    dovecot.put(one.user, crlf(mail(subject="Schon da")), folder="Weg")
    has = imap.IMAPClient.has_capability
    monkeypatch.setattr(imap.IMAPClient, "has_capability", lambda self, name: name != "MOVE" and has(self, name))
    fetching.fetch(one)
    assert (len(dovecot.see(one.user)), len(dovecot.see(one.user, "Weg"))) == (0, 3)


def test_without_the_folder_to_move_to_mails_are_stored_and_stay(dovecot, account):
    one = account(afterwards=Afterwards.MOVE, move_to="Nirgends")
    dovecot.put(one.user, *some(2))
    for _again in range(2):
        with pytest.raises(imap.Trouble):
            fetching.fetch(one)
    one.refresh_from_db()
    assert (IncomingMail.objects.count(), one.untidied) == (2, [1, 2])
    assert one.error
    with dovecot.client(one.user) as client:
        client.create_folder("Nirgends")
    fetching.fetch(one)
    one.refresh_from_db()
    assert (one.untidied, one.error, len(dovecot.see(one.user, "Nirgends"))) == ([], "", 2)


def test_another_uidvalidity_reads_all_anew_and_doubles_nothing(dovecot, account):
    one, mails = account(folder="Kunden"), some(3)
    dovecot.put(one.user, *mails, folder="Kunden")
    fetching.fetch(one)
    one.refresh_from_db()
    before = one.uid_validity
    with dovecot.client(one.user) as client:
        client.delete_folder("Kunden")
    dovecot.put(one.user, crlf(mail(subject="Neu")), *mails[:2], folder="Kunden")
    assert fetching.fetch(one) == 1
    one.refresh_from_db()
    assert (one.uid_validity != before, one.last_uid, IncomingMail.objects.count()) == (True, 3, 4)


def test_a_mail_that_is_too_large_is_kept_visibly_and_stays_there(dovecot, account, monkeypatch):
    monkeypatch.setattr(reading.limits, "MAIL_BYTES", 2000)
    one = account(afterwards=Afterwards.DELETE)
    large = crlf(mail(subject="Groß", text="x" * 3000))
    dovecot.put(one.user, large, *some(1))
    assert fetching.fetch(one) == 2
    row = IncomingMail.objects.get(size=len(large))
    sorting.sort(row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason, row.next_try_at) == (IncomingState.FAILED, reading.TOO_LARGE, None)
    assert bytes(row.raw) == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert list(dovecot.see(one.user)) == [1]


def test_a_mail_that_the_server_does_not_give_holds_up_no_other(dovecot, account, monkeypatch):
    one, mails = account(afterwards=Afterwards.DELETE), some(3)
    dovecot.put(one.user, *mails)
    give = imap.Mailbox.raw

    def refuse(self, uid):
        if uid == 2:
            raise imap.NotGiven("[SERVERBUG]")
        return give(self, uid)

    monkeypatch.setattr(imap.Mailbox, "raw", refuse)
    assert fetching.fetch(one) == 2
    one.refresh_from_db()
    assert (one.postponed, one.error, one.error_detail) == ([2], fetching.NOT_GIVEN, "[SERVERBUG]")
    assert list(dovecot.see(one.user)) == [2]
    monkeypatch.setattr(imap.Mailbox, "raw", give)
    assert fetching.fetch(one) == 1
    one.refresh_from_db()
    assert (one.postponed, one.error, dovecot.see(one.user)) == ([], "", {})


def test_a_mail_that_was_removed_meanwhile_is_passed_over(dovecot, account, monkeypatch):
    one = account()
    dovecot.put(one.user, *some(2))
    monkeypatch.setattr(imap.Mailbox, "uids_after", lambda self, last, following: [1, 2, 7])
    assert fetching.fetch(one) == 2
    one.refresh_from_db()
    assert (one.last_uid, one.postponed) == (7, [])


def test_many_uids_are_asked_for_in_ranges(dovecot, account, monkeypatch):
    monkeypatch.setattr(imap, "SEARCHED", 2)
    monkeypatch.setattr(imap, "NAMED", 2)
    monkeypatch.setattr(fetching, "SIZED", 3)
    one = account(afterwards=Afterwards.DELETE)
    dovecot.put(one.user, *some(7))
    assert fetching.fetch(one) == 7
    assert dovecot.see(one.user) == {}


def test_thirty_megabytes(dovecot, account):
    one = account()
    big = crlf(mail(text="\n".join(["x" * 70] * 430_000)))
    assert len(big) > 30_000_000
    dovecot.put(one.user, big)
    fetching.fetch(one)
    assert stored() == {big}


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────
def trouble(account) -> tuple[str, str]:
    with pytest.raises(imap.Trouble):
        fetching.fetch(account)
    account.refresh_from_db()
    return account.error, account.error_detail


def test_troubles_are_said_at_the_account(dovecot, account):
    assert trouble(account("falsch")) == (imap.REFUSED, "[AUTHENTICATIONFAILED] Authentication failed.")
    assert trouble(account(folder="Nirgends"))[0] == imap.NO_FOLDER
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert trouble(account(port=port)) == (imap.UNREACHABLE, "")
    assert trouble(account(host="gibt.es.nicht.invalid", security=Security.TLS)) == (imap.UNKNOWN_HOST, "")
    one = account()
    MailAccount.objects.filter(pk=one.pk).update(password="no seal")
    one.refresh_from_db()
    assert trouble(one) == (fetching.PASSWORD_LOST, "")
    assert fetching.PASSWORD_LOST


def test_encryption_is_not_given_up(dovecot, account, monkeypatch):
    tls = {"host": "localhost", "port": dovecot.tls_port, "security": Security.TLS}
    starttls = {"host": "localhost", "security": Security.STARTTLS}
    assert trouble(account(**tls))[0] == imap.CERTIFICATE
    assert trouble(account(**starttls))[0] == imap.CERTIFICATE
    assert trouble(account(port=dovecot.port, host="localhost", security=Security.TLS))[0] == imap.NO_TLS
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    for fields in (tls, starttls):
        one = account(**fields)
        dovecot.put(one.user, crlf(mail(subject=one.user)))
        assert fetching.fetch(one) == 1


def test_what_answers_there_is_not_passed_on(account):
    """Who may enter accounts must not read other services of the network with them."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            client, _address = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 400 secret\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert trouble(account(port=server.getsockname()[1])) == (imap.NO_SERVER, "")


def test_a_server_that_says_nothing_is_given_up(account, monkeypatch):
    monkeypatch.setattr(imap, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert trouble(account(port=server.getsockname()[1])) == (imap.NO_ANSWER, "")


def test_no_password_goes_anywhere_in_the_open(account):
    with pytest.raises(IntegrityError), transaction.atomic():
        account(host="mail.example.com")


def test_once_reads_all_accounts_and_names_those_that_failed(dovecot, account):
    good, bad = account(), account("falsch")
    dovecot.put(good.user, *some(1))
    with pytest.raises(CommandError, match=bad.user):
        call_command("fetch_mail", once=True)
    assert IncomingMail.objects.count() == 1


# ── the seal ────────────────────────────────────────────────────────────────────────────────────────
def test_a_password_survives_a_new_secret_key(account, settings):
    one = account("alt")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key", [settings.SECRET_KEY]
    assert fetching.password_of(one) == "alt"
    one.refresh_from_db()
    settings.SECRET_KEY_FALLBACKS = []
    assert seal.unseal(one.password) == "alt"


def test_no_password_is_in_the_history(account):
    one = account()
    MailAccount.objects.filter(pk=one.pk).update(last_uid=7, error="x", is_active=False)
    MailAccount.objects.filter(pk=one.pk).update(last_uid=8)
    events = MailAccount.pgh_event_model.objects.filter(pgh_obj_id=one.pk).order_by("pgh_id")
    assert [(e.pgh_label, e.is_active) for e in events] == [("insert", True), ("update", False)]
    assert not any(f.name == "password" for f in events.model._meta.fields)


# ── as a process ────────────────────────────────────────────────────────────────────────────────────
MURDER = """
    from crm.mail.models import MailAccount
    from crm.mail.ways_in import fetching, imap
    def die(*_more, **_named):
        os.kill(os.getpid(), signal.SIGKILL)
    {place} = die
    fetching.fetch(MailAccount.objects.get())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "place", ["imap.Mailbox.tidy", "fetching.Round._advance", "imap.Mailbox.raw", "fetching.Round._done"]
)
def test_killed_anywhere_nothing_is_lost_or_doubled(dovecot, account, place):
    one, mails = account(afterwards=Afterwards.DELETE), some(3)
    dovecot.put(one.user, *mails)
    assert program(MURDER.format(place=place)) == -signal.SIGKILL
    there = len(dovecot.see(one.user))
    one.refresh_from_db()
    assert there + IncomingMail.objects.count() - len(one.untidied) >= 3, "what is not stored is there"
    fetching.fetch(one)
    assert (stored(), IncomingMail.objects.count(), dovecot.see(one.user)) == (set(mails), 3, {})


@pytest.mark.django_db(transaction=True)
def test_the_command_waits_for_mails_and_for_accounts(dovecot, account):
    """IDLE delivers within seconds; a broken account holds up no other; a new one is picked up; one is switched off."""
    bad, good = account("falsch"), account()
    with running("fetch_mail"):
        assert wait(lambda: MailAccount.objects.get(pk=good.pk).fetched_at)
        assert wait(lambda: MailAccount.objects.get(pk=bad.pk).error == imap.REFUSED)
        for number in range(2):
            dovecot.put(good.user, crlf(mail(subject=f"Eilig {number}")))
            # Within seconds; a mail in the instant between search and IDLE waits for the next round, of a minute.
            assert wait(lambda number=number: IncomingMail.objects.count() == number + 1, 70)
        new = account()
        dovecot.put(new.user, crlf(mail(subject="Für die Neue")))
        assert wait(lambda: IncomingMail.objects.count() == 3, 70)
        MailAccount.objects.filter(pk=good.pk).update(is_active=False)
        # The moment is written when the round is over, after the mail.
        assert wait(lambda: MailAccount.objects.get(pk=new.pk).fetched_at)
        fetched = MailAccount.objects.get(pk=new.pk).fetched_at
        dovecot.put(new.user, crlf(mail(subject="Noch eine")))
        assert wait(lambda: IncomingMail.objects.count() == 4, 70)
        assert wait(lambda: MailAccount.objects.get(pk=new.pk).fetched_at > fetched)
        dovecot.put(good.user, crlf(mail(subject="Nicht mehr")))
        assert not wait(lambda: IncomingMail.objects.count() == 5, 3)


def test_one_mail_by_imap_and_by_pipe_is_one_row_and_with_other_line_ends_one_message(dovecot, account):
    one, raw = account(), mail(subject="Überall")
    dovecot.put(one.user, crlf(raw))
    fetching.fetch(one)
    _row, new = journal.store(crlf(raw), route=Route.PIPE)
    assert not new
    journal.store(raw, route=Route.PIPE)
    for pk in IncomingMail.objects.values_list("pk", flat=True):
        sorting.sort(pk)
    assert (IncomingMail.objects.count(), Message.objects.count()) == (2, 1)
