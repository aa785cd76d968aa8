"""The calendar feed: a user's own activities at a secret address, for calendar programs to subscribe to.

The key is all that a calendar program shows, so it is long, and can be renewed and revoked. It is found by its hash,
as API tokens are; wrong ones are not counted, because nobody guesses 256 bits, and the fetchers of large providers
share their addresses.
"""

import datetime
import hashlib
import secrets
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from activities import ical
from activities.models import Activity, CalendarFeed, Recurrence, Status
from crm.core import frame, seal

# What lies further back is in no feed.
BACK = datetime.timedelta(days=90)
# So often calendar programs are asked to look.
REFRESH = datetime.timedelta(minutes=15)
# The moment of the last fetch is kept no more exactly than that: most programs come several times an hour.
NOTED = datetime.timedelta(hours=1)


# ── verbs ───────────────────────────────────────────────────────────────────────────────────────────
@transaction.atomic
def make(*, by) -> CalendarFeed:
    """A feed for `by` with a new address; one that was there before ends."""
    key = secrets.token_urlsafe(32)
    fields = {"key_hash": _digest(key), "key_sealed": seal.seal(key), "created_at": timezone.now(), "fetched_at": None}
    feed, _is_new = CalendarFeed.objects.update_or_create(user=by, defaults=fields)
    return feed


@transaction.atomic
def revoke(*, by) -> None:
    """End the feed of `by`: its address leads nowhere any more."""
    CalendarFeed.objects.filter(user=by).delete()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def address(feed: CalendarFeed) -> str:
    """What is entered into a calendar program. Raises seal.Unsealable after a change of SECRET_KEY."""
    return urljoin(settings.BASE_URL, reverse("activities:feed", args=[seal.unseal(feed.key_sealed)]))


# ── the page ────────────────────────────────────────────────────────────────────────────────────────
@login_not_required
@require_safe
def show(request, key):
    """The calendar; 304 for whoever has it as it is."""
    now = timezone.now()
    found = CalendarFeed.objects.filter(key_hash=_digest(key), user__is_active=True)
    feed = found.select_related("user__role").first()
    if feed is None:
        raise Http404
    found.filter(Q(fetched_at=None) | Q(fetched_at__lt=now - NOTED)).update(fetched_at=now)
    user = feed.user
    with timezone.override(user.zone), override(user.language or settings.LANGUAGE_CODE):
        content = written(user, now)
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="crm.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def written(user, now: datetime.datetime) -> bytes:
    """The calendar of `user`, in the active language and time zone; the same bytes as long as nothing has changed."""
    events = ical.events(activities(user, now), ical.Writer(user.zone, _description, _link))
    made = ical.calendar(events, method="PUBLISH")
    made.add("x-wr-calname", f"{frame.company_name()} · {user}")
    made.add("x-wr-timezone", str(user.zone))
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT15M")
    return made.to_ical()


def activities(user, now: datetime.datetime):
    """The user's own that are not cancelled and end in the last days or later; of a series all, if one of it does."""
    own = Activity.objects.visible_to(user).of(user).exclude(status=Status.CANCELLED)
    near = Q(due_at__gte=now - BACK)
    lasting = Recurrence.objects.filter(pk__in=own.filter(near, recurrence__isnull=False).values("recurrence"))
    found = own.filter(near | Q(recurrence__in=lasting))
    return found.for_display(user).order_by("start_at", "pk")


def _description(activity: Activity) -> str:
    """Who and what it is about, as far as the user may see it, and the notes."""
    about = [str(one) for one in (activity.person, activity.company) if one]
    lines = [", ".join(about), str(activity.opportunity) if activity.opportunity else "", activity.notes]
    return "\n\n".join(filter(None, lines))


def _link(activity: Activity) -> str:
    return _("Open in the CRM: %(url)s") % {"url": ical.url(activity)}
