"""How values are shown: money, percentages, dates. In German and English; used by templates, lists and exports."""

import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

NBSP = "\u00a0"
NONE = "–"


def _german() -> bool:
    return (get_language() or "de").startswith("de")


def number(value, places: int = 0) -> str:
    """A number with grouping and a true minus: 1.234,5 in German. None becomes a dash."""
    if value is None or value == "":
        return NONE
    value = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(value):,.{places}f}"
    if _german():
        text = text.translate(str.maketrans(",.", ".,"))
    return f"−{text}" if value < 0 else text


def as_it_is(value, most: int = 3) -> str:
    """A number with as many decimals as it has, at most `most`: 2, 1,5, 0,333."""
    if value is None or value == "":
        return NONE
    value = Decimal(value).normalize()
    return number(value, min(most, max(0, -value.as_tuple().exponent)))


def money(value, places: int = 2) -> str:
    """Euros: 1.234,56 € in German, €1,234.56 in English."""
    if value is None or value == "":
        return NONE
    text = number(value, places)
    if _german():
        return f"{text}{NBSP}€"
    return f"−€{text[1:]}" if text.startswith("−") else f"€{text}"


def percent(value, places: int = 0) -> str:
    """A percentage from 0 to 100: 55 % in German, 55% in English."""
    if value is None or value == "":
        return NONE
    return number(value, places) + (f"{NBSP}%" if _german() else "%")


def rate(value) -> str:
    """A percentage with as many decimals as it has: 19 %, 7,5 %."""
    if value is None or value == "":
        return NONE
    return as_it_is(value, 2) + (f"{NBSP}%" if _german() else "%")


def day(value) -> str:
    """A date: 23.11.2026 in German, 23 Nov 2026 in English."""
    if not value:
        return NONE
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    # The German notation without the detour over the format machinery: a list shows a hundred dates.
    return value.strftime("%d.%m.%Y") if _german() else formats.date_format(value, "DATE_FORMAT")


def short_day(value: datetime.date) -> str:
    """A date near today, where room is scarce: Tue 24.11. in German, Tue 24 Nov in English; further off in full."""
    if abs((value - timezone.localdate()).days) > 300:
        return day(value)
    return formats.date_format(value, "D d.m." if _german() else "D j M")


def days(first: datetime.date, last: datetime.date) -> str:
    """A run of days: 16.–22.11.2026 in German, 16–22 Nov 2026 in English."""
    same_year = first.year == last.year
    if _german():
        begin = "%d." if same_year and first.month == last.month else "%d.%m." if same_year else "%d.%m.%Y"
        return f"{first.strftime(begin)}–{day(last)}"
    if same_year and first.month == last.month:
        return f"{first.day}–{day(last)}"
    return f"{formats.date_format(first, 'j M' if same_year else 'j M Y')} – {day(last)}"


def clock(value) -> str:
    """The time of day: 14:05."""
    return timezone.localtime(value).strftime("%H:%M") if value else NONE


def moment(value) -> str:
    """A point in time in a list: today 12:48, else only the day."""
    if not value:
        return NONE
    local = timezone.localtime(value)
    if local.date() == timezone.localdate():
        return _("today %(time)s") % {"time": clock(value)}
    return day(value)


def exact(value) -> str:
    """A point in time in full: 23.11.2026, 12:48."""
    return f"{day(value)}, {clock(value)}" if value else NONE


def day_title(value: datetime.date) -> str:
    """The heading of a day in the timeline: Today, 23.11.2026 or Friday, 20.11.2026."""
    today = timezone.localdate()
    if value == today:
        name = _("Today")
    elif value == today - datetime.timedelta(days=1):
        name = _("Yesterday")
    else:
        name = formats.date_format(value, "l")
    return f"{name}, {day(value)}"


def time_tag(value):
    """A moment as HTML, its exact time in the title."""
    if not value:
        return NONE
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact(value), moment(value))
