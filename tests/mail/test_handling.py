"""What people decide about a mail, on its page: where it belongs, what is made of it, who may see it."""

import pytest

from contacts.models import Company, Person
from crm.core.refusals import Refused
from crm.mail import filing, handling
from crm.mail.models import Address, ExcludedAddress, IncomingMail, Message, Purpose
from inbox.models import InboxItem
from opportunities.actions import create_opportunity
from tests.mail.incoming import mail, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(people):
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    return people["rep"]


@pytest.fixture
def deal(rep):
    company = Company.objects.create(name="Höfle GmbH", owner=rep, domain="hoefle.example")
    person = Person.objects.create(last_name="Kurz", email="kurz@hoefle.example", company=company, owner=rep)
    return create_opportunity(by=rep, title="Servoachse", kind="deal", company=company, person=person)


@pytest.fixture
def stranger(rep, deal):
    """A mail with the right ID, of somebody who is not known there."""
    Message.objects.all().delete()
    row = take_in(mail(sender="fremd@anders.example", subject=f"Frage [{deal.number}]"))
    assert row.state == "review"
    Message.objects.filter(pk=row.message_id).update(owner=rep)
    return Message.objects.get(pk=row.message_id)


def places(message):
    return set(filing.places_of([message.pk]))


def test_a_proposal_is_confirmed(signed_in, rep, deal, stranger):
    client = signed_in("rep")
    page = client.get(stranger.get_absolute_url()).content.decode()
    assert deal.number in page
    assert "der Absender ist dort nicht bekannt" in page
    client.post(f"/mail/{stranger.pk}/confirm/", {"place": [f"opportunity:{deal.pk}"]})
    stranger.refresh_from_db()
    assert places(stranger) == {("opportunity", deal.pk), ("person", deal.person_id), ("company", deal.company_id)}
    assert (stranger.review, stranger.reason, stranger.filed_by) == (False, "", rep)
    assert stranger.journal.get().state == "processed"
    assert str(stranger) in client.get(f"/opportunities/{deal.pk}/?tab=mails").content.decode()


def test_only_what_was_proposed_can_be_confirmed(signed_in, rep, deal, stranger):
    other = create_opportunity(by=rep, title="Andere", kind="deal", company=deal.company)
    signed_in("rep").post(f"/mail/{stranger.pk}/confirm/", {"place": [f"opportunity:{other.pk}"]})
    assert places(stranger) == set()


def test_a_correction_teaches_the_address(rep, deal, stranger):
    handling.file_with(message=stranger, places=[("person", deal.person_id)], by=rep)
    row = take_in(mail(sender="fremd@anders.example", subject="Noch etwas"))
    assert row.state == "processed"
    assert places(row.message) == {("person", deal.person_id), ("company", deal.company_id)}, "the customer, no deal"
    # The last correction counts, also against what the address says.
    other = Company.objects.create(name="Anders KG", owner=rep, email="fremd@anders.example")
    assert places(take_in(mail(sender="fremd@anders.example", subject="Drittens")).message) == places(row.message)
    handling.file_with(message=row.message, places=[("company", other.pk)], by=rep)
    handling.take_out(message=row.message, place=("person", deal.person_id), by=rep)
    handling.take_out(message=row.message, place=("company", deal.company_id), by=rep)
    assert places(take_in(mail(sender="fremd@anders.example", subject="Viertens")).message) == {("company", other.pk)}


def test_taken_out_everywhere_it_waits_again(rep, deal, stranger):
    company = ("company", deal.company_id)
    handling.file_with(message=stranger, places=[company], by=rep)
    message = handling.take_out(message=stranger, place=company, by=rep)
    assert (message.review, message.filed_at, message.filed_by) == (True, None, None)


def test_nobody_files_with_what_he_does_not_see(people, rep, deal, stranger):
    hidden = Company.objects.create(name="Fremd AG", owner=people["stranger"])
    with pytest.raises(Message.DoesNotExist):
        handling.file_with(message=stranger, places=[("company", hidden.pk)], by=rep)
    with pytest.raises(Message.DoesNotExist):
        handling.file_with(message=stranger, places=[("company", deal.company_id)], by=people["stranger"])
    assert places(stranger) == set()


def test_an_inbox_item_is_made_of_it(signed_in, rep, stranger):
    answer = signed_in("rep").post(f"/mail/{stranger.pk}/make/leads/")
    item = InboxItem.objects.get()
    assert answer.url == item.get_absolute_url()
    assert (item.email, item.title) == ("fremd@anders.example", stranger.subject)
    assert ("item", item.pk) in places(stranger)
    with pytest.raises(Refused):
        handling.have_made(message=stranger, purpose="leads", by=rep)
    assert InboxItem.objects.count() == 1


def test_set_aside_has_a_reason_in_the_journal(signed_in, rep, stranger):
    signed_in("rep").post(f"/mail/{stranger.pk}/set-aside/", {"reason": "Werbung"})
    row = IncomingMail.objects.get()
    stranger.refresh_from_db()
    assert (row.state, row.reason, stranger.review) == ("ignored", "Werbung", False)


def test_private_is_private(signed_in, people, rep, deal, stranger):
    handling.file_with(message=stranger, places=[("opportunity", deal.pk)], by=rep)
    assert signed_in("manager").get(stranger.get_absolute_url()).status_code == 200
    with pytest.raises(Refused):
        handling.set_private(message=stranger, private=True, by=people["manager"])
    signed_in("rep").post(f"/mail/{stranger.pk}/private/", {"private": "1"})
    assert signed_in("manager").get(stranger.get_absolute_url()).status_code == 404
    assert str(stranger) not in signed_in("manager").get(f"/opportunities/{deal.pk}/?tab=mails").content.decode()
    signed_in("rep").post(f"/mail/{stranger.pk}/private/")
    assert signed_in("manager").get(stranger.get_absolute_url()).status_code == 200


def test_an_excluded_address_is_not_kept(signed_in, rep, deal):
    first = take_in(mail(sender="kurz@hoefle.example", to=rep.email)).message
    client = signed_in("rep")
    client.post(f"/mail/{first.pk}/exclude/", {"email": "kurz@hoefle.example"})
    first.refresh_from_db()
    assert first.is_private
    row = take_in(mail(sender="kurz@hoefle.example", to=rep.email, subject="Privat"))
    assert (row.state, row.message) == ("ignored", None)
    page = client.get("/settings/private-addresses/").content.decode()
    assert "kurz@hoefle.example" in page
    client.post(f"/settings/private-addresses/{ExcludedAddress.objects.get().pk}/remove/")
    assert take_in(mail(sender="kurz@hoefle.example", to=rep.email, subject="Wieder")).state == "processed"


def test_what_failed_is_retried_by_a_button(signed_in, people, monkeypatch):
    from crm.mail import reading

    real = reading.read

    def broken(raw, **options):
        raise RuntimeError("kaputt")

    monkeypatch.setattr(reading, "read", broken)
    row = take_in(mail())
    assert row.state == "failed"
    page = signed_in("admin").get(f"/mail/journal/{row.pk}/").content.decode()
    assert "RuntimeError: kaputt" in page
    monkeypatch.setattr(reading, "read", real)
    with pytest.MonkeyPatch.context() as patch:
        from crm.mail import tasks

        woken = []
        patch.setattr(tasks, "wake", woken.append)
        signed_in("admin").post(f"/mail/journal/{row.pk}/retry/")
    row.refresh_from_db()
    assert row.attempts == 0
    assert signed_in("rep").post(f"/mail/journal/{row.pk}/retry/").status_code == 404


def test_the_original_comes_back_byte_for_byte(signed_in, people):
    raw = mail(text="Grüße")
    row = take_in(raw)
    assert signed_in("admin").get(f"/mail/journal/{row.pk}/raw/").content == raw


# ── what others send is shown harmless ──────────────────────────────────────────────────────────────
HOSTILE = """<html><body><script>alert(1)</script><img src="https://spy.example/dot.gif" onerror="alert(2)">
<form action="https://evil.example"><input name=a></form><p style="position:fixed">Guten Tag</p>
<a href="javascript:alert(3)">Klick</a><img src="cid:logo@x"></body></html>"""


@pytest.fixture
def hostile(rep, deal):
    from email.message import EmailMessage

    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "kurz@hoefle.example", rep.email, "Bild"
    made.set_content("Guten Tag")
    made.add_alternative(HOSTILE, subtype="html")
    dot = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
    made.get_payload()[1].add_related(dot, "image", "gif", cid="<logo@x>")
    made.add_attachment(b"<script>alert(4)</script>", maintype="image", subtype="png", filename="../bild.png")
    return take_in(bytes(made)).message


def test_html_is_harmless_and_in_a_frame_of_its_own(signed_in, hostile):
    client = signed_in("rep")
    page = client.get(hostile.get_absolute_url()).content.decode()
    assert f'src="/mail/{hostile.pk}/body/"' in page
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in page
    body = client.get(f"/mail/{hostile.pk}/body/")
    text = body.content.decode()
    for bad in ("alert", "<form", "javascript:", "onerror", "position", '<img src="https'):
        assert bad not in text, bad
    policy = body["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:;" in policy
    assert body["X-Frame-Options"] == "SAMEORIGIN"
    wanted = client.get(f"/mail/{hostile.pk}/body/?pictures")
    assert 'src="https://spy.example/dot.gif"' in wanted.content.decode()
    assert "script-src" not in wanted["Content-Security-Policy"]


def test_pictures_of_the_text_are_drawn_and_files_are_downloads(signed_in, hostile):
    client = signed_in("rep")
    logo = hostile.attachments.get(content_id="logo@x")
    assert f"/mail/{hostile.pk}/pictures/{logo.pk}/" in client.get(f"/mail/{hostile.pk}/body/").content.decode()
    assert client.get(f"/mail/{hostile.pk}/pictures/{logo.pk}/")["Content-Type"] == "image/gif"
    claimed = hostile.attachments.get(content_id="")
    assert claimed.file.name == "bild.png"
    assert client.get(f"/mail/{hostile.pk}/pictures/{claimed.pk}/").status_code == 404, "it only says that it is a png"
    answer = client.get(f"/mail/{hostile.pk}/files/{claimed.pk}/")
    assert answer["Content-Disposition"] == 'attachment; filename="bild.png"'
    assert answer["Content-Type"] == "application/octet-stream"


def test_forwarded_mails_are_unpacked(signed_in, rep, deal):
    from email.message import EmailMessage

    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Sabine Kurz <kurz@hoefle.example>", "Die eigentliche Frage"
    inner.set_content("Was kostet die Achse?")
    inner.add_attachment(b"Daten", maintype="application", subtype="octet-stream", filename="achse.bin")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"] = rep.email, "crm@example.com", "WG: Frage"
    outer.set_content("Siehe Anlage")
    outer.add_attachment(inner)
    message = take_in(bytes(outer)).message
    page = signed_in("rep").get(message.get_absolute_url()).content.decode()
    assert "Die eigentliche Frage" in page
    assert "Was kostet die Achse?" in page
    assert "achse.bin" in page
