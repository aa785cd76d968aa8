"""What a post office gets wrong if it is not careful: each of these once was."""

import uuid
from email.message import EmailMessage

import pytest

from contacts.models import Company, Person
from crm.core.refusals import Refused
from crm.mail import actions, filing, handling, sending, writing
from crm.mail.models import Address, ExcludedAddress, Message, OutgoingMail, Purpose
from inbox import actions as inbox
from inbox.models import InboxItem
from opportunities.actions import create_opportunity
from tests.mail.incoming import mail, take_in

pytestmark = pytest.mark.django_db
DOT = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@pytest.fixture
def deal(people):
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    company = Company.objects.create(name="Höfle GmbH", owner=people["rep"], domain="hoefle.example")
    person = Person.objects.create(last_name="Kurz", email="kurz@hoefle.example", company=company, owner=people["rep"])
    return create_opportunity(by=people["rep"], title="Achse", kind="deal", company=company, person=person)


def places(message) -> set:
    return set(filing.places_of([message.pk]))


# ── nothing that came along is hidden ───────────────────────────────────────────────────────────────
def test_a_file_that_the_text_does_not_show_is_listed(signed_in, deal, people):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "kurz@hoefle.example", people["rep"].email, "Schaden"
    made.set_content("Siehe Bild")
    made.add_attachment(DOT, "image", "gif", filename="schaden.gif", disposition="inline")
    page = signed_in("rep").get(take_in(bytes(made)).message.get_absolute_url()).content.decode()
    assert "schaden.gif" in page

    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "kurz@hoefle.example", people["rep"].email, "Bestellung"
    made.set_content("<p>Anbei</p>", subtype="html")
    made.add_related(b"%PDF-1.4", "application", "pdf", filename="bestellung.pdf", cid="<a@b>")
    page = signed_in("rep").get(take_in(bytes(made)).message.get_absolute_url()).content.decode()
    assert "bestellung.pdf" in page


def test_what_could_not_be_read_is_said(signed_in, people, deal):
    row = take_in(mail(sender="kurz@hoefle.example", to=people["rep"].email))
    Message.objects.filter(pk=row.message_id).update(problems=["The mail has no Message-ID."])
    page = signed_in("rep").get(row.message.get_absolute_url()).content.decode()
    assert "Die Mail hat keine Message-ID." in page


# ── every mail that leaves is known when it comes back ──────────────────────────────────────────────
BOUNCE = """From: MAILER-DAEMON@example.com
To: crm@example.com
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

Nicht zustellbar

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; example.com

Final-Recipient: rfc822; kurz@hoefle.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 unknown

--x
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Rechnung

--x--
"""


def test_the_failure_of_a_documents_mail_is_seen_in_the_outbox(signed_in, people, post_office):
    sent = actions.send(by=people["rep"], to="kurz@hoefle.example", subject="Rechnung", text="1.000 €")
    assert sending.deliver(sent.pk)
    row = take_in(BOUNCE.format(message_id=sent.message_id).replace("\n", "\r\n").encode())
    assert row.state == "processed"
    page = signed_in("rep").get(sent.get_absolute_url()).content.decode()
    assert "550 5.1.1 unknown" in page
    # What a document says is its sender's alone, even to those who may see every mail that nobody filed.
    assert signed_in("rep").get(sent.message.get_absolute_url()).status_code == 200
    assert signed_in("manager").get(sent.message.get_absolute_url()).status_code == 404


def test_a_free_mail_stands_with_the_customer(deal, people):
    sent = writing.write(by=people["rep"], to="Kurz@hoefle.example", subject="Hallo", text="Guten Tag")
    assert places(sent.message) == {("person", deal.person_id), ("company", deal.company_id)}
    answer = take_in(mail(sender="kurz@hoefle.example", In_Reply_To=sent.message_id)).message
    assert answer.thread == sent.message.thread


def test_the_same_form_twice_is_one_mail(signed_in, deal):
    data = {"to": "kurz@hoefle.example", "subject": "x", "text": "y", "key": str(uuid.uuid4())}
    for _click in range(2):
        assert signed_in("rep").post(f"/mail/new/?place=opportunity:{deal.pk}", data).status_code == 302
    assert OutgoingMail.objects.count() == 1


def test_who_may_only_read_writes_nothing(signed_in, deal):
    message = take_in(mail(sender="kurz@hoefle.example", subject=f"Frage [{deal.number}]")).message
    client = signed_in("readonly")
    assert client.get(message.get_absolute_url()).status_code == 200
    assert "Antworten" not in client.get(f"/mail/{message.pk}/inside/").content.decode()
    data = {"to": "wer@example.com", "subject": "x", "text": "y"}
    assert client.post("/mail/new/", data).status_code == 404
    assert client.post(f"/mail/new/?answer={message.pk}", data).status_code == 404
    # A colleague may see the deal of the team, but not change it.
    assert signed_in("mate").post(f"/mail/new/?answer={message.pk}", data).status_code == 404
    assert OutgoingMail.objects.count() == 0


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────
def test_an_answer_goes_where_the_sender_wants_it_and_carries_the_id(people, deal):
    row = take_in(mail(sender="noreply@portal.example", subject=f"{deal.number}", Reply_To="kurz@hoefle.example"))
    handling.file_with(message=row.message, places=[("opportunity", deal.pk)], by=people["admin"])
    draft = writing.begin(by=people["rep"], answers=row.message)
    assert draft.to == "kurz@hoefle.example"
    assert deal.number in draft.subject
    passed_on = take_in(mail(sender=people["rep"].email, to="crm@example.com", subject="WG: Frage")).message
    assert writing.begin(by=people["rep"], answers=passed_on).to == "", "never to ourselves"


def test_the_answer_of_one_who_does_not_see_the_deal_stands_with_it(people, deal):
    row = take_in(mail(sender="kurz@hoefle.example", to=people["stranger"].email, subject=f"{deal.number}"))
    assert ("opportunity", deal.pk) in places(row.message)
    sent = writing.write(
        by=people["stranger"], to="kurz@hoefle.example", subject="Re", text="Zitat", answers=row.message
    )
    assert ("opportunity", deal.pk) in places(sent.message)
    assert not Message.objects.visible_to(people["service"]).filter(pk=sent.message.pk, filed_at=None).exists()


def test_the_thread_of_a_mail_that_waits_is_kept_and_filed_with_it(people, deal):
    first = take_in(mail(sender="neu@anders.example", subject="Frage", Message_ID="<a@anders.example>")).message
    Message.objects.filter(pk=first.pk).update(owner=people["rep"])
    sent = writing.write(
        by=people["rep"], to="neu@anders.example", subject="Re: Frage", text="Gern", answers=first
    ).message
    again = take_in(mail(sender="neu@anders.example", subject="AW: Frage", In_Reply_To=sent.message_id)).message
    assert (again.thread, again.review) == (first.thread, True)
    Message.objects.filter(pk=again.pk).update(owner=people["rep"])
    handling.file_with(message=first, places=[("company", deal.company_id)], by=people["rep"])
    for message in (first, sent, again):
        assert places(message) == {("company", deal.company_id)}
    again.refresh_from_db()
    assert not again.review


def test_a_foreign_mail_tears_nothing_out_of_a_thread(people, deal):
    first = take_in(mail(sender="kurz@hoefle.example", subject=deal.number, Message_ID="<a@hoefle.example>")).message
    sent = writing.write(by=people["rep"], to="kurz@hoefle.example", subject="Re", text="x", answers=first).message
    take_in(mail(sender="fremd@anders.example", subject="Gewinn", Message_ID="<a@hoefle.example>"))
    sent.refresh_from_db()
    assert sent.thread == first.thread


# ── what customers' machines send ───────────────────────────────────────────────────────────────────
def test_a_list_of_a_known_customer_is_filed_and_makes_nothing(deal):
    Address.objects.create(email="leads@example.com", purpose=Purpose.LEADS)
    known = take_in(mail(sender="kurz@hoefle.example", to="leads@example.com", List_Unsubscribe="<x>"))
    assert known.state == "processed"
    assert ("person", deal.person_id) in places(known.message)
    # By its domain alone a newsletter is none of the customer's letters.
    news = take_in(mail(sender="news@hoefle.example", to="leads@example.com", List_Unsubscribe="<x>"))
    away = take_in(mail(sender="kurz@hoefle.example", to="leads@example.com", Auto_Submitted="auto-replied"))
    assert (news.state, away.state) == ("ignored", "ignored")
    assert InboxItem.objects.count() == 0


# ── private addresses ───────────────────────────────────────────────────────────────────────────────
def test_what_one_keeps_out_the_others_keep(people, deal):
    ExcludedAddress.objects.create(user=people["mate"], email="kurz@hoefle.example")
    both = take_in(
        mail(sender="kurz@hoefle.example", to=f"{people['mate'].email}, {people['rep'].email}", subject=deal.number)
    )
    assert both.state == "processed"
    assert both.message.owner == people["rep"]
    alone = take_in(mail(sender="kurz@hoefle.example", to=people["mate"].email, subject="Grillen"))
    assert alone.state == "ignored"


def test_our_own_addresses_are_not_excluded(signed_in, people, deal):
    message = take_in(
        mail(sender="kurz@hoefle.example", to=f"{people['rep'].email}, crm@example.com, {people['mate'].email}")
    ).message
    page = signed_in("rep").get(f"/mail/{message.pk}/exclude/").content.decode()
    assert 'value="kurz@hoefle.example"' in page
    assert 'value="crm@example.com"' not in page
    assert f'value="{people["mate"].email}"' not in page
    for own in ("crm@example.com", people["mate"].email):
        with pytest.raises(Refused):
            handling.exclude(email=own, by=people["rep"])


# ── filing ──────────────────────────────────────────────────────────────────────────────────────────
def test_only_who_may_change_a_deal_files_with_it_or_takes_out(people, deal):
    message = take_in(mail(sender="kurz@hoefle.example", to=people["mate"].email, subject=deal.number)).message
    assert message.owner == people["mate"]
    for verb in (
        lambda: handling.take_out(message=message, place=("opportunity", deal.pk), by=people["mate"]),
        lambda: handling.file_with(message=message, places=[("opportunity", deal.pk)], by=people["mate"]),
    ):
        with pytest.raises(Refused):
            verb()
    assert ("opportunity", deal.pk) in places(message)


def test_a_correction_replaces_what_was_filed_by_itself(people, deal):
    message = take_in(mail(sender="kurz@hoefle.example", to=people["rep"].email)).message
    other = Company.objects.create(name="Anders KG", owner=people["rep"])
    handling.file_with(message=message, places=[("company", other.pk)], by=people["rep"])
    assert places(message) == {("company", other.pk)}
    # What people filed stays, when somebody adds a place.
    handling.file_with(message=message, places=[("company", deal.company_id)], by=people["rep"])
    assert places(message) == {("company", other.pk), ("company", deal.company_id)}


def test_a_lead_takes_its_mails_along(people):
    Address.objects.create(email="leads@example.com", purpose=Purpose.LEADS)
    message = take_in(mail(sender="neu@anders.example", to="leads@example.com", subject="Anfrage")).message
    item = InboxItem.objects.get()
    made = inbox.convert(item=item, by=people["rep"], kind="lead")
    assert ("opportunity", made.pk) in places(message)


def test_taken_out_it_waits_in_the_journal_as_well(people, deal):
    row = take_in(mail(sender="info@hoefle.example", to=people["rep"].email))
    handling.take_out(message=row.message, place=("company", deal.company_id), by=people["rep"])
    row.refresh_from_db()
    assert row.state == "review"
    handling.set_aside(message=row.message, reason="Werbung", by=people["rep"])
    row.refresh_from_db()
    assert (row.state, row.reason) == ("ignored", "Werbung")
