"""What day and what time it is, and where."""

import datetime
import zoneinfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def today() -> datetime.date:
    """The day it is at the company (TIME_ZONE), wherever the user is: what documents are dated by."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def zones() -> list[str]:
    """The names of all time zones of places, in order: Europe/Berlin, …"""
    return sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))


def check_zone(name: str) -> None:
    """Validator: raises ValidationError for what is no time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone."), params={"name": name}, code="zone")


def zone(name: str) -> datetime.tzinfo:
    """The time zone of that name; the company's for an empty one, and for one that is not known any more."""
    try:
        return zoneinfo.ZoneInfo(name) if name else timezone.get_default_timezone()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return timezone.get_default_timezone()


def midnight(day: datetime.date, where: datetime.tzinfo) -> datetime.datetime:
    """The moment at which `day` begins there (aware)."""
    return datetime.datetime.combine(day, datetime.time(), tzinfo=where)
