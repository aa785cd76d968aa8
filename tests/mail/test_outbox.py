"""The outbox: what is sent arrives once, with its attachment; what cannot be sent waits, and says why."""

import datetime
import smtplib

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.mail import actions, makers, sending
from crm.mail.models import OutgoingMail, State

pytestmark = pytest.mark.django_db


def write(by, **fields) -> OutgoingMail:
    return actions.send(
        **{"by": by, "to": "kunde@example.com", "subject": "Ihr Angebot", "text": "Guten Tag", **fields}
    )


def later(mail, minutes: int = 0) -> None:
    """Let so many minutes pass for this mail."""
    OutgoingMail.objects.filter(pk=mail.pk).update(
        next_try_at=mail.next_try_at - datetime.timedelta(minutes=minutes, seconds=1)
    )


def test_it_arrives_with_its_attachment(rep, post_office, letter):
    mail = write(rep, subject="Angebot\nfür Höfle", text="Grüße\naus Ulm", files=[letter])
    assert sending.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.reason) == (State.SENT, 1, "")
    [got] = post_office.received
    assert got["To"] == "kunde@example.com"
    assert got["From"].addresses[0].addr_spec == "crm@example.com"
    assert "Rep" in got["From"].addresses[0].display_name
    assert got["Reply-To"].addresses[0].addr_spec == "rep@example.com"
    assert got["Subject"] == "Angebot für Höfle"
    assert got["Message-ID"] == mail.message_id
    assert got.get_body().get_content().splitlines() == ["Grüße", "aus Ulm"]
    [attached] = got.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("ANG-2026-000001.pdf", "application/pdf")
    assert attached.get_content() == b"%PDF-1.7 Angebot"


def test_a_second_call_sends_nothing(rep, post_office):
    mail = write(rep)
    assert [sending.deliver(mail.pk), sending.deliver(mail.pk)] == [True, False]
    assert len(post_office.received) == 1


def test_the_worker_makes_the_attachment_and_only_once(rep, post_office, letter, monkeypatch):
    made = []
    monkeypatch.setitem(makers._makers, "test", lambda pk: made.append(pk) or [letter])
    mail = write(rep, maker="test", made_of=7)
    post_office.answer = "451 4.3.0 Later, please"
    assert not sending.deliver(mail.pk)
    post_office.answer = ""
    later(mail, 1)
    assert sending.deliver(mail.pk)
    assert made == [7, 7]
    assert [part.get_filename() for part in post_office.received[0].iter_attachments()] == ["ANG-2026-000001.pdf"]


def test_an_attachment_that_cannot_be_made_keeps_the_mail_waiting(rep, post_office, monkeypatch):
    def fail(pk):
        raise RuntimeError("no font")

    monkeypatch.setitem(makers._makers, "test", fail)
    mail = write(rep, maker="test", made_of=7)
    assert not sending.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WAITING, "no font")
    assert post_office.received == []


def test_pauses_grow_and_the_end_is_visible(rep, post_office):
    mail = write(rep)
    post_office.answer = "451 4.3.0 Later, please"
    pauses = []
    for _attempt in range(len(sending.PAUSES) + 1):
        before = timezone.now()
        assert not sending.deliver(mail.pk)
        mail.refresh_from_db()
        pauses.append(round((mail.next_try_at - before).total_seconds() / 60))
        assert not sending.deliver(mail.pk), "it is not due yet"
        later(mail, pauses[-1])
    assert pauses[:-1] == sorted(set(pauses[:-1])) == list(sending.PAUSES)
    assert (mail.state, mail.attempts) == (State.FAILED, len(sending.PAUSES) + 1)
    assert mail.reason == "451 4.3.0 Later, please"


def test_no_server_means_waiting(rep, settings):
    settings.EMAIL_BACKEND = "crm.mail.backends.NoServer"
    mail = write(rep)
    assert not sending.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WAITING, sending.NO_SERVER)


def test_an_unknown_mailbox_is_not_tried_again(rep, post_office):
    post_office.refused = {"kunde@example.com"}
    mail = write(rep)
    assert not sending.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.FAILED, "550 5.1.1 No such mailbox")
    post_office.refused = set()
    actions.retry(mail=mail, by=rep)
    assert sending.deliver(mail.pk)


def test_a_refused_sign_in_may_be_mended():
    assert not sending._is_final(smtplib.SMTPAuthenticationError(535, b"no"))
    assert sending._is_final(smtplib.SMTPDataError(552, b"too large"))


def test_a_mail_that_kills_its_worker_is_given_up(rep, post_office):
    mail = write(rep)
    OutgoingMail.objects.filter(pk=mail.pk).update(attempts=len(sending.PAUSES) + 1)
    assert not sending.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.FAILED, sending.TOO_OFTEN)


def test_a_refused_verb_sends_nothing(rep, post_office):
    @transaction.atomic
    def verb():
        write(rep)
        raise Refused("no")

    with pytest.raises(Refused):
        verb()
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("address", ["", "niemand", "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example"])
def test_only_one_address_is_an_address(rep, address):
    with pytest.raises(Refused):
        write(rep, to=address)


def test_what_left_stays_as_it_left(rep, post_office):
    mail = write(rep)
    sending.deliver(mail.pk)
    for change in (lambda m: m.update(text="Anders"), lambda m: m.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(OutgoingMail.objects.filter(pk=mail.pk))
    with pytest.raises(Refused):
        actions.retry(mail=mail, by=rep)


def test_stopping(rep):
    mail = actions.stop(mail=write(rep), by=rep)
    assert (mail.state, mail.reason) == (State.FAILED, sending.STOPPED)
    assert not sending.deliver(mail.pk)


def test_a_file_in_use_by_a_mail_is_kept(rep, letter):
    write(rep, files=[letter])
    letter.discard()
    assert StoredFile.objects.filter(pk=letter.pk).exists()


# ── what is seen ────────────────────────────────────────────────────────────────────────────────────
def test_the_page_says_what_kept_it(signed_in, rep, post_office):
    post_office.refused = {"kunde@example.com"}
    mail = write(rep, text="Guten Tag <b>Herr</b>")
    sending.deliver(mail.pk)
    client = signed_in("rep")
    page = client.get(f"/mail/outgoing/{mail.pk}/").content.decode()
    assert "550 5.1.1 No such mailbox" in page
    assert "&lt;b&gt;Herr" in page
    assert "Ihr Angebot" in client.get("/mail/outbox/?tab=failed").content.decode()


def test_others_do_not_see_it(signed_in, rep, letter):
    mail = write(rep, files=[letter])
    for name in ("mate", "stranger", "manager"):
        client = signed_in(name)
        assert client.get(f"/mail/outgoing/{mail.pk}/").status_code == 404
        assert client.get(f"/mail/outgoing/{mail.pk}/files/{letter.pk}/").status_code == 404
        assert client.post(f"/mail/outgoing/{mail.pk}/retry/").status_code == 404
    assert signed_in("admin").get(f"/mail/outgoing/{mail.pk}/").status_code == 200


def test_an_attachment_is_a_download(signed_in, rep, letter):
    mail = write(rep, files=[letter])
    other = StoredFile.keep(ContentFile(b"x", name="x.txt"), by=rep)
    client = signed_in("rep")
    answer = client.get(f"/mail/outgoing/{mail.pk}/files/{letter.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert client.get(f"/mail/outgoing/{mail.pk}/files/{other.pk}/").status_code == 404
