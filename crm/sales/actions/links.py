"""The private link to a quote: unguessable, expiring, revocable. Its pages are not here; who has the token may read."""

import datetime
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.refusals import Refused
from crm.sales.actions.documents import locked
from crm.sales.models import QuoteLink

# The link outlives the quote for a while, so that the customer can still read what was offered.
READABLE_AFTER = datetime.timedelta(days=30)


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_link(*, quote, by) -> tuple[QuoteLink, str]:
    """A new link to a quote that has been sent, and its token: 256 random bits, shown this once. Older links end."""
    quote = locked(quote, by)
    if quote.is_draft:
        raise Refused(_("A draft has no link; send the quote first."))
    revoke_links(quote=quote, by=by)
    token = secrets.token_urlsafe(32)
    end = datetime.datetime.combine(quote.valid_until + READABLE_AFTER, datetime.time.max)
    link = QuoteLink.objects.create(quote=quote, token_hash=digest(token), expires_at=timezone.make_aware(end))
    return link, token


@transaction.atomic
def revoke_links(*, quote, by) -> int:
    """End all links to a quote; gives how many there were."""
    quote = locked(quote, by)
    return quote.links.filter(revoked_at=None).update(revoked_at=timezone.now())


def valid_link(token: str) -> QuoteLink:
    """The link of this token. Raises DoesNotExist if it is unknown, revoked or expired, without a difference."""
    return QuoteLink.objects.valid().get(token_hash=digest(token))
