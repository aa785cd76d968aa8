"""Sales documents in the API: what comes out, what goes in, the verbs."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.accounts.models import ApiToken
from crm.sales import actions
from crm.sales.models import Invoice, Order, Quote
from opportunities import actions as opportunities
from tests.sales.factories import (
    issued_invoice,
    make_customer,
    make_invoice,
    make_order,
    make_product,
    make_quote,
    make_seller,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
LINE = {"text": "Achse", "quantity": "2", "unit_price": "500.00"}


class Caller:
    """A program with the token of a user."""

    def __init__(self, user):
        _token, secret = ApiToken.issue(user=user, name="test")
        self.client, self.headers = Client(), {"Authorization": f"Bearer {secret}"}

    def get(self, url):
        return self.client.get(f"/api/v1{url}", headers=self.headers)

    def post(self, url, data=None):
        body = json.dumps(data or {})
        return self.client.post(f"/api/v1{url}", body, content_type="application/json", headers=self.headers)


@pytest.fixture
def call(people):
    return lambda name: Caller(people[name])


def test_one_document_with_all_that_it_says(call, rep):
    make_product()
    invoice = issued_invoice(rep)
    payment = actions.add_payment(invoice=invoice, by=rep, amount=Decimal("39.76"), reference="SEPA 1")
    said = call("rep").get(f"/invoices/{invoice.pk}/").json()
    assert (said["number"], said["status"], said["kind"]) == (invoice.number, "issued", "invoice")
    assert (said["net_total"], said["vat_total"], said["gross_total"]) == ("1125.85", "213.91", "1339.76")
    assert (said["paid_amount"], said["open_amount"], said["currency"]) == ("39.76", "1300.00", "EUR")
    assert [line["net_amount"] for line in said["lines"]] == ["1000.00", "125.85"]
    assert said["rates"] == [{"rate": "19.00", "net": "1125.85", "vat": "213.91"}]
    assert [(p["id"], p["amount"], p["reverses"]) for p in said["payments"]] == [(payment.pk, "39.76", None)]
    assert said["url"].endswith(f"/invoices/{invoice.pk}/")


@pytest.mark.parametrize("kind", ["quotes", "orders", "invoices"])
def test_lists_show_what_one_may_see(call, people, kind):
    make = {"quotes": make_quote, "orders": make_order, "invoices": make_invoice}[kind]
    mine, theirs = make(people["rep"]), make(people["stranger"])
    caller = call("mate")
    assert [row["id"] for row in caller.get(f"/{kind}/").json()["items"]] == [mine.pk]
    assert caller.get(f"/{kind}/{mine.pk}/").status_code == 200
    assert caller.get(f"/{kind}/{theirs.pk}/").status_code == 404
    assert caller.get(f"/{kind}/?q=höfle").json()["count"] == 1
    assert caller.get(f"/{kind}/?q=xyz").json()["count"] == 0


def test_what_a_document_points_at_is_named_only_to_those_who_see_it(call, people):
    deal = opportunities.create_opportunity(by=people["stranger"], title="Fremd", owner=people["stranger"])
    quote = make_quote(people["rep"], company=make_customer(people["stranger"]), opportunity=deal)
    said = call("rep").get(f"/quotes/{quote.pk}/").json()
    assert (said["company"], said["opportunity"]) == (None, None)
    assert call("manager").get(f"/quotes/{quote.pk}/").json()["company"]["id"] == quote.company_id


def test_a_list_costs_the_same_for_one_and_for_many(call, rep):
    caller = call("rep")

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert caller.get("/invoices/").status_code == 200
        return len(found)

    issued_invoice(rep)
    queries()
    few = queries()
    for _n in range(10):
        issued_invoice(rep)
    assert queries() == few


def test_a_draft_from_an_opportunity_by_its_number(call, rep):
    deal = opportunities.create_opportunity(
        by=rep, title="Servoachsen", company=make_customer(rep), estimated_value=Decimal(5000)
    )
    answer = call("rep").post("/quotes/", {"opportunity": deal.number})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["status"], said["opportunity"]["id"], said["gross_total"]) == ("draft", deal.pk, "5950.00")


def test_a_draft_with_lines_and_products(call, rep):
    make_product()
    company = make_customer(rep)
    lines = [LINE, {"product": "KL-7", "discount_percent": "10"}, {"kind": "text", "text": "Frei Haus"}]
    said = call("rep").post("/invoices/", {"company": company.number, "lines": lines}).json()
    assert [line["net_amount"] for line in said["lines"]] == ["1000.00", "450.00", "0.00"]
    assert (said["number"], said["net_total"]) == (None, "1450.00")


def test_the_same_external_id_makes_one_document(call, people):
    company = make_customer(people["rep"])
    data = {"company": company.pk, "external_id": "shop-1", "lines": [LINE]}
    caller = call("rep")
    first, second = caller.post("/orders/", data), caller.post("/orders/", data)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert Order.objects.count() == 1
    make_customer(people["stranger"], name="Andere")
    assert call("stranger").post("/orders/", {"external_id": "shop-1"}).status_code == 409


def test_from_quote_to_paid(call, rep):
    make_seller()
    caller, company = call("rep"), make_customer(rep)
    quote = caller.post("/quotes/", {"company": company.pk, "lines": [LINE]}).json()
    assert caller.post("/orders/", {"quote": quote["id"]}).status_code == 409
    assert caller.post(f"/quotes/{quote['id']}/send/").json()["recipient_city"] == "Ulm"
    revision = caller.post(f"/quotes/{quote['id']}/revise/")
    assert (revision.status_code, revision.json()["revision"]) == (201, 2)
    quote = caller.post(f"/quotes/{revision.json()['id']}/send/").json()
    said = caller.post(f"/quotes/{quote['id']}/accept/", {"name": "Frau Kurz"}).json()
    assert (said["status"], said["decided_by_name"]) == ("accepted", "Frau Kurz")
    order = caller.post("/orders/", {"quote": quote["number"]}).json()
    assert caller.post(f"/orders/{order['id']}/confirm/").json()["status"] == "confirmed"
    part = {"lines": [{"line": order["lines"][0]["id"], "quantity": "1.5"}]}
    said = caller.post(f"/orders/{order['id']}/deliver/", part).json()
    assert (said["status"], said["lines"][0]["delivered_quantity"]) == ("confirmed", "1.500")
    invoice = caller.post("/invoices/", {"order": order["id"], "delivered_only": True}).json()
    assert (invoice["net_total"], invoice["order"]["id"]) == ("750.00", order["id"])
    invoice = caller.post(f"/invoices/{invoice['id']}/issue/").json()
    assert invoice["number"] == f"RE-{timezone.localdate().year}-00001"
    said = caller.post(f"/invoices/{invoice['id']}/pay/", {"amount": invoice["gross_total"]}).json()
    assert (said["status"], said["open_amount"]) == ("paid", "0.00")
    note = caller.post(f"/invoices/{invoice['id']}/cancel/")
    assert (note.status_code, note.json()["cancels"]["id"]) == (201, invoice["id"])
    assert caller.post(f"/orders/{order['id']}/deliver/").json()["status"] == "delivered"
    assert caller.post(f"/orders/{order['id']}/cancel/").status_code == 409


def test_a_refusal_is_a_sentence(call, rep):
    invoice = make_invoice(rep)
    answer = call("rep").post(f"/invoices/{invoice.pk}/issue/")
    assert answer.status_code == 409
    assert len(answer.json()["detail"]) > 40
    answer = call("rep").post(f"/invoices/{issued_invoice(rep).pk}/pay/", {"amount": "5", "currency": "USD"})
    assert (answer.status_code, "USD" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"lines": [LINE | {"quantity": "-1"}]}, "lines.0.quantity"),
        ({"lines": [LINE | {"quantity": "1000000"}]}, "lines.0.quantity"),
        ({"lines": [LINE | {"discount_percent": "100.5"}]}, "lines.0.discount_percent"),
        ({"lines": [LINE | {"unit_price": "1.005"}]}, "lines.0.unit_price"),
        ({"lines": [LINE, {"product": "unknown"}]}, "lines.1.product"),
        ({"lines": [LINE] * 1001}, "lines"),
        ({"lines": [LINE | {"net_amount": "1"}]}, "lines.0.net_amount"),
        ({"company": "unknown"}, "company"),
        ({"tax_treatment": "none"}, "tax_treatment"),
        ({"gross_total": "5"}, "gross_total"),
        ({"number": "RE-1"}, "number"),
        ({"invoice_date": "0001-01-01"}, "invoice_date"),
        ({"order": 5}, "order"),
    ],
)
def test_bad_fields_are_named(call, data, field):
    answer = call("rep").post("/invoices/", data)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Invoice.objects.exists()


def test_a_hundred_thousand_lines_are_refused_at_once(call):
    answer = call("rep").post("/quotes/", {"lines": [LINE] * 100_000})
    assert answer.status_code in (413, 422)
    assert not Quote.objects.exists()


def test_who_may_only_see_makes_and_does_nothing(call, people):
    quote, order, invoice = make_quote(people["rep"]), make_order(people["rep"]), make_invoice(people["rep"])
    for name in ("readonly", "service", "mate", "stranger"):
        caller = call(name)
        for url in (
            f"/quotes/{quote.pk}/send/",
            f"/quotes/{quote.pk}/accept/",
            f"/orders/{order.pk}/confirm/",
            f"/invoices/{invoice.pk}/issue/",
            f"/invoices/{invoice.pk}/cancel/",
        ):
            assert caller.post(url).status_code == 404, (name, url)
        assert caller.post(f"/invoices/{invoice.pk}/pay/", {"amount": "5"}).status_code == 404
    assert call("readonly").post("/quotes/", {"lines": [LINE]}).status_code == 404


def test_products_are_read_by_all(call):
    product = make_product()
    said = call("readonly").get(f"/products/{product.pk}/").json()
    assert (said["sku"], said["net_price"]) == ("KL-7", "500.00")
    assert call("service").get("/products/?q=servo").json()["count"] == 1
