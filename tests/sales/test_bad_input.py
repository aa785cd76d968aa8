"""What no document takes: a clear sentence, and nothing half-written."""

import datetime
import re
import time
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.core.refusals import Refused, explain
from crm.sales import actions
from crm.sales.models import Quote, QuoteLine
from tests.sales.factories import make_customer, make_invoice, make_order, make_quote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
GOOD = {"text": "Achse", "quantity": Decimal(1), "unit_price": Decimal(5)}
BAD_LINES = [
    ({"quantity": Decimal(0)}, "above zero"),
    ({"quantity": Decimal(-1)}, "greater than or equal to 0"),
    ({"quantity": Decimal("0.0001")}, "3 decimal places"),
    ({"quantity": Decimal("1000000")}, "less than or equal to 999999.999"),
    ({"quantity": Decimal("1e300")}, "less than or equal to 999999.999"),
    ({"quantity": Decimal("NaN")}, "number"),
    ({"quantity": Decimal("Infinity")}, "number"),
    ({"quantity": None}, "cannot be null"),
    ({"unit_price": Decimal("-0.01")}, "greater than or equal to 0"),
    ({"unit_price": Decimal("0.005")}, "2 decimal places"),
    ({"unit_price": Decimal("9999999999"), "quantity": Decimal(2)}, "too large"),
    ({"discount_percent": Decimal("100.01")}, "less than or equal to 100"),
    ({"discount_percent": Decimal(-5)}, "greater than or equal to 0"),
    ({"vat_rate": Decimal(101)}, "less than or equal to 100"),
    ({"text": "  \n"}, "blank"),
    ({"text": "x" * 4001}, "4000"),
    ({"unit": "u" * 21}, "20"),
    ({"kind": "bogus"}, "not a valid choice"),
]


@pytest.mark.parametrize(("bad", "why"), BAD_LINES)
def test_a_line_that_cannot_be(rep, bad, why):
    quote = make_quote(rep)
    before = list(quote.lines.values_list("pk", "text"))
    with pytest.raises(Refused, match=why) as refusal:
        actions.save_lines(document=quote, lines=[GOOD, GOOD | bad], by=rep)
    assert str(refusal.value).startswith("Line 2: ")
    assert list(quote.lines.values_list("pk", "text")) == before


@pytest.mark.parametrize(
    "bad",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"unit_price": -1},
        {"unit_price": Decimal("9999999999"), "quantity": 2},
        {"discount_percent": 101},
        {"discount_percent": -1},
        {"vat_rate": -1},
        {"position": 1001},
        {"position": 0},
        {"kind": "text"},
        {"kind": "none"},
    ],
)
def test_the_database_refuses_it_as_well(rep, bad):
    quote = make_quote(rep, lines=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        QuoteLine.objects.create(**{"quote": quote, "position": 1, "text": "x", "unit_price": 1} | bad)


def test_a_thousand_lines_and_not_one_more(rep):
    quote = make_quote(rep, lines=[])
    quote = actions.save_lines(document=quote, lines=[dict(GOOD) for _n in range(1000)], by=rep)
    assert (quote.lines.count(), quote.net_total) == (1000, 5000)
    start = time.perf_counter()
    with pytest.raises(Refused, match=r"at most 1,?000 lines; these are 100,?000"):
        actions.save_lines(document=quote, lines=[GOOD] * 100_000, by=rep)
    assert time.perf_counter() - start < 0.5, "refused before anything is looked at"
    assert quote.lines.count() == 1000


@pytest.mark.parametrize("n", [1400, 100_000])  # too many fields, too many bytes
def test_far_too_many_lines_from_the_editor(signed_in, rep, n):
    quote, client = make_quote(rep), signed_in("rep")
    row = "key=&kind=item&product=&text=Achse&quantity=1&unit=Stk&unit_price=5&discount_percent=&vat_rate=19"
    for address in ("lines/", "lines/preview/"):
        answer = client.post(
            f"/quotes/{quote.pk}/{address}", "&".join([row] * n), content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 413
        assert re.search(r"1[.,]000", answer.content.decode())
    assert quote.lines.count() == 2


def test_the_largest_document_has_room_in_its_totals(rep):
    largest = {"text": "x", "quantity": Decimal(1), "unit_price": Decimal("9999999999.99"), "vat_rate": Decimal(100)}
    quote = actions.save_lines(document=make_quote(rep, lines=[]), lines=[largest] * 1000, by=rep)
    assert quote.gross_total == Decimal("19999999999980.00")


def test_days_in_an_order_that_cannot_be(rep):
    today, yesterday = timezone.localdate(), timezone.localdate() - datetime.timedelta(days=1)
    with pytest.raises(Refused, match="before the order date"):
        actions.create_order(company=make_customer(rep), by=rep, order_date=today, delivery_date=yesterday)
    with pytest.raises(Refused, match="before the order date"):
        actions.update_document(document=make_order(rep), by=rep, delivery_date=yesterday)
    with pytest.raises(Refused, match="before the invoice date"):
        actions.update_document(document=make_invoice(rep), by=rep, invoice_date=today, due_date=yesterday)
    with pytest.raises(Refused, match="ends before"):
        actions.update_document(document=make_invoice(rep), by=rep, service_date=today, service_end=yesterday)
    order = actions.confirm_order(order=make_order(rep), by=rep)
    with pytest.raises(Refused, match="before the order date"):
        actions.create_invoice(order=order, by=rep, invoice_date=yesterday)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        type(order).objects.filter(pk=order.pk).update(delivery_date=yesterday)
    assert "before the order date" in explain(error.value)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b < c", "{{ x }}", "url(file:///etc/passwd)"])
def test_marks_in_texts_are_kept_as_they_are(rep, text):
    """Nothing is stripped here: whoever shows a text escapes it."""
    quote = actions.create_quote(company=make_customer(rep), by=rep, subject=text, lines=[GOOD | {"text": text}])
    assert (quote.subject, quote.lines.get().text) == (text, text)


def test_control_characters_are_taken_out(rep):
    quote = actions.save_lines(document=make_quote(rep), lines=[GOOD | {"text": "A\x00ch\x1bse\r\nb\u202e"}], by=rep)
    assert quote.lines.get().text == "Achse\nb"


def test_a_quote_without_a_customer_is_not_sent(rep):
    quote = Quote.objects.create(owner=rep, valid_until=timezone.localdate())
    actions.save_lines(document=quote, lines=[GOOD], by=rep)
    with pytest.raises(Refused, match="To whom"):
        actions.send_quote(quote=quote, by=rep)


def test_the_address_of_a_customer_that_one_may_not_see_stays_unseen(rep, people):
    company = make_customer(people["stranger"])
    quote = make_quote(rep, company=company)
    with pytest.raises(Refused, match="To whom"):
        actions.send_quote(quote=quote, by=rep)
    actions.update_document(document=quote, by=rep, recipient_name="Höfle GmbH, wie besprochen")
    assert actions.send_quote(quote=quote, by=rep).recipient_street == ""
