"""Quotes, confirmations, invoices and reminders as letters: what they say, and that they stay as they were."""

import datetime
import hashlib
import io
import itertools
import re
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, connections, transaction
from pypdf import PdfReader

from contacts.models import Person
from crm.celery import app
from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.mail import makers
from crm.sales import actions, keeping, pdf, tasks
from crm.sales.models import Invoice, InvoiceLine, TaxTreatment
from crm.setup.models import Organisation
from tests.papers.conftest import asked, traps  # noqa: F401
from tests.sales.factories import issued_invoice, make_customer, make_invoice, make_order, make_quote, make_seller


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def by(people):
    make_seller()
    return people["rep"]


def text_of(content: bytes) -> str:
    """All that a reader sees, in one line, blanks as they are typed."""
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_an_invoice_says_all_that_the_law_asks_for(by):
    """§ 14 (4) UStG, no. 1 to 8."""
    lines = [
        {"text": "Servoachse KL-7\nmit Geber", "quantity": Decimal("2.5"), "unit_price": Decimal(500), "unit": "Stk"},
        {"kind": "text", "text": "Druckwerke", "quantity": 0, "unit": "", "vat_rate": 0},
        {"text": "Handbuch", "quantity": 3, "unit_price": Decimal("20.00"), "vat_rate": 7, "discount_percent": 10},
    ]
    service = {"service_date": datetime.date(2026, 11, 2), "service_end": datetime.date(2026, 11, 20)}
    draft = make_invoice(by, lines=lines, **service, invoice_date=datetime.date(2026, 11, 21))
    invoice = actions.issue_invoice(invoice=draft, by=by)
    text = text_of(pdf.draw(invoice))
    for words in (
        "Nordlicht Antriebstechnik GmbH",  # 1: who supplies …
        "Werftstraße 12",
        "24143 Kiel",
        "Höfle Verpackungstechnik GmbH & Co. KG",  # … and to whom, with their addresses
        "Am Güterbahnhof 3",
        "89073 Ulm",
        "DE811569869",  # 2: VAT ID or tax number
        "20/291/12345",
        "21.11.2026",  # 3: date
        f"Rechnung {invoice.number}",  # 4: number
        "Servoachse KL-7",  # 5: quantity and kind
        "2,5 Stk",
        "02.11.2026 – 20.11.2026",  # 6: when
        "Rabatt",  # 7: the net for each rate, and what was agreed to be taken off
        "10 %",
        "19 % USt. auf 1.250,00 237,50 €",  # 8: rate and tax
        "7 % USt. auf 54,00 3,78 €",
        "Nettosumme 1.304,00 €",
        "Rechnungsbetrag 1.545,28 €",
        "DE89 3704 0044 0532 0130 00",
        "Amtsgericht Kiel",
    ):
        assert words.replace(" ", "\xa0") in text.replace(" ", "\xa0"), words


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (TaxTreatment.INTRA_COMMUNITY, "innergemeinschaftliche Lieferung"),
        (TaxTreatment.REVERSE_CHARGE, "Steuerschuldnerschaft des Leistungsempfängers"),
        (TaxTreatment.EXPORT, "Ausfuhrlieferung"),
        (TaxTreatment.SMALL_BUSINESS, "§ 19 UStG"),
        (TaxTreatment.EXEMPT, "§ 4 UStG"),
    ],
)
def test_without_vat_the_reason_is_said(by, treatment, words):
    invoice = make_invoice(by, tax_treatment=treatment, lines=[{"text": "Ware", "unit_price": 5, "vat_rate": 0}])
    text = text_of(pdf.preview(invoice, by))
    assert words in text
    assert "USt. auf" not in text


def test_a_letter_abroad_in_english(by):
    customer = make_customer(by, name="Dupont & Fils", city="Paris", country="FR")
    quote = make_quote(by, company=customer, language="en", recipient_name="")
    text = text_of(pdf.preview(quote, by))
    assert "Quote ANG-" in text
    assert "Dear Sir or Madam," in text
    assert "FRANKREICH" in text  # for the post at home
    assert "€1,339.76" in text


def test_a_person_is_addressed_by_name(by):
    anna = {"salutation": "ms", "title": "Dr.", "first_name": "Anna", "last_name": "Müller"}
    quote = make_quote(by, company=make_customer(by), person=Person.objects.create(**anna, owner=by))
    assert "Sehr geehrte Frau Dr. Müller," in text_of(pdf.preview(quote, by))


def test_a_draft_is_marked_and_nothing_of_it_is_saved(by):
    invoice = make_invoice(by)
    assert "Entwurf" in text_of(pdf.preview(invoice, by))
    invoice.refresh_from_db()
    assert (invoice.recipient_name, invoice.pdf) == ("", None)
    with pytest.raises(Refused):
        keeping.keep(invoice)


def test_confirmation_and_reminder(by):
    order = actions.confirm_order(order=make_order(by, delivery_date=datetime.date(2030, 1, 7)), by=by)
    text = text_of(keeping.keep(order).content.read())
    assert f"Auftragsbestätigung {order.number}" in text
    assert "07.01.2030" in text
    invoice = issued_invoice(by, days_ago=45)
    text = text_of(keeping.keep(actions.dun(invoice=invoice, by=by)).content.read())
    assert f"Zahlungserinnerung {invoice.number}" in text
    assert "1.339,76" in text


def test_a_cancellation_names_what_it_cancels(by):
    invoice = issued_invoice(by)
    text = text_of(pdf.draw(actions.cancel_invoice(invoice=invoice, by=by)))
    assert "Stornorechnung ST-" in text
    assert f"Rechnung {invoice.number}" in text
    assert "Bitte überweisen" not in text


def test_the_closing_words_are_never_alone_on_a_page(by):
    """However many lines there are, where to pay goes along with them."""
    seen = set()
    for n in range(2, 10):
        pages = PdfReader(
            io.BytesIO(pdf.draw(issued_invoice(by, lines=[("Achse", 1, "5")] * n, closing="Danke!")))
        ).pages
        seen.add(len(pages))
        last = pages[-1].extract_text()
        assert "Danke!" in last
        assert "Verwendungszweck" in last, f"{n} lines"
    assert seen == {1, 2}


def test_a_text_between_the_lines_goes_along_with_what_it_heads(by):
    """However many lines stand before it, the line after it is on the same page."""
    heading, pages_of_heading = {"kind": "text", "text": "Los 2", "quantity": 0, "unit": "", "vat_rate": 0}, set()
    for n in range(6, 16):
        lines = [("Achse", 1, "5")] * n + [heading] + [("Getriebe", 1, "5")] * 4
        pages = [
            page.extract_text() for page in PdfReader(io.BytesIO(pdf.preview(make_quote(by, lines=lines), by))).pages
        ]
        [place] = [i for i, text in enumerate(pages) if "Los 2" in text]
        assert "Getriebe" in pages[place], f"{n} lines before"
        pages_of_heading.add(place)
    assert pages_of_heading == {0, 1}


def test_our_telephone_number_is_grouped(by):
    Organisation.objects.update(phone="+494315550100")
    text = text_of(pdf.preview(make_quote(by), by))
    assert text.count("+49 431 5550100") == 2


# ── kept as it was ──────────────────────────────────────────────────────────────────────────────────
def test_the_paper_is_made_once_and_stays(by):
    invoice = issued_invoice(by)
    first = keeping.keep(invoice)
    content = first.content.read()
    assert first.sha256 == hashlib.sha256(content).hexdigest()
    assert first.name == f"Rechnung {invoice.number}.pdf"
    Organisation.objects.update(legal_name="Ganz anders AG", street="Anderswo 1")
    assert keeping.keep(invoice) == first
    assert keeping.checked(first).content.open("rb").read() == content
    # The database holds it, too.
    other = StoredFile.keep(ContentFile(b"%PDF", name="x.pdf"), by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(pdf=other)


def test_a_paper_that_somebody_touched_is_not_handed_out(by):
    file = keeping.keep(issued_invoice(by))
    with open(file.content.path, "ab") as content:
        content.write(b"!")
    with pytest.raises(keeping.Damaged):
        keeping.checked(file)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_keep_one(people):
    invoice = issued_invoice(people["rep"])

    def keep(_number):
        try:
            return keeping.keep(invoice).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(keep, range(4)))) == 1
    assert StoredFile.objects.count() == 2  # the PDF and the XRechnung


def test_the_worker_makes_it(by):
    invoice = issued_invoice(by)
    tasks.make_paper("invoice", invoice.pk)
    tasks.make_paper("invoice", invoice.pk)
    invoice.refresh_from_db()
    assert invoice.pdf.name.endswith(".pdf")
    assert invoice.xrechnung.name == f"{invoice.number}-xrechnung.xml"


@pytest.mark.django_db(transaction=True)
def test_issuing_wakes_the_worker(people):
    """Over a real broker: the page does not wait, the paper comes."""
    make_seller()
    invoice = make_invoice(people["rep"])
    queue = f"papers-test-{time.time_ns()}"
    app.conf.task_default_queue, before = queue, app.conf.task_default_queue
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
            actions.issue_invoice(invoice=invoice, by=people["rep"])
            until = time.monotonic() + 60
            while not Invoice.objects.filter(pk=invoice.pk, pdf__isnull=False).exists():
                assert time.monotonic() < until
                time.sleep(0.05)
    finally:
        app.conf.task_default_queue = before
        connections.close_all()


def test_a_public_buyer_gets_the_xrechnung_along(by):
    keeping.register()
    private = issued_invoice(by)
    public = issued_invoice(by, company=make_customer(by, leitweg_id="04011000-12345-03"))
    assert [file.name[-4:] for file in makers.make("sales.invoice", private.pk)] == [".pdf"]
    assert [file.name[-4:] for file in makers.make("sales.invoice", public.pk)] == [".pdf", ".xml"]


# ── hostile, large ──────────────────────────────────────────────────────────────────────────────────
def test_hostile_texts_in_every_field_fetch_nothing(by, traps, asked):  # noqa: F811
    """Each text field that a paper shows, of seller, customer and lines, with payload after payload."""
    payloads, tried = [payload.replace("\0", "") for payload in traps.payloads()], set()
    seller = {"legal_name": 200, "name": 120, "street": 200, "city": 100, "bank_name": 100, "register_court": 100}
    seller |= {"register_number": 40, "managing_directors": 200, "phone": 40, "website": 200, "tax_number": 30}
    head = {"subject": 200, "intro": 4000, "closing": 4000, "customer_reference": 100}
    head |= {"recipient_name": 200, "recipient_contact": 200, "recipient_street": 200, "recipient_city": 100}
    for start in range(0, len(payloads), 6):
        turn = itertools.cycle(payloads[start:] + payloads[:start])

        def take(most: int, turn=turn) -> str:
            payload = next(turn)
            tried.add(payload)
            return payload[:most]

        Organisation.objects.update(**{name: take(most) for name, most in seller.items()})
        fields = {name: take(most) for name, most in head.items()}
        lines = [{"text": f"{take(2000)}\n{take(1999)}", "unit": take(20), "unit_price": 5} for _again in range(2)]
        pdf.draw(make_quote(by, lines=lines, company=None, person=None, **fields))
    assert len(tried) == len(set(payloads)) >= 60
    assert (asked, traps.calls, traps.opened) == ([], [], [])


def test_as_many_lines_as_there_may_be(by):
    invoice = make_invoice(by, lines=[("Schraube", 1, "0.10")] * 1000)
    content = pdf.preview(invoice, by)
    assert len(PdfReader(io.BytesIO(content)).pages) > 30
    assert InvoiceLine.objects.count() == 1000


def test_more_text_than_can_be_drawn_is_refused(by, in_english):
    invoice = make_invoice(by)
    lines = [{"text": "Wort " * 700, "unit_price": Decimal(1)}] * 60
    with pytest.raises(Refused, match="longer than 200,000 characters"):
        actions.save_lines(document=invoice, lines=lines, by=by)
    assert invoice.lines.count() == 2
