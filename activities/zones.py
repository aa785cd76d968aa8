"""VTIMEZONE of RFC 5545 for a time zone, from its own data.

With yearly rules where it keeps to some, as every calendar program reads them; icalendar would name every change, and
the one to summer time by the clock after it.
"""

import datetime
from collections import defaultdict
from functools import lru_cache

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from activities.series import CODES

HOUR = datetime.timedelta(hours=1)
DAY = 24 * HOUR


@lru_cache(maxsize=256)
def component(zone, first: int, last: int) -> Timezone:
    """How the clocks of `zone` are set from the year `first` to the year `last`, both included."""
    made = Timezone()
    made.add("tzid", str(zone))
    begin = datetime.datetime(first, 1, 1, tzinfo=datetime.UTC)
    changes = _changes(zone, begin, datetime.datetime(last + 1, 1, 1, tzinfo=datetime.UTC))
    # What holds until the first change, so that no moment is without an offset.
    made.add_component(_observance(zone, begin, begin, begin.astimezone(zone).utcoffset()))
    for alike in _alike(zone, changes).values():
        if rule := _yearly([local for _moment, local in alike], first, last):
            part = _observance(zone, alike[0][0], alike[0][0] - HOUR)
            part.add("rrule", {"freq": "yearly", **rule})
            made.add_component(part)
        else:
            for moment, _local in alike:
                made.add_component(_observance(zone, moment, moment - HOUR))
    return made


def _changes(zone, begin, end) -> list[datetime.datetime]:
    """The moments between them at which the offset changes, to the minute."""
    found, day = [], begin
    while day < end:
        following = day + DAY
        if _offset(zone, day) != _offset(zone, following):
            low, high = day, following
            while high - low > datetime.timedelta(minutes=1):
                middle = low + datetime.timedelta(minutes=(high - low) // datetime.timedelta(minutes=2))
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, day) else (low, middle)
            found.append(high)
        day = following
    return found


def _offset(zone, moment) -> datetime.timedelta:
    return moment.astimezone(zone).utcoffset()


def _alike(zone, changes) -> dict:
    """The changes by what they change: {(from, to): [(moment, the clock before it)]}."""
    grouped = defaultdict(list)
    for moment in changes:
        before, after = _offset(zone, moment - HOUR), _offset(zone, moment)
        grouped[before, after].append((moment, (moment + before).replace(tzinfo=None)))
    return grouped


def _yearly(locals_, first: int, last: int) -> dict | None:
    """The rule, if it happens each year in the same month, on the same weekday of it, at the same time."""
    once_a_year = [local.year for local in locals_] == list(range(first, last + 1))
    if not once_a_year or len({(local.month, local.weekday(), local.time()) for local in locals_}) > 1:
        return None
    weekday = CODES[locals_[0].weekday()]
    if all((local + 7 * DAY).month != local.month for local in locals_):
        return {"bymonth": locals_[0].month, "byday": f"-1{weekday}"}
    numbers = {(local.day + 6) // 7 for local in locals_}
    return {"bymonth": locals_[0].month, "byday": f"{numbers.pop()}{weekday}"} if len(numbers) == 1 else None


def _observance(zone, moment, before, offset=None):
    """What holds from `moment` on; its beginning is told by the clock as it went before."""
    local = moment.astimezone(zone)
    part = TimezoneDaylight() if local.dst() else TimezoneStandard()
    came = offset if offset is not None else _offset(zone, before)
    part.add("dtstart", (moment + came).replace(tzinfo=None))
    part.add("tzoffsetfrom", came)
    part.add("tzoffsetto", local.utcoffset())
    part.add("tzname", local.tzname())
    return part
