"""Selling, as people do it: a quote with lines is sent, accepted, ordered, delivered, invoiced and paid."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from contacts.models import Person
from crm.sales import actions
from crm.sales.models import Invoice, Order, Quote
from opportunities.actions import create_opportunity, update_opportunity
from tests.browser.conftest import DESKTOP, PHONE
from tests.sales.factories import make_customer, make_invoice, make_product, make_quote, make_seller

pytestmark = pytest.mark.browser


@pytest.fixture
def deal(people):
    make_seller()
    return create_opportunity(
        by=people["rep"],
        title="Servoachsen KL-7",
        kind="deal",
        company=make_customer(people["rep"]),
        estimated_value=Decimal("148500"),
    )


def choose(page, label):
    """An entry of the menu."""
    page.get_by_role("button", name="Aktion auswählen").click()
    page.locator(".action-menu").get_by_text(label, exact=True).click()


def confirm(page, label):
    """The dialog's button; afterwards the dialog is gone, and the page has fetched itself anew."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-target") == "record"):
        page.locator("#dialog").get_by_role("button", name=label).click()
    expect(page.locator("#dialog[open], .htmx-request")).to_have_count(0)


def test_from_the_opportunity_to_the_paid_invoice(window, people, deal):
    make_product("KL-9", name="Regler KL-9", net_price=Decimal("1290.00"))
    page = window("rep")
    page.goto(f"/opportunities/{deal.pk}/")
    choose(page, "Neues Angebot")
    expect(page.locator("[name=subject]")).to_have_value("Servoachsen KL-7")
    expect(page.locator("form.form-page")).to_contain_text("Höfle Verpackungstechnik")
    page.get_by_role("button", name="Weiter zu den Positionen").click()

    # The lines: the first one is the opportunity's; a product, a discount, a text; the sums follow.
    rows = page.locator("[data-line]")
    expect(rows).to_have_count(1)
    expect(rows.first.locator("[name=unit_price]")).to_have_value("148.500,00")
    rows.first.locator("[name=quantity]").fill("2")
    rows.first.locator("[name=unit_price]").fill("70.000")
    expect(page.locator(".sums-total dd")).to_have_text("166.600,00\u00a0€")
    expect(rows.first.locator("output")).to_have_text("140.000,00\u00a0€")
    page.locator(".lines-pick .ts-control").click()
    page.keyboard.type("regler")
    page.locator(".ts-dropdown .option", has_text="Regler KL-9").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator("textarea")).to_have_value("Regler KL-9")
    expect(rows.nth(1).locator("textarea")).to_be_focused()
    rows.nth(1).locator("[name=discount_percent]").fill("10")
    expect(rows.nth(1).locator("output")).to_have_text("1.161,00\u00a0€")
    page.get_by_role("button", name="Text", exact=True).click()
    rows.nth(2).locator("textarea").fill("Lieferung frei Haus")
    page.keyboard.press("Alt+ArrowUp")
    expect(rows.nth(1).locator("textarea")).to_have_value("Lieferung frei Haus")
    assert Quote.objects.get().lines.count() == 1, "nothing is saved by looking"
    page.get_by_role("button", name="Speichern").last.click()
    expect(page.get_by_text("141.161,00 €").first).to_be_visible()

    quote = Quote.objects.get()
    assert [line.kind for line in quote.lines.all()] == ["item", "text", "item"]
    choose(page, "Als gesendet markieren …")
    confirm(page, "Als gesendet markieren")
    expect(page.locator(".lock-bar")).to_contain_text("Gesendet am")
    choose(page, "Vom Kunden angenommen …")
    page.locator("#dialog [name=name]").fill("Sabine Kurz")
    confirm(page, "Als angenommen markieren")
    expect(page.locator(".record-badges")).to_contain_text("Angenommen")

    choose(page, "Auftrag anlegen")
    expect(page.locator(".record-number")).to_contain_text("AUF-")
    order = Order.objects.get()
    assert order.net_total == Decimal("141161.00")
    choose(page, "Bestätigen …")
    confirm(page, "Bestätigen")
    choose(page, "Lieferung erfassen …")
    page.locator("#dialog .deliver-line input").first.fill("1")
    confirm(page, "Lieferung erfassen")
    expect(page.locator(".record-badges")).to_contain_text("Bestätigt")
    choose(page, "Lieferung erfassen …")
    confirm(page, "Lieferung erfassen")
    expect(page.locator(".record-badges")).to_contain_text("Geliefert")

    choose(page, "Rechnung anlegen …")
    page.locator("#dialog").get_by_role("button", name="Rechnung anlegen").click()
    expect(page.locator(".record-badges")).to_contain_text("Entwurf")
    choose(page, "Ausstellen …")
    confirm(page, "Ausstellen")
    invoice = Invoice.objects.get()
    expect(page.locator(".record-number")).to_have_text(invoice.number)
    choose(page, "Zahlung erfassen …")
    page.locator("#dialog [name=amount]").fill("100.000")
    confirm(page, "Hinzufügen")
    expect(page.locator(".facts-keys")).to_contain_text("67.981,59")
    choose(page, "Als bezahlt markieren …")
    confirm(page, "Als bezahlt markieren")
    expect(page.locator(".record-badges")).to_contain_text("Bezahlt")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.net_total) == ("paid", Decimal("141161.00"))
    page.goto(f"/opportunities/{deal.pk}/?tab=invoices")
    expect(page.locator(".record-main")).to_contain_text(invoice.number)


@pytest.mark.parametrize(
    ("label", "model"), [("Neues Angebot", Quote), ("Neuer Auftrag", Order), ("Neue Rechnung", Invoice)]
)
def test_the_menu_of_an_opportunity_fills_in_each_document(window, people, deal, label, model):
    """Customer, person, lines, and as responsible the deal's owner, whoever presses the button."""
    anna = Person.objects.create(
        first_name="Anna", last_name="Müller", salutation="ms", company=deal.company, owner=people["rep"]
    )
    update_opportunity(opportunity=deal, by=people["rep"], person=anna)
    page = window("manager")
    page.goto(f"/opportunities/{deal.pk}/")
    choose(page, label)
    for words in ("Höfle Verpackungstechnik", "Anna Müller", deal.number, "Rep"):
        expect(page.locator("form.form-page")).to_contain_text(words)
    page.get_by_role("button", name="Weiter zu den Positionen").click()
    line = page.locator("[data-line]")
    expect(line).to_have_count(1)
    expect(line.locator("textarea")).to_have_value("Servoachsen KL-7")
    expect(page.locator(".sums-total dd")).to_have_text("176.715,00\u00a0€")
    made = model.objects.get()
    assert (made.company, made.person, made.opportunity) == (deal.company, anna, deal)
    assert (made.owner, made.subject, made.net_total) == (people["rep"], deal.title, deal.estimated_value)


def test_the_lines_on_a_phone_and_by_dragging(window, people):
    quote = make_quote(people["rep"])
    page = window("rep")
    page.goto(f"/quotes/{quote.pk}/lines/")
    rows = page.locator("[data-line]")
    rows.nth(1).locator(".pick-handle").drag_to(rows.nth(0).locator(".pick-handle"))
    expect(rows.nth(0).locator("textarea")).to_have_value("Montage")
    page.get_by_role("button", name="Speichern").last.click()
    expect(page.locator(".paper-what").first).to_contain_text("Montage")

    phone = window("rep", size=PHONE)
    phone.goto(f"/quotes/{quote.pk}/lines/")
    phone.locator("[data-line]").nth(1).get_by_role("button", name="Entfernen").click()
    expect(phone.locator("[data-line]")).to_have_count(1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("button", name="Speichern").last.click()
    expect(phone.locator(".paper-what")).to_have_count(1)
    assert quote.lines.get().text == "Montage"


LONG = {
    "name": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. KGaA",
    "lines": [
        {"text": "W" * 120, "quantity": Decimal("999999.999"), "unit": "Laufmeter je Gebinde", "unit_price": 9999}
    ],
}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_long_names_and_open_menus_stick_out_nowhere(window, people, size):
    make_seller()
    company = make_customer(people["rep"], name=LONG["name"])
    quote = make_quote(people["rep"], company=company, lines=LONG["lines"], subject="Ausführung nach Zeichnung " * 7)
    sent = actions.send_quote(
        quote=make_quote(people["rep"], company=company, lines=LONG["lines"], language="de"), by=people["rep"]
    )
    draft = make_invoice(people["rep"], company=company, lines=LONG["lines"])
    token = actions.create_link(quote=sent, by=people["rep"])[1]
    page, looked_at = window("rep", size=size), 0
    for address in (quote, sent, draft, f"/quotes/{quote.pk}/lines/", "/quotes/", "/invoices/", f"/q/{token}/"):
        page.goto(address if isinstance(address, str) else address.get_absolute_url())
        if not isinstance(address, str):
            page.get_by_role("button", name="Aktion auswählen").click()
            expect(page.locator(".action-menu")).to_be_visible()
            menu = page.locator(".action-menu")
            assert menu.evaluate("menu => menu.scrollWidth <= menu.clientWidth"), address
        looked_at += 1
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address
    assert looked_at == 7


def test_without_scripts_the_buttons_load_the_page_anew(window, people, chromium, live_server):
    quote = make_quote(people["rep"])
    page = window("rep")
    plain = chromium.new_context(base_url=live_server.url, java_script_enabled=False, locale="de-DE")
    plain.add_cookies(page.context.cookies())
    page = plain.new_page()
    page.goto(f"/quotes/{quote.pk}/lines/")
    page.get_by_role("button", name="Position", exact=True).click()
    rows = page.locator("[data-line]")
    expect(rows).to_have_count(3)
    rows.nth(2).locator("textarea").fill("Fracht")
    rows.nth(2).locator("[name=unit_price]").fill("240")
    rows.nth(2).get_by_role("button", name="Nach oben").click()
    expect(rows.nth(1).locator("textarea")).to_have_value("Fracht")
    page.locator("#lines-form").get_by_role("button", name="Speichern").last.click()
    expect(page.locator(".paper-what").nth(1)).to_contain_text("Fracht")
    plain.close()


def test_two_people_in_the_lines_of_one_quote(window, people):
    quote = make_quote(people["rep"])
    page = window("rep")
    page.goto(f"/quotes/{quote.pk}/lines/")
    actions.save_lines(document=quote, by=people["admin"], lines=[{"text": "Andere Ware", "unit_price": Decimal(7)}])
    page.locator("[data-line] textarea").first.fill("Meine Ware")
    page.get_by_role("button", name="Speichern").last.click()
    expect(page.get_by_role("alert")).to_contain_text("inzwischen geändert")
    expect(page.locator(".lines-there")).to_contain_text("Andere Ware")
    expect(page.locator("[data-line] textarea").first).to_have_value("Meine Ware")
    page.get_by_role("button", name="Speichern").last.click()
    expect(page.locator(".paper-what").first).to_contain_text("Meine Ware")
