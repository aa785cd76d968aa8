"""Quotes in the API."""

import datetime

from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from crm.accounts.scope import Action
from crm.api.fields import Strict, long_text, text
from crm.api.paging import Page, Paging, page
from crm.sales import actions
from crm.sales.api.shapes import Day, Detail, DocumentIn, DocumentOut, create, shown
from crm.sales.models import Quote

router = Router(tags=["quotes"])


class QuoteIn(DocumentIn):
    valid_until: Day | None = None


class QuoteOut(DocumentOut):
    """A number has as many records as it has revisions; `is_latest` is the one that counts."""

    revision: int
    is_latest: bool
    valid_until: datetime.date | None
    sent_at: datetime.datetime | None
    decided_at: datetime.datetime | None
    decided_by_name: str
    decline_reason: str


class QuoteDetail(QuoteOut, Detail):
    pass


class AcceptIn(Strict):
    """`name`: who said so."""

    name: text(200) = ""


class DeclineIn(AcceptIn):
    reason: long_text(2000) = ""


def _quotes(user):
    return Quote.objects.visible_to(user).for_display(user)


def _one(user, pk: int) -> dict:
    return shown(get_object_or_404(_quotes(user), pk=pk), QuoteDetail)


def _mine(request, pk: int) -> Quote:
    return get_object_or_404(Quote.objects.visible_to(request.user, Action.CHANGE), pk=pk)


@router.get("/", response=Page[QuoteOut], url_name="quotes")
def list_quotes(request, paging: Query[Paging]):
    found = _quotes(request.user)
    found = found.search(request.user, paging.q) if paging.q else found
    return page(request, found, paging, lambda quote: shown(quote, QuoteOut))


@router.get("/{int:pk}/", response=QuoteDetail, url_name="quote")
def one_quote(request, pk: int):
    return _one(request.user, pk)


@router.post("/", response={200: QuoteDetail, 201: QuoteDetail}, url_name="quotes")
def create_quote(request, data: QuoteIn):
    """A draft (201)."""
    return create(Quote, data, request.user, lambda fields: actions.create_quote(by=request.user, **fields), _one)


@router.post("/{int:pk}/send/", response=QuoteDetail, url_name="quote-send")
def send_quote(request, pk: int):
    """Mark a draft as sent; it is final. No mail is written."""
    return _one(request.user, actions.send_quote(quote=_mine(request, pk), by=request.user).pk)


@router.post("/{int:pk}/accept/", response=QuoteDetail, url_name="quote-accept")
def accept_quote(request, pk: int, data: AcceptIn):
    return _one(request.user, actions.accept_quote(quote=_mine(request, pk), by=request.user, name=data.name).pk)


@router.post("/{int:pk}/decline/", response=QuoteDetail, url_name="quote-decline")
def decline_quote(request, pk: int, data: DeclineIn):
    quote = actions.decline_quote(quote=_mine(request, pk), by=request.user, name=data.name, reason=data.reason)
    return _one(request.user, quote.pk)


@router.post("/{int:pk}/revise/", response={201: QuoteDetail}, url_name="quote-revise")
def revise_quote(request, pk: int):
    """The next revision, a draft with the same lines (201)."""
    return Status(201, _one(request.user, actions.revise_quote(quote=_mine(request, pk), by=request.user).pk))
