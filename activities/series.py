"""Rules of series, as RFC 5545 writes them: read, counted and said in words. Of rows it knows nothing (occurrences.py).

A rule is counted in the wall-clock time of its time zone, and each result is localised afterwards: 9:00 stays 9:00 when
summer time begins. An hour that is left out is read with the offset before it (02:30 becomes 03:30), of one that comes
twice the first is taken (RFC 5545, 3.3.5).
"""

import datetime
import re
from dataclasses import dataclass, replace
from itertools import islice

from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule
from dateutil.rrule import weekday as day_of_week
from django.utils import formats
from django.utils.dates import WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.core import clock, show
from crm.core.refusals import Refused

MOST = 500  # occurrences of a series
YEARS = 5  # from the first to the last
FREQUENCIES = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKING_DAYS = (0, 1, 2, 3, 4)
WEEKS = (1, 2, 3, 4, -1)
PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST", "COUNT", "UNTIL"}
LAST_YEAR = 2200
ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """What of RFC 5545 people ask for. Days of the week count from 0, Monday.

    `weekdays` are those of WEEKLY; of MONTHLY it is one, and `week` says which of the month (1–4, -1 the last).
    `month_day` of MONTHLY is 1–31, or -1 for the last day; 0: the day on which it starts. `until` is the last day on
    which one may begin. `week_begins` matters for every second, third, … week only.
    """

    frequency: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    week: int = 0
    month_day: int = 0
    count: int | None = None
    until: datetime.date | None = None
    week_begins: int = 0

    def __str__(self):
        """The RRULE as it is kept: UNTIL is a day of the rule's time zone."""
        ends = f"UNTIL={self.until:%Y%m%d}" if self.until else f"COUNT={self.count}" if self.count else ""
        return ";".join(filter(None, [self.without_end(), ends]))

    def without_end(self) -> str:
        days = ",".join(f"{self.week or ''}{CODES[day]}" for day in self.weekdays)
        parts = [
            f"FREQ={self.frequency}",
            f"INTERVAL={self.interval}" if self.interval > 1 else "",
            f"WKST={CODES[self.week_begins]}" if self.week_begins else "",
            f"BYDAY={days}" if days else "",
            f"BYMONTHDAY={self.month_day}" if self.month_day else "",
        ]
        return ";".join(filter(None, parts))

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """The rule in an RRULE. Raises Refused for what is none, or is one that no form here can show."""
        parts = dict(
            part.split("=", 1) for part in text.strip().upper().removeprefix("RRULE:").split(";") if "=" in part
        )
        try:
            if set(parts) - PARTS or parts["FREQ"] not in FREQUENCIES:
                raise ValueError(text)
            days = [re.fullmatch(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)", day) for day in _list(parts.get("BYDAY"))]
            rule = cls(
                parts["FREQ"],
                interval=int(parts.get("INTERVAL", 1)),
                weekdays=tuple(sorted({CODES.index(day[2]) for day in days})),
                week=int(days[0][1] or 0) if days else 0,
                month_day=int(parts.get("BYMONTHDAY", 0)),
                count=int(parts["COUNT"]) if "COUNT" in parts else None,
                until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
                week_begins=CODES.index(parts.get("WKST", "MO")),
            )
            if any(int(day[1] or 0) != rule.week for day in days) or not rule._is_one():
                raise ValueError(text)
        except (ValueError, KeyError, TypeError):
            raise Refused(_("“%(rule)s” is no rule that can be used here.") % {"rule": text[:100]}) from None
        return rule

    def _is_one(self) -> bool:
        if self.frequency == "WEEKLY":
            return not (self.week or self.month_day)
        if self.frequency == "MONTHLY" and self.weekdays:
            return len(self.weekdays) == 1 and self.week in WEEKS and not self.month_day
        return not self.weekdays and (not self.month_day or self.frequency == "MONTHLY") and -1 <= self.month_day <= 31

    def walls(self, first: datetime.datetime):
        """The times of the clock (naive), from `first` on; without end if the rule has none."""
        until = min(
            first + relativedelta(years=YEARS), datetime.datetime.combine(self.until or first.max, first.max.time())
        )
        days = [day_of_week(day, self.week or None) for day in self.weekdays]
        found = rrule(
            FREQUENCIES[self.frequency],
            dtstart=first,
            interval=self.interval,
            wkst=self.week_begins,
            byweekday=days or None,
            bymonthday=self.month_day or None,
            until=until,
        )
        return islice(found, self.count)

    def ending(self, day: datetime.date) -> "Rule":
        """The same up to and including `day`."""
        return replace(self, count=None, until=day)

    def times(self, count: int) -> "Rule":
        return replace(self, count=count, until=None)

    def follow(self, old: datetime.date, new: datetime.date) -> "Rule":
        """The same kind of rule when the occurrence of the day `old` goes to `new`: of each Monday each Tuesday, of
        the last Friday the last Thursday, of the 15th the 16th; what ends on a day ends as much later.
        """
        if old == new:
            return self
        by = (new - old).days
        rule = replace(self, until=self.until + datetime.timedelta(days=by) if self.until else None)
        if self.frequency == "WEEKLY":
            # With the week's beginning moved as well, every second week stays the same.
            moved = tuple(sorted((day + by) % 7 for day in self.weekdays))
            return replace(rule, weekdays=moved, week_begins=(self.week_begins + by) % 7 if self.interval > 1 else 0)
        if self.weekdays:
            return replace(rule, weekdays=(new.weekday(),), week=week_of(new, self.week))
        if self.month_day == -1 and (new + ONE_DAY).day == 1:
            return rule
        return replace(rule, month_day=new.day) if self.frequency == "MONTHLY" else rule


def _list(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _until(text: str) -> datetime.date:
    return datetime.datetime.strptime(text[:8], "%Y%m%d").date()


def week_of(day: datetime.date, before: int = 0) -> int:
    """Which weekday of its month it is; the last one where it was so `before`, or where there is no other word."""
    nth, is_last = (day.day + 6) // 7, (day + 7 * ONE_DAY).month != day.month
    return -1 if (is_last and before == -1) or nth == 5 else nth


@dataclass(frozen=True)
class Occurrence:
    """`wall`: what the clock shows (naive); `at`: the moment, in UTC."""

    wall: datetime.datetime
    at: datetime.datetime


def localised(wall: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """The moment, in UTC, at which the clock there shows `wall`: see the module's first lines."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(datetime.UTC)


def wall_of(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """What the clock there shows at an aware moment (naive)."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def counted(recurrence) -> list[Occurrence]:
    """Where the rule of a series has its occurrences, whatever became of them."""
    zone = clock.zone(recurrence.time_zone)
    walls = Rule.parse(recurrence.rule).walls(wall_of(recurrence.starts_at, zone))
    return [Occurrence(wall, localised(wall, zone)) for wall in walls]


def planned(rule: Rule, first: datetime.datetime, zone: datetime.tzinfo) -> list[Occurrence]:
    """The occurrences of a new series from `first` on (naive, what the clock shows). Raises Refused."""
    check(rule, first.date())
    walls = list(islice(rule.walls(first), MOST + 1))
    if not walls:
        raise Refused(_("No day fits this rule before it ends."))
    if len(walls) > MOST:
        raise Refused(
            _("A series has at most %(most)s occurrences. End it on %(day)s at the latest.")
            % {"most": MOST, "day": show.day(walls[MOST - 1].date())}
        )
    if rule.count and len(walls) < rule.count:
        raise Refused(
            ngettext(
                "A series lasts at most five years, and this one comes once in that time.",
                "A series lasts at most five years, and this one comes %(n)s times in that time.",
                len(walls),
            )
            % {"n": len(walls)}
        )
    if (begins := wall_of(localised(walls[0], zone), zone)) != walls[0]:
        # The first one falls into an hour that is left out: then it is this later time for all of them.
        return planned(rule, begins, zone)
    return [Occurrence(wall, localised(wall, zone)) for wall in walls]


def check(rule: Rule, first: datetime.date) -> None:
    """Raises Refused for a rule that makes no sense from `first` on, with a sentence that says what to do."""
    if not 1900 <= first.year <= LAST_YEAR - YEARS:
        raise Refused(_("A series begins between the years 1900 and %(year)s.") % {"year": LAST_YEAR - YEARS})
    if not 1 <= rule.interval <= 99:
        raise Refused(_("Say a number from 1 to 99: 1 for each time, 2 for every second."))
    if rule.frequency == "WEEKLY" and not rule.weekdays:
        raise Refused(_("Choose at least one day of the week."))
    if rule.count is None and rule.until is None:
        raise Refused(
            _(
                "A series needs an end: enter a last day, for example %(day)s, "
                "or how often it comes, for example 12 times."
            )
            % {"day": show.day(first + relativedelta(years=1))}
        )
    if rule.count is not None and not 1 <= rule.count <= MOST:
        raise Refused(_("A series comes at least once, and at most %(most)s times.") % {"most": MOST})
    if rule.until and rule.until < first:
        raise Refused(
            _("The series would end before it begins: enter %(day)s or a later day.") % {"day": show.day(first)}
        )
    latest = first + relativedelta(years=YEARS)
    if rule.until and rule.until > latest:
        raise Refused(
            _("A series lasts at most five years: end it on %(day)s at the latest.") % {"day": show.day(latest)}
        )


# ── in words ────────────────────────────────────────────────────────────────────────────────────────
def in_words(recurrence) -> str:
    """The rule of a series in the reader's language: every last Friday of the month, until 31.12.2027."""
    first = wall_of(recurrence.starts_at, clock.zone(recurrence.time_zone)).date()
    return words(Rule.parse(recurrence.rule), first)


def words(rule: Rule, first: datetime.date) -> str:
    """The same for a rule that begins on `first`."""
    how_often = {"DAILY": _daily, "WEEKLY": _weekly, "MONTHLY": _monthly, "YEARLY": _yearly}[rule.frequency]
    text = how_often(rule, first)
    if rule.until:
        return _("%(rule)s, until %(day)s") % {"rule": text, "day": show.day(rule.until)}
    if rule.count:
        times = ngettext("%(rule)s, once", "%(rule)s, %(n)s times", rule.count)
        return times % {"rule": text, "n": rule.count}
    return text


def _daily(rule: Rule, first: datetime.date) -> str:
    return ngettext("every day", "every %(n)s days", rule.interval) % {"n": rule.interval}


def _weekly(rule: Rule, first: datetime.date) -> str:
    days = rule.weekdays or (first.weekday(),)
    if rule.interval == 1 and days == WORKING_DAYS:
        return _("every day from Monday to Friday")
    names = get_text_list([str(WEEKDAYS[day]) for day in days], _("and"))
    if rule.interval == 1 and len(days) == 1:
        return _("every %(weekday)s") % {"weekday": names}
    text = ngettext("every week on %(days)s", "every %(n)s weeks on %(days)s", rule.interval)
    return text % {"n": rule.interval, "days": names}


def _monthly(rule: Rule, first: datetime.date) -> str:
    n = rule.interval
    if rule.weekdays:
        which = {"which": which_week(rule.week), "weekday": WEEKDAYS[rule.weekdays[0]], "n": n}
        text = ngettext(
            "every %(which)s %(weekday)s of the month", "every %(n)s months on the %(which)s %(weekday)s", n
        )
        return text % which
    if rule.month_day == -1:
        return ngettext("on the last day of every month", "every %(n)s months on the last day", n) % {"n": n}
    text = ngettext("on day %(day)s of every month", "every %(n)s months on day %(day)s", n)
    return text % {"n": n, "day": rule.month_day or first.day}


def which_week(week: int) -> str:
    """Which one of the weekdays of a month, within a sentence: "every first Monday"."""
    return {
        1: pgettext("weekday of a month", "first"),
        2: pgettext("weekday of a month", "second"),
        3: pgettext("weekday of a month", "third"),
        4: pgettext("weekday of a month", "fourth"),
        -1: pgettext("weekday of a month", "last"),
    }[week]


def _yearly(rule: Rule, first: datetime.date) -> str:
    text = ngettext("every year on %(day)s", "every %(n)s years on %(day)s", rule.interval)
    return text % {"n": rule.interval, "day": formats.date_format(first, "MONTH_DAY_FORMAT")}


def skipping(rule: Rule, first: datetime.date) -> str:
    """What has to be said about months or years without such a day; empty otherwise."""
    day = rule.month_day or first.day
    if rule.frequency == "MONTHLY" and not rule.weekdays and day > 28:
        return _("Months without day %(day)s are skipped. Choose “monthly on the last day” for one in every month.") % {
            "day": day
        }
    if rule.frequency == "YEARLY" and (first.month, first.day) == (2, 29):
        return _("Years without 29 February are skipped.")
    return ""
