"""Opportunities in the API."""

import datetime
from decimal import Decimal

from django.conf import settings
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from crm.api.api import api
from crm.api.fields import Ref
from crm.api.paging import Page, Paging, page
from opportunities.models import Opportunity

router = Router(tags=["opportunities"])


class OpportunityOut(Schema):
    """Amounts in EUR. `chance` in percent: the own probability, else the stage's; won 100, lost 0."""

    id: int
    number: str
    title: str
    kind: str
    status: str
    company: Ref | None
    person: Ref | None
    owner: Ref | None
    source: Ref | None
    priority: Ref | None
    pipeline: Ref
    stage: Ref
    probability: int | None
    chance: int
    estimated_value: Decimal | None
    expected_budget: Decimal | None
    start_date: datetime.date | None
    close_date: datetime.date | None
    delivery_date: datetime.date | None
    description: str
    tags: list[str]
    entered_as: str
    converted_at: datetime.datetime | None
    won_at: datetime.datetime | None
    lost_at: datetime.datetime | None
    loss_reason: Ref | None
    loss_note: str
    external_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    url: str


REFS = ("company", "person", "owner", "source", "priority", "pipeline", "stage", "loss_reason")


def _shown(record) -> dict:
    refs = {name: Ref.to(getattr(record, name)) for name in REFS}
    more = {"tags": [tag.name for tag in record.tags.all()], "url": f"{settings.BASE_URL}{record.get_absolute_url()}"}
    plain = {name: getattr(record, name) for name in OpportunityOut.model_fields if name not in refs | more}
    return plain | refs | more


def _opportunities(user):
    return Opportunity.objects.visible_to(user).with_chance().for_display(user)


@router.get("/", response=Page[OpportunityOut], url_name="opportunities")
def list_opportunities(request, paging: Query[Paging]):
    found = _opportunities(request.user)
    return page(request, found.search(request.user, paging.q) if paging.q else found, paging, _shown)


@router.get("/{int:pk}/", response=OpportunityOut, url_name="opportunity")
def one_opportunity(request, pk: int):
    return _shown(get_object_or_404(_opportunities(request.user), pk=pk))


api.add_router("/opportunities", router)
