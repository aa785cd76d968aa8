"""The DATEV booking batch: the format to the letter, and that its accounts add up to what was invoiced and paid."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.accounting.datev import batch
from crm.accounting.models import DatevSettings, RevenueAccount
from crm.core.refusals import Refused
from crm.sales import actions as sales
from crm.sales.models import Invoice, Payment
from tests.sales.factories import issued_invoice, make_customer

pytestmark = pytest.mark.django_db
START, END = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)


def lines(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("cp1252"), newline=""), delimiter=";"))


def the_year() -> dict:
    today = timezone.localdate()
    return {"start": today.replace(month=1, day=1), "end": today.replace(month=12, day=31)}


@pytest.fixture
def papers(people, open_invoice):
    """An invoice with two rates, one without VAT, one cancelled, payments, one of them taken back."""
    by = people["manager"]
    two = issued_invoice(
        people["rep"],
        lines=(
            {"text": "Buch", "quantity": 3, "unit_price": Decimal("9.99"), "vat_rate": Decimal(7)},
            {"text": "Achse", "quantity": 1, "unit_price": Decimal("1000.01"), "vat_rate": Decimal(19)},
        ),
        days_ago=3,
    )
    abroad = issued_invoice(
        people["rep"],
        lines=({"text": "Achse", "quantity": 1, "unit_price": Decimal("500"), "vat_rate": Decimal(0)},),
        company=make_customer(people["rep"], name='Brün; "Söhne" s.r.o. 株', country="CZ", vat_id="CZ25123891"),
        tax_treatment="intra_community",
        days_ago=2,
    )
    cancelled = open_invoice(days_ago=2)
    sales.add_payment(invoice=two, by=by, amount=Decimal("1000.00"))
    sales.add_payment(invoice=abroad, by=by, amount=Decimal("500.00"), method="cash")
    wrong = sales.add_payment(invoice=cancelled, by=by, amount=Decimal("1190.00"))
    sales.reverse_payment(payment=wrong, by=by)
    note = sales.cancel_invoice(invoice=cancelled, by=by)
    return {"two": two, "abroad": abroad, "cancelled": cancelled, "note": Invoice.objects.get(pk=note.pk)}


def test_the_form_of_the_file(people, papers):
    text = batch.export(by=people["manager"], **the_year())
    assert text.endswith(b"\r\n")
    assert text.count(b"\r\n") == text.count(b"\n")
    head, columns, *rows = lines(text)
    assert len(head) == 31
    assert head[:5] == ["EXTF", "700", "21", "Buchungsstapel", "13"]
    assert (head[10], head[11], head[13], head[21], head[26]) == ("1001", "1", "4", "EUR", "03")
    assert (head[12], head[14], head[15]) == (f"{START:%Y%m%d}", f"{START:%Y%m%d}", f"{END:%Y%m%d}")
    assert len(head[5]) == 17
    assert len(columns) == len(set(columns)) == 125
    assert all(len(row) == 125 for row in rows)
    assert text.split(b"\r\n")[2].startswith(b'32,07;"S";"EUR";')
    first = dict(zip(columns, rows[0], strict=True))
    assert (first["Konto"], first["Gegenkonto (ohne BU-Schlüssel)"]) == ("10001", "8300")
    assert first["Belegfeld 1"] == papers["two"].number
    assert first["Belegdatum"] == f"{papers['two'].invoice_date:%d%m}"
    assert first["Fälligkeit"] == f"{papers['two'].due_date:%d%m%Y}"
    assert first["Buchungstext"].startswith(papers["two"].number)
    abroad = next(dict(zip(columns, row, strict=True)) for row in rows if row[7] == "8125")
    assert abroad["EU-Land u. UStID (Bestimmung)"] == "CZ25123891"
    assert '"Söhne"' in abroad["Buchungstext"]


def test_accounts_add_up(people, papers):
    year = the_year()
    found = list(batch.bookings(by=people["manager"], settings=DatevSettings(), **year))
    totals = batch.totals(found)
    assert sum(totals.values()) == 0
    assert totals[8300] == -Decimal("32.07")
    assert totals[8400] == -Decimal("1190.01"), "what was cancelled is taken out again"
    assert totals[8125] == -Decimal("500.00")
    assert totals[1200] == Decimal("1000.00"), "the payment taken back is not there"
    assert totals[1000] == Decimal("500.00")
    debtors = sum(amount for account, amount in totals.items() if 10_000 <= account < 70_000)
    open_amounts = sum(i.open_amount for i in Invoice.objects.unpaid())
    assert debtors == open_amounts == Decimal("222.08")


def test_each_amount_is_there_once_and_positive(people, papers):
    found = list(batch.bookings(by=people["manager"], settings=DatevSettings(), **the_year()))
    assert all(booking.amount > 0 for booking in found)
    revenue = [b for b in found if 8000 <= b.contra < 9000]
    signed = sum(b.amount if b.side == batch.DEBIT else -b.amount for b in revenue)
    invoiced = sum(i.gross_total * (-1 if i.is_credit_note else 1) for i in Invoice.objects.issued())
    assert signed == invoiced
    assert len(found) - len(revenue) == Payment.objects.count()


def test_a_credit_note_settles_the_invoice_it_cancels(people, papers):
    found = list(batch.bookings(by=people["manager"], settings=DatevSettings(), **the_year()))
    of_note = next(b for b in found if papers["note"].number in b.text)
    assert (of_note.side, of_note.document) == (batch.CREDIT, papers["cancelled"].number)


def test_another_chart_and_own_accounts(people, papers):
    DatevSettings.objects.create(pk=1, chart="SKR04", account_length=5, one_debtor=True, debtors_account=100_000)
    RevenueAccount.objects.create(tax_treatment="domestic", vat_rate=Decimal(7), account=43001, tax_key="2")
    text = batch.export(by=people["manager"], **the_year())
    rows = lines(text)[2:]
    assert {row[6] for row in rows} == {"100000", "18000", "16000"}
    assert {row[7] for row in rows if row[6] == "100000"} == {"43001", "44000", "41250"}
    assert next(row for row in rows if row[7] == "43001")[8] == "2"


def test_what_has_no_account_is_named(people):
    issued_invoice(
        people["rep"],
        lines=({"text": "Alt", "quantity": 1, "unit_price": Decimal(1), "vat_rate": Decimal("16")},),
        days_ago=1,
    )
    with pytest.raises(Refused, match="16"):
        batch.export(by=people["manager"], **the_year())


def test_a_period_lies_within_a_fiscal_year(people):
    with pytest.raises(Refused):
        batch.export(by=people["manager"], start=datetime.date(2025, 12, 1), end=datetime.date(2026, 1, 31))
    DatevSettings.objects.create(pk=1, fiscal_year_month=7)
    assert batch.export(by=people["manager"], start=datetime.date(2025, 12, 1), end=datetime.date(2026, 1, 31))
    assert batch.fiscal_year(datetime.date(2026, 6, 30), 7) == datetime.date(2025, 7, 1)
    with pytest.raises(Refused):
        batch.export(by=people["manager"], start=END, end=START)


def test_drafts_and_other_periods_are_not_in_it(people, papers):
    text = batch.export(by=people["manager"], start=datetime.date(2020, 1, 1), end=datetime.date(2020, 12, 31))
    assert len(lines(text)) == 2
