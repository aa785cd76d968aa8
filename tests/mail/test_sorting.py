"""Where a mail ends up: thread, ID, addresses, in this order; what a stranger claims is asked; nothing is dropped."""

import pytest
from django.db import DatabaseError, transaction

from contacts.models import Company, Person
from crm.lists.models import Source
from crm.mail import actions, reading, showing, sorting
from crm.mail.models import (
    Address,
    Direction,
    ExcludedAddress,
    IncomingMail,
    IncomingState,
    Message,
    OutgoingMail,
    Purpose,
)
from inbox.models import InboxItem
from opportunities import actions as opportunities
from opportunities import story
from tests.mail.incoming import mail, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def hoefle(people):
    return Company.objects.create(name="Höfle GmbH", website="https://www.hoefle.example", owner=people["rep"])


@pytest.fixture
def kurz(hoefle):
    return Person.objects.create(last_name="Kurz", email="kurz@hoefle.example", company=hoefle, owner=hoefle.owner)


@pytest.fixture
def deal(people, hoefle, kurz):
    return opportunities.create_opportunity(by=people["rep"], title="Servoachsen", company=hoefle, person=kurz)


@pytest.fixture
def leads_address():
    return Address.objects.create(email="anfragen@example.com", purpose=Purpose.LEADS)


def filed(message) -> dict:
    """{drawer: ids of the records}, by the rooms' own tables."""
    return {
        "opportunity": [link.pk for link in _records("opportunities", "OpportunityMessage", "opportunity", message)],
        "person": [link.pk for link in _records("contacts", "PersonMessage", "person", message)],
        "company": [link.pk for link in _records("contacts", "CompanyMessage", "company", message)],
        "item": [link.pk for link in _records("inbox", "InboxItemMessage", "item", message)],
    }


def _records(app, model, field, message):
    from django.apps import apps

    return [getattr(link, field) for link in apps.get_model(app, model).objects.filter(message=message)]


def nowhere(message) -> bool:
    return not any(filed(message).values())


# ── the ID in the subject ───────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "subject", ["{}", "AW: [{}] Servoachsen", "Re: Fwd: {} und mehr", "=?utf-8?q?Antwort_zu_{}_f=C3=BCr_Sie?="]
)
def test_an_id_from_somebody_of_the_company_files_it(deal, hoefle, kurz, subject):
    row = take_in(mail(sender="einkauf@hoefle.example", subject=subject.format(deal.number.lower())))
    assert (row.state, row.reason) == (IncomingState.PROCESSED, "")
    assert filed(row.message) == {"opportunity": [deal.pk], "person": [kurz.pk], "company": [hoefle.pk], "item": []}
    assert (row.message.owner, row.message.direction) == (deal.owner, Direction.IN)


def test_a_users_bcc_is_a_mail_that_we_sent(people, deal):
    row = take_in(
        mail(sender="rep@example.com", to="kurz@hoefle.example", subject=f"Termin {deal.number}"),
        envelope_to=["crm@example.com"],
    )
    assert row.state == IncomingState.PROCESSED
    assert (row.message.direction, row.message.owner) == (Direction.OUT, people["rep"])
    assert filed(row.message)["opportunity"] == [deal.pk]


def test_the_id_may_stand_behind_the_plus_of_our_address(deal):
    Address.objects.create(email="crm@example.com")
    row = take_in(mail(sender="kurz@hoefle.example", to=f"crm+{deal.number}@example.com", subject="Ohne Nummer"))
    assert filed(row.message)["opportunity"] == [deal.pk]


def test_strangers_with_right_ids_are_all_asked_about(deal):
    senders = [f"wer{n}@fremd{n}.example" for n in range(50)]
    for sender in senders:
        row = take_in(mail(sender=sender, subject=f"Zu {deal.number}"))
        assert (row.state, row.message.review) == (IncomingState.REVIEW, True)
        assert row.message.proposal == [["opportunity", deal.pk]]
        assert nowhere(row.message)
    assert Message.objects.filter(review=True).count() == len(senders) == 50


def test_a_stranger_cannot_hide_behind_a_known_copy(deal):
    row = take_in(mail(sender="wer@fremd.example", Cc="kurz@hoefle.example", subject=f"Zu {deal.number}"))
    assert row.state == IncomingState.REVIEW
    assert nowhere(row.message)


def test_a_closed_opportunity_still_gets_its_mail(people, deal):
    opportunities.win(opportunity=deal, by=people["rep"])
    assert filed(take_in(mail(sender="kurz@hoefle.example", subject=deal.number)).message)["opportunity"] == [deal.pk]


# ── threads ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_answer_to_a_mail_of_ours_finds_its_thread(people, deal):
    actions.send(
        by=people["rep"], to="kurz@hoefle.example", subject="Ihr Angebot", text="…", places=[("opportunity", deal.pk)]
    )
    sent = OutgoingMail.objects.get().message
    row = take_in(mail(sender="kollege@anderswo.example", subject="AW: Ihr Angebot", In_Reply_To=sent.message_id))
    assert row.state == IncomingState.PROCESSED
    assert filed(row.message)["opportunity"] == [deal.pk]
    assert row.message.thread == sent.thread


def test_an_answer_that_came_first_joins_the_thread(kurz):
    later = take_in(mail(sender="kurz@hoefle.example", subject="Re: A", References="<a@hoefle.example>")).message
    first = take_in(mail(sender="kurz@hoefle.example", subject="A", Message_ID="<a@hoefle.example>")).message
    later.refresh_from_db()
    assert later.thread == first.thread


def test_our_own_mail_coming_back_is_known(people, deal):
    actions.send(by=people["rep"], to="kurz@hoefle.example", subject="A", text="B", places=[("opportunity", deal.pk)])
    sent = Message.objects.get()
    row = take_in(mail(sender="crm@example.com", subject="A", Message_ID=sent.message_id))
    assert (row.state, row.reason, row.message) == (IncomingState.IGNORED, sorting.OWN, sent)


# ── addresses ───────────────────────────────────────────────────────────────────────────────────────
def test_without_an_id_the_address_decides(kurz, hoefle):
    assert filed(take_in(mail(sender="Kurz@Hoefle.example")).message)["person"] == [kurz.pk]
    other = filed(take_in(mail(sender="neu@hoefle.example", subject="Neu")).message)
    assert (other["person"], other["company"]) == ([], [hoefle.pk])


def test_a_freemail_domain_is_nobodys(people):
    Company.objects.create(name="Klein", email="klein@gmx.de", owner=people["rep"])
    row = take_in(mail(sender="anders@gmx.de"))
    assert (row.state, nowhere(row.message)) == (IncomingState.REVIEW, True)


# ── the lead address ────────────────────────────────────────────────────────────────────────────────
def test_an_unknown_sender_to_the_lead_address_becomes_an_item(leads_address):
    text = "Guten Tag,\nwir brauchen drei Anlagen.\n\n-- \nErika Muster\nMuster Anlagenbau GmbH\nTel.: +49 731 555123\n"
    raw = mail(
        sender="Erika Muster <erika@muster.example>", to="anfragen@example.com", subject="Drei Anlagen", text=text
    )
    row = take_in(raw)
    item = InboxItem.objects.get()
    assert row.state == IncomingState.PROCESSED
    assert filed(row.message)["item"] == [item.pk]
    assert (item.title, item.email, item.last_name) == ("Drei Anlagen", "erika@muster.example", "Muster")
    assert item.source == Source.objects.get(name="E-Mail")
    assert "wir brauchen drei Anlagen" in item.message


@pytest.mark.parametrize(
    "header", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<news.muster.example>"}]
)
def test_what_a_machine_sends_makes_nothing(leads_address, header):
    row = take_in(mail(sender="x@muster.example", to="anfragen@example.com", **header))
    assert row.state == IncomingState.IGNORED
    assert row.reason in reading.REASONS.values()
    assert not InboxItem.objects.exists()
    assert not Message.objects.exists()


def test_mail_to_the_service_address_waits(people):
    Address.objects.create(email="service@example.com", purpose=Purpose.SERVICE)
    assert take_in(mail(sender="x@muster.example", to="service@example.com")).state == IncomingState.REVIEW


def test_a_failed_delivery_comes_back_to_the_message(people, deal):
    actions.send(by=people["rep"], to="kurz@hoefle.example", subject="A", text="B", places=[("opportunity", deal.pk)])
    sent = Message.objects.get()
    raw = (
        "From: MAILER-DAEMON@mx.example\r\nTo: crm@example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; kurz@hoefle.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent.message_id}\r\n\r\n--b--\r\n"
    ).encode()
    row = take_in(raw)
    sent.refresh_from_db()
    assert (row.state, row.message) == (IncomingState.PROCESSED, sent)
    assert sent.bounced_at is not None
    assert "5.1.1" in sent.bounce_reason


def test_an_excluded_address_stays_private(people, kurz):
    ExcludedAddress.objects.create(user=people["rep"], email="kurz@hoefle.example")
    row = take_in(mail(sender="kurz@hoefle.example", to="rep@example.com"))
    assert (row.state, row.reason) == (IncomingState.IGNORED, sorting.EXCLUDED)
    assert not Message.objects.exists()


# ── once, and never lost ────────────────────────────────────────────────────────────────────────────
def test_the_same_mail_by_two_ways_is_one_message(kurz):
    raw = mail(sender="kurz@hoefle.example")
    first = take_in(raw)
    again = take_in(b"Received: from mx.example by imap.example\r\n" + raw.replace(b"\n", b"\r\n"))
    assert IncomingMail.objects.count() == 2
    assert (again.state, again.reason, again.message) == (IncomingState.IGNORED, sorting.REPEATED, first.message)
    assert take_in(raw) == first
    assert Message.objects.count() == 1


def test_two_mails_with_one_message_id_are_two(kurz):
    for text in ("Eins", "Zwei"):
        take_in(mail(sender="kurz@hoefle.example", text=text, Message_ID="<gleich@hoefle.example>"))
    assert Message.objects.count() == 2


def test_sorted_twice_is_sorted_once(deal):
    row = take_in(mail(sender="kurz@hoefle.example", subject=deal.number))
    assert sorting.sort(row.pk) is False
    assert Message.objects.count() == 1


def test_what_breaks_is_kept_with_its_reason_and_tried_again(kurz, monkeypatch):
    monkeypatch.setattr(reading, "read", lambda raw, **more: 1 / 0)
    row = take_in(mail(sender="kurz@hoefle.example"))
    assert (row.state, row.attempts) == (IncomingState.FAILED, 1)
    assert "ZeroDivisionError" in row.reason
    assert row.next_try_at > row.received_at
    monkeypatch.undo()
    IncomingMail.objects.update(next_try_at=row.received_at)
    assert sorting.sort(row.pk)
    row.refresh_from_db()
    assert (row.state, row.reason) == (IncomingState.PROCESSED, "")


def test_a_mail_that_kills_its_worker_is_not_offered_for_ever(kurz):
    row = take_in(mail(sender="kurz@hoefle.example", text="x"))
    IncomingMail.objects.filter(pk=row.pk).update(
        state=IncomingState.STORED, attempts=len(sorting.PAUSES), next_try_at=row.received_at, message=None
    )
    assert sorting.sort(row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.reason, row.next_try_at) == (IncomingState.FAILED, sorting.INTERRUPTED, None)


def test_no_mail_at_all_is_a_visible_failure():
    row = take_in(b"\0\0  ")
    assert (row.state, row.next_try_at) == (IncomingState.FAILED, None)
    assert row.reason


def test_sql_changes_no_raw_mail_and_deletes_none(kurz):
    row = take_in(mail(sender="kurz@hoefle.example"))
    for write in (lambda rows: rows.update(raw=b"x"), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            write(IncomingMail.objects.filter(pk=row.pk))


# ── who sees it ─────────────────────────────────────────────────────────────────────────────────────
def test_who_sees_the_record_sees_the_mail(people, deal):
    message = take_in(mail(sender="kurz@hoefle.example", subject=deal.number)).message
    seen_by = {name for name, user in people.items() if Message.objects.visible_to(user).filter(pk=message.pk).exists()}
    assert seen_by == set(people) - {"stranger"}
    Message.objects.update(is_private=True)
    seen_by = {name for name, user in people.items() if Message.objects.visible_to(user).filter(pk=message.pk).exists()}
    assert seen_by == {"rep"}


def test_a_deal_that_one_may_not_see_is_not_read_on_the_customers_page(people, deal, hoefle):
    type(deal).objects.filter(pk=deal.pk).update(owner=people["stranger"])
    message = take_in(mail(sender="kurz@hoefle.example", subject=deal.number)).message
    assert filed(message)["company"] == [hoefle.pk]
    assert not Message.objects.visible_to(people["rep"]).filter(pk=message.pk).exists()
    assert showing.entries("company", hoefle.pk, user=people["rep"], before=None, limit=50) == []


def test_it_stands_in_the_timeline(signed_in, people, deal, hoefle, kurz):
    take_in(
        mail(
            sender="Sabine <kurz@hoefle.example>", subject=f"Zu {deal.number}", text="Wir <b>nehmen</b> das Angebot an."
        )
    )
    (entry,) = [e for e in story.of(deal, user=people["rep"]).entries if e.icon == "mail"]
    assert entry.text.startswith("<b>Sabine</b>")
    for record in (deal, hoefle, kurz):
        page = signed_in("rep").get(record.get_absolute_url()).content.decode()
        assert "Wir &lt;b&gt;nehmen&lt;/b&gt; das Angebot an." in page
