"""Quotes: written, sent, revised, accepted or declined, by us or by the customer at the private link; expired."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core import clock, show
from crm.core.audit import acting
from crm.core.forms import tidy
from crm.core.normalise import line as one_line_of
from crm.core.refusals import Refused
from crm.sales.actions import lines as line_actions
from crm.sales.actions.documents import (
    address,
    begin,
    check_not_empty,
    draft,
    locked,
    may_create,
    one_line,
    opportunity_of,
)
from crm.sales.actions.links import valid_link
from crm.sales.keeping import keep_later
from crm.sales.models import PaperKind, Quote, QuoteStatus
from crm.setup.models import Organisation

# What a revision takes over from the one before.
HEAD = (
    *("subject", "company", "person", "opportunity", "owner", "currency", "language", "tax_treatment"),
    *("intro", "closing", "customer_reference", "recipient_name", "recipient_contact", "recipient_street"),
    *("recipient_postal_code", "recipient_city", "recipient_country", "recipient_vat_id", "recipient_email"),
)


def valid_until(today: datetime.date | None = None) -> datetime.date:
    """Until when a quote of today is valid, unless somebody says otherwise."""
    seller = Organisation.objects.first() or Organisation()
    return (today or clock.today()) + datetime.timedelta(days=seller.quote_valid_days)


@transaction.atomic
def create_quote(*, by, opportunity=None, lines: list[dict] | None = None, **fields) -> Quote:
    """A draft, of an opportunity or for the company or person given. Lines: see actions/lines.py.

    Without lines an opportunity's title and estimated value make the first one.
    """
    if opportunity is not None:
        opportunity = opportunity_of(opportunity, by)
    if lines is None:
        lines = one_line(opportunity) if opportunity else []
    fields.setdefault("valid_until", valid_until())
    return begin(Quote, by=by, kind=PaperKind.QUOTE, of=opportunity, lines=lines, **fields)


@transaction.atomic
def send_quote(*, quote, by) -> Quote:
    """The draft is now sent, and final. Who the mail goes to, and whether, is the caller's business."""
    quote = draft(quote, by)
    check_not_empty(quote)
    if quote.valid_until is None or quote.valid_until < clock.today():
        raise Refused(_("Until when is the quote valid? Enter a day that is not past."))
    address(quote, by)
    quote.status = QuoteStatus.SENT
    quote.sent_at = timezone.now()
    quote.save()
    quote.refresh_from_db()
    keep_later(quote)
    return quote


def _latest(quote, by) -> Quote:
    quote = locked(quote, by)
    if not quote.is_latest:
        raise Refused(_("There is a newer revision of %(number)s.") % {"number": quote.number})
    return quote


@transaction.atomic
def revise_quote(*, quote, by) -> Quote:
    """The next revision, a draft with the same lines. The one before stays as it was sent, with its number."""
    may_create(Quote, by)
    quote = _latest(quote, by)
    if quote.is_draft:
        raise Refused(_("“%(name)s” is still a draft; change it directly.") % {"name": quote})
    if quote.status == QuoteStatus.ACCEPTED:
        raise Refused(_("%(number)s has been accepted. Make a new quote instead.") % {"number": quote.number})
    lines = [line_actions.copied(line) for line in quote.lines.select_related("product")]
    quote.is_latest = False
    quote.save(update_fields=["is_latest", "updated_at"])
    revision = Quote.objects.create(
        number=quote.number,
        revision=quote.revision + 1,
        revision_of=quote,
        valid_until=valid_until(),
        **{name: getattr(quote, name) for name in HEAD},
    )
    line_actions.write(revision, line_actions.built(revision, lines))
    revision.refresh_from_db()
    return revision


def _decide(quote: Quote, status: str, name: str, reason: str = "") -> Quote:
    quote.status = status
    quote.decided_at = timezone.now()
    quote.decided_by_name = tidy(one_line_of(name), 200)
    quote.decline_reason = tidy(reason, 2000)
    quote.save()
    return quote


def _answerable(quote: Quote, *allowed: str) -> None:
    if quote.status not in allowed:
        raise Refused(
            _("%(number)s cannot be answered now: it is “%(status)s”.")
            % {"number": quote.number, "status": quote.get_status_display()}
        )


@transaction.atomic
def accept_quote(*, quote, by, name: str = "") -> Quote:
    """The customer said yes to us; `name` is who said so. Also to one that has expired: we may still honour it."""
    quote = _latest(quote, by)
    _answerable(quote, QuoteStatus.SENT, QuoteStatus.EXPIRED)
    return _decide(quote, QuoteStatus.ACCEPTED, name)


@transaction.atomic
def decline_quote(*, quote, by, reason: str = "", name: str = "") -> Quote:
    """The customer said no to us."""
    quote = _latest(quote, by)
    _answerable(quote, QuoteStatus.SENT)
    return _decide(quote, QuoteStatus.DECLINED, name, reason)


# ── the customer, at the link ───────────────────────────────────────────────────────────────────────
def _by_link(token: str) -> Quote:
    """The quote behind a link, locked, if it can be answered there."""
    link = valid_link(token)
    quote = Quote.objects.select_for_update(of=("self",), no_key=True).get(pk=link.quote_id)
    if not quote.is_latest:
        raise Refused(_("This quote has been replaced by a newer one."))
    if quote.status == QuoteStatus.SENT and quote.valid_until < clock.today():
        raise Refused(_("This quote was valid until %(day)s.") % {"day": show.day(quote.valid_until)})
    _answerable(quote, QuoteStatus.SENT)
    return quote


@transaction.atomic
def accept_by_customer(*, token: str, name: str) -> Quote:
    """Whoever has the link accepts, with a name. Raises QuoteLink.DoesNotExist for a link that does not work."""
    if not name.strip():
        raise Refused(_("Please enter your name."))
    with acting(None, via="quote link"):
        return _decide(_by_link(token), QuoteStatus.ACCEPTED, name)


@transaction.atomic
def decline_by_customer(*, token: str, reason: str, name: str = "") -> Quote:
    """Whoever has the link declines, with a reason."""
    if not reason.strip():
        raise Refused(_("Please tell us the reason."))
    with acting(None, via="quote link"):
        return _decide(_by_link(token), QuoteStatus.DECLINED, name, reason)


# ── the clock ───────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def expire_quotes(*, today: datetime.date | None = None) -> int:
    """Sent quotes whose last day has passed (by the local date) expire; gives how many. Safe to repeat."""
    due = Quote.objects.filter(status=QuoteStatus.SENT, valid_until__lt=today or clock.today())
    # What somebody is answering at this moment is left to him, and to the next run.
    taken = due.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk")
    with acting(None, via="clock"):
        keys = list(taken.values_list("pk", flat=True))
        return Quote.objects.filter(pk__in=keys).update(status=QuoteStatus.EXPIRED, updated_at=timezone.now())
