"""Activities in the API."""

import datetime

from django.conf import settings
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from activities.models import Activity, Dependency
from crm.api.api import api
from crm.api.fields import Ref
from crm.api.paging import Page, Paging, page

router = Router(tags=["activities"])


class ActivityOut(Schema):
    """Moments with their offset. The end is not included: a whole day ends at the midnight after it."""

    id: int
    title: str
    type: Ref
    status: str
    owner: Ref | None
    company: Ref | None
    person: Ref | None
    opportunity: Ref | None
    item: Ref | None
    priority: Ref | None
    start_at: datetime.datetime
    due_at: datetime.datetime
    all_day: bool
    done_at: datetime.datetime | None
    overdue: bool
    location: str
    notes: str
    result: str
    recurrence: str | None
    depends_on: list[int]
    created_at: datetime.datetime
    updated_at: datetime.datetime
    url: str


REFS = ("type", "owner", "company", "person", "opportunity", "item", "priority")


def _shown(record) -> dict:
    refs = {name: Ref.to(getattr(record, name)) for name in REFS}
    more = {
        "overdue": record.is_overdue,
        "recurrence": record.recurrence.rule if record.recurrence else None,
        "depends_on": [link.predecessor_id for link in record.dependencies.all()],
        "url": f"{settings.BASE_URL}{record.get_absolute_url()}",
    }
    plain = {name: getattr(record, name) for name in ActivityOut.model_fields if name not in refs | more}
    return plain | refs | more


def _activities(user):
    links = Dependency.objects.filter(predecessor__in=Activity.objects.visible_to(user))
    return Activity.objects.visible_to(user).for_display(user).prefetch_related(Prefetch("dependencies", links))


@router.get("/", response=Page[ActivityOut], url_name="activities")
def list_activities(request, paging: Query[Paging]):
    found = _activities(request.user)
    return page(request, found.search(request.user, paging.q) if paging.q else found, paging, _shown)


@router.get("/{int:pk}/", response=ActivityOut, url_name="activity")
def one_activity(request, pk: int):
    return _shown(get_object_or_404(_activities(request.user), pk=pk))


api.add_router("/activities", router)
