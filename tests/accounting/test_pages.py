"""The pages of the bank and of the DATEV export, as somebody with the right, and without it, meets them."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.accounting.models import BankEntry, BankStatement, DatevSettings, RevenueAccount
from crm.mail.models import OutgoingMail
from crm.sales import actions as sales
from crm.sales.models import Invoice, Payment
from tests.accounting import files
from tests.accounting.files import entry
from tests.sales.factories import make_invoice

pytestmark = pytest.mark.django_db


def send(client, content: bytes, name="auszug.xml"):
    return client.post("/invoices/bank/import/", {"file": SimpleUploadedFile(name, content)})


def test_from_the_file_to_the_payment_and_back(signed_in, open_invoice):
    invoice = open_invoice()
    client = signed_in("manager")
    answer = send(client, files.camt(entry(purpose=invoice.number)).getvalue())
    assert answer.status_code == 302
    assert invoice.number in client.get(answer.url).content.decode(), "the proposal stands in the list"
    row = BankEntry.objects.get()
    page = client.get(f"/invoices/bank/{row.pk}/").content.decode()
    assert f'value="{invoice.pk}:1190.00"' in page
    client.post(f"/invoices/bank/{row.pk}/book/", {"shares": f"{invoice.pk}:1190.00"})
    assert Invoice.objects.get().status == "paid"
    assert invoice.number in client.get(f"/invoices/bank/{row.pk}/").content.decode()
    client.post(f"/invoices/bank/{row.pk}/undo/")
    assert Invoice.objects.get().status == "issued"


def test_the_menu_says_why_nobody_is_reminded(signed_in, open_invoice, rep):
    late, due = open_invoice(), open_invoice(days_ago=1)
    draft = make_invoice(rep)
    note = sales.cancel_invoice(invoice=open_invoice(), by=rep)
    rep.language = "en"
    rep.save()
    said = {}
    for invoice in (late, due, draft, note):
        page = signed_in("rep").get(invoice.get_absolute_url()).content.decode()
        said[invoice.pk] = re.findall(r"Remind …(?:<small>(.*?)</small>)?", page)
    assert said == {late.pk: [""], due.pk: ["is not overdue"], draft.pk: ["is a draft"], note.pk: []}


def test_other_invoices_are_chosen(signed_in, bank, open_invoice):
    one, two = open_invoice(), open_invoice(net="100.00")
    [row] = bank(entry(purpose="Danke", name="Jemand"))
    client = signed_in("manager")
    address = f"/invoices/bank/{row.pk}/choose/"
    assert client.get(address).status_code == 200
    wrong = client.post(address, {"invoice_0": one.pk, "amount_0": "1.000,00"})
    assert not Payment.objects.exists()
    assert wrong.status_code == 200
    data = {"invoice_0": one.pk, "amount_0": "1.071,00", "invoice_1": two.pk, "amount_1": "119,00"}
    client.post(address, data)
    assert sorted(p.amount for p in Payment.objects.all()) == [119, 1071]
    found = client.get(f"/invoices/bank/{row.pk}/invoices/?q={one.number}").json()["results"]
    assert [hit["value"] for hit in found] == [str(one.pk)]


@pytest.mark.parametrize("shares", ["", "abc", "1", "1:2", "1:1e9", "1:NaN", ":,:", "99999999999999999999:1.00"])
def test_what_no_button_posts_books_nothing(signed_in, bank, open_invoice, shares):
    open_invoice()
    [row] = bank(entry())
    assert signed_in("manager").post(f"/invoices/bank/{row.pk}/book/", {"shares": shares}).status_code in (302, 404)
    assert not Payment.objects.exists()


def test_a_broken_file_is_said_beside_the_field(signed_in):
    client = signed_in("manager")
    for content in (b"<a", b"\x89PNG\r\n\x1a\n\0", b"nichts"):
        answer = send(client, content)
        assert answer.status_code == 422
        assert "field-error" in answer.content.decode()
    assert not BankStatement.objects.exists()


def test_the_same_file_twice(signed_in):
    client = signed_in("manager")
    content = files.camt(entry()).getvalue()
    send(client, content)
    assert send(client, content).status_code == 422
    assert BankEntry.objects.count() == 1


def test_columns_are_corrected(signed_in):
    client = signed_in("manager")
    answer = send(client, "Tag;Wieviel;Wer\n20.11.2026;12,50;Höfle\n".encode("cp1252"), "bank.csv")
    page = client.get(answer.url).content.decode()
    assert "Wieviel" in page
    data = {"account": files.ACCOUNT, "order": "dmy", "mark": ",", "column_0": "booked_on", "column_2": "name"}
    assert client.post(answer.url, data).status_code == 422
    preview = client.post(answer.url, data | {"column_1": "amount", "preview": "1"})
    assert "12,50" in preview.content.decode() or "12.50" in preview.content.decode()
    assert not BankEntry.objects.exists()
    double = client.post(answer.url, data | {"column_1": "amount", "column_2": "amount"})
    assert double.status_code == 422
    assert client.post(answer.url, data | {"column_1": "amount"}).status_code == 302
    assert BankEntry.objects.get().amount == 12.5


def test_bulk(signed_in, bank, open_invoice):
    invoice = open_invoice()
    bank(entry(purpose=invoice.number), entry("1.00", purpose="Zinsen", ref="2"))
    client = signed_in("manager")
    client.post("/invoices/bank/book-sure/", {"all": "1", "query": ""})
    assert [row.state for row in BankEntry.objects.order_by("pk")] == ["booked", "open"]
    client.post("/invoices/bank/ignore/", {"all": "1", "query": ""})
    assert [row.state for row in BankEntry.objects.order_by("pk")] == ["booked", "ignored"]


@pytest.mark.parametrize("name", ["rep", "readonly", "service"])
def test_the_bank_is_not_for_everybody(signed_in, bank, name):
    [row] = bank(entry(name="Geheim GmbH"))
    client = signed_in(name)
    for address in ("/invoices/bank/", "/invoices/bank/import/", f"/invoices/bank/{row.pk}/", "/invoices/datev/"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "Geheim" not in answer.content.decode()
    assert client.post("/invoices/bank/ignore/", {"all": "1"}).status_code == 404
    assert "/invoices/bank/" not in client.get("/invoices/due/").content.decode()


# ── DATEV ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_export(signed_in, open_invoice):
    invoice = open_invoice(days_ago=3)
    client = signed_in("manager")
    query = f"start={invoice.invoice_date}&end={invoice.invoice_date}"
    page = client.get(f"/invoices/datev/?{query}").content.decode()
    assert "8400" in page
    answer = client.get(f"/invoices/datev/?{query}&download=1")
    assert answer["Content-Disposition"].startswith('attachment; filename="EXTF_Buchungsstapel_')
    assert invoice.number.encode() in answer.content
    assert client.get("/invoices/datev/?start=2026-02-30&end=x").status_code == 200
    assert "note bad" in client.get("/invoices/datev/?start=2025-12-01&end=2026-01-31").content.decode()


def test_the_settings(signed_in):
    client = signed_in("manager")
    page = client.get("/settings/datev/").content.decode()
    assert "8400" in page
    data = {
        "consultant_number": 29098, "client_number": 55003, "fiscal_year_month": 1, "chart": "SKR04",
        "account_length": 4, "debtors_account": 10000, "account_0": "4401", "key_0": "3",
    }  # fmt: skip
    assert client.post("/settings/datev/", data).status_code == 302
    assert DatevSettings.objects.get().chart == "SKR04"
    assert [(row.account, row.tax_key) for row in RevenueAccount.objects.all()] == [(4401, "3")]
    client.post("/settings/datev/", data | {"account_0": ""})
    assert not RevenueAccount.objects.exists()
    assert client.post("/settings/datev/", data | {"client_number": 0}).status_code == 422
    # The chart's accounts beside the inputs are those of the saved length, not numbers of a hundred million digits.
    assert client.post("/settings/datev/", data | {"account_length": 99_999_999}).status_code == 422
    assert signed_in("rep").get("/settings/datev/").status_code == 404


# ── what it costs ───────────────────────────────────────────────────────────────────────────────────
def test_pages_cost_the_same_with_many(signed_in, people, bank, open_invoice):
    by = people["manager"]

    def grow(numbers) -> None:
        bank(*(entry(f"{100 + i}.00", purpose=f"Zahlung {i}", ref=f"r{i}", name=f"Kunde {i}") for i in numbers))
        for i in numbers[:10]:
            open_invoice(f"Kunde {i}", net=f"{i + 1}.00", days_ago=60)
        OutgoingMail.objects.bulk_create(
            OutgoingMail(sender=by, to="a@b.example", subject=f"M {i}", text="x", message_id=f"<{i}@x>")
            for i in numbers
        )

    def costs() -> list[int]:
        found = []
        for address in ("/invoices/bank/", "/invoices/bank/?tab=all", "/invoices/due/", "/mail/", "/invoices/datev/"):
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            found.append(len(asked))
        return found

    client = signed_in("manager")
    grow(range(8))
    few = costs()
    grow(range(8, 300))
    assert costs() == few
    assert max(few) < 40
