"""On which days the steps of a plan fall, reckoned once more: day by day, with holidays that are written down here."""

import datetime
import random
from types import SimpleNamespace

import pytest

from activities.plans import schedule
from crm.core.workdays import workdays

DAY = datetime.timedelta(days=1)
YEARS = range(2021, 2031)
PLANS = 1000


def easter(year: int) -> datetime.date:
    """Easter Sunday by Gauß, with his two exceptions."""
    a, b, c = year % 19, year % 4, year % 7
    k = year // 100
    m = (15 + k - (8 * k + 13) // 25 - k // 4) % 30
    n = (4 + k - k // 4) % 7
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if d == 29 and e == 6:
        return datetime.date(year, 4, 19)
    if d == 28 and e == 6 and a > 10:
        return datetime.date(year, 4, 18)
    return datetime.date(year, 3, 22) + DAY * (d + e)


def day_of_repentance(year: int) -> datetime.date:
    """Buß- und Bettag: the Wednesday before 23 November."""
    day = datetime.date(year, 11, 22)
    while day.weekday() != 2:
        day -= DAY
    return day


def public_holidays(state: str, year: int) -> set[datetime.date]:
    """The holidays of Bavaria, with the Assumption that most of its towns have, and those of all of Saxony."""
    sunday = easter(year)
    fixed = [(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)]
    fixed += {"BY": [(1, 6), (8, 15), (11, 1)], "SN": [(10, 31)]}[state]
    # Good Friday, Easter Monday, Ascension, Whit Monday; in Bavaria Corpus Christi.
    moving = [-2, 1, 39, 50, *([60] if state == "BY" else [])]
    days = {datetime.date(year, month, day) for month, day in fixed} | {sunday + DAY * n for n in moving}
    return days | ({day_of_repentance(year)} if state == "SN" else set())


HOLIDAYS = {
    state: set().union(*(public_holidays(state, year) for year in range(YEARS[0] - 1, YEARS[-1] + 10)))
    for state in ("BY", "SN")
}


def is_free(state: str, day: datetime.date) -> bool:
    return day.strftime("%a") in ("Sat", "Sun") or day in HOLIDAYS[state]


def by_hand(steps, start, state) -> list[tuple[datetime.date, datetime.date]]:
    """Walks through the calendar one day at a time, and counts on its fingers."""
    days, end = [], None
    for step in steps:
        day = start if end is None or step.begin == "start" else end + DAY
        to_skip = step.offset
        while is_free(state, day) or to_skip:
            if not is_free(state, day):
                to_skip -= 1
            day += DAY
        first, left = day, step.duration
        while True:
            if not is_free(state, day):
                left -= 1
                if left == 0:
                    break
            day += DAY
        end = day
        days.append((first, end))
    return days


def step(begin="previous", offset=0, duration=1):
    return SimpleNamespace(begin=begin, offset=offset, duration=duration)


def days_of(steps, start, state="BY"):
    return [(first, last) for _step, first, last in schedule(steps, start, workdays(state))]


def test_easter():
    known = {2021: (4, 4), 2024: (3, 31), 2026: (4, 5), 2027: (3, 28), 2030: (4, 21), 2038: (4, 25), 2049: (4, 18)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known


def test_the_two_calendars_agree_day_by_day():
    differ = {
        (state, day)
        for state in HOLIDAYS
        for day in (datetime.date(YEARS[0], 1, 1) + DAY * n for n in range(3652))
        if workdays(state).is_working(day) == is_free(state, day)
    }
    assert differ == set()


def test_a_thousand_random_plans(capsys):
    """Of both states, starting on any day of ten years."""
    dice = random.Random(20261123)
    agreed, steps_seen, over_a_holiday = 0, 0, 0
    for number in range(PLANS):
        state = ("BY", "SN")[number % 2]
        year = YEARS[number % len(YEARS)]
        start = datetime.date(year, 1, 1) + DAY * dice.randrange(365)
        steps = [
            step(dice.choice(["previous", "previous", "start"]), dice.choice([0, 0, 1, 2, 5, 30]), dice.randint(1, 12))
            for _n in range(dice.randint(1, 12))
        ]
        expected = by_hand(steps, start, state)
        assert days_of(steps, start, state) == expected, (state, start, steps)
        agreed += 1
        steps_seen += len(steps)
        end = max(last for _first, last in expected)
        over_a_holiday += any(start <= day <= end and day.weekday() < 5 for day in HOLIDAYS[state])
    with capsys.disabled():
        print(f"\nschedule: {agreed} of {PLANS} plans agree, {steps_seen} steps, {over_a_holiday} over a holiday")
    assert agreed == PLANS
    assert over_a_holiday > PLANS / 2


# ── single rules, by the calendar on the wall ───────────────────────────────────────────────────────
def on(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_one_day_on_the_start_itself():
    assert days_of([step()], on("2026-11-23")) == [(on("2026-11-23"), on("2026-11-23"))]


def test_from_a_saturday_it_begins_on_monday():
    assert days_of([step()], on("2026-11-21")) == [(on("2026-11-23"), on("2026-11-23"))]


def test_the_next_step_begins_on_the_working_day_after():
    """Thursday and Friday, then Monday; two days free, then Thursday."""
    days = days_of([step(duration=2), step(), step(offset=2)], on("2026-11-19"))
    assert days == [
        (on("2026-11-19"), on("2026-11-20")),
        (on("2026-11-23"), on("2026-11-23")),
        (on("2026-11-26"), on("2026-11-26")),
    ]


def test_counted_from_the_start_it_may_run_beside_the_others():
    days = days_of([step(duration=10), step("start", 1)], on("2026-11-23"))
    assert days[1] == (on("2026-11-24"), on("2026-11-24"))


def test_after_a_parallel_step_the_next_one_follows_that():
    days = days_of([step(duration=10), step("start"), step()], on("2026-11-23"))
    assert days[2] == (on("2026-11-24"), on("2026-11-24"))


@pytest.mark.parametrize(("state", "first"), [("SN", "2026-11-19"), ("BY", "2026-11-18"), ("", "2026-11-18")])
def test_the_day_of_repentance_is_free_in_saxony_alone(state, first):
    assert days_of([step()], on("2026-11-18"), state)[0][0] == on(first)


@pytest.mark.parametrize(("day", "free_in"), [("2026-06-04", "BY"), ("2026-01-06", "BY"), ("2025-10-31", "SN")])
def test_corpus_christi_epiphany_and_reformation_day(day, free_in):
    for state in ("BY", "SN"):
        assert (days_of([step()], on(day), state)[0][0] == on(day)) == (state != free_in)


def test_no_steps():
    assert schedule([], on("2026-11-23"), workdays("BY")) == []
