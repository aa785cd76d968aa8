"""Quotes, orders, invoices and payments as people use them."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from crm.core.refusals import Overtaken, Refused
from crm.sales import actions
from crm.sales.models import Invoice, InvoiceLine, Order, Quote, QuoteLink
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
TODAY = timezone.localdate
DAY = datetime.timedelta(days=1)


@pytest.fixture
def deal(rep):
    company = make_customer(rep)
    return opportunities.create_opportunity(
        by=rep, kind="deal", title="Servoachsen", company=company, estimated_value=Decimal(5000)
    )


def confirmed(rep, **fields) -> Order:
    return actions.confirm_order(order=make_order(rep, **fields), by=rep)


# ── quotes ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_quote_of_an_opportunity_brings_what_is_known(deal, rep):
    quote = actions.create_quote(opportunity=deal, by=rep)
    assert (quote.company, quote.owner, quote.subject) == (deal.company, rep, "Servoachsen")
    assert [(line.text, line.net_amount) for line in quote.lines.all()] == [("Servoachsen", Decimal("5000.00"))]
    assert (quote.gross_total, quote.valid_until) == (Decimal("5950.00"), TODAY() + 30 * DAY)
    assert quote.number.startswith("ANG-")


def test_a_colleagues_opportunity_gives_a_quote_of_ones_own(deal, people):
    assert actions.create_quote(opportunity=deal, by=people["mate"]).owner == people["mate"]
    assert actions.create_quote(opportunity=deal, by=people["manager"]).owner == people["rep"]


def test_nobody_makes_a_quote_of_an_opportunity_he_cannot_see(deal, people):
    with pytest.raises(type(deal).DoesNotExist):
        actions.create_quote(opportunity=deal, by=people["stranger"])
    with pytest.raises(Quote.DoesNotExist):
        actions.create_quote(company=deal.company, by=people["readonly"])


def test_sent_with_the_recipient_as_it_is_then(rep):
    quote = actions.send_quote(quote=make_quote(rep), by=rep)
    quote.company.street = "Neue Straße 1"
    quote.company.save()
    quote.refresh_from_db()
    assert (quote.status, quote.recipient_street) == ("sent", "Am Güterbahnhof 3")
    with pytest.raises(Refused, match="no longer a draft"):
        actions.save_lines(document=quote, lines=[], by=rep)


def test_an_empty_or_overdue_quote_is_not_sent(rep):
    with pytest.raises(Refused, match="no lines"):
        actions.send_quote(quote=make_quote(rep, lines=[]), by=rep)
    with pytest.raises(Refused, match="valid"):
        actions.send_quote(quote=make_quote(rep, valid_until=TODAY() - DAY), by=rep)


def test_a_revision_keeps_the_number_and_the_earlier_paper(rep):
    first = actions.send_quote(quote=make_quote(rep), by=rep)
    second = actions.revise_quote(quote=first, by=rep)
    first.refresh_from_db()
    assert (second.number, second.revision, second.status) == (first.number, 2, "draft")
    assert second.net_total == first.net_total
    assert (first.is_latest, second.is_latest, first.status) == (False, True, "sent")
    with pytest.raises(Refused, match="newer revision"):
        actions.accept_quote(quote=first, by=rep)
    with pytest.raises(Refused, match="still a draft"):
        actions.revise_quote(quote=second, by=rep)
    actions.delete_draft(document=second, by=rep)
    assert actions.accept_quote(quote=first, by=rep).status == "accepted"
    with pytest.raises(Refused, match="new quote"):
        actions.revise_quote(quote=first, by=rep)


def test_declined_stays_declined(rep):
    quote = actions.send_quote(quote=make_quote(rep), by=rep)
    quote = actions.decline_quote(quote=quote, by=rep, reason="Zu teuer", name="Frau Kurz")
    assert (quote.status, quote.decline_reason, quote.decided_by_name) == ("declined", "Zu teuer", "Frau Kurz")
    with pytest.raises(Refused, match="cannot be answered"):
        actions.accept_quote(quote=quote, by=rep)


def test_quotes_expire_after_their_last_day(rep):
    kept = actions.send_quote(quote=make_quote(rep, valid_until=TODAY()), by=rep)
    assert actions.expire_quotes() == 0
    assert actions.expire_quotes(today=TODAY() + DAY) == 1
    assert actions.expire_quotes(today=TODAY() + DAY) == 0
    kept.refresh_from_db()
    assert kept.status == "expired"
    assert actions.accept_quote(quote=kept, by=rep).status == "accepted", "we may honour it all the same"


def test_the_clock_expires_quotes(rep):
    from crm.celery import app
    from crm.sales import tasks

    assert "crm.sales.tasks.expire_quotes" in [entry["task"] for entry in app.conf.beat_schedule.values()]
    assert tasks.expire_quotes() == 0


def test_a_customer_accepts_once_at_the_link(rep):
    quote = actions.send_quote(quote=make_quote(rep), by=rep)
    _link, token = actions.create_link(quote=quote, by=rep)
    assert token not in str(QuoteLink.objects.values().get())
    with pytest.raises(Refused, match="name"):
        actions.accept_by_customer(token=token, name=" ")
    quote = actions.accept_by_customer(token=token, name="Sabine\nKurz")
    assert (quote.status, quote.decided_by_name) == ("accepted", "Sabine Kurz")
    with pytest.raises(Refused, match="cannot be answered"):
        actions.decline_by_customer(token=token, reason="doch nicht")


def test_a_link_can_be_revoked_and_expires(rep):
    quote = actions.send_quote(quote=make_quote(rep), by=rep)
    _link, old = actions.create_link(quote=quote, by=rep)
    link, token = actions.create_link(quote=quote, by=rep)
    with pytest.raises(QuoteLink.DoesNotExist):
        actions.accept_by_customer(token=old, name="Kurz")
    QuoteLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    with pytest.raises(QuoteLink.DoesNotExist):
        actions.accept_by_customer(token=token, name="Kurz")


# ── orders ──────────────────────────────────────────────────────────────────────────────────────────
def test_an_order_of_a_quote_carries_its_lines(deal, rep):
    quote = actions.send_quote(quote=actions.create_quote(opportunity=deal, by=rep), by=rep)
    with pytest.raises(Refused, match="not been accepted"):
        actions.create_order(quote=quote, by=rep)
    actions.accept_quote(quote=quote, by=rep)
    order = actions.create_order(opportunity=deal, by=rep)
    assert (order.quote, order.opportunity, order.company) == (quote, deal, deal.company)
    assert order.gross_total == quote.gross_total
    assert order.intro != quote.intro
    with pytest.raises(Refused, match="already an order"):
        actions.create_order(quote=quote, by=rep)


def test_delivered_in_parts(rep):
    order = confirmed(rep)
    axis, work = order.lines.all()
    actions.deliver_order(order=order, by=rep, quantities={axis.pk: Decimal(1)})
    order.refresh_from_db()
    assert (order.status, order.lines.first().delivered_quantity) == ("confirmed", Decimal("1.000"))
    with pytest.raises(Refused, match="No more"):
        actions.deliver_order(order=order, by=rep, quantities={axis.pk: Decimal("1.001")})
    with pytest.raises(Refused, match="before the order"):
        actions.deliver_order(order=order, by=rep, delivered_on=order.order_date - DAY)
    last = actions.deliver_order(order=order, by=rep)
    order.refresh_from_db()
    assert (order.status, order.delivered_at is not None) == ("delivered", True)
    order = actions.undo_delivery(delivery=last, by=rep)
    assert (order.status, order.delivered_at, order.lines.last().delivered_quantity) == ("confirmed", None, 0)
    assert work.text == "Montage"


def test_an_order_with_invoices_or_deliveries_is_not_cancelled(rep):
    order = confirmed(rep)
    invoice = actions.create_invoice(order=order, by=rep)
    with pytest.raises(Refused, match="invoices"):
        actions.cancel_order(order=order, by=rep)
    actions.delete_draft(document=invoice, by=rep)
    delivery = actions.deliver_order(order=order, by=rep, quantities={order.lines.first().pk: Decimal(1)})
    with pytest.raises(Refused, match="delivered"):
        actions.cancel_order(order=order, by=rep)
    actions.undo_delivery(delivery=delivery, by=rep)
    assert actions.cancel_order(order=order, by=rep).status == "cancelled"


def test_the_delivery_date_can_still_move(rep):
    order = confirmed(rep)
    assert actions.update_delivery_date(order=order, by=rep, delivery_date=TODAY() + 9 * DAY).delivery_date
    with pytest.raises(Refused, match="before the order date"):
        actions.update_delivery_date(order=order, by=rep, delivery_date=order.order_date - DAY)


# ── invoices ────────────────────────────────────────────────────────────────────────────────────────
def test_an_order_is_invoiced_in_parts(rep):
    make_seller()
    order = confirmed(rep)
    with pytest.raises(Refused, match="Nothing that was delivered"):
        actions.create_invoice(order=order, by=rep, delivered_only=True)
    actions.deliver_order(order=order, by=rep, quantities={order.lines.first().pk: Decimal(1)})
    part = actions.create_invoice(order=order, by=rep, delivered_only=True)
    assert (part.net_total, part.service_date) == (Decimal("500.00"), TODAY())
    rest = actions.create_invoice(order=order, by=rep)
    assert rest.net_total == order.net_total - part.net_total
    with pytest.raises(Refused, match="All of"):
        actions.create_invoice(order=order, by=rep)
    part = actions.issue_invoice(invoice=part, by=rep)
    actions.cancel_invoice(invoice=part, by=rep)
    assert actions.create_invoice(order=order, by=rep).net_total == part.net_total, "what was cancelled is open again"


def test_no_more_is_invoiced_than_was_ordered(rep):
    order = confirmed(rep)
    invoice = actions.create_invoice(order=order, by=rep)
    lines = [
        {"id": line.pk, "text": line.text, "quantity": line.quantity + 1, "unit_price": line.unit_price}
        for line in invoice.lines.all()
    ]
    with pytest.raises(Refused, match="more is invoiced"):
        actions.save_lines(document=invoice, lines=lines, by=rep)
    invoice.refresh_from_db()
    assert invoice.net_total == order.net_total, "nothing half-written"


def test_issued_with_number_due_date_and_seller(rep):
    make_seller()
    invoice = make_invoice(rep, company=make_customer(rep, payment_terms_days=14))
    assert (invoice.number, str(invoice) != "") == (None, True)
    invoice = actions.issue_invoice(invoice=invoice, by=rep)
    year = TODAY().year
    assert (invoice.number, invoice.status) == (f"RE-{year}-00001", "issued")
    assert (invoice.invoice_date, invoice.due_date) == (TODAY(), TODAY() + 14 * DAY)
    assert (invoice.service_date, invoice.open_amount) == (TODAY(), Decimal("1339.76"))
    assert invoice.seller["legal_name"] == "Nordlicht Antriebstechnik GmbH"
    assert invoice.recipient_name.startswith("Höfle")
    with pytest.raises(Refused, match="no longer a draft"):
        actions.issue_invoice(invoice=invoice, by=rep)


def test_what_is_missing_is_named_before_issuing(rep):
    invoice = make_invoice(rep, company=make_customer(rep, street=""))
    with pytest.raises(Refused, match=r"company's address.*VAT ID or tax number.*recipient's address"):
        actions.issue_invoice(invoice=invoice, by=rep)
    make_seller()
    future = make_invoice(rep, invoice_date=TODAY() + DAY)
    with pytest.raises(Refused, match="future"):
        actions.issue_invoice(invoice=future, by=rep)
    assert Invoice.objects.filter(number=None).count() == 2


def test_cancelling_makes_a_credit_note(rep):
    invoice = issued_invoice(rep)
    actions.add_payment(invoice=invoice, by=rep, amount=Decimal(1000))
    note = actions.cancel_invoice(invoice=invoice, by=rep)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount) == ("cancelled", 0)
    assert (note.kind, note.cancels, note.gross_total) == ("credit_note", invoice, invoice.gross_total)
    assert note.number == f"ST-{TODAY().year}-00001"
    assert (note.status, note.open_amount) == ("issued", Decimal("1000.00")), "what was paid is to be paid back"
    assert sum(row.revenue for row in Invoice.objects.revenue()) == 0
    assert sum(row.revenue for row in InvoiceLine.objects.revenue()) == 0
    actions.add_payment(invoice=note, by=rep, amount=Decimal(1000))
    note.refresh_from_db()
    assert note.status == "paid"
    for paper in (invoice, note):
        with pytest.raises(Refused):
            actions.cancel_invoice(invoice=paper, by=rep)


def test_a_credit_note_of_an_unpaid_invoice_is_settled_at_once(rep):
    invoice = issued_invoice(rep)
    note = actions.cancel_invoice(invoice=invoice, by=rep)
    assert (note.status, note.open_amount) == ("paid", 0)
    actions.add_payment(invoice=invoice, by=rep, amount=Decimal(5))
    note.refresh_from_db()
    assert (note.status, note.open_amount) == ("issued", Decimal("5.00")), "money that came all the same goes back"


def test_an_invoice_of_an_opportunity_takes_the_best_that_is_there(deal, rep):
    assert actions.create_invoice(opportunity=deal, by=rep).net_total == 5000
    quote = actions.create_quote(opportunity=deal, by=rep, lines=[{"text": "Achse", "unit_price": Decimal(7)}])
    actions.accept_quote(quote=actions.send_quote(quote=quote, by=rep), by=rep)
    assert actions.create_invoice(opportunity=deal, by=rep).net_total == 7
    order = actions.create_order(opportunity=deal, by=rep)
    actions.confirm_order(order=order, by=rep)
    assert actions.create_invoice(opportunity=deal, by=rep).order == order


# ── payments ────────────────────────────────────────────────────────────────────────────────────────
def test_paid_in_parts_and_too_much(rep):
    invoice = issued_invoice(rep, days_ago=20)
    first = actions.add_payment(invoice=invoice, by=rep, amount=Decimal("1000"), paid_on=TODAY() - 9 * DAY)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, invoice.paid_at) == ("issued", Decimal("339.76"), None)
    actions.add_payment(invoice=invoice, by=rep, amount=Decimal("400"), paid_on=TODAY() - 5 * DAY)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.overpaid_amount) == ("paid", Decimal("60.24"))
    assert timezone.localdate(invoice.paid_at) == TODAY() - 5 * DAY
    actions.reverse_payment(payment=first, by=rep)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, invoice.paid_at) == ("issued", Decimal("939.76"), None)
    with pytest.raises(Refused, match="already been taken back"):
        actions.reverse_payment(payment=first, by=rep)
    assert invoice.payments.standing().count() == 1


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"amount": Decimal(0)}, "above zero"),
        ({"amount": Decimal(-5)}, "above zero"),
        ({"amount": Decimal("0.001")}, "decimal places"),
        ({"amount": Decimal("NaN")}, "above zero"),
        ({"amount": Decimal("1e30")}, "above zero"),
        ({"amount": Decimal(5), "currency": "USD"}, "USD"),
        ({"amount": Decimal(5), "paid_on": datetime.date(2999, 1, 1)}, "future"),
    ],
)
def test_bad_payments(rep, bad, why):
    with pytest.raises(Refused, match=why):
        actions.add_payment(invoice=issued_invoice(rep), by=rep, **bad)


def test_a_draft_is_not_paid(rep):
    with pytest.raises(Refused, match="draft"):
        actions.add_payment(invoice=make_invoice(rep), by=rep, amount=Decimal(1))


# ── reminders ───────────────────────────────────────────────────────────────────────────────────────
def test_reminded_level_by_level(rep):
    invoice = issued_invoice(rep, days_ago=100)
    for level in (1, 2, 3):
        notice = actions.dun(invoice=invoice, by=rep, issued_on=TODAY() - DAY * (60 - 15 * level))
        invoice.refresh_from_db()
        assert (notice.level, invoice.dunning_level, notice.open_amount) == (level, level, invoice.gross_total)
    with pytest.raises(Refused, match="last reminder"):
        actions.dun(invoice=invoice, by=rep)
    with pytest.raises(Refused, match="not overdue"):
        actions.dun(invoice=issued_invoice(rep), by=rep)


def test_no_reminder_before_the_last_one_has_run_out(rep):
    invoice = issued_invoice(rep, days_ago=100)
    actions.dun(invoice=invoice, by=rep)
    with pytest.raises(Refused, match="gave time until"):
        actions.dun(invoice=invoice, by=rep)


# ── drafts ──────────────────────────────────────────────────────────────────────────────────────────
def test_lines_are_edited_in_place(rep):
    product = make_product()
    quote = make_quote(rep)
    first, second = quote.lines.all()
    quote = actions.save_lines(
        document=quote,
        by=rep,
        lines=[
            {"kind": "text", "text": "Lieferung frei Haus"},
            {"id": second.pk, "text": "Montage vor Ort", "quantity": Decimal(2), "unit_price": Decimal(90)},
            {"product": product, "quantity": Decimal(3), "discount_percent": Decimal("12.5")},
        ],
    )
    shown = [(line.position, line.text, line.net_amount) for line in quote.lines.all()]
    assert shown == [
        (1, "Lieferung frei Haus", Decimal("0.00")),
        (2, "Montage vor Ort", Decimal("180.00")),
        (3, "Servoachse KL-7", Decimal("1312.50")),
    ]
    assert quote.lines.all()[1].pk == second.pk
    assert not quote.lines.filter(pk=first.pk).exists()
    assert quote.net_total == Decimal("1492.50")


def test_two_who_edit_the_same_draft(rep):
    quote = make_quote(rep)
    seen = actions.version(quote)
    actions.save_lines(document=quote, by=rep, lines=[], seen=seen)
    with pytest.raises(Overtaken):
        actions.save_lines(document=quote, by=rep, lines=[], seen=seen)
    with pytest.raises(Overtaken):
        actions.update_document(document=quote, by=rep, subject="x", seen=seen)


def test_another_tax_treatment_sets_the_rates(rep):
    product = make_product(vat_rate=Decimal(7))
    quote = make_quote(rep, lines=[{"text": "a", "unit_price": Decimal(100)}])
    actions.save_lines(document=quote, by=rep, lines=[{"text": "a", "unit_price": Decimal(100)}, {"product": product}])
    quote = actions.update_document(document=quote, by=rep, tax_treatment="export")
    assert (quote.vat_total, set(quote.lines.values_list("vat_rate", flat=True))) == (0, {Decimal(0)})
    quote = actions.update_document(document=quote, by=rep, tax_treatment="domestic")
    assert quote.vat_total == Decimal("19.00") + Decimal("35.00")


@pytest.mark.parametrize(
    ("country", "vat_id", "treatment"),
    [
        ("DE", "DE136695976", "domestic"),
        ("", "", "domestic"),
        ("AT", "ATU12345675", "intra_community"),
        ("FR", "", "domestic"),
        ("CH", "", "export"),
    ],
)
def test_the_first_guess_at_the_tax(rep, country, vat_id, treatment):
    company = make_customer(rep, country=country, vat_id=vat_id)
    quote = actions.create_quote(company=company, by=rep)
    assert quote.tax_treatment == treatment
    assert quote.language == ("de" if country in {"DE", "", "AT", "CH"} else "en")


def test_a_small_business_charges_no_vat(rep):
    seller = make_seller()
    seller.small_business = True
    seller.save()
    quote = actions.create_quote(company=make_customer(rep), by=rep, lines=[{"text": "a", "unit_price": Decimal(9)}])
    assert (quote.tax_treatment, quote.vat_total) == ("small_business", 0)


# ── rights ──────────────────────────────────────────────────────────────────────────────────────────
def test_only_who_may_change_acts(rep, people):
    quote, order, invoice = make_quote(rep), make_order(rep), issued_invoice(rep)
    payment = actions.add_payment(invoice=invoice, by=rep, amount=Decimal(1))
    for name in ("mate", "stranger", "readonly", "service"):
        by = people[name]
        for verb in (
            lambda by=by: actions.send_quote(quote=quote, by=by),
            lambda by=by: actions.save_lines(document=quote, lines=[], by=by),
            lambda by=by: actions.confirm_order(order=order, by=by),
            lambda by=by: actions.issue_invoice(invoice=invoice, by=by),
            lambda by=by: actions.cancel_invoice(invoice=invoice, by=by),
            lambda by=by: actions.add_payment(invoice=invoice, by=by, amount=Decimal(1)),
            lambda by=by: actions.reverse_payment(payment=payment, by=by),
            lambda by=by: actions.delete_draft(document=quote, by=by),
            lambda by=by: actions.create_product(sku="x", name="x", net_price=1, by=by),
        ):
            with pytest.raises(ObjectDoesNotExist):
                verb()
    assert actions.send_quote(quote=quote, by=people["manager"]).status == "sent"
