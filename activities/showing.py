"""Activities in words, and where people look for them: on the pages and in the timelines of what they are about."""

import datetime

from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.models import Activity, Answer, Status
from crm.core import show
from crm.core.recordpage import Entry

COLOUR = {Status.OPEN: "accent", Status.DONE: "ok", Status.CANCELLED: "grey"}


def colour(activity) -> str:
    """The colour of its state."""
    return "bad" if activity.is_overdue else COLOUR[activity.status]


def answer_colour(participant) -> str:
    """The colour of what somebody answered to an invitation."""
    return {Answer.ACCEPTED: "ok", Answer.TENTATIVE: "warn", Answer.DECLINED: "bad"}.get(participant.answer, "grey")


def state(activity) -> str:
    """Its state in a word."""
    return _("Overdue") if activity.is_overdue else activity.get_status_display()


def customer(activity) -> str:
    """Whom it is about, as far as it was fetched for the viewer."""
    parts = [str(one) for one in (activity.company, activity.person) if one]
    if not parts and activity.opportunity:
        parts = [activity.opportunity.title]
    if not parts and activity.item:
        parts = [str(activity.item)]
    return " · ".join(parts)


def when(activity) -> str:
    """From when to when: "Tue 24.11., 10:00–11:00", "Wed 25.11. – Fri 27.11."."""
    start, last = activity.begins, activity.ends
    first_day, last_day = show.short_day(start.date()), show.short_day(last.date())
    if activity.all_day:
        return first_day if start.date() == last.date() else f"{first_day} – {last_day}"
    begin, end = show.clock(activity.start_at), show.clock(activity.due_at)
    if activity.start_at == activity.due_at:
        return f"{first_day}, {begin}"
    return f"{first_day}, {begin}–{end}" if start.date() == last.date() else f"{first_day}, {begin} – {last_day}, {end}"


def due(activity) -> str:
    """The end, as a list has it: "today 14:00", "Fri 27.11."."""
    last = activity.ends
    if last.date() == timezone.localdate():
        return _("today") if activity.all_day else _("today %(time)s") % {"time": show.clock(activity.due_at)}
    return show.short_day(last.date())


def span(activity) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that it touches."""
    return activity.begins.date(), activity.ends.date()


def working_days(number: int) -> str:
    """A number of working days in words."""
    return ngettext("%(n)s working day", "%(n)s working days", number) % {"n": show.number(number)}


# ── in the timelines ────────────────────────────────────────────────────────────────────────────────
def told_by(field: str):
    """The source of a timeline (crm.core.timeline.register) for the records that activities name in `field`."""

    def entries(record, *, user, before=None, limit=50) -> list[Entry]:
        found = Activity.objects.visible_to(user).filter(**{field: record}).select_related("type", "owner")
        found = found.annotate(at=Coalesce("done_at", "created_at"))
        if before is not None:
            found = found.filter(at__lt=before)
        # One more than a page takes: it tells where the next one begins.
        return [_entry(row) for row in found.order_by("-at", "-pk")[: limit + 1]]

    return entries


def _entry(activity) -> Entry:
    title = format_html('<a class="link" href="{}">{}</a>', activity.get_absolute_url(), activity)
    who = activity.owner or _("Nobody responsible")
    if activity.status == Status.DONE:
        text = format_html(_("{type} done: {title} ({who})"), type=activity.type, title=title, who=who)
        return Entry(activity.done_at, text, activity.type.icon, box=activity.result)
    words = _("{type} cancelled: {title} ({who})")
    if activity.is_open:
        words = _("{type} planned for {when}: {title} ({who})")
    text = format_html(words, type=activity.type, title=title, who=who, when=when(activity))
    return Entry(activity.created_at, text, activity.type.icon)


def of_record(user, field: str, record):
    """The activities of a record that `user` may see: open ones first by their due moment, then the latest done."""
    found = Activity.objects.visible_to(user).filter(**{field: record}).for_display(user)
    return found.open().order_by("due_at", "pk"), found.exclude(status=Status.OPEN).order_by("-done_at", "-pk")
