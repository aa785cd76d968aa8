"""Every page, wide and narrow, light and dark, in both languages: it fits, and axe is content.

With SCREENSHOTS=folder the pictures are kept there, to be looked at.
"""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.sales.models import Invoice, Order, Product, Quote
from inbox.models import InboxItem, ProcessingStatus, WebForm
from opportunities.models import Opportunity, Pipeline
from tests.browser.conftest import DESKTOP, PHONE
from tests.contracts.conftest import same_numbers, world  # noqa: F401  fixtures
from tests.contracts.routes import all_routes
from tests.contracts.test_pages import pages

pytestmark = pytest.mark.browser

LOOKS = {
    "1440-light-de": (DESKTOP, "light", "de"),
    "390-dark-en": (PHONE, "dark", "en"),
}
if os.environ.get("SCREENSHOTS"):
    LOOKS |= {
        "1440-dark-en": (DESKTOP, "dark", "en"),
        "390-light-de": (PHONE, "light", "de"),
    }
# Without preloading: axe would ask for the sheets that our own imports, at addresses that do not exist.
AXE = {"resultTypes": ["violations"], "preload": False}
# No page of their own: they answer with a file, a part, a redirect or data.
NO_PAGE = re.compile(
    r"^(healthz|logout|theme|language|api|password_change|home$|later:|contacts:(pick|check)|.*:check)"
)


@pytest.fixture
def demo(people):
    """The demo's company; its administrator is the one who looks at it."""
    call_command("demo_data", force=True, verbosity=0)
    people["admin"] = User.objects.get(email="admin@demo.example")
    return people


def addresses():
    """Every page without a parameter, and one record of each kind."""
    for route in all_routes():
        if not route.parameters and not NO_PAGE.match(route.name):
            yield route.name, reverse(route.name)
    deals = Opportunity.objects.filter(kind="deal").exclude(company=None).order_by("-pk")
    yield "deal-open", deals.open().first().get_absolute_url()
    yield "deal-won", deals.won().first().get_absolute_url()
    yield "deal-lost", deals.lost().first().get_absolute_url()
    yield "lead-open", Opportunity.objects.leads().open().order_by("-pk").first().get_absolute_url()
    yield "board-deals", reverse("opportunities:board") + "?kind=deal"
    waiting = InboxItem.objects.waiting().order_by("-created_at").first()
    yield "inbox-panel", f"{reverse('inbox:list')}?open={waiting.pk}"
    yield "inbox-item", waiting.get_absolute_url()
    yield "inbox-archived", InboxItem.objects.exclude(archived_at=None).order_by("-pk").first().get_absolute_url()
    yield "inbox-converted", InboxItem.objects.exclude(opportunity=None).order_by("-pk").first().get_absolute_url()
    yield "company", Company.objects.filter(status="customer").order_by("pk").first().get_absolute_url()
    yield "person", Person.objects.exclude(company=None).order_by("pk").first().get_absolute_url()
    yield from papers()
    yield "public-form", WebForm.objects.filter(is_active=True).first().get_absolute_url()
    yield "list-empty", reverse("opportunities:list") + "?q=gibtesnicht"
    yield "not-found", "/opportunities/99999999/"


def papers():
    """A quote, order and invoice in each status, their tabs, and the editor of lines."""
    for model in (Quote, Order, Invoice):
        name = model._meta.model_name
        for status in model.objects.order_by("status").values_list("status", flat=True).distinct():
            paper = model.objects.filter(status=status).order_by("-pk").first()
            yield f"{name}-{status}", paper.get_absolute_url()
            yield f"{name}-{status}-history", f"{paper.get_absolute_url()}?tab=history"
        if draft := model.objects.filter(status="draft").order_by("-pk").first():
            yield f"{name}-lines", reverse(f"sales:lines-{name}", args=[draft.pk])
            yield f"{name}-edit", reverse(f"sales:edit-{name}", args=[draft.pk])
    note = Invoice.objects.filter(kind="credit_note").order_by("-pk").first()
    yield "credit-note", note.get_absolute_url()
    paid = Invoice.objects.filter(payments__isnull=False).order_by("-pk").first()
    yield "invoice-payments", f"{paid.get_absolute_url()}?tab=payments"
    delivered = Order.objects.filter(deliveries__isnull=False).order_by("-pk").first()
    yield "order-deliveries", f"{delivered.get_absolute_url()}?tab=deliveries"
    revised = Quote.objects.filter(revision=2).order_by("-pk").first()
    yield "quote-revisions", f"{revised.get_absolute_url()}?tab=revisions"
    yield "quote-link", f"{Quote.objects.filter(status='sent').first().get_absolute_url()}?tab=link"
    yield "product", reverse("sales:product", args=[Product.objects.order_by("pk").first().pk])


def faults(page, name: str) -> list[str]:
    """What is wrong with the page that is open: wider than the window, or a serious finding of axe."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{name}: {wide} pixels too wide"] * (wide > 0) + [
        f"{name}: {v['id']} ({v['impact']}): {v['nodes'][0]['html'][:160]}"
        for v in Axe().run(page, options=AXE).response["violations"]
        if v["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_fits_and_is_accessible(window, demo, look):
    size, theme, language = LOOKS[look]
    admin = demo["admin"]
    admin.language, admin.theme = language, theme
    admin.save()
    page = window("admin", size=size, theme=theme, aside="404")  # the page "not found" is one of them
    problems, looked_at = [], 0
    pictures = os.environ.get("SCREENSHOTS")
    for name, address in addresses():
        answer = page.request.get(address)
        if answer.status == 405 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        response = page.goto(address)
        assert response.status < 500, address
        page.wait_for_load_state("networkidle")
        looked_at += 1
        problems += faults(page, name)
        if pictures:
            file = Path(pictures) / f"{name.replace(':', '-')}-{look}.png"
            page.screenshot(path=str(file), full_page=size is PHONE)
    assert looked_at > 30
    assert problems == [], "\n".join(problems)


def test_every_page_of_a_record_is_accessible_on_a_phone(window, world):  # noqa: F811
    """Whatever address answers a whole page: also forms, dialogs and imports, one record of each."""
    page = window("admin", size=PHONE)
    problems, looked_at = [], set()
    for _matrix, cell, _answer in pages(world, "admin"):
        if not cell.route.parameters or cell.route.name in looked_at:
            continue
        looked_at.add(cell.route.name)
        page.goto(cell.url)
        problems += faults(page, f"{cell.route.name} {cell.url}")
    assert {"opportunities:edit", "opportunities:lose", "imports:mapping", "imports:undo", "inbox:edit"} <= looked_at
    assert problems == [], "\n".join(problems)


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft "


def test_long_names_stay_within_their_place(window, people):
    """Names of one long word, an address without a break, the largest amount: no page becomes wider than a phone."""
    owner, name, mail = people["rep"], (LONG * 3)[:200], f"{'x' * 60}@{'y' * 60}.example"
    company = Company.objects.create(name=name, owner=owner, email=mail, city=LONG[:80], website=f"https://{mail[61:]}")
    person = Person.objects.create(
        first_name="Wilhelmine-Antoinette", last_name=LONG[:100], email=mail, function=name[:100], company=company,
        owner=owner,
    )  # fmt: skip
    pipeline = Pipeline.objects.get(kind="deal", is_default=True)
    deal = Opportunity.objects.create(
        title=name, kind="deal", pipeline=pipeline, stage=pipeline.stages.first(), owner=owner, company=company,
        person=person, estimated_value="999999999999.99",
    )  # fmt: skip
    item = InboxItem.objects.create(
        title=name, status=ProcessingStatus.objects.first(), owner=owner, company_name=name, last_name=LONG[:100],
        email=mail, expected_budget="999999999.99",
    )  # fmt: skip
    page = window("rep", size=PHONE)
    lists = ("/contacts/", "/opportunities/", "/opportunities/board/?kind=deal", "/inbox/", "/search/?q=donaudampf")
    problems = []
    for address in (*(r.get_absolute_url() for r in (company, person, deal, item)), *lists):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        problems += faults(page, address)
    assert problems == [], "\n".join(problems)
