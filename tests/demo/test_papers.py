"""The papers of the demo company: loaded without triggers, and yet all that the triggers would have made of them."""

import datetime
import zoneinfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Q, Sum

from crm.accounts.models import User
from crm.demo import actions
from crm.sales import actions as verbs
from crm.sales.models import (
    DunningNotice,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    Product,
    Quote,
    QuoteLine,
)
from opportunities.models import Opportunity

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
DERIVED = ("status", "net_total", "vat_total", "gross_total", "paid_amount", "open_amount", "paid_at", "dunning_level")


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The whole demo company, loaded once for this file and taken away afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield actions.fill(now=NOON, bare=False)
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    return loaded


def test_there_is_some_of_everything(demo):
    for status in ("draft", "sent", "accepted", "declined", "expired"):
        assert Quote.objects.filter(status=status).exists(), status
    for status in ("confirmed", "delivered"):
        assert Order.objects.filter(status=status).count() > 5, status
    for status in ("issued", "paid", "cancelled"):
        assert Invoice.objects.filter(status=status).count() > 5, status
    assert Invoice.objects.overdue(NOON.date()).count() > 3
    assert Invoice.objects.filter(open_amount__lt=0).exists(), "somebody paid too much"
    assert Invoice.objects.annotate(n=Count("payments")).filter(n=2).exists()
    assert set(DunningNotice.objects.values_list("level", flat=True)) == {1, 2, 3}
    assert Order.objects.annotate(n=Count("deliveries")).filter(n=2).exists()
    assert Quote.objects.filter(is_latest=False).exists()
    assert Product.objects.count() > 10
    assert Invoice.objects.exclude(tax_treatment="domestic").filter(vat_total=0).exists()


def test_the_rules_derive_the_same_from_what_was_loaded(demo):
    """Every row is written once more, with the triggers on: they derive it anew, and refuse what cannot be."""
    before = dict(Invoice.objects.values_list("pk", "status"))
    rows = set(Invoice.objects.values_list("pk", *DERIVED))
    with connection.cursor() as cursor:
        for table in ("quote", "order", "invoice"):
            cursor.execute(f"UPDATE sales_{table} SET updated_at = updated_at")
        cursor.execute("UPDATE sales_orderline SET delivered_quantity = delivered_quantity")
    assert len(before) > 500
    assert set(Invoice.objects.values_list("pk", *DERIVED)) == rows
    wrong = Q(sum=None) | ~Q(sum=F("net_total"))
    for model in (Quote, Order, Invoice):
        assert not model.objects.annotate(sum=Sum("lines__net_amount")).filter(wrong).exists(), model
    for document in [*Quote.objects.all()[:50], *Order.objects.all()[:50]]:
        assert document.totals().gross == document.gross_total
    late = OrderLine.objects.annotate(sum=Sum("deliveries__quantity")).exclude(delivered_quantity=F("sum"))
    assert not late.exclude(sum=None, delivered_quantity=0).exists()


def test_the_papers_fit_their_deals(demo):
    deals = Opportunity.objects.deals().won().filter(estimated_value__gt=0)
    ordered = deals.annotate(n=Count("orders"), sum=Sum("orders__net_total"))
    assert not ordered.exclude(n=1, sum=F("estimated_value")).exists()
    assert not Order.objects.exclude(opportunity__status="won").exists()
    accepted = Quote.objects.filter(status="accepted")
    assert not accepted.exclude(opportunity__status="won", net_total=F("opportunity__estimated_value")).exists()
    assert not Quote.objects.filter(status="declined").exclude(opportunity__status="lost").exists()
    assert not Invoice.objects.exclude(company=F("opportunity__company")).exists()
    too_much = OrderLine.objects.with_invoiced().filter(invoiced_quantity__gt=F("quantity"))
    assert not too_much.exists()


def test_numbers_of_invoices_are_without_gaps_and_in_the_order_of_time(demo):
    for kind in ("invoice", "credit_note"):
        for year in (2024, 2025, 2026):
            papers = Invoice.objects.issued().filter(kind=kind, invoice_date__year=year).order_by("number")
            numbers = [int(number[-5:]) for number in papers.values_list("number", flat=True)]
            assert numbers == list(range(1, len(numbers) + 1)), (kind, year)
            days = list(papers.values_list("invoice_date", flat=True))
            assert days == sorted(days)


def test_nothing_lies_in_the_future_and_nothing_before_its_cause(demo):
    assert not Invoice.objects.filter(invoice_date__gt=NOON.date()).exists()
    assert not Payment.objects.filter(Q(paid_on__gt=NOON.date()) | Q(paid_on__lt=F("invoice__invoice_date"))).exists()
    assert not Quote.objects.filter(Q(sent_at__gt=NOON) | Q(decided_at__lt=F("sent_at"))).exists()
    assert not Quote.objects.filter(created_at__lt=F("opportunity__created_at")).exists()
    assert not DunningNotice.objects.filter(Q(issued_on__gt=NOON.date()) | Q(issued_on__lte=F("invoice__due_date")))


def test_the_history_has_each_step(demo):
    quote = Quote.objects.filter(status="accepted").first()
    assert [event.status for event in quote.events.order_by("pgh_created_at")] == ["draft", "sent", "accepted"]
    invoice = Invoice.objects.filter(status="paid", kind="invoice").first()
    events = list(invoice.events.order_by("pgh_created_at"))
    assert [(event.status, event.number) for event in events] == [
        ("draft", None),
        ("issued", invoice.number),
        ("paid", invoice.number),
    ]
    assert not Payment.objects.exclude(events__pgh_label="insert").exists()


def test_what_comes_after_continues_and_what_is_issued_stays(demo):
    by = User.objects.get(email="manager@demo.example")
    last = Invoice.objects.filter(number__startswith="RE-2026-").order_by("-number").first()
    order = verbs.create_order(by=by, company=last.company, lines=[{"text": "Achse", "unit_price": 5}])
    assert Order.objects.filter(number=order.number).count() == 1
    if last.invoice_date.year == datetime.date.today().year:
        invoice = verbs.create_invoice(by=by, company=last.company, lines=[{"text": "Achse", "unit_price": 5}])
        invoice = verbs.issue_invoice(invoice=invoice, by=by)
        assert int(invoice.number[-5:]) == int(last.number[-5:]) + 1
    for statement in (
        lambda: Invoice.objects.filter(pk=last.pk).update(subject="x"),
        lambda: InvoiceLine.objects.filter(invoice=last).delete(),
        lambda: QuoteLine.objects.filter(quote__status="accepted").update(text="x"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            statement()
