"""Reminders: under the bell, and by mail to whoever wants that. Each is given once.

What is due stands in the database alone. One transaction takes the activity's lock, tells its owner, puts the mail
into the outbox and writes down that it was done: a worker that dies in between has done nothing, and two at once pass
over what the other one holds. Should a row be let through twice all the same, the notification's key and the mail's
are the same ones.
"""

import datetime
import logging
import uuid
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from activities.models import Activity, Preference
from activities.wording import when
from crm.core import frame
from crm.mail import actions as mail
from crm.mail import kinds
from crm.notices.actions import tell

log = logging.getLogger(__name__)
# In one run; the next one goes on.
AT_ONCE = 1_000
# After a long time without a worker nobody wants to hear of what was over a week ago.
STALE = datetime.timedelta(days=7)
# The reminders' own namespace of UUIDs.
NAMESPACE = uuid.UUID("6f0d3c9e-8d1b-4f61-9a55-0c1f5f6f3f0a")

REMINDER = kinds.Kind(
    "activity-reminder",
    gettext_lazy("Reminder of an activity (to the person responsible)"),
    gettext_lazy("At the time of the reminder, to whoever wants it by e-mail as well."),
    gettext_lazy("Reminder: {title}, {when}"),
    "{title}\n{when}\n{about}\n{location}\n\n{notes}\n\n{link}",
    (
        kinds.Placeholder("title", gettext_lazy("Title of the activity"), gettext_lazy("Price talk Sabine Kurz")),
        kinds.Placeholder("when", gettext_lazy("Day and time of the activity"), "24.11.2026, 14:00–15:00"),
        kinds.Placeholder("about", gettext_lazy("Company, person, opportunity"), "Höfle Verpackungstechnik GmbH"),
        kinds.Placeholder("location", gettext_lazy("Place of the activity"), "Backnang"),
        kinds.Placeholder("notes", gettext_lazy("Notes of the activity"), gettext_lazy("Bring the drawings.")),
        kinds.Placeholder("link", gettext_lazy("Address in the CRM"), "https://crm.example/activities/1/"),
        kinds.Placeholder("company", gettext_lazy("Own company"), "Nordlicht Antriebe"),
    ),
)


def give_due(now: datetime.datetime | None = None) -> int:
    """Give all reminders that are due; how many were settled."""
    now = now or timezone.now()
    found = _due(now).order_by("remind_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_settle(pk, now) for pk in list(found))


def _due(now):
    return Activity.objects.open().filter(remind_at__lte=now, reminded_at=None, owner__is_active=True)


def _settle(pk: int, now) -> bool:
    try:
        with transaction.atomic():
            due = _due(now).filter(pk=pk).select_related("owner")
            activity = due.select_for_update(of=("self",), skip_locked=True).first()
            if activity is None:
                # Another worker has it, or had it.
                return False
            if activity.due_at > now - STALE:
                _give(activity)
            # Not through save(): a reminder is no change of the activity, and its version stays.
            return bool(Activity.objects.filter(pk=pk).update(reminded_at=now))
    except Exception:
        # One that cannot be given must not hold up the others; it is tried again.
        log.exception("the reminder of activity %s could not be given", pk)
        return False


def _give(activity) -> None:
    owner = activity.owner
    with override(owner.language or settings.LANGUAGE_CODE), timezone.override(owner.zone):
        said = when(activity)
        is_new = tell(
            user=owner,
            key=f"activity-{activity.pk}-{activity.remind_at.isoformat()}",
            text=f"{said}: {activity.title}",
            url=activity.get_absolute_url(),
            icon="alarm",
        )
        # Whoever has not said otherwise gets a mail as well.
        if is_new and not Preference.objects.filter(user=owner, remind_by_mail=False).exists():
            _write(activity, said)


def _write(activity, said: str) -> None:
    owner = activity.owner
    seen = Activity.objects.filter(pk=activity.pk).for_display(owner).get()
    about = filter(None, (seen.company, seen.person, seen.opportunity))
    values = {
        "title": activity.title,
        "when": said,
        "about": " · ".join(map(str, about)),
        "location": activity.location,
        "notes": activity.notes,
        "link": urljoin(f"{settings.BASE_URL}/", activity.get_absolute_url()),
        "company": frame.company_name(),
    }
    subject, text = kinds.compose(REMINDER.key, owner.language or settings.LANGUAGE_CODE, values)
    key = uuid.uuid5(NAMESPACE, f"{activity.pk} {owner.pk} {activity.remind_at.isoformat()}")
    mail.send(by=None, to=owner.email, subject=subject, text=text, key=key)
