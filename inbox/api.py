"""The inbox in the API: programs bring leads, each of them once."""

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from contacts import normalise
from contacts.models import Company, Person
from crm.accounts.models import User
from crm.accounts.scope import Action, Area
from crm.api.api import api
from crm.api.fields import IdOrName, Ref, Strict, invalid, long_text, one_of, text
from crm.api.paging import Page, Paging, page
from crm.core.fold import matching
from crm.core.refusals import Refused
from crm.lists.models import Priority, Source
from inbox import actions
from inbox.forms import LONGEST_MESSAGE
from inbox.models import InboxItem
from opportunities.models import Opportunity

router = Router(tags=["inbox"])


class InboxItemIn(Strict):
    """A lead. At least one of title, company_name, last_name and email says what it is about.

    source, priority and owner: an id or a name (of the owner also the e-mail). Amounts in EUR. With an external_id a
    second post of the same source makes no second item: it answers 200 with the one that is there.
    """

    title: text(200) = ""
    source: IdOrName | None = None
    priority: IdOrName | None = None
    kind: Literal["cold", "mql", "sql", "opportunity"] = "cold"
    owner: IdOrName | None = None
    company_name: text(200) = ""
    street: text(200) = ""
    postal_code: text(20) = ""
    city: text(100) = ""
    country: text(60) = ""
    first_name: text(100) = ""
    last_name: text(100) = ""
    email: text(254) = ""
    phone: text(40) = ""
    message: long_text(LONGEST_MESSAGE) = ""
    expected_budget: Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)] | None = None
    external_id: text(100) | None = None


class InboxItemOut(Schema):
    id: int
    title: str
    source: Ref | None
    priority: Ref | None
    kind: str
    status: Ref
    owner: Ref | None
    company_name: str
    street: str
    postal_code: str
    city: str
    country: str
    first_name: str
    last_name: str
    email: str
    phone: str
    message: str
    expected_budget: Decimal | None
    company: Ref | None
    person: Ref | None
    opportunity: Ref | None
    external_id: str | None
    created_at: datetime.datetime
    qualified_at: datetime.datetime | None
    archived_at: datetime.datetime | None
    archive_reason: str
    updated_at: datetime.datetime
    url: str


REFS = ("source", "priority", "status", "owner", "company", "person", "opportunity")


def _shown(item) -> dict:
    refs = {name: Ref.to(getattr(item, name)) for name in REFS}
    more = {"country": str(item.country), "url": f"{settings.BASE_URL}{item.get_absolute_url()}"}
    plain = {name: getattr(item, name) for name in InboxItemOut.model_fields if name not in refs | more}
    return plain | refs | more


def _items(user):
    """With what an answer shows; a company, person or opportunity that the user may not see is None."""
    seen = [Prefetch(m._meta.model_name, m.objects.visible_to(user)) for m in (Company, Person, Opportunity)]
    items = InboxItem.objects.visible_to(user).select_related("source", "priority", "status", "owner")
    return items.prefetch_related(*seen)


@router.get("/", response=Page[InboxItemOut], url_name="inbox-items")
def list_items(request, paging: Query[Paging]):
    return page(request, matching(_items(request.user), paging.q), paging, _shown)


@router.get("/{int:pk}/", response=InboxItemOut, url_name="inbox-item")
def one_item(request, pk: int):
    return _shown(get_object_or_404(_items(request.user), pk=pk))


def _fields(data: InboxItemIn, user) -> dict:
    """What the verb is given: names found, notations unified. Raises ninja's ValidationError."""
    fields = data.model_dump()
    fields["source"] = one_of("source", Source.objects.visible_to(user).filter(is_active=True), data.source, "name")
    priorities = Priority.objects.visible_to(user).filter(is_active=True)
    fields["priority"] = one_of("priority", priorities, data.priority, "name")
    fields["owner"] = one_of("owner", User.objects.assignable_by(user, Area.INBOX), data.owner, "email", "name")
    fields["external_id"] = data.external_id or None
    try:
        fields["country"] = normalise.country(data.country)
    except ValueError:
        raise invalid("country", "is no country; send its ISO code") from None
    fields["phone"] = normalise.phone(data.phone, fields["country"])
    fields["email"] = normalise.email(data.email)
    try:
        if fields["email"]:
            validate_email(fields["email"])
    except ValidationError:
        raise invalid("email", "is no e-mail address") from None
    person = " ".join(filter(None, [data.first_name, data.last_name]))
    fields["title"] = (data.title or data.company_name or person or fields["email"])[:200]
    if not fields["title"]:
        raise invalid("title", "send at least one of title, company_name, last_name and email")
    return fields


@router.post("/", response={200: InboxItemOut, 201: InboxItemOut}, url_name="inbox-items")
def receive_item(request, data: InboxItemIn):
    """Makes an inbox item (201). The same source and external_id again: the item that is there (200)."""
    user = request.user
    if not user.may(Area.INBOX, Action.CREATE):
        raise InboxItem.DoesNotExist
    fields = _fields(data, user)
    if fields["external_id"]:
        known = InboxItem.objects.filter(source=fields["source"], external_id=fields["external_id"])
        if known.exists():
            return _known(known, user)
    try:
        # In a savepoint, so that after another's post in the same moment one can still look.
        with transaction.atomic():
            item = actions.receive(by=user, **fields)
    except IntegrityError:
        if fields["external_id"] and known.exists():
            return _known(known, user)
        raise
    return Status(201, _shown(_items(user).get(pk=item.pk)))


def _known(known, user):
    """The item that an earlier post has made, if the user may see it."""
    item = _items(user).filter(pk__in=known.values("pk")).first()
    if item is None:
        raise Refused("An item with this source and external_id exists already; you may not see it.")
    return Status(200, _shown(item))


api.add_router("/inbox-items", router)
