"""Working days: Monday to Friday without the public holidays of a German state."""

import datetime
from functools import lru_cache

from django.db import models
from django.utils.translation import gettext_lazy as _

ONE = datetime.timedelta(days=1)


class State(models.TextChoices):
    """The German states by ISO 3166-2; without one only the holidays of the whole country count."""

    BW = "BW", "Baden-Württemberg"
    BY = "BY", "Bayern"
    BE = "BE", "Berlin"
    BB = "BB", "Brandenburg"
    HB = "HB", "Bremen"
    HH = "HH", "Hamburg"
    HE = "HE", "Hessen"
    MV = "MV", "Mecklenburg-Vorpommern"
    NI = "NI", "Niedersachsen"
    NW = "NW", "Nordrhein-Westfalen"
    RP = "RP", "Rheinland-Pfalz"
    SL = "SL", "Saarland"
    SN = "SN", "Sachsen"
    ST = "ST", "Sachsen-Anhalt"
    SH = "SH", "Schleswig-Holstein"
    TH = "TH", "Thüringen"

    __empty__ = _("Only those of the whole country")


class Workdays:
    """The working days of a state (one of State, or empty)."""

    def __init__(self, state: str = ""):
        self.state = state
        # Twenty megabytes, which only those processes pay that ask for holidays.
        import holidays

        # The Assumption is a holiday in four of five Bavarian towns, and in all of its large ones but Nuremberg.
        kinds = ("public", "catholic") if state == State.BY else ("public",)
        # Years are filled in as they are asked for.
        self._holidays = holidays.country_holidays("DE", subdiv=state or None, categories=kinds, language="de")

    def holiday(self, day: datetime.date) -> str:
        """The name of the public holiday on that day, in German as on a calendar; empty for none."""
        return self._holidays.get(day, "")

    def is_working(self, day: datetime.date) -> bool:
        return day.weekday() < 5 and day not in self._holidays

    def later(self, day: datetime.date, days: int) -> datetime.date:
        """The working day that lies `days` (0 or more) working days after `day`; with 0 `day` or the next one."""
        while not self.is_working(day):
            day += ONE
        for _step in range(days):
            day += ONE
            while not self.is_working(day):
                day += ONE
        return day

    def between(self, first: datetime.date, last: datetime.date) -> int:
        """How many working days there are from `first` to `last`, both included."""
        return sum(self.is_working(first + ONE * n) for n in range((last - first).days + 1))


@lru_cache(maxsize=32)
def workdays(state: str = "") -> Workdays:
    """The working days of a state; one for all who ask."""
    return Workdays(state)
