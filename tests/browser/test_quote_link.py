"""The customer's link in a real browser, on a phone: read, accepted with a name, declined."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from crm.mail.models import OutgoingMail
from crm.sales import actions
from crm.sales.models import Quote
from tests.browser.conftest import PHONE
from tests.sales.factories import make_quote, make_seller

pytestmark = pytest.mark.browser
AXE = {"resultTypes": ["violations"], "preload": False}


@pytest.fixture
def offer(people, settings, tmp_path):
    """(quote, token) of a quote that was sent."""
    settings.MEDIA_ROOT = tmp_path
    make_seller()
    quote = make_quote(
        people["rep"],
        subject="Servoachsen für die Verpackungslinie 3",
        intro="vielen Dank für Ihre Anfrage. Gern bieten wir Ihnen an:",
        language="de",
    )
    quote = actions.send_quote(quote=quote, by=people["rep"])
    return quote, actions.create_link(quote=quote, by=people["rep"])[1]


def fits(page) -> None:
    """Nothing sticks out at the side."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_customer_accepts_on_the_phone(window, people, offer):
    quote, token = offer
    customer = window(size=PHONE)
    customer.goto(f"/q/{token}/")
    assert Axe().run(customer, options=AXE).response["violations"] == []
    expect(customer.get_by_role("heading", level=1)).to_contain_text(quote.number)
    expect(customer.locator("main")).to_contain_text("Servoachse KL-7")
    expect(customer.locator("main")).to_contain_text("1.339,76")
    fits(customer)
    assert customer.context.cookies() == []

    customer.get_by_role("link", name="Annehmen oder ablehnen").click()
    customer.get_by_role("button", name="Angebot annehmen").click()
    # The browser itself asks for what is missing, or the page says it; nothing is decided yet.
    quote.refresh_from_db()
    assert quote.status == "sent"
    customer.get_by_label(re.compile("Vor- und Nachname")).fill("Eva Kurz")
    customer.get_by_role("button", name="Angebot annehmen").click()
    expect(customer.get_by_role("status")).to_contain_text("Angenommen von Eva Kurz")
    expect(customer.get_by_role("button", name="Angebot annehmen")).to_have_count(0)
    fits(customer)
    assert OutgoingMail.objects.get().to == people["rep"].email

    page = window("rep")
    page.goto(f"/quotes/{quote.pk}/")
    expect(page.locator("body")).to_contain_text(re.compile("Angenommen|Accepted"))


def test_a_customer_declines_with_a_reason(window, offer):
    _quote, token = offer
    customer = window()
    customer.goto(f"/q/{token}/")
    customer.get_by_text("Angebot ablehnen").click()
    customer.get_by_label("Warum passt das Angebot nicht?").fill("Zu teuer <script>alert(1)</script>")
    customer.get_by_role("button", name="Ablehnen", exact=True).click()
    expect(customer.get_by_role("status")).to_contain_text("abgelehnt")
    assert Quote.objects.get().decline_reason == "Zu teuer <script>alert(1)</script>"


def test_what_was_typed_stays_and_a_late_answer_is_told(window, people, offer):
    quote, token = offer
    # The answer is a 409, which the browser reports.
    customer = window(aside="409")
    customer.goto(f"/q/{token}/")
    actions.accept_quote(quote=quote, by=people["rep"], name="Herr Kurz am Telefon")
    customer.get_by_label(re.compile("Vor- und Nachname")).fill("Eva Kurz")
    customer.get_by_role("button", name="Angebot annehmen").click()
    expect(customer.get_by_role("status")).to_contain_text("Herr Kurz am Telefon")
