"""Mail in the browser: written from an opportunity, answered by the customer, read in the thread; and a stranger's."""

import pytest
from playwright.sync_api import expect

from contacts.models import Company, Person
from crm.mail import filing, sending
from crm.mail.models import Address, Message, OutgoingMail, Purpose, TextTemplate
from opportunities.actions import create_opportunity
from tests.browser.conftest import PHONE
from tests.mail.conftest import post_office  # noqa: F401 a fixture
from tests.mail.incoming import mail, take_in
from tests.mail.test_handling import HOSTILE

pytestmark = pytest.mark.browser
DOT = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@pytest.fixture
def deal(people):
    rep = people["rep"]
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    company = Company.objects.create(name="Höfle Verpackungstechnik GmbH", owner=rep)
    person = Person.objects.create(
        salutation="ms", last_name="Kurz", email="kurz@hoefle.example", company=company, owner=rep
    )
    return create_opportunity(by=rep, title="Servoachsen KL-7", kind="deal", company=company, person=person)


def test_written_answered_and_read_in_the_thread(window, people, deal, post_office):  # noqa: F811
    TextTemplate.objects.create(name="Erstkontakt", subject="Ihre Anfrage", body="{salutation}\n\nvielen Dank.")
    page = window("rep")
    page.goto(f"/opportunities/{deal.pk}/")
    page.get_by_role("link", name="E-Mail schreiben").click()
    expect(page.locator("[name=to]")).to_have_value("kurz@hoefle.example")
    expect(page.locator("[name=subject]")).to_have_value(f"Servoachsen KL-7 [{deal.number}]")
    page.locator("[name=template]").select_option(label="Erstkontakt")
    expect(page.locator("[name=subject]")).to_have_value(f"Ihre Anfrage [{deal.number}]")
    text = page.locator("[name=text]")
    expect(text).to_have_value("Sehr geehrte Frau Kurz,\n\nvielen Dank.")
    text.fill("Sehr geehrte Frau Kurz,\n\npasst Ihnen Dienstag?")
    page.get_by_role("button", name="Senden").click()
    expect(page.locator("#toasts")).to_contain_text("unterwegs")

    assert sending.deliver(OutgoingMail.objects.get().pk)
    [sent] = post_office.received
    assert sent["Subject"] == f"Ihre Anfrage [{deal.number}]"
    answer = take_in(
        mail(
            sender="Sabine Kurz <kurz@hoefle.example>",
            to=sent["Reply-To"],
            subject=f"AW: {sent['Subject']}",
            text="Guten Tag,\n\nDienstag passt.\n\nAm 23.11.2026 schrieb Rep:\n> passt Ihnen Dienstag?",
            In_Reply_To=sent["Message-ID"],
        )
    )
    assert answer.state == "processed"

    page.goto(f"/opportunities/{deal.pk}/?tab=mails")
    items = page.locator(".mail-item")
    expect(items).to_have_count(2)
    answered = items.filter(has_text="Sabine Kurz")
    answered.locator("summary").first.click()
    opened = answered.locator(".mail-opened")
    expect(opened).to_contain_text("Dienstag passt.")
    expect(opened.locator(".mail-rest .mail-body")).to_be_hidden()
    opened.locator(".mail-rest summary").click()
    expect(opened.locator(".mail-rest .mail-body")).to_contain_text("> passt Ihnen Dienstag?")
    opened.get_by_role("link", name="Antworten").click()
    expect(page.locator("[name=subject]")).to_have_value(f"Re: Ihre Anfrage [{deal.number}]")
    page.get_by_role("button", name="Senden").click()
    # Back where it was answered: the mail, with the two others of its thread beside it.
    expect(page.locator(".mail-thread li")).to_have_count(2)
    assert len({message.thread for message in Message.objects.all()}) == 1


def test_a_stranger_is_reviewed(window, people, deal):
    row = take_in(mail(sender="fremd@anders.example", subject=f"Frage [{deal.number}]"))
    Message.objects.filter(pk=row.message_id).update(owner=people["rep"])
    page = window("rep")
    page.goto("/mail/?tab=review")
    page.get_by_role("link", name=f"Frage [{deal.number}]").click()
    panel = page.locator("#record")
    expect(panel).to_contain_text("Wohin gehört diese Mail?")
    panel.get_by_role("button", name="Hier ablegen").click()
    expect(page.locator("#record .mail-places")).to_contain_text(deal.number)
    expect(page.locator("#record")).not_to_contain_text("Wohin gehört diese Mail?")
    assert ("opportunity", deal.pk) in filing.places_of([row.message_id])

    other = take_in(mail(sender="wer@anders.example", subject="Etwas anderes")).message
    Message.objects.filter(pk=other.pk).update(owner=people["rep"])
    page.goto(f"/mail/{other.pk}/")
    page.get_by_role("link", name="Ablegen bei …").first.click()
    page.locator("#dialog .ts-control").first.click()
    page.keyboard.type("Kurz")
    page.locator(".ts-dropdown .option", has_text="Kurz").click()
    page.locator("#dialog").get_by_role("button", name="Ablegen").click()
    expect(page.locator("#record .mail-places")).to_contain_text("Kurz")


def test_nothing_in_a_mail_runs_and_nothing_is_loaded_until_asked_for(window, people, deal):
    from email.message import EmailMessage

    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "kurz@hoefle.example", people["rep"].email, "Bild"
    made.set_content("Guten Tag")
    made.add_alternative(HOSTILE, subtype="html")
    message = take_in(bytes(made)).message
    page = window("rep")
    asked = []
    page.route("https://spy.example/**", lambda route: (asked.append(route.request.url), route.fulfill(body=DOT)))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.goto(f"/mail/{message.pk}/")
    frame = page.frame_locator("iframe.mail-frame")
    expect(frame.locator("body")).to_contain_text("Guten Tag")
    assert asked == []
    page.get_by_role("link", name="Bilder laden").click()
    expect(page.get_by_role("link", name="Bilder laden")).to_have_count(0)
    expect(frame.locator("img[src^='https://spy.example']")).to_have_count(1)
    page.wait_for_timeout(300)
    assert asked == ["https://spy.example/dot.gif"]


def test_on_a_phone_a_mail_fits(window, people, deal):
    message = take_in(mail(sender="kurz@hoefle.example", to=people["rep"].email, subject="x" * 200, text="y" * 500))
    phone = window("rep", size=PHONE)
    phone.goto(f"/mail/{message.message_id}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
