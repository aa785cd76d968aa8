"""The morning's digest: what is to be done today, what is overdue, what comes first on the next working day.

Once a day for each who wants it, on our working days, at the hour of his own time zone. What was missed in the night is
made up for until noon; later it would be no news.
"""

import datetime
import logging
import uuid
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from activities.models import Activity, Preference, is_late
from activities.reminders import NAMESPACE
from activities.wording import when
from crm.core import clock, frame, show
from crm.mail import actions as mail
from crm.mail import kinds
from crm.setup.models import working_days

log = logging.getLogger(__name__)
ONE = datetime.timedelta(days=1)
NOON = 12
# Hours in which it is still news, for those who want it in the afternoon.
GRACE = 1
MOST_TODAY, MOST_OVERDUE, MOST_NEXT = 40, 15, 5

DIGEST = kinds.Kind(
    "activity-digest",
    gettext_lazy("What the day brings (to each who wants it)"),
    gettext_lazy("On working days at the hour that each user chooses; not if there is nothing to do."),
    gettext_lazy("Your {day}"),
    gettext_lazy("Good morning {name},\n\n{today}\n\n{overdue}\n\n{next}\n\nYour calendar:\n{link}"),
    (
        kinds.Placeholder("name", gettext_lazy("Name of the user"), "Anna Berger"),
        kinds.Placeholder("day", gettext_lazy("The day"), gettext_lazy("Tuesday, 24 Nov 2026")),
        kinds.Placeholder(
            "today",
            gettext_lazy("What is to be done today"),
            gettext_lazy("Today:\n- 10:00–11:00 Price talk Sabine Kurz\n  https://crm.example/activities/1/"),
        ),
        kinds.Placeholder("overdue", gettext_lazy("What is overdue"), ""),
        kinds.Placeholder("next", gettext_lazy("What comes first on the next working day"), ""),
        kinds.Placeholder("link", gettext_lazy("Address in the CRM"), "https://crm.example/activities/calendar/"),
        kinds.Placeholder("company", gettext_lazy("Own company"), "Nordlicht Antriebe"),
    ),
)


def send_due(now: datetime.datetime | None = None) -> int:
    """Send all digests whose hour has come; how many mails were written."""
    now = now or timezone.now()
    wishes = Preference.objects.filter(wants_digest=True, user__is_active=True).select_related("user").order_by("pk")
    return sum(_settle(wish.pk, now) for wish in wishes if is_due(wish, now))


def is_due(wish: Preference, now: datetime.datetime) -> bool:
    """Is it the hour of this user's digest, and has none gone out today?"""
    local = now.astimezone(wish.user.zone)
    if wish.digest_on and wish.digest_on >= local.date():
        return False
    asked = wish.digest_at.hour * 60 + wish.digest_at.minute
    is_time = asked <= local.hour * 60 + local.minute < max(NOON * 60, asked + GRACE * 60)
    return is_time and working_days().is_working(local.date())


def _settle(pk: int, now) -> bool:
    try:
        with transaction.atomic():
            wish = (
                Preference.objects.filter(pk=pk, wants_digest=True)
                .select_related("user")
                .select_for_update(of=("self",), skip_locked=True)
                .first()
            )
            # Asked once more: another worker may have been first.
            if wish is None or not is_due(wish, now):
                return False
            today = now.astimezone(wish.user.zone).date()
            Preference.objects.filter(pk=pk).update(digest_on=today)
            return _write(wish.user, today)
    except Exception:
        # Whoever's digest cannot be made must not hold up the others'.
        log.exception("the digest of preference %s could not be made", pk)
        return False


def _write(user, today: datetime.date) -> bool:
    language = user.language or settings.LANGUAGE_CODE
    with override(language), timezone.override(user.zone):
        parts = _parts(user, today)
        if not any(parts.values()):
            return False
        values = {
            "name": str(user),
            "day": _named(today),
            **parts,
            "link": _link(reverse("activities:calendar") + "?view=day"),
            "company": frame.company_name(),
        }
    subject, text = kinds.compose(DIGEST.key, language, values)
    key = uuid.uuid5(NAMESPACE, f"digest {user.pk} {today.isoformat()}")
    mail.send(by=None, to=user.email, subject=subject, text=text, key=key)
    return True


def _parts(user, today: datetime.date) -> dict[str, str]:
    """The three lists in words; what there is nothing of is empty."""
    following = working_days().later(today + ONE, 0)
    mine = Activity.objects.visible_to(user).of(user).open()
    of_today = mine.on(today)
    # What was over when the day began; of today's it is said when they are due.
    begun = clock.midnight(today, user.zone) + datetime.timedelta(microseconds=1)
    late = mine.filter(is_late(begun)).exclude(pk__in=of_today.order_by().values("pk"))
    first = mine.on(following).exclude(pk__in=mine.on(today, following - ONE).order_by().values("pk"))
    return {
        "today": _list(_("Today:"), of_today.order_by("start_at", "pk"), user, MOST_TODAY),
        "overdue": _list(_("Overdue:"), late.order_by("-due_at", "-pk"), user, MOST_OVERDUE),
        "next": _list(f"{_named(following)}:", first.order_by("start_at", "pk"), user, MOST_NEXT),
    }


def _list(title: str, found, user, most: int) -> str:
    count = found.count()
    if not count:
        return ""
    lines = [title]
    for activity in found.for_display(user)[:most]:
        about = activity.company or activity.person
        lines += [
            f"- {when(activity)}: {activity.title}" + (f" ({about})" if about else ""),
            f"  {_link(activity.get_absolute_url())}",
        ]
    if count > most:
        more = ngettext("and %(number)s more", "and %(number)s more", count - most)
        lines.append(f"- {more % {'number': show.number(count - most)}}")
    return "\n".join(lines)


def _named(day: datetime.date) -> str:
    """Tuesday, 24.11.2026."""
    return f"{formats.date_format(day, 'l')}, {show.day(day)}"


def _link(path: str) -> str:
    return urljoin(f"{settings.BASE_URL}/", path)
