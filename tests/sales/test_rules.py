"""The rules that the database holds, against SQL and bulk writes: nobody gets past them."""

import time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from crm.core.audit import door
from crm.core.refusals import RULES, explain
from crm.sales import actions
from crm.sales.models import (
    Delivery,
    DeliveryLine,
    Invoice,
    InvoiceLine,
    NumberCounter,
    Order,
    OrderLine,
    Payment,
    Quote,
    QuoteLine,
)
from crm.sales.rules import SENTENCES
from tests.sales.factories import issued_invoice, make_customer, make_invoice, make_order, make_quote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def sql(statement: str, *values) -> int:
    """Run it as somebody with psql would; gives how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def refused(statement, *values) -> str:
    """The sentence that people are told when this is refused, as it has to be."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        statement(*values) if callable(statement) else sql(statement, *values)
    return explain(error.value)


def copy_of(table: str, pk: int, **values) -> str:
    """SQL: another row like the one with this id, with other values."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER' "
            "AND column_name <> 'id'",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
    chosen = ", ".join(values.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} WHERE id = {pk}"


# ── an issued invoice never changes ─────────────────────────────────────────────────────────────────
FROZEN = {
    "number": "'RE-1'",
    "net_total": "net_total + 1",
    "gross_total": "gross_total + 1",
    "company_id": "NULL",
    "owner_id": "NULL",
    "invoice_date": "invoice_date - 1",
    "due_date": "due_date + 1",
    "recipient_name": "'X'",
    "tax_treatment": "'export'",
    "currency": "'USD'",
    "subject": "'X'",
    "seller": "'{}'",
    "kind": "'credit_note'",
    "issued_at": "now() + interval '1 day'",
    "created_at": "now()",
    "id": "id + 1000",
}
DERIVED = {
    "status": "'paid'",
    "paid_amount": "5",
    "open_amount": "0",
    "paid_at": "now()",
    "cancelled_at": "now()",
    "dunning_level": "3",
}


@pytest.mark.parametrize("column", FROZEN)
def test_no_column_of_an_issued_invoice_changes(rep, column):
    invoice = issued_invoice(rep)
    said = refused(f"UPDATE sales_invoice SET {column} = {FROZEN[column]} WHERE id = %s", invoice.pk)
    assert "issued" in said


@pytest.mark.parametrize("column", DERIVED)
def test_what_is_derived_cannot_be_set(rep, column):
    invoice = issued_invoice(rep)
    said = refused(f"UPDATE sales_invoice SET {column} = {DERIVED[column]} WHERE id = %s", invoice.pk)
    assert "follows from" in said


def test_every_column_is_frozen_or_derived_or_named_here(rep):
    """A new column is not forgotten: it is frozen unless somebody says why not."""
    free = {"pdf_id", "xrechnung_id", "updated_at", "search_text"}
    invoice = issued_invoice(rep)
    for field in Invoice._meta.concrete_fields:
        if field.column in free | set(DERIVED) or field.generated:
            continue
        other = "NULL" if field.null and getattr(invoice, field.attname) is not None else None
        if other is None:
            other = {"TextField": "'x'", "CharField": "'x'", "EmailField": "'x@y.de'"}.get(field.get_internal_type())
        if other is None and field.column in FROZEN:
            other = FROZEN[field.column]
        if other is not None:
            with pytest.raises(IntegrityError), transaction.atomic():
                sql(f"UPDATE sales_invoice SET {field.column} = {other} WHERE id = %s", invoice.pk)


def test_an_issued_invoice_is_neither_deleted_nor_reopened(rep):
    invoice = issued_invoice(rep)
    assert "issued" in refused("DELETE FROM sales_invoice WHERE id = %s", invoice.pk)
    assert refused(Invoice.objects.filter(pk=invoice.pk).delete)
    assert refused(
        "UPDATE sales_invoice SET status = 'draft', number = NULL, issued_at = NULL WHERE id = %s", invoice.pk
    )


def test_its_lines_are_neither_changed_nor_deleted_nor_joined(rep):
    invoice, draft = issued_invoice(rep), make_invoice(rep)
    line = invoice.lines.first()
    for said in (
        refused("UPDATE sales_invoiceline SET quantity = quantity + 1 WHERE id = %s", line.pk),
        refused("UPDATE sales_invoiceline SET text = 'x' WHERE invoice_id = %s", invoice.pk),
        refused("DELETE FROM sales_invoiceline WHERE id = %s", line.pk),
        refused("DELETE FROM sales_invoiceline WHERE invoice_id = %s", invoice.pk),
        refused(copy_of("sales_invoiceline", line.pk, position="77")),
        refused("UPDATE sales_invoiceline SET invoice_id = %s, position = 9 WHERE id = %s", draft.pk, line.pk),
        refused(
            "UPDATE sales_invoiceline SET invoice_id = %s, position = 9 WHERE invoice_id = %s", invoice.pk, draft.pk
        ),
    ):
        assert "issued" in said
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceLine.objects.filter(invoice=invoice).update(text="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceLine.objects.bulk_create([InvoiceLine(invoice=invoice, position=5, text="x", unit_price=1)])
    invoice.refresh_from_db()
    assert invoice.totals().gross == invoice.gross_total


def test_a_no_op_is_no_change(rep):
    invoice = issued_invoice(rep)
    assert sql("UPDATE sales_invoice SET subject = subject WHERE id = %s", invoice.pk) == 1
    assert sql("UPDATE sales_invoiceline SET text = text WHERE invoice_id = %s", invoice.pk) == 2


def test_an_invoice_begins_as_a_draft_without_number(rep):
    invoice, draft = issued_invoice(rep), make_invoice(rep)
    assert "draft" in refused(copy_of("sales_invoice", invoice.pk, number="'RE-7'"))
    assert refused("UPDATE sales_invoice SET number = 'RE-7' WHERE id = %s", draft.pk)
    assert "not possible" in refused("UPDATE sales_invoice SET status = 'paid' WHERE id = %s", draft.pk)
    empty = make_invoice(rep, lines=[])
    assert "at least one line" in refused("UPDATE sales_invoice SET status = 'issued' WHERE id = %s", empty.pk)


def test_a_number_of_ones_own_choice_is_not_taken(rep):
    first = issued_invoice(rep)
    second = make_invoice(rep, due_date=timezone.localdate(), recipient_name="Höfle")
    sql("UPDATE sales_invoice SET status = 'issued', number = 'RE-2026-99999' WHERE id = %s", second.pk)
    second.refresh_from_db()
    assert int(second.number[-5:]) == int(first.number[-5:]) + 1


def test_pdf_and_xrechnung_are_added_once(rep, settings, tmp_path):
    from django.core.files.base import ContentFile

    from crm.files.models import StoredFile

    settings.MEDIA_ROOT = tmp_path
    invoice = issued_invoice(rep)
    for column in ("pdf", "xrechnung"):
        first, second = (StoredFile.keep(ContentFile(b"%PDF", name="a.pdf"), by=rep) for _n in range(2))
        Invoice.objects.filter(pk=invoice.pk).update(**{column: first})
        for other in (second, None):
            with pytest.raises(IntegrityError), transaction.atomic():
                Invoice.objects.filter(pk=invoice.pk).update(**{column: other})


def test_a_merge_re_points_company_and_person_and_nothing_else(rep):
    invoice, other = issued_invoice(rep), make_customer(rep, name="Andere")
    with door("merge"):
        Invoice.objects.filter(pk=invoice.pk).update(company=other)
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(company=None)
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(subject="x")
    invoice.refresh_from_db()
    assert (invoice.company, invoice.recipient_name[:5]) == (other, "Höfle")


# ── payments, reminders, numbers ────────────────────────────────────────────────────────────────────
def test_payments_stay(rep):
    invoice = issued_invoice(rep)
    payment = actions.add_payment(invoice=invoice, by=rep, amount=Decimal(5))
    assert "cannot be changed" in refused("UPDATE sales_payment SET amount = 500 WHERE id = %s", payment.pk)
    assert "cannot be changed" in refused("DELETE FROM sales_payment WHERE id = %s", payment.pk)
    assert "in full" in refused(copy_of("sales_payment", payment.pk, amount="-4", reverses_id=str(payment.pk)))
    assert refused(copy_of("sales_payment", payment.pk, amount="-5"))
    assert refused(copy_of("sales_payment", payment.pk, amount="0"))
    assert sql(copy_of("sales_payment", payment.pk, amount="-5", reverses_id=str(payment.pk))) == 1
    assert refused(copy_of("sales_payment", payment.pk, amount="-5", reverses_id=str(payment.pk)))


def test_a_payment_by_sql_pays_as_well(rep):
    invoice = issued_invoice(rep)
    sql(
        "INSERT INTO sales_payment (invoice_id, amount, currency, paid_on, method, reference, created_at) "
        "SELECT id, gross_total, currency, invoice_date, 'transfer', '', now() FROM sales_invoice WHERE id = %s",
        invoice.pk,
    )
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount) == ("paid", 0)


def test_a_payment_of_a_draft_or_in_another_currency(rep):
    draft, invoice = make_invoice(rep), issued_invoice(rep)
    assert "draft" in refused(lambda: Payment.objects.create(invoice=draft, amount=1))
    assert "currency" in refused(lambda: Payment.objects.create(invoice=invoice, amount=1, currency="USD"))


def test_reminders_stay_and_are_for_what_is_open(rep):
    invoice = issued_invoice(rep, days_ago=100)
    notice = actions.dun(invoice=invoice, by=rep)
    assert "cannot be changed" in refused("UPDATE sales_dunningnotice SET fee = 99 WHERE id = %s", notice.pk)
    assert "cannot be changed" in refused("DELETE FROM sales_dunningnotice WHERE id = %s", notice.pk)
    actions.add_payment(invoice=invoice, by=rep, amount=invoice.gross_total)
    assert "not paid" in refused(copy_of("sales_dunningnotice", notice.pk, level="2"))


def test_the_counter_moves_by_issuing_alone(rep):
    issued_invoice(rep)
    counter = NumberCounter.objects.get()
    assert "issuing" in refused("UPDATE sales_numbercounter SET last = last + 1 WHERE id = %s", counter.pk)
    assert "issuing" in refused("DELETE FROM sales_numbercounter WHERE id = %s", counter.pk)


# ── quotes and orders ───────────────────────────────────────────────────────────────────────────────
def test_a_sent_quote_is_final(rep):
    quote = actions.send_quote(quote=make_quote(rep), by=rep)
    for change in (
        "net_total = 5",
        "valid_until = valid_until + 9",
        "status = 'draft', sent_at = NULL",
        "owner_id = NULL",
    ):
        assert refused(f"UPDATE sales_quote SET {change} WHERE id = %s", quote.pk)
    assert "revision" in refused("UPDATE sales_quoteline SET unit_price = 1 WHERE quote_id = %s", quote.pk)
    assert "revision" in refused("DELETE FROM sales_quoteline WHERE quote_id = %s", quote.pk)
    assert "revision" in refused("DELETE FROM sales_quote WHERE id = %s", quote.pk)
    quote = actions.decline_quote(quote=quote, by=rep, reason="zu teuer")
    assert refused("UPDATE sales_quote SET decline_reason = 'x' WHERE id = %s", quote.pk)
    assert "not possible" in refused(
        "UPDATE sales_quote SET status = 'accepted', decline_reason = '' WHERE id = %s", quote.pk
    )


def test_a_confirmed_order_is_final_but_for_its_delivery(rep):
    order = actions.confirm_order(order=make_order(rep), by=rep)
    assert "confirmed" in refused("UPDATE sales_orderline SET quantity = 99 WHERE order_id = %s", order.pk)
    assert "confirmed" in refused("UPDATE sales_order SET order_date = order_date - 1 WHERE id = %s", order.pk)
    assert "confirmed" in refused("DELETE FROM sales_order WHERE id = %s", order.pk)
    assert refused("UPDATE sales_order SET delivery_date = order_date - 1 WHERE id = %s", order.pk)
    assert sql("UPDATE sales_order SET delivery_date = order_date + 1 WHERE id = %s", order.pk) == 1


def test_what_was_delivered_is_the_sum_of_the_deliveries(rep):
    order, other = (actions.confirm_order(order=make_order(rep), by=rep) for _n in range(2))
    line = order.lines.first()
    assert sql("UPDATE sales_orderline SET delivered_quantity = 1 WHERE id = %s", line.pk) == 1
    assert OrderLine.objects.get(pk=line.pk).delivered_quantity == 0
    delivery = Delivery.objects.create(order=order)
    assert "was ordered" in refused(lambda: DeliveryLine.objects.create(delivery=delivery, order_line=line, quantity=3))
    foreign = other.lines.first()
    assert "this order" in refused(
        lambda: DeliveryLine.objects.create(delivery=delivery, order_line=foreign, quantity=1)
    )
    DeliveryLine.objects.create(delivery=delivery, order_line=line, quantity=1)
    assert "take it back" in refused("UPDATE sales_deliveryline SET quantity = 2")
    assert OrderLine.objects.get(pk=line.pk).delivered_quantity == 1


def test_a_quote_becomes_one_order(rep):
    quote = actions.accept_quote(quote=actions.send_quote(quote=make_quote(rep), by=rep), by=rep)
    Order.objects.create(quote=quote)
    assert "already an order" in refused(lambda: Order.objects.create(quote=quote))


# ── totals ──────────────────────────────────────────────────────────────────────────────────────────
def test_totals_follow_bulk_and_sql(rep):
    quote, other = make_quote(rep), make_quote(rep, lines=[])
    sql("UPDATE sales_quote SET net_total = 5, vat_total = 5, gross_total = 10 WHERE id = %s", quote.pk)
    quote.refresh_from_db()
    assert quote.net_total == Decimal("1125.85"), "nobody writes a total of his own"
    sql("UPDATE sales_quoteline SET quote_id = %s WHERE quote_id = %s AND position = 2", other.pk, quote.pk)
    quote.refresh_from_db()
    other.refresh_from_db()
    assert (quote.net_total, other.net_total) == (Decimal("1000.00"), Decimal("125.85"))
    QuoteLine.objects.all().delete()
    assert set(Quote.objects.values_list("gross_total", flat=True)) == {Decimal(0)}


def test_without_vat_means_without_vat(rep):
    quote = make_quote(rep)
    assert "0 %" in refused("UPDATE sales_quote SET tax_treatment = 'export' WHERE id = %s", quote.pk)
    other = make_quote(rep, tax_treatment="export", lines=[])
    assert "0 %" in refused("UPDATE sales_quoteline SET quote_id = %s", other.pk)


def test_a_thousand_lines_cost_a_thousand_times_one(rep):
    """Added up once for a statement: twice the lines, about twice the time, and not four times."""

    def seconds(n: int) -> float:
        quote = make_quote(rep, lines=[])
        lines = [QuoteLine(quote=quote, position=p, text="x", unit_price=Decimal(p)) for p in range(1, n + 1)]
        start = time.perf_counter()
        QuoteLine.objects.bulk_create(lines)
        return time.perf_counter() - start

    seconds(100)
    assert min(seconds(1000) for _n in range(3)) < 20 * min(seconds(100) for _n in range(3))


def test_every_rule_has_its_sentence():
    """What the triggers raise is what people are told, and the other way round."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (regexp_matches(prosrc, 'CONSTRAINT = ''(sales_[a-z_]+)''', 'g'))[1] FROM pg_proc"
        )
        raised = {row[0] for row in cursor.fetchall()}
    assert len(raised) > 15
    assert raised | {"sales_payment_currency"} == set(SENTENCES)
    assert SENTENCES.items() <= RULES.items()
