"""From a bank's entry to the payment: what is proposed and why, what is booked, and that nothing is booked twice."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from crm.accounting.models import BankEntry, BankStatement, Booking, EntryState
from crm.accounting.statements import actions, matching
from crm.accounting.statements.entries import Unreadable
from crm.core.refusals import Refused
from crm.sales import actions as sales
from crm.sales.models import Invoice, Payment
from tests.accounting import files
from tests.accounting.files import entry

pytestmark = pytest.mark.django_db


def best(row, user):
    return matching.propose([BankEntry.objects.with_twins().get(pk=row.pk)], user)[row.pk][0]


def proposed(row, user) -> set[str]:
    return {p.numbers for p in matching.propose([row], user)[row.pk]}


# ── matching ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "purpose",
    [
        "{number}",
        "Rechnung {number} vom 01.11.2026",
        "rechnungsnr {lower}",
        "{number} 1190,00 EUR",
        "KD-NR 4711 {number}/KD 4711",
        "{split}",
    ],
)
def test_number_and_amount_make_it_sure(bank, manager, open_invoice, purpose):
    invoice = open_invoice()
    open_invoice("Anders AG")
    words = {"number": invoice.number, "lower": invoice.number.lower().replace("-", " ")}
    words["split"] = f"{invoice.number[:9]} {invoice.number[9:]}"
    [row] = bank(entry(purpose=purpose.format(**words), name="Unbekannt"))
    proposal = best(row, manager)
    assert [(c.number, amount) for c, amount in proposal.shares] == [(invoice.number, Decimal("1190.00"))]
    assert proposal.sure


def test_a_longer_number_is_another_one(bank, manager, open_invoice):
    invoice = open_invoice(net="50.00")
    [row] = bank(entry(purpose=f"{invoice.number}7 und 9{invoice.number[3:]}", name="Unbekannt"))
    assert proposed(row, manager) == set()


def test_digits_alone_need_more(bank, manager, open_invoice):
    invoice = open_invoice()
    digits = invoice.number.removeprefix("RE-")
    unknown, known = bank(entry(purpose=digits, name="X", iban=""), entry(purpose=digits, ref="2"))
    assert not best(unknown, manager).sure
    assert best(known, manager).sure
    assert len(best(known, manager).reasons) == 3


def test_name_and_amount_are_proposed_but_not_sure(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose="Danke", name="HOEFLE VERPACKUNGSTECHNIK GMBH U. CO KG"))
    assert best(row, manager).numbers == invoice.number
    assert not best(row, manager).sure


def test_the_account_is_remembered(bank, manager, open_invoice):
    first, second = open_invoice(), open_invoice()
    [paid] = bank(entry(purpose=first.number, name="Zahlstelle Süd"))
    actions.book(entry=paid, shares=[(first, paid.amount)], by=manager)
    [row] = bank(entry("500.00", purpose="Abschlag", name="Zahlstelle Süd", ref="2"))
    assert best(row, manager).numbers == second.number


def test_parts_and_too_much_are_said(bank, manager, open_invoice):
    invoice = open_invoice()
    part, much = bank(entry("190.00", purpose=invoice.number), entry("2000.00", purpose=invoice.number, ref="2"))
    assert not best(part, manager).sure
    assert "1.000,00" in " ".join(best(part, manager).reasons).replace("1,000.00", "1.000,00")
    assert "810" in " ".join(best(much, manager).reasons)


def test_several_invoices_in_one_transfer(bank, manager, open_invoice):
    one, two = open_invoice(), open_invoice(net="100.00")
    [row] = bank(entry("1309.00", purpose=f"{one.number}, {two.number}"))
    proposal = best(row, manager)
    assert proposal.sure
    assert {c.number: amount for c, amount in proposal.shares} == {
        one.number: Decimal("1190.00"),
        two.number: Decimal("119.00"),
    }


def test_several_invoices_without_a_number_by_their_sum(bank, manager, open_invoice):
    one, two = open_invoice(), open_invoice(net="100.00")
    open_invoice(net="77.00")
    [row] = bank(entry("1309.00", purpose="Sammelzahlung"))
    assert set(best(row, manager).numbers.split(", ")) == {one.number, two.number}
    assert not best(row, manager).sure


def test_twins_are_told_apart_by_a_person(bank, manager, open_invoice):
    invoice = open_invoice()
    bank(entry(purpose=invoice.number))
    [again] = bank(entry(purpose=f"{invoice.number} SVWZ", ref="csv"))
    assert not best(again, manager).sure


def test_a_rep_is_offered_nothing(bank, people, open_invoice):
    open_invoice()
    [row] = bank(entry())
    assert not BankEntry.objects.visible_to(people["rep"]).exists()
    with pytest.raises(BankEntry.DoesNotExist):
        actions.ignore(entry=row, by=people["rep"])


# ── booking ─────────────────────────────────────────────────────────────────────────────────────────
def test_booking_pays_and_undoing_takes_back(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose=invoice.number))
    actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
    invoice.refresh_from_db()
    payment = invoice.payments.get()
    assert (invoice.status, payment.paid_on, payment.reference) == ("paid", row.booked_on, invoice.number)
    with pytest.raises(Refused):
        actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
    actions.undo(entry=row, by=manager)
    invoice.refresh_from_db()
    row.refresh_from_db()
    assert (invoice.status, invoice.open_amount, row.state) == ("issued", Decimal("1190.00"), EntryState.OPEN)
    actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
    assert Booking.objects.filter(undone_at=None).count() == 1


def test_undo_after_the_payment_was_reversed_elsewhere(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose=invoice.number))
    actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
    sales.reverse_payment(payment=invoice.payments.get(), by=manager)
    actions.undo(entry=row, by=manager)
    assert Payment.objects.count() == 2


def test_amounts_have_to_add_up(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose=invoice.number))
    for shares in ([], [(invoice, Decimal("1"))], [(invoice, Decimal("-1190"))], [(invoice, Decimal("2380"))]):
        with pytest.raises(Refused):
            actions.book(entry=row, shares=shares, by=manager)
    assert not Payment.objects.exists()


def test_money_out_pays_a_credit_note(bank, manager, open_invoice):
    invoice = open_invoice()
    sales.add_payment(invoice=invoice, by=manager, amount=Decimal("1190.00"))
    note = sales.cancel_invoice(invoice=invoice, by=manager)
    note = Invoice.objects.get(pk=note.pk)
    paid, other = bank(entry(sign="DBIT", purpose=f"Erstattung {note.number}"), entry(sign="DBIT", ref="2"))
    assert best(paid, manager).sure
    with pytest.raises(Refused):
        actions.book(entry=other, shares=[(invoice, Decimal("1190.00"))], by=manager)
    actions.book(entry=paid, shares=[(note, Decimal("1190.00"))], by=manager)
    note.refresh_from_db()
    assert note.open_amount == 0


def test_the_sure_ones_are_booked_at_once(bank, manager, open_invoice):
    invoices = [open_invoice(net=f"{100 + i}.00") for i in range(3)]
    rows = bank(
        *(entry(f"{i.gross_total}", purpose=i.number, ref=f"s{i.pk}") for i in invoices),
        entry("5.00", purpose="Zinsen", ref="x"),
    )
    again = bank(
        entry(f"{invoices[0].gross_total}", purpose=f"{invoices[0].number} doppelt", ref="y", day="2026-11-21")
    )
    assert actions.book_sure(entries=BankEntry.objects.all(), by=manager) == 3
    assert [BankEntry.objects.get(pk=row.pk).state for row in rows] == ["booked", "booked", "booked", "open"]
    assert BankEntry.objects.get(pk=again[0].pk).state == "open", "one invoice is paid once"


# ── the same file, the same entry ───────────────────────────────────────────────────────────────────
def test_the_same_file_twice_books_nothing_twice(manager):
    content = files.camt(entry()).getvalue()
    actions.upload(file=ContentFile(content, name="a.xml"), by=manager)
    with pytest.raises(actions.SeenBefore):
        actions.upload(file=ContentFile(content, name="b.xml"), by=manager)
    assert (BankStatement.objects.count(), BankEntry.objects.count()) == (1, 1)


def test_the_same_entry_in_another_file_is_there_already(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose=invoice.number))
    actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
    new = bank(entry(purpose=invoice.number), entry("5.00", ref="2"))
    assert [e.amount for e in new] == [Decimal("5.00")]
    assert BankStatement.objects.first().known == 1
    assert Payment.objects.count() == 1


def test_nothing_of_a_broken_file_is_kept(manager):
    for content in (files.camt(entry(), entry("viel")).getvalue(), b"\x89PNG\r\n\x1a\n\0\0", b""):
        with pytest.raises(Unreadable):
            actions.upload(file=ContentFile(content, name="x"), by=manager)
    assert not BankStatement.objects.exists()
    assert not BankEntry.objects.exists()


def test_a_banks_csv_asks_once_for_its_columns(manager):
    first = actions.upload(file=ContentFile(files.SPARKASSE.encode("cp1252"), name="a.csv"), by=manager)
    assert first.status == "columns"
    mapping = {name: first.mapping[name] for name in ("fields", "order", "mark", "account")}
    actions.assign(statement=first, by=manager, **mapping)
    assert BankEntry.objects.count() == 2
    more = files.SPARKASSE.replace("1.190,00", "1.191,00").encode("cp1252")
    second = actions.upload(file=ContentFile(more, name="b.csv"), by=manager)
    assert (second.status, second.known, BankEntry.objects.count()) == ("read", 1, 3)


@pytest.mark.django_db(transaction=True)
def test_ten_people_book_one_entry_once(bank, manager, open_invoice):
    invoice = open_invoice()
    [row] = bank(entry(purpose=invoice.number))

    def book(_number):
        try:
            actions.book(entry=row, shares=[(invoice, row.amount)], by=manager)
        except Refused:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(book, range(10))) == 1
    assert Payment.objects.count() == 1
