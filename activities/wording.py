"""How activities are said in a line of text: in mails, notifications, and wherever there is no table."""

from django.utils.translation import gettext as _

from crm.core import show


def when(activity) -> str:
    """Its day and time in the current time zone: 24.11.2026, 14:00–15:00; 24.11.2026, whole day."""
    start, last = activity.begins, activity.ends
    if activity.all_day:
        days = show.day(start) if start.date() == last.date() else f"{show.day(start)} – {show.day(last)}"
        return _("%(day)s, whole day") % {"day": days}
    if start == last:
        return show.exact(start)
    end = show.clock(last) if start.date() == last.date() else show.exact(last)
    return f"{show.exact(start)}–{end}" if start.date() == last.date() else f"{show.exact(start)} – {end}"
