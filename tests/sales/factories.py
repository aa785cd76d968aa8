"""Sales documents of the tests. `by` is one of the people; lines are (text, quantity, price) or dicts of fields."""

import datetime
from decimal import Decimal

from django.utils import timezone

from contacts.models import Company
from crm.sales import actions
from crm.sales.models import (
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Product,
    Quote,
    QuoteLine,
)
from crm.setup.models import Organisation

# Net 1,000.00 + 125.85, VAT 19 %: gross 1,339.76.
LINES = (("Servoachse KL-7", 2, "500.00"), ("Montage", "1.5", "83.90"))


def make_seller() -> Organisation:
    """Us, with all that an invoice asks of its seller."""
    return Organisation.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Nordlicht Antriebe",
            "legal_name": "Nordlicht Antriebstechnik GmbH",
            "street": "Werftstraße 12",
            "postal_code": "24143",
            "city": "Kiel",
            "country": "DE",
            "phone": "+49 431 5550100",
            "email": "rechnung@nordlicht.example",
            "website": "www.nordlicht.example",
            "vat_id": "DE811569869",
            "tax_number": "20/291/12345",
            "register_court": "Amtsgericht Kiel",
            "register_number": "HRB 12345",
            "managing_directors": "Inge Petersen",
            "bank_name": "Förde Sparkasse",
            "iban": "DE89370400440532013000",
            "bic": "COBADEFFXXX",
        },
    )[0]


def make_customer(by, **fields) -> Company:
    """A German company with a whole address."""
    return Company.objects.create(
        **{
            "name": "Höfle Verpackungstechnik GmbH & Co. KG",
            "street": "Am Güterbahnhof 3",
            "postal_code": "89073",
            "city": "Ulm",
            "country": "DE",
            "email": "einkauf@hoefle.example",
            "vat_id": "DE136695976",
            "owner": by,
        }
        | fields
    )


def make_product(sku="KL-7", **fields) -> Product:
    return Product.objects.create(
        **{"sku": sku, "name": "Servoachse KL-7", "unit": "Stk", "net_price": Decimal("500.00")} | fields
    )


def line(position: int, what) -> dict:
    """The fields of a line from (text, quantity, price) or a dict of fields."""
    if not isinstance(what, dict):
        text, quantity, price = what
        what = {"text": text, "quantity": Decimal(quantity), "unit_price": Decimal(price)}
    return {"position": position, "unit": "Stk", "vat_rate": Decimal(19)} | what


def _draft(model, line_model, by, lines, fields):
    if "company" not in fields and "person" not in fields:
        fields["company"] = make_customer(by)
    document = model.objects.create(**{"owner": by, "subject": "Servoachsen"} | fields)
    name = model._meta.model_name
    line_model.objects.bulk_create(
        line_model(**{name: document}, **line(position, what)) for position, what in enumerate(lines, 1)
    )
    document.refresh_from_db()
    return document


def make_quote(by, *, lines=LINES, **fields) -> Quote:
    """A draft."""
    fields.setdefault("valid_until", timezone.localdate() + datetime.timedelta(days=30))
    return _draft(Quote, QuoteLine, by, lines, fields)


def make_order(by, *, lines=LINES, **fields) -> Order:
    """A draft."""
    return _draft(Order, OrderLine, by, lines, fields)


def make_invoice(by, *, lines=LINES, **fields) -> Invoice:
    """A draft."""
    return _draft(Invoice, InvoiceLine, by, lines, fields)


def issued_invoice(by, *, lines=LINES, days_ago: int = 0, **fields) -> Invoice:
    """Issued `days_ago`, payable within 30 days."""
    make_seller()
    day = timezone.localdate() - datetime.timedelta(days=days_ago)
    fields = {"invoice_date": day, "due_date": day + datetime.timedelta(days=30), "service_date": day} | fields
    return actions.issue_invoice(invoice=make_invoice(by, lines=lines, **fields), by=by)
