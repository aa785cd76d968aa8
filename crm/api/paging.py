"""Pages of a list that cost the same at the first and at the thousandth: each begins where the last one ended."""

from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from ninja import Schema
from pydantic import Field

from crm.api.fields import text

Record = TypeVar("Record")


class Page(Schema, Generic[Record]):
    """`next` is the address of the next page, null on the last. `count` is on the first page only."""

    items: list[Record]
    next: str | None
    count: int | None = None


class Paging(Schema):
    after: Annotated[int, Field(ge=0, lt=2**63, description="only records with a higher id")] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    q: Annotated[text(200), Field(description="every word of it has to occur")] = ""


def page(request, queryset, paging: Paging, show) -> dict:
    """One page of `queryset` (already scoped and searched), in the order of ids. `show(record)` gives its answer."""
    records = list(queryset.filter(pk__gt=paging.after).order_by("pk")[: paging.limit + 1])
    following = None
    if len(records) > paging.limit:
        records.pop()
        parameters = {"after": records[-1].pk, "limit": paging.limit} | ({"q": paging.q} if paging.q else {})
        following = f"{settings.BASE_URL}{request.path}?{urlencode(parameters)}"
    answer = {"items": [show(record) for record in records], "next": following}
    if not paging.after:
        answer["count"] = queryset.order_by().count()
    return answer
