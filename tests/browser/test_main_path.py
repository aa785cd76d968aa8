"""The main job, as people do it: a lead arrives by the web form, is qualified, becomes a deal, is lost, won."""

import re

import pytest
from playwright.sync_api import expect

from contacts.models import Company
from crm.lists.models import Source
from inbox.models import InboxItem, WebForm
from opportunities.models import Opportunity, Pipeline
from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def hoefle(people):
    return Company.objects.create(
        name="Höfle Verpackungstechnik GmbH & Co. KG", postal_code="71522", city="Backnang", owner=people["rep"]
    )


@pytest.fixture
def webform(people):
    return WebForm.objects.create(
        name="Kontaktformular",
        source=Source.objects.get(name="Webformular"),
        owner=people["rep"],
        fields=[
            {"name": name, "required": name in {"last_name", "email"}}
            for name in ("company_name", "first_name", "last_name", "email", "phone", "postal_code", "city", "message")
        ],
        consent_text="Ich stimme zu, dass meine Angaben gespeichert werden.",
    )


def deal(people, title="Servoachsen KL-7", value=148500, **fields):
    pipeline = Pipeline.objects.get(kind="deal")
    return Opportunity.objects.create(
        title=title,
        kind="deal",
        pipeline=pipeline,
        stage=pipeline.stages.first(),
        owner=people["rep"],
        estimated_value=value,
        **fields,
    )


def drag(page, card, target):
    """Take a card with the mouse and let go of it over `target`, slowly enough for a person's hand."""
    page.mouse.move(*centre(card))
    page.mouse.down()
    x, y = centre(card)
    page.mouse.move(x + 20, y + 20, steps=4)
    page.wait_for_timeout(200)
    page.mouse.move(*centre(target), steps=12)
    page.wait_for_timeout(300)
    page.mouse.up()


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 60)


def test_from_the_web_form_to_the_deal(window, people, webform, hoefle):
    visitor = window()
    visitor.goto(f"/forms/{webform.key}/")
    visitor.fill("[name=company_name]", "Hoefle Verpackungstechnik")
    visitor.fill("[name=first_name]", "Martin")
    visitor.fill("[name=last_name]", "Seidel")
    visitor.fill("[name=email]", "m.seidel@hoefle-vt.example")
    visitor.fill("[name=phone]", "07191 5550142")
    visitor.fill("[name=postal_code]", "71522")
    visitor.fill("[name=city]", "Backnang")
    visitor.fill("[name=message]", "Wir suchen acht Servoachsen. <script>alert(1)</script>")
    visitor.check("[name=consent]")
    visitor.wait_for_timeout(3100)  # faster is a machine
    visitor.click("button[type=submit]")
    expect(visitor.get_by_role("heading")).to_contain_text("Vielen Dank")

    page = window("rep")
    page.goto("/inbox/")
    page.get_by_text("Hoefle Verpackungstechnik").first.click()
    panel = page.locator("#panel")
    expect(panel.get_by_text("Diese Firma gibt es vermutlich schon.")).to_be_visible()
    expect(panel.get_by_role("link", name="Höfle Verpackungstechnik GmbH & Co. KG")).to_be_visible()
    expect(panel).to_contain_text("<script>alert(1)</script>")
    panel.get_by_role("button", name="Vorhandene übernehmen").click()
    expect(panel.get_by_text("Diese Firma gibt es vermutlich schon.")).to_have_count(0)
    panel.get_by_role("button", name="Person anlegen").click()
    expect(panel.get_by_text("Firma und Ansprechpartner sind angelegt")).to_be_visible()
    panel.get_by_role("button", name="In Deal umwandeln").click()
    expect(page.get_by_text("In einen Deal umgewandelt").or_(page.get_by_text("In den Deal")).first).to_be_visible()

    item = InboxItem.objects.get()
    assert item.qualified_at
    assert item.company == hoefle
    assert item.opportunity.company == hoefle
    assert item.opportunity.person.company == hoefle
    assert item.opportunity.person.phone == "+4971915550142"
    assert item.opportunity.kind == "deal"
    assert Company.objects.count() == 1


def test_a_new_company_and_person_are_linked_whichever_comes_first(window, people, webform):
    item = InboxItem.objects.create(
        title="Anfrage", status_id=InboxItem.status.field.related_model.objects.first().pk, owner=people["rep"],
        company_name="Paulsen Landmaschinen GmbH", first_name="Jana", last_name="Paulsen", email="j@paulsen.example",
    )  # fmt: skip
    page = window("rep")
    page.goto(f"/inbox/{item.pk}/")
    page.get_by_role("button", name="Person anlegen").click()
    expect(page.get_by_text("Angelegt", exact=True)).to_be_visible()
    page.get_by_role("button", name="Firma anlegen").click()
    expect(page.get_by_text("Firma und Ansprechpartner sind angelegt")).to_be_visible()
    item.refresh_from_db()
    assert item.person.company == item.company


def test_dragging_a_card_moves_the_deal_and_the_sums(window, people):
    opportunity = deal(people)
    page = window("rep")
    page.goto("/opportunities/board/?kind=deal")
    first, second = list(opportunity.pipeline.stages.all()[:2])
    card = page.locator(f"#card-{opportunity.pk}")
    column = page.locator(f"[data-column='{second.pk}']")
    drag(page, card, column.locator("[data-cards]"))
    expect(column.locator(f"#card-{opportunity.pk}")).to_be_visible()
    expect(column).to_contain_text("148.500 €")
    expect(page.locator(f"[data-column='{first.pk}']")).not_to_contain_text("148.500 €")
    page.reload()
    expect(column.locator(f"#card-{opportunity.pk}")).to_be_visible()
    opportunity.refresh_from_db()
    assert opportunity.stage == second


def test_the_board_by_keyboard(window, people):
    opportunity = deal(people)
    page = window("rep")
    page.goto("/opportunities/board/?kind=deal")
    page.locator(f"#card-{opportunity.pk}").focus()
    with page.expect_response(lambda response: "/move/" in response.url):
        page.keyboard.press("Shift+ArrowRight")
    opportunity.refresh_from_db()
    assert opportunity.stage == opportunity.pipeline.stages.all()[1]


def test_dropping_on_lost_asks_for_the_reason(window, people):
    opportunity = deal(people)
    page = window("rep")
    page.goto("/opportunities/board/?kind=deal")
    card = page.locator(f"#card-{opportunity.pk}")
    x, y = centre(card)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 30, steps=4)
    lost = page.locator("[data-drop=lose]")
    expect(lost).to_be_visible()
    page.mouse.move(*centre(lost), steps=12)
    page.wait_for_timeout(300)
    page.mouse.up()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("Verlustgrund")).to_be_visible()
    dialog.get_by_role("button", name="Als verloren markieren").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    opportunity.refresh_from_db()
    assert opportunity.status == "open", "without a reason it is not lost"
    dialog.locator("select").select_option(label="Preis")
    dialog.get_by_role("button", name="Als verloren markieren").click()
    expect(page.locator(f"#card-{opportunity.pk}")).to_have_count(0)
    opportunity.refresh_from_db()
    assert (opportunity.status, opportunity.loss_reason.name) == ("lost", "Preis")


def test_winning_makes_a_customer_and_locks(window, people, hoefle):
    opportunity = deal(people, company=hoefle)
    page = window("rep")
    page.goto(f"/opportunities/{opportunity.pk}/")
    page.get_by_role("button", name="Aktion auswählen").click()
    page.get_by_role("link", name="Als gewonnen markieren").click()
    page.locator("#dialog").get_by_role("button", name="Als gewonnen markieren").click()
    expect(page.get_by_text("Die Daten können nicht mehr geändert werden.")).to_be_visible()
    expect(page.get_by_role("link", name="Bearbeiten", exact=True)).to_have_count(0)
    hoefle.refresh_from_db()
    assert hoefle.status == "customer"
    page.goto(f"/opportunities/{opportunity.pk}/edit/")
    expect(page.locator("body")).to_contain_text("nicht mehr geändert werden")


def test_a_card_that_was_won_meanwhile_goes_back(window, people):
    from opportunities.actions import win

    opportunity = deal(people)
    page = window("rep", aside="409")  # the browser reports the refused request
    page.goto("/opportunities/board/?kind=deal")
    win(opportunity=opportunity, by=people["rep"])
    second = opportunity.pipeline.stages.all()[1]
    drag(page, page.locator(f"#card-{opportunity.pk}"), page.locator(f"[data-column='{second.pk}'] [data-cards]"))
    expect(page.locator("#toasts, .toast").first).to_contain_text("gewonnen oder verloren")
    expect(page.locator(f"#card-{opportunity.pk}")).to_have_count(0)


def test_the_current_tab_is_in_sight_on_a_phone(window, people):
    opportunity = deal(people)
    page = window("rep", size=PHONE)
    page.goto(f"/opportunities/{opportunity.pk}/?tab=history")
    expect(page.locator(".tabs [aria-current]")).to_have_text("Verlauf")
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
    page.locator(".tabs a").first.click()
    expect(page.locator(".tabs [aria-current]")).to_have_text("Übersicht")
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_signing_in_and_out(window, people):
    people["rep"].set_password("ein-langes-Passwort-7")
    people["rep"].save()
    page = window()
    page.goto("/inbox/")
    expect(page).to_have_url(re.compile("/login/"))
    page.fill("[name=username]", "REP@example.com")
    page.fill("[name=password]", "falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.fill("[name=password]", "ein-langes-Passwort-7")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/inbox/"))
