"""Amounts to the cent: the calculation in Python and that of the database, each against a third one with fractions."""

import random
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from django.db import connection

from crm.sales.arithmetic import line_net, totals
from crm.sales.models import Invoice, InvoiceLine, Order, OrderLine, Quote, QuoteLine
from tests.sales.factories import make_customer, make_quote

DOCUMENTS = 10_000
# Half cents before and after the discount, and the largest that fields take.
QUANTITIES = ("1", "0.001", "0.333", "0.5", "2.5", "3", "7.125", "999999.999")
PRICES = ("0", "0.01", "0.05", "0.99", "1.01", "33.33", "83.90", "9999.99")
DISCOUNTS = ("0", "0", "0", "3", "12.5", "33.33", "50", "99.99", "100")
RATES = ("19", "19", "19", "7", "0", "5.5", "20", "8.1")


def rounded(value: Fraction) -> Fraction:
    """Half a cent up; amounts are never negative here."""
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


def by_hand(lines) -> tuple[list[Fraction], Fraction, Fraction]:
    """(nets of the lines, net total, VAT total), after EN 16931 as it stands in the norm."""
    nets, rates = [], defaultdict(Fraction)
    for quantity, price, discount, rate in lines:
        net = rounded(Fraction(quantity) * Fraction(price) * (1 - Fraction(discount) / 100))
        nets.append(net)
        rates[Fraction(rate)] += net
    return nets, sum(rates.values()), sum(rounded(net * rate / 100) for rate, net in rates.items())


def random_lines(dice: random.Random, most: int = 12) -> list[tuple[str, str, str, str]]:
    def one():
        quantity = dice.choice(QUANTITIES) if dice.random() < 0.4 else f"{dice.randint(1, 99_999) / 1000:.3f}"
        price = dice.choice(PRICES) if dice.random() < 0.4 else f"{dice.randint(0, 999_999) / 100:.2f}"
        discount = dice.choice(DISCOUNTS) if dice.random() < 0.7 else f"{dice.randint(0, 10_000) / 100:.2f}"
        return quantity, price, discount, dice.choice(RATES)

    return [one() for _n in range(dice.randint(1, most))]


def test_the_calculation_equals_one_by_hand():
    dice = random.Random(16931)
    for _n in range(DOCUMENTS):
        lines = random_lines(dice)
        nets, net, vat = by_hand(lines)
        ours = [line_net(Decimal(q), Decimal(p), Decimal(d)) for q, p, d, _rate in lines]
        assert ours == nets, lines
        sums = totals((Decimal(line[3]), amount) for line, amount in zip(lines, ours, strict=True))
        assert (sums.net, sums.vat, sums.gross) == (net, vat, net + vat), lines
        assert sum(rate.net for rate in sums.rates) == sums.net


@pytest.mark.django_db
def test_the_documents_in_the_database_have_the_same_totals(rep):
    """Ten thousand that were saved: quotes, orders and invoices in turn, some with texts between the lines."""
    dice, company, compared, refuted = random.Random(2026), make_customer(rep), 0, 0
    for model, line_model in ((Quote, QuoteLine), (Order, OrderLine), (Invoice, InvoiceLine)):
        wanted = [random_lines(dice, 6) for _n in range(DOCUMENTS // 3 + 1)]
        documents = model.objects.bulk_create(model(company=company, owner=rep) for _lines in wanted)
        name, text = model._meta.model_name, {"kind": "text", "text": "Los 2", "quantity": 0}
        line_model.objects.bulk_create(
            line_model(**{name: document}, position=position, **fields)
            for document, lines in zip(documents, wanted, strict=True)
            for position, fields in enumerate([*map(fields_of, lines), *[text] * dice.choice((0, 0, 1))], 1)
        )
        there = model.objects.prefetch_related("lines").in_bulk()
        for document, lines in zip(documents, wanted, strict=True):
            document = there[document.pk]
            nets, net, vat = by_hand(lines)
            assert [line.net_amount for line in document.lines.all() if line.kind == "item"] == nets, lines
            assert (document.net_total, document.vat_total, document.gross_total) == (net, vat, net + vat), lines
            compared += 1
            # So that it shows something: VAT on each line would be seen.
            refuted += vat != sum(
                rounded(amount * Fraction(line[3]) / 100) for amount, line in zip(nets, lines, strict=True)
            )
    assert compared >= DOCUMENTS
    assert refuted > DOCUMENTS / 10


def fields_of(line: tuple[str, str, str, str]) -> dict:
    quantity, price, discount, rate = map(Decimal, line)
    return {
        "text": "x",
        "quantity": quantity,
        "unit_price": price,
        "discount_percent": discount,
        "vat_rate": rate,
    }


@pytest.mark.django_db
def test_a_quotient_would_be_cut_where_a_product_is_exact(rep):
    """PostgreSQL keeps 16 digits of a quotient; rounded to seven places and then to two, this one comes out wrong."""
    quantity, price, discount = Decimal("2.001"), Decimal("99990080.01"), Decimal("0.01")
    with connection.cursor() as cursor:
        cursor.execute("SELECT round(%s * %s * (100 - %s) / 100, 2)", [quantity, price, discount])
        assert cursor.fetchone()[0] == Decimal("200060142.09")
    [line] = make_quote(
        rep, lines=[{"text": "x", "quantity": quantity, "unit_price": price, "discount_percent": discount}]
    ).lines.all()
    assert line.net_amount == line_net(quantity, price, discount) == Decimal("200060142.08")


def test_half_a_cent_goes_up():
    assert line_net(Decimal("0.5"), Decimal("0.01")) == Decimal("0.01")
    assert line_net(Decimal("1"), Decimal("0.01"), Decimal("50.01")) == Decimal("0.00")


def test_vat_is_on_the_sum_and_not_on_each_line():
    """Three times 0.03 at 19 %: 0.0057 each would be 0.01 each, together 0.0171."""
    sums = totals([(Decimal(19), Decimal("0.03"))] * 3)
    assert (sums.vat, sums.gross) == (Decimal("0.02"), Decimal("0.11"))
