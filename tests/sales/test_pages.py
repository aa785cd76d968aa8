"""The pages of sales documents: lists, records, the line editor, the dialogs."""

import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crm.mail.models import OutgoingMail
from crm.sales import actions
from crm.sales.models import Invoice, Order, Quote
from opportunities.actions import create_opportunity
from tests.sales.factories import (
    issued_invoice,
    make_customer,
    make_invoice,
    make_order,
    make_product,
    make_quote,
    make_seller,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def rep(client, people):
    client.force_login(people["rep"])
    return client


def rows(*lines) -> dict:
    """What the editor posts for lines of (key, text, quantity, price); a text has no more than (key, text)."""
    names = ("key", "kind", "product", "text", "quantity", "unit", "unit_price", "discount_percent", "vat_rate")
    data = {name: [] for name in names}
    for line in lines:
        key, text, quantity, price = line if len(line) == 4 else (*line, "", "")
        values = (key, "item" if quantity else "text", "", text, quantity, "Stk", price, "", "19" if quantity else "")
        for name, value in zip(names, values, strict=True):
            data[name].append(value)
    return data


@pytest.mark.parametrize("name", ["quotes", "orders", "invoices", "products"])
def test_a_list_with_nothing_and_with_records(rep, people, name):
    address = reverse(f"sales:{name}")
    assert rep.get(address).status_code == 200
    made = {"quotes": make_quote, "orders": make_order, "invoices": make_invoice}
    what = made[name](people["rep"]) if name in made else make_product()
    assert str(what) in rep.get(address).content.decode()


def test_a_list_shows_only_what_one_may_see(rep, people):
    make_quote(people["stranger"], subject="Geheimes Vorhaben")
    assert "Geheimes Vorhaben" not in rep.get("/quotes/").content.decode()


def test_credit_notes_count_negative(rep, people):
    invoice = issued_invoice(people["rep"])
    actions.cancel_invoice(invoice=invoice, by=people["rep"])
    page = rep.get("/invoices/").content.decode()
    assert 'data-rows-value="0.00"' in page
    assert "−1.125,85" in page


def test_the_page_of_a_quote_says_what_it_is(rep, people):
    quote = make_quote(people["rep"])
    page = rep.get(quote.get_absolute_url()).content.decode()
    assert quote.number in page
    assert "1.125,85" in page
    assert "1.339,76" in page
    assert rep.get(make_quote(people["stranger"]).get_absolute_url()).status_code == 404


def test_lines_are_saved_in_the_order_of_the_page(rep, people):
    quote = make_quote(people["rep"])
    first, second = quote.lines.all()
    data = rows((second.pk, "Montage", "2", "100,00"), ("n0", "Hinweis"), (first.pk, "Achse", "1,5", "1.000,10"))
    address = reverse("sales:lines-quote", args=[quote.pk])
    answer = rep.post(address, data | {"seen": actions.version(quote)})
    assert answer.status_code == 302
    assert [(line.text, line.kind) for line in quote.lines.all()] == [
        ("Montage", "item"),
        ("Hinweis", "text"),
        ("Achse", "item"),
    ]
    quote.refresh_from_db()
    assert quote.net_total == Decimal("1700.15")


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_saved(rep, people):
    quote = make_quote(people["rep"])
    data = rows(("n0", "Achse", "-3", "abc"), ("n1", "", "1", "5"))
    page = rep.post(reverse("sales:lines-quote", args=[quote.pk]), data | {"seen": actions.version(quote)})
    text = page.content.decode()
    assert page.status_code == 200
    assert text.count("field-error") == 3
    assert 'value="abc"' in text
    assert quote.lines.count() == 2


def test_the_sums_while_typing_are_those_that_would_be_saved(rep, people):
    quote = make_quote(people["rep"])
    data = rows(("n0aaaaaaa", "Achse", "3", "0,35"), ("nbbbbbbbb", "", "", ""))
    page = rep.post(reverse("sales:preview-quote", args=[quote.pk]), data, headers=HTMX).content.decode()
    assert "1,05" in page
    assert "1,25" in page  # 1.05 and 19 % of it, rounded
    assert quote.lines.count() == 2


def test_buttons_add_move_and_remove_without_saving(rep, people):
    quote = make_quote(people["rep"])
    product = make_product("KL-9", name="Regler KL-9", net_price=Decimal("77.00"))
    address = reverse("sales:lines-quote", args=[quote.pk])
    base = rows(("naaaaaaaa", "Erste", "1", "1"), ("nbbbbbbbb", "Zweite", "1", "1"))

    def texts(**more):
        page = rep.post(address, base | more, headers=HTMX).content.decode()
        return re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page)

    assert texts(do="up:nbbbbbbbb") == ["Zweite", "Erste"]
    assert texts(do="remove:naaaaaaaa") == ["Zweite"]
    assert texts(do="item:naaaaaaaa") == ["Erste", "", "Zweite"]
    assert texts(do="text:") == ["Erste", "Zweite", ""]
    assert texts(do="product:", pick=product.pk)[-1] == "Regler KL-9"
    assert quote.lines.count() == 2


def test_who_saves_second_sees_both_and_decides(rep, people):
    quote = make_quote(people["rep"])
    seen = actions.version(quote)
    actions.save_lines(
        document=quote, by=people["rep"], lines=[{"text": "Von der Kollegin", "unit_price": Decimal(5)}], seen=seen
    )
    address, data = reverse("sales:lines-quote", args=[quote.pk]), rows(("n0", "Von mir", "1", "7"))
    page = rep.post(address, data | {"seen": seen}).content.decode()
    assert "Von der Kollegin" in page
    assert "Von mir" in page
    assert quote.lines.get().text == "Von der Kollegin"
    again = re.search(r'name="seen" value="([^"]+)"', page).group(1)
    assert rep.post(address, data | {"seen": again}).status_code == 302
    assert quote.lines.get().text == "Von mir"


def test_too_many_lines_are_refused_with_a_sentence(rep, people):
    quote = make_quote(people["rep"])
    data = rows(*((f"n{i}", "x", "1", "1") for i in range(1001)))
    page = rep.post(reverse("sales:lines-quote", args=[quote.pk]), data | {"seen": actions.version(quote)})
    assert "höchstens 1.000" in page.content.decode()
    assert quote.lines.count() == 2


def test_a_new_document_takes_everything_from_the_opportunity(rep, people):
    company = make_customer(people["rep"])
    opportunity = create_opportunity(
        by=people["rep"], title="Servoachsen", company=company, estimated_value=Decimal("148500")
    )
    address = f"{reverse('sales:new-quote')}?opportunity={opportunity.pk}"
    page = rep.get(address).content.decode()
    assert company.name.replace("&", "&amp;") in page
    answer = rep.post(address, {"opportunity": opportunity.pk, "owner": people["rep"].pk})
    quote = Quote.objects.get()
    assert answer.url == reverse("sales:lines-quote", args=[quote.pk])
    assert (quote.company, quote.opportunity, quote.owner) == (company, opportunity, people["rep"])
    assert quote.lines.get().unit_price == Decimal("148500")
    assert quote.intro


def test_a_new_document_needs_somebody_it_is_for(rep):
    page = rep.post(reverse("sales:new-order"), {"subject": "Etwas"})
    assert page.status_code == 200
    assert Order.objects.count() == 0


def test_from_the_quote_to_the_paid_invoice(rep, people):
    make_seller()
    quote = make_quote(people["rep"])

    def post(route, record, **data):
        return rep.post(reverse(f"sales:{route}", args=[record.pk]), data)

    post("sent-quote", quote, valid_until=quote.valid_until)
    post("accept-quote", quote, name="Frau Kurz")
    post("order-quote", quote)
    order = Order.objects.get()
    post("confirm-order", order)
    first = order.lines.first()
    post("deliver-order", order, delivered_on=order.order_date, **{f"line_{first.pk}": "1"})
    post("invoice-order", order, what="delivered")
    invoice = Invoice.objects.get()
    assert invoice.net_total == Decimal("500.00")
    post("issue-invoice", invoice)
    post("pay-invoice", invoice, amount="100", paid_on=order.order_date, method="transfer")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount) == ("issued", Decimal("495.00"))
    post("paid-invoice", invoice, paid_on=order.order_date, method="cash")
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_what_an_invoice_lacks_is_named_before_issuing(rep, people):
    invoice = make_invoice(people["rep"], company=make_customer(people["rep"], street="", city=""))
    page = rep.get(reverse("sales:issue-invoice", args=[invoice.pk])).content.decode()
    assert "Anschrift des Empfängers" in page
    assert 'type="submit"' not in page.partition("dialog-foot")[2].partition("</form>")[0]


def test_products_are_read_by_all_and_changed_by_few(rep, client, people):
    product = make_product()
    assert rep.get(reverse("sales:product", args=[product.pk])).status_code == 200
    assert rep.post(reverse("sales:product", args=[product.pk]), {"name": "Neu"}).status_code == 404
    assert rep.get(reverse("sales:new-product")).status_code == 404
    client.force_login(people["manager"])
    fields = {"name": "Neu", "sku": "X-1", "net_price": "1,50", "vat_rate": "19", "is_active": "on"}
    assert client.post(reverse("sales:product", args=[product.pk]), fields).status_code == 302
    product.refresh_from_db()
    assert (product.name, product.net_price) == ("Neu", Decimal("1.50"))


def test_a_mail_sends_the_draft_with_a_private_link(rep, people):
    quote = make_quote(people["rep"])
    address = reverse("sales:mail-quote", args=[quote.pk])
    page = rep.get(address).content.decode()
    assert "einkauf@hoefle.example" in page
    assert "{link}" in page
    data = {"to": "kurz@hoefle.example", "subject": "Ihr Angebot", "text": "Hier: {link}"}
    assert rep.post(address, data).status_code == 302
    quote.refresh_from_db()
    mail = OutgoingMail.objects.get()
    assert quote.status == "sent"
    assert (mail.sender, mail.to, mail.maker, mail.made_of) == (
        people["rep"],
        "kurz@hoefle.example",
        "sales.quote",
        quote.pk,
    )
    token = re.search(r"/q/([^/]+)/", mail.text).group(1)
    assert actions.links.valid_link(token).quote == quote


def test_a_mail_that_cannot_leave_sends_nothing(rep, people):
    quote = make_quote(people["rep"], lines=())
    data = {"to": "kurz@hoefle.example", "subject": "Ihr Angebot", "text": "Hier: {link}"}
    rep.post(reverse("sales:mail-quote", args=[quote.pk]), data)
    quote.refresh_from_db()
    assert quote.status == "draft"
    assert OutgoingMail.objects.count() == 0


def test_the_pdf_of_a_draft_and_of_an_issued_invoice(rep, people):
    draft = rep.get(reverse("sales:pdf-quote", args=[make_quote(people["rep"]).pk]))
    assert draft["Content-Disposition"].startswith("attachment")
    assert b"".join(draft).startswith(b"%PDF")
    invoice = issued_invoice(people["rep"])
    first, second = (b"".join(rep.get(reverse("sales:pdf-invoice", args=[invoice.pk]))) for _time in range(2))
    assert first.startswith(b"%PDF")
    assert first == second
    assert b"CrossIndustryInvoice" in b"".join(rep.get(reverse("sales:xrechnung", args=[invoice.pk])))


def test_the_menu_says_why_something_cannot_be_done(rep, people):
    quote = make_quote(people["rep"], lines=())
    page = rep.get(quote.get_absolute_url()).content.decode()
    assert "noch keine Positionen" in page
    invoice = issued_invoice(people["rep"])
    page = rep.get(invoice.get_absolute_url()).content.decode()
    assert "kein Entwurf mehr" in page
    assert "Die Rechnung kann nicht mehr geändert, aber storniert werden." in page
    assert reverse("sales:lines-invoice", args=[invoice.pk]) not in page


def test_a_final_document_is_not_edited(rep, people):
    invoice = issued_invoice(people["rep"])
    for name in ("edit", "lines", "delete"):
        address = reverse(f"sales:{name}-invoice", args=[invoice.pk])
        assert rep.get(address, headers=HTMX).status_code == 409
        assert rep.post(address, {"subject": "Anders"}, headers=HTMX).status_code == 409
    invoice.refresh_from_db()
    assert invoice.subject == "Servoachsen"


def test_files_stay_with_what_left_the_house(rep, people):
    invoice = issued_invoice(people["rep"])
    upload = SimpleUploadedFile("Nachweis.pdf", b"x")
    rep.post(reverse("sales:upload-invoice", args=[invoice.pk]), {"files": upload})
    file = invoice.files.get()
    answer = rep.post(reverse("sales:remove-file-invoice", args=[invoice.pk, file.pk]), headers=HTMX)
    assert answer.status_code == 409
    assert b"".join(rep.get(reverse("sales:file-invoice", args=[invoice.pk, file.pk]))) == b"x"


def test_the_tabs_of_contacts_and_opportunities_show_what_one_may_see(rep, people):
    company = make_customer(people["rep"])
    opportunity = create_opportunity(by=people["rep"], title="Servoachsen", company=company)
    mine = make_quote(people["rep"], company=company, opportunity=opportunity)
    hers = make_quote(people["stranger"], company=company, opportunity=opportunity)
    for address in (
        reverse("sales:quotes-of-company", args=[company.pk]),
        f"{opportunity.get_absolute_url()}?tab=quotes",
    ):
        page = rep.get(address).content.decode()
        assert mine.number in page
        assert hers.number not in page


def test_a_revision_keeps_the_number_and_the_list_shows_the_latest(rep, people):
    quote = make_quote(people["rep"])
    actions.send_quote(quote=quote, by=people["rep"])
    answer = rep.post(reverse("sales:revise-quote", args=[quote.pk]))
    revision = Quote.objects.get(is_latest=True)
    assert answer.url == revision.get_absolute_url()
    assert str(revision) == f"{quote.number}/2"
    assert 'data-rows="1"' in rep.get("/quotes/").content.decode()
    assert quote.number in rep.get(f"{revision.get_absolute_url()}?tab=revisions").content.decode()


def test_the_search_finds_papers_by_number_and_customer_within_the_rights(rep, people):
    quote, hers = make_quote(people["rep"]), make_quote(people["stranger"])
    page = rep.get("/search/", {"q": quote.number}).content.decode()
    assert quote.get_absolute_url() in page
    assert hers.get_absolute_url() not in rep.get("/search/", {"q": "Servoachsen"}).content.decode()
    assert quote.get_absolute_url() in rep.get("/search/", {"q": "Hoefle"}).content.decode()
