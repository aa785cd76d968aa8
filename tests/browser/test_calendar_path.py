"""The calendar as people use it: an activity is dragged, pulled and moved by keys, and stands there after a reload."""

import datetime
import re

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from activities import actions
from activities.models import Activity
from crm.notices.actions import tell
from crm.notices.models import Notice
from tests.activities.conftest import call  # noqa: F401 a fixture
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_looks import faults

pytestmark = pytest.mark.browser
HOUR = datetime.timedelta(hours=1)
# A week far enough from now that nothing in it is overdue, and without a change of the clocks.
MONDAY = timezone.make_aware(datetime.datetime(2027, 3, 8))
WEEK, MONTH = "/activities/calendar/?day=2027-03-08", "/activities/calendar/?view=month&day=2027-03-08"


def at(day: int, hour: float) -> datetime.datetime:
    """The moment in that week, or in the days around it."""
    return MONDAY + datetime.timedelta(days=day, hours=hour)


def shown(page, record):
    return page.locator(f".cal-frame [data-event='{record.pk}']")


def drag(page, source, to_x: float, to_y: float, *, from_y: float | None = None):
    """With the mouse, slowly enough for a person's hand."""
    box = source.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 if from_y is None else from_y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=10)
    with page.expect_response(lambda answer: "/move/" in answer.url):
        page.mouse.up()


def column(page, day: str):
    return page.locator(f"[data-column][data-day='{day}']").bounding_box()


def test_dragged_to_another_day_and_time_it_is_there_after_a_reload(window, call):  # noqa: F811
    one = call("Preisgespräch", at(0, 10))
    page = window("rep")
    page.goto(WEEK)
    box, wednesday = shown(page, one).bounding_box(), column(page, "2027-03-10")
    # Two columns to the right, an hour and a half further down.
    centre = box["y"] + box["height"] / 2
    drag(page, shown(page, one), wednesday["x"] + 40, centre + 72)
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (at(2, 11.5), at(2, 12.5))
    page.reload()
    expect(page.locator("[data-day='2027-03-10']").locator(f"[data-event='{one.pk}']")).to_have_count(1)
    expect(shown(page, one)).to_contain_text("11:30–12:30")


def test_its_end_is_pulled(window, call):  # noqa: F811
    one = call("Preisgespräch", at(0, 10))
    page = window("rep")
    page.goto(WEEK)
    box = shown(page, one).bounding_box()
    end = box["y"] + box["height"] - 3
    drag(page, shown(page, one), box["x"] + 20, end + 24, from_y=end)
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (at(0, 10), at(0, 11.5))


def test_by_keyboard(window, call):  # noqa: F811
    one = call("Preisgespräch", at(0, 10))
    page = window("rep")
    page.goto(WEEK)
    shown(page, one).focus()
    for keys, start, due in (
        (("ArrowRight",), at(1, 10), at(1, 11)),
        (("ArrowDown", "ArrowDown"), at(1, 10.5), at(1, 11.5)),
        (("Shift+ArrowDown",), at(1, 10.5), at(1, 11.75)),
        (("Shift+ArrowUp", "Shift+ArrowUp"), at(1, 10.5), at(1, 11.25)),
    ):
        # Quick presses are one change; the focus is on it again when it was saved.
        with page.expect_response(lambda answer: "/calendar/" in answer.url):
            for key in keys:
                page.keyboard.press(key)
        expect(shown(page, one)).to_be_focused()
        one.refresh_from_db()
        assert (one.start_at, one.due_at) == (start, due), keys
    page.reload()
    expect(page.locator("[data-day='2027-03-09']").locator(f"[data-event='{one.pk}']")).to_have_count(1)


def test_by_keyboard_over_the_edge_of_the_week(window, call):  # noqa: F811
    one = call("Preisgespräch", at(6, 10))
    page = window("rep")
    page.goto(WEEK)
    shown(page, one).focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("day=2027-03-15"))
    expect(shown(page, one)).to_be_focused()
    one.refresh_from_db()
    assert one.start_at == at(7, 10)


def test_a_whole_day_is_moved_and_made_longer(window, call):  # noqa: F811
    one = call("Messe", at(0, 0), hours=24, all_day=True)
    page = window("rep")
    page.goto(WEEK)
    box, thursday = shown(page, one).bounding_box(), column(page, "2027-03-11")
    drag(page, shown(page, one), thursday["x"] + 40, box["y"] + 8)
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (at(3, 0), at(4, 0))
    expect(shown(page, one)).to_have_attribute("data-seen", actions.version(one))
    shown(page, one).focus()
    with page.expect_response(lambda answer: "/move/" in answer.url):
        page.keyboard.press("Shift+ArrowRight")
    one.refresh_from_db()
    assert (one.start_at, one.due_at, one.all_day) == (at(3, 0), at(5, 0), True)


def test_in_the_month_over_a_change_of_the_clocks(window, call):  # noqa: F811
    """On 28 March summer time begins: ten o'clock stays ten o'clock, an hour stays an hour."""
    one = call("Preisgespräch", at(19, 10))  # Saturday, 27 March
    page = window("rep")
    page.goto(MONTH)
    cell = page.locator("[data-cell][data-day='2027-03-29']").bounding_box()
    drag(page, shown(page, one), cell["x"] + 60, cell["y"] + 60)
    one.refresh_from_db()
    assert timezone.localtime(one.start_at).isoformat() == "2027-03-29T10:00:00+02:00"
    assert one.due_at - one.start_at == HOUR
    page.reload()
    expect(page.locator("[data-cell][data-day='2027-03-29']").locator(f"[data-event='{one.pk}']")).to_have_count(1)


def test_onto_the_hour_that_is_left_out(window, call):  # noqa: F811
    """From half past one an hour on there is no half past two on that day: it is half past three."""
    one = call("Nachtlauf", at(20, 1.5))
    page = window("rep")
    page.goto("/activities/calendar/?view=day&day=2027-03-28")
    shown(page, one).focus()
    with page.expect_response(lambda answer: "/move/" in answer.url):
        for _press in range(4):
            page.keyboard.press("ArrowDown")
    one.refresh_from_db()
    assert timezone.localtime(one.start_at).isoformat() == "2027-03-28T03:30:00+02:00"
    assert one.due_at - one.start_at == HOUR


def test_what_was_refused_goes_back(window, call):  # noqa: F811
    """Somebody else moved it meanwhile: nothing is overwritten, and it is shown where it is."""
    one = call("Preisgespräch", at(0, 10))
    page = window("rep", aside="409")  # the browser reports the refused request
    page.goto(WEEK)
    actions.move(activity=one, by=one.owner, start_at=at(4, 14), due_at=at(4, 15))
    box, wednesday = shown(page, one).bounding_box(), column(page, "2027-03-10")
    drag(page, shown(page, one), wednesday["x"] + 40, box["y"] + 24)
    expect(page.locator("#toasts")).not_to_be_empty()
    expect(page.locator("[data-day='2027-03-12']").locator(f"[data-event='{one.pk}']")).to_have_count(1)
    one.refresh_from_db()
    assert one.start_at == at(4, 14)


def test_what_one_may_not_change_stays(window, call):  # noqa: F811
    mates, done = call("Termin", at(0, 10), owner="mate"), call("Alt", at(0, 14))
    actions.complete(activity=done, by=done.owner)
    page = window("rep")
    page.goto(f"{WEEK}&owner=all")
    for one in (mates, done):
        expect(shown(page, one)).to_have_count(1)
        box, before = shown(page, one).bounding_box(), Activity.objects.get(pk=one.pk).start_at
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 80, steps=6)
        page.mouse.up()
        assert Activity.objects.get(pk=one.pk).start_at == before
        page.goto(f"{WEEK}&owner=all")


def test_an_empty_place_asks_what_is_to_be_done_there(window, people):
    page = window("rep")
    page.goto(WEEK)
    tuesday, ten = column(page, "2027-03-09"), 10.25 * 48
    page.mouse.click(tuesday["x"] + 30, tuesday["y"] + ten)
    dialog = page.locator("#dialog")
    expect(dialog.locator("[name=start_day]")).to_have_value("2027-03-09")
    expect(dialog.locator("[name=start_time]")).to_have_value("10:00")
    page.keyboard.press("Escape")
    page.goto(MONTH)
    page.locator("[data-cell][data-day='2027-03-09'] .cal-plus").focus()
    page.keyboard.press("Enter")
    expect(dialog.locator("[name=start_day]")).to_have_value("2027-03-09")


def test_keys_of_the_page(window, people):
    page = window("rep")
    page.goto(WEEK)
    for key, url in (("j", "day=2027-03-15"), ("k", "day=2027-03-08"), ("m", "view=month"), ("d", "view=day")):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(url))
    page.keyboard.press("t")
    expect(page).not_to_have_url(re.compile("day=2027"))


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_it_fits_and_axe_is_content(window, people, call, size, theme):  # noqa: F811
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    with time_machine.travel(at(2, 12), tick=False):
        for hour in range(9, 16):
            call(long, at(2, hour), hours=1.5, owner="mate" if hour % 2 else "rep")
        call(long, at(0, 0), hours=72, all_day=True)
        actions.complete(activity=call("Fertig", at(1, 10)), by=people["rep"])
        actions.cancel(activity=call("Fällt aus", at(1, 12)), by=people["rep"])
    for number in range(3):
        tell(user=people["rep"], key=str(number), text=f"{long} {number}", url="/", icon="alarm")
    page = window("rep", size=size, theme=theme)
    problems = []
    for query in ("", "&view=day", "&view=month", "&owner=all&status=cancelled&status=open&status=done"):
        page.goto(f"{WEEK}{query}".replace("day=2027-03-08", "day=2027-03-10"))
        page.wait_for_load_state("networkidle")
        problems += faults(page, query)
    page.locator("[data-bell]").click()
    expect(page.locator("#notices-menu")).to_contain_text(long)
    problems += faults(page, "menu")
    page.goto("/notices/")
    problems += faults(page, "notices")
    assert problems == [], "\n".join(problems)


def test_the_bell(window, people):
    for number in range(12):
        tell(user=people["rep"], key=str(number), text=f"Erinnerung {number}", url="/activities/calendar/?view=day")
    page = window("rep")
    page.goto("/inbox/")
    bell, count = page.locator("[data-bell]"), page.locator("[data-bell-count]")
    expect(count).to_have_text("12")
    bell.click()
    expect(page.locator("#notices-menu .notice")).to_have_count(10)
    page.locator("#notices-menu").get_by_text("Erinnerung 11").click()
    expect(page).to_have_url(re.compile("/activities/calendar/"))
    expect(count).to_have_text("11")
    tell(user=people["rep"], key="new", text="Neu", url="/")
    # A minute later, and without a word about it: what is being typed stays.
    page.clock.install()
    page.goto("/inbox/")
    expect(count).to_have_text("12")
    page.locator("#list-q").fill("Höfle")
    Notice.objects.filter(key="new").delete()
    page.clock.fast_forward(61_000)
    expect(count).to_have_text("11")
    expect(page.locator("#list-q")).to_be_focused()
    bell.click()
    page.get_by_role("button", name="Alle als gelesen markieren").click()
    expect(count).to_be_hidden()
    expect(page.locator("#notices-menu .is-unread")).to_have_count(0)
    assert not Notice.objects.unread().exists()
