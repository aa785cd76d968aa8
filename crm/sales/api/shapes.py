"""What goes in and comes out, for all kinds of documents. Amounts are net unless said, in the document's currency."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from django.conf import settings
from django.db import transaction
from ninja import Schema, Status
from pydantic import Field

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.accounts.scope import Action
from crm.api.fields import IdOrName, Ref, Strict, long_text, one_of
from crm.api.fields import text as short_text
from crm.core.forms import EARLIEST, LATEST
from crm.core.refusals import Refused
from crm.sales.models import Product, TaxTreatment
from crm.sales.models.document import LONGEST_TEXT, MOST_LINES
from opportunities.models import Opportunity

Day = Annotated[datetime.date, Field(ge=EARLIEST, le=LATEST)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]


# ── what goes in ────────────────────────────────────────────────────────────────────────────────────
class LineIn(Strict):
    """A line. With a product (id or sku), what is missing is the product's. A text has neither quantity nor price."""

    kind: Literal["item", "text"] = "item"
    product: IdOrName | None = None
    text: long_text(LONGEST_TEXT) = ""
    quantity: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)] = Decimal(1)
    unit: short_text(20) | None = None
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None
    discount_percent: Percent = Decimal(0)
    vat_rate: Percent | None = None


class DocumentIn(Strict):
    """A draft. Company, owner: an id or a name. What is missing is the opportunity's, or follows from the customer.

    `lines` left out: those of where it comes from. With an external_id, a second post makes no second document: it
    answers 200 with the one that is there.
    """

    opportunity: IdOrName | None = None
    company: IdOrName | None = None
    person: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    owner: IdOrName | None = None
    subject: short_text(200) | None = None
    language: Literal["de", "en"] | None = None
    tax_treatment: Literal[tuple(TaxTreatment.values)] | None = None
    intro: long_text(LONGEST_TEXT) | None = None
    closing: long_text(LONGEST_TEXT) | None = None
    customer_reference: short_text(100) | None = None
    external_id: short_text(100) | None = None
    lines: Annotated[list[LineIn], Field(max_length=MOST_LINES)] | None = None


RECORDS = ("opportunity", "company", "person", "owner")


def given(data: DocumentIn, user, area: str) -> dict:
    """What the verb is given: only what was sent, with records found among those that `user` may see.

    Raises ninja's ValidationError for a record that is not there.
    """
    fields = {name: value for name, value in data.model_dump(exclude={"lines"}).items() if value is not None}
    seen = {
        "opportunity": (Opportunity.objects.visible_to(user), "number"),
        "company": (Company.objects.visible_to(user), "number", "name"),
        "person": (Person.objects.visible_to(user),),
        "owner": (User.objects.assignable_by(user, area), "email", "name"),
    }
    for name in RECORDS:
        if name in fields:
            queryset, *names = seen[name]
            fields[name] = one_of(name, queryset, fields[name], *names)
    if not fields.get("external_id"):
        fields.pop("external_id", None)
    if data.lines is not None:
        fields["lines"] = [_line(line, user, f"lines.{place}") for place, line in enumerate(data.lines)]
    return fields


def _line(line: LineIn, user, place: str) -> dict:
    fields = {name: value for name, value in line.model_dump().items() if value is not None}
    if not fields["text"]:
        del fields["text"]
    if "product" in fields:
        products = Product.objects.visible_to(user).active()
        fields["product"] = one_of(f"{place}.product", products, fields["product"], "sku", "name")
    return fields


def create(model, data: DocumentIn, user, make, show):
    """201 with the new document, made by `make(fields)`; 200 with the one that an earlier post of this id has made.

    `show(user, pk)` gives the answer.
    """
    if not user.may(model.area, Action.CREATE):
        raise model.DoesNotExist
    fields = given(data, user, model.area)
    if external_id := fields.get("external_id"):
        known = model.objects.filter(external_id=external_id).first()
        if known is not None:
            mine = model.objects.visible_to(user).filter(pk=known.pk).first()
            if mine is None:
                raise Refused("A document with this external_id exists already; you may not see it.")
            return Status(200, show(user, mine.pk))
    with transaction.atomic():
        document = make(fields)
    return Status(201, show(user, document.pk))


# ── what comes out ──────────────────────────────────────────────────────────────────────────────────
class LineOut(Schema):
    id: int
    position: int
    kind: str
    product: Ref | None
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    discount_percent: Decimal
    vat_rate: Decimal
    net_amount: Decimal


class RateOut(Schema):
    rate: Decimal
    net: Decimal
    vat: Decimal


class DocumentOut(Schema):
    """recipient_* is to whom it was addressed when it left the house; empty before, unless somebody typed it."""

    id: int
    number: str | None
    status: str
    subject: str
    company: Ref | None
    person: Ref | None
    opportunity: Ref | None
    owner: Ref | None
    currency: str
    language: str
    tax_treatment: str
    net_total: Decimal
    vat_total: Decimal
    gross_total: Decimal
    customer_reference: str
    recipient_name: str
    recipient_contact: str
    recipient_street: str
    recipient_postal_code: str
    recipient_city: str
    recipient_country: str
    recipient_vat_id: str
    recipient_email: str
    external_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    url: str


class Detail(Schema):
    """What only the answer with one document has."""

    intro: str
    closing: str
    lines: list[LineOut]
    rates: list[RateOut]


def shown(document, schema, *refs: str, **more) -> dict:
    """The answer for one document; `refs` are further records that it points at, `more` what is no plain field."""
    more |= {name: Ref.to(getattr(document, name, None)) for name in (*RECORDS, *refs)}
    more |= {
        "recipient_country": str(document.recipient_country),
        "url": f"{settings.BASE_URL}{document.get_absolute_url()}",
    }
    if issubclass(schema, Detail):
        lines = document.lines.select_related("product")
        more |= {"lines": [_line_shown(line) for line in lines], "rates": [vars(r) for r in document.totals().rates]}
    return {name: getattr(document, name) for name in schema.model_fields if name not in more} | more


def _line_shown(line) -> dict:
    plain = {name: getattr(line, name) for name in LineOut.model_fields if name != "product"}
    return plain | {"product": Ref.to(line.product)}
