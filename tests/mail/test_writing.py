"""Writing mail: what the form begins with, what leaves, and how the answer finds its way back."""

import pytest

from contacts.models import Company, Person
from crm.mail import filing, sending, writing
from crm.mail.models import Address, Message, OutgoingMail, Purpose, TextTemplate
from opportunities.actions import create_opportunity
from tests.mail.incoming import mail, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(people):
    rep = people["rep"]
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    company = Company.objects.create(name="Höfle GmbH", owner=rep, email="info@hoefle.example")
    person = Person.objects.create(
        salutation="ms", last_name="Kurz", email="kurz@hoefle.example", company=company, owner=rep
    )
    return create_opportunity(by=rep, title="Servoachse", kind="deal", company=company, person=person)


def test_the_form_begins_with_what_is_known(signed_in, deal):
    text = TextTemplate.objects.create(name="Erstkontakt", subject="Ihre Anfrage", body="{salutation}\n\n{sender}")
    client = signed_in("rep")
    page = client.get(f"/mail/new/?place=opportunity:{deal.pk}").content.decode()
    assert 'value="kurz@hoefle.example"' in page
    assert f'value="Servoachse [{deal.number}]"' in page
    assert '<option value="info@hoefle.example">Höfle GmbH</option>' in page
    filled = client.get(f"/mail/new/?place=opportunity:{deal.pk}&template={text.pk}").content.decode()
    assert "Sehr geehrte Frau Kurz," in filled
    assert f'value="Ihre Anfrage [{deal.number}]"' in filled


def test_a_mail_leaves_and_its_answer_comes_back(signed_in, people, deal, post_office):
    signed_in("rep").post(
        f"/mail/new/?place=opportunity:{deal.pk}",
        {"to": "kurz@hoefle.example", "cc": "b@hoefle.example; c@hoefle.example", "subject": "Termin", "text": "Hallo"},
    )
    out = OutgoingMail.objects.get()
    assert sending.deliver(out.pk)
    (sent,) = post_office.received
    assert sent["Subject"] == f"Termin [{deal.number}]"
    assert sent["Cc"] == "b@hoefle.example, c@hoefle.example"
    assert "crm@example.com" in sent["Reply-To"]
    assert people["rep"].email in sent["Reply-To"]
    # Whoever answers without the ID, from an address nobody knows: the thread says where it belongs.
    row = take_in(
        mail(sender="chef@privat.example", subject="Re: Termin", text="Passt.", In_Reply_To=sent["Message-ID"])
    )
    assert row.state == "processed"
    assert ("opportunity", deal.pk) in filing.places_of([row.message_id])
    assert row.message.thread == out.message.thread

    # Our answer to it names the whole thread, and the ID once.
    signed_in("rep").post(
        f"/mail/new/?answer={row.message_id}",
        {"to": "chef@privat.example", "subject": f"Re: Termin [{deal.number}]", "text": "Gut."},
    )
    again = OutgoingMail.objects.latest("pk")
    sending.deliver(again.pk)
    sent = post_office.received[-1]
    assert sent["In-Reply-To"] == row.message.message_id
    assert sent["References"].split() == [*row.message.references, row.message.message_id]
    assert sent["Subject"].count(deal.number) == 1
    assert again.message.thread == out.message.thread
    assert ("opportunity", deal.pk) in filing.places_of([again.message.pk])


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Termin", "Termin [{n}]"),
        ("Re: Termin [{n}]", "Re: Termin [{n}]"),
        ("termin {n} morgen", "termin {n} morgen"),
        ("[OPP-2020-000001]", "[OPP-2020-000001] [{n}]"),
        ("", "[{n}]"),
    ],
)
def test_the_id_stands_once_in_the_subject(deal, subject, expected):
    assert writing.numbered(subject.format(n=deal.number), deal) == expected.format(n=deal.number)


def test_an_answer_has_one_re_and_quotes(signed_in, deal):
    row = take_in(mail(sender="kurz@hoefle.example", subject=f"AW: Re: Termin [{deal.number}]", text="Wann?\n\nGruß"))
    page = signed_in("rep").get(f"/mail/new/?answer={row.message_id}").content.decode()
    assert f'value="Re: Termin [{deal.number}]"' in page
    assert "&gt; Wann?" in page


def test_nobody_writes_about_what_he_may_not_change(signed_in, deal):
    for name in ("stranger", "readonly"):
        client = signed_in(name)
        assert client.get(f"/mail/new/?place=opportunity:{deal.pk}").status_code == 404
        data = {"to": "kurz@hoefle.example", "subject": "x", "text": "y"}
        assert client.post(f"/mail/new/?place=opportunity:{deal.pk}", data).status_code == 404
    assert OutgoingMail.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {"to": "niemand"},
        {"to": "kurz@hoefle.example\nBcc: alle@example.com"},
        {"cc": "kaputt@"},
        {"cc": ", ".join(f"a{i}@example.com" for i in range(21))},
        {"subject": ""},
        {"text": ""},
    ],
)
def test_what_is_wrong_is_said_beside_the_field(signed_in, deal, data):
    whole = {"to": "kurz@hoefle.example", "subject": "x", "text": "y"} | data
    answer = signed_in("rep").post(f"/mail/new/?place=opportunity:{deal.pk}", whole)
    assert answer.status_code in (200, 422)
    assert "invalid" in answer.content.decode() or "error" in answer.content.decode()
    assert OutgoingMail.objects.count() == 0


def test_a_subject_cannot_carry_a_header(signed_in, deal, post_office):
    data = {"to": "kurz@hoefle.example", "subject": "Termin\r\nBcc: alle@example.com", "text": "y"}
    signed_in("rep").post(f"/mail/new/?place=opportunity:{deal.pk}", data)
    mail = OutgoingMail.objects.get()
    assert sending.deliver(mail.pk)
    assert post_office.received[0]["Bcc"] is None


def test_the_addresses_of_contacts_bring_our_own_along(signed_in, deal):
    page = signed_in("rep").get(deal.person.get_absolute_url()).content.decode()
    assert 'href="mailto:kurz@hoefle.example?bcc=crm%40example.com"' in page


def test_a_text_template_knows_its_placeholders(signed_in, people):
    client = signed_in("manager")
    wrong = client.post("/settings/text-templates/new/", {"name": "A", "subject": "", "body": "{vorname}"})
    assert "{vorname}" in wrong.content.decode()
    assert not TextTemplate.objects.exists()
    client.post("/settings/text-templates/new/", {"name": "A", "body": "{salutation}", "is_active": "on"})
    text = TextTemplate.objects.get()
    client.post(f"/settings/text-templates/{text.pk}/", {"name": "B", "body": "x", "is_active": "on"})
    assert TextTemplate.objects.get().name == "B"
    client.post(f"/settings/text-templates/{text.pk}/delete/")
    assert not TextTemplate.objects.exists()


def test_a_mail_that_nobody_filed_is_shown_to_nobody_else(signed_in, deal, people):
    message = take_in(mail(sender="fremd@anders.example", to=people["rep"].email)).message
    assert message.owner == people["rep"]
    assert signed_in("rep").get(message.get_absolute_url()).status_code == 200
    assert signed_in("stranger").get(message.get_absolute_url()).status_code == 404
    assert Message.objects.visible_to(people["stranger"]).count() == 0
