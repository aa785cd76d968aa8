"""Companies and persons in the API."""

import datetime

from django.conf import settings
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from contacts.models import Company, Person
from crm.api.api import api
from crm.api.fields import Ref
from crm.api.paging import Page, Paging, page
from crm.core.fold import matching

companies = Router(tags=["companies"])
persons = Router(tags=["persons"])


class CompanyOut(Schema):
    id: int
    number: str
    name: str
    legal_form: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str
    phone: str
    website: str
    vat_id: str
    industry_code: str
    size: str
    status: str
    customer_since: datetime.date | None
    payment_terms_days: int
    invoice_email: str
    leitweg_id: str
    is_active: bool
    owner: Ref | None
    parent: Ref | None
    tags: list[str]
    external_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    url: str


class PersonOut(Schema):
    id: int
    salutation: str
    title: str
    first_name: str
    last_name: str
    function: str
    email: str
    further_emails: list[str]
    phone: str
    mobile: str
    street: str
    postal_code: str
    city: str
    country: str
    company: Ref | None
    owner: Ref | None
    is_active: bool
    tags: list[str]
    external_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    url: str


def _shown(record, schema, **more) -> dict:
    """All plain fields of `schema`, and what `more` says of the others."""
    plain = {name: getattr(record, name) for name in schema.model_fields if name not in more and hasattr(record, name)}
    return plain | more | {"url": f"{settings.BASE_URL}{record.get_absolute_url()}"}


def _company(record) -> dict:
    return _shown(
        record,
        CompanyOut,
        country=str(record.country),
        owner=Ref.to(record.owner),
        parent=Ref.to(record.parent),
        tags=[tag.name for tag in record.tags.all()],
    )


def _person(record) -> dict:
    return _shown(
        record,
        PersonOut,
        country=str(record.country),
        owner=Ref.to(record.owner),
        company=Ref.to(record.company),
        tags=[tag.name for tag in record.tags.all()],
        further_emails=[further.email for further in record.further_emails.all()],
    )


def _companies(user):
    """With what an answer shows; a parent that the user may not see is None."""
    seen = Prefetch("parent", Company.objects.visible_to(user))
    return Company.objects.visible_to(user).select_related("owner").prefetch_related(seen, "tags")


def _persons(user):
    seen = Prefetch("company", Company.objects.visible_to(user))
    return Person.objects.visible_to(user).select_related("owner").prefetch_related(seen, "tags", "further_emails")


@companies.get("/", response=Page[CompanyOut], url_name="companies")
def list_companies(request, paging: Query[Paging]):
    return page(request, matching(_companies(request.user), paging.q), paging, _company)


@companies.get("/{int:pk}/", response=CompanyOut, url_name="company")
def one_company(request, pk: int):
    return _company(get_object_or_404(_companies(request.user), pk=pk))


@persons.get("/", response=Page[PersonOut], url_name="persons")
def list_persons(request, paging: Query[Paging]):
    return page(request, matching(_persons(request.user), paging.q), paging, _person)


@persons.get("/{int:pk}/", response=PersonOut, url_name="person")
def one_person(request, pk: int):
    return _person(get_object_or_404(_persons(request.user), pk=pk))


api.add_router("/companies", companies)
api.add_router("/persons", persons)
