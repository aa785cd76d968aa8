"""The rep's day in the browser: planned in two clicks, moved and stretched in the chart, linked, done."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from activities.models import Activity, ActivityType
from opportunities.actions import create_opportunity
from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser
BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime.timedelta(days=1)


@pytest.fixture
def monday():
    """Midnight of this week's Monday here."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return today - DAY * today.weekday()


@pytest.fixture
def plan(people, monday):
    """A function: an open activity of the rep, whole days from that day of the week on."""
    deal = create_opportunity(by=people["rep"], title="Servoachsen KL-7", kind="deal")

    def make(title, day, days=1):
        start = (monday + DAY * day).astimezone(BERLIN)
        return Activity.objects.create(
            title=title,
            type=ActivityType.objects.get(name="Aufgabe"),
            owner=people["rep"],
            opportunity=deal,
            start_at=start,
            due_at=start + DAY * days,
            all_day=True,
        )

    return make


def days(activity, monday) -> tuple[int, int]:
    """The first day and the day after the last, counted from Monday."""
    activity.refresh_from_db()
    return round((activity.start_at - monday) / DAY), round((activity.due_at - monday) / DAY)


def settled(page):
    """Whatever was sent has been answered, and the chart is there again."""
    expect(page.locator(".is-waiting, .htmx-request")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def drag(page, start, by):
    """From the middle of `start` (a locator or a place) by so many pixels to the right."""
    box = start.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 6):
        page.mouse.move(x + by * part / 5, y + 2)
    page.mouse.up()


def one_day(page) -> float:
    """The width of a day in pixels."""
    return page.locator(".gantt-head .gantt-lane").bounding_box()["width"] / 28


def bar(page, activity):
    return page.locator(f"#bar-{activity.pk}")


def test_a_bar_is_moved_and_stretched_and_stays_there(window, plan, monday):
    task = plan("Muster bereitstellen", 8, days=2)
    page = window("rep")
    page.goto("/activities/planning/")
    day = one_day(page)

    drag(page, bar(page, task), 3 * day)
    settled(page)
    assert days(task, monday) == (11, 13)
    expect(page.get_by_text("Rückgängig")).to_be_visible()

    bar(page, task).hover()
    drag(page, bar(page, task).locator("[data-edge=due]"), 2 * day)
    settled(page)
    assert days(task, monday) == (11, 15)
    bar(page, task).hover()
    drag(page, bar(page, task).locator("[data-edge=start]"), -1 * day)
    settled(page)
    assert days(task, monday) == (10, 15)

    # The page read anew has it where it was left.
    before = bar(page, task).bounding_box()
    page.reload()
    after = bar(page, task).bounding_box()
    assert after["x"] == pytest.approx(before["x"], abs=2)
    assert after["width"] == pytest.approx(5 * day - 2, abs=3)

    # A click that moved nothing opens it.
    bar(page, task).click()
    expect(page).to_have_url(f"{page.url.split('/activities')[0]}/activities/{task.pk}/")


def test_the_same_by_keyboard(window, plan, monday):
    task = plan("Muster bereitstellen", 8, days=2)
    page = window("rep")
    page.goto("/activities/planning/")
    bar(page, task).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(900)
    settled(page)
    assert days(task, monday) == (10, 12)
    # The focus is where it was, on the chart that was fetched anew.
    expect(bar(page, task)).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(900)
    settled(page)
    assert days(task, monday) == (10, 13)
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(900)
    settled(page)
    assert days(task, monday) == (9, 12)
    page.reload()
    assert bar(page, task).bounding_box()["width"] == pytest.approx(3 * one_day(page) - 2, abs=3)


def test_a_move_is_undone(window, plan, monday):
    task = plan("Muster bereitstellen", 8)
    page = window("rep")
    page.goto("/activities/planning/")
    drag(page, bar(page, task), 4 * one_day(page))
    settled(page)
    assert days(task, monday) == (12, 13)
    page.get_by_text("Rückgängig").click()
    settled(page)
    assert days(task, monday) == (8, 9)


def test_what_is_refused_goes_back_and_says_why(window, plan, monday):
    first, then = plan("Muster bereitstellen", 7), plan("Angebot anpassen", 10)
    page = window("rep", aside="409")
    page.goto("/activities/planning/")
    # From the end of the first bar to the one that begins afterwards.
    bar(page, first).hover()
    link = bar(page, first).locator("[data-link]").bounding_box()
    target = bar(page, then).bounding_box()
    page.mouse.move(link["x"] + 5, link["y"] + 5)
    page.mouse.down()
    page.mouse.move(target["x"] + 4, target["y"] + 10, steps=5)
    page.mouse.up()
    settled(page)
    assert then.dependencies.get().predecessor == first
    expect(page.locator(f"g[data-from='{first.pk}'][data-to='{then.pk}']")).to_have_count(1)

    drag(page, bar(page, first), 5 * one_day(page))
    expect(page.get_by_text("folgt darauf und beginnt vorher")).to_be_visible()
    settled(page)
    assert days(first, monday) == (7, 8)


def test_planned_in_two_clicks_and_done_in_one_step(window, people):
    deal = create_opportunity(by=people["rep"], title="Servoachsen KL-7", kind="deal")
    page = window("rep")
    page.goto(f"/opportunities/{deal.pk}/")
    page.get_by_label("Neue Aktivität", exact=True).click()
    page.locator("#dialog").get_by_role("button", name="Speichern").click()
    expect(page.locator(".next-step")).to_contain_text("Anruf Servoachsen KL-7")
    made = Activity.objects.get()
    assert made.opportunity == deal

    page.locator(".next-step .tick").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Ergebnis").fill("Will ein Angebot")
    dialog.get_by_label("in 3 Arbeitstagen").check()
    dialog.get_by_label("Titel").fill("Angebot schicken")
    dialog.get_by_role("button", name="Erledigt").click()
    expect(page.locator(".next-step")).to_contain_text("Angebot schicken")
    expect(page.locator(".events")).to_contain_text("Will ein Angebot")
    made.refresh_from_db()
    assert made.status == "done"


def test_on_the_phone_bars_are_links_and_nothing_is_dragged(window, plan, monday):
    task = plan("Muster bereitstellen", 8)
    page = window("rep", size=PHONE)
    page.goto("/activities/planning/")
    bar(page, task).scroll_into_view_if_needed()
    drag(page, bar(page, task), 60)
    settled(page)
    assert days(task, monday) == (8, 9)
