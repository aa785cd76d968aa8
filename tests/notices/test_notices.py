"""Notifications: told once, one's own alone, read, forgotten."""

import datetime
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.celery import CLOCK
from crm.notices import tasks
from crm.notices.actions import mark_all_read, mark_read, tell
from crm.notices.models import Notice

pytestmark = pytest.mark.django_db


def told(user, key="k", **more) -> Notice:
    tell(user=user, key=key, **{"text": f"Erinnerung {key}", "url": "/inbox/"} | more)
    return Notice.objects.get(user=user, key=key)


def test_told_once(people):
    assert tell(user=people["rep"], key="a", text="Erste", url="/inbox/")
    assert not tell(user=people["rep"], key="a", text="Zweite", url="/inbox/")
    assert tell(user=people["mate"], key="a", text="Für die Kollegin", url="/inbox/")
    assert list(Notice.objects.order_by("pk").values_list("text", flat=True)) == ["Erste", "Für die Kollegin"]


@pytest.mark.django_db(transaction=True)
def test_told_once_by_many_at_the_same_moment(people):
    ready, outcome = threading.Barrier(8), []

    def work():
        try:
            ready.wait(10)
            with transaction.atomic():
                outcome.append(tell(user=people["rep"], key="a", text="Text", url="/inbox/"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == [False] * 7 + [True]
    assert Notice.objects.count() == 1


def test_what_is_told_fits(people):
    notice = told(people["rep"], text="lang\n\x00 " * 200)
    assert len(notice.text) <= 300
    assert "\n" not in notice.text
    for url in ("https://example.com/", "//example.com/", "javascript:alert(1)"):
        with pytest.raises(ValueError, match=url[:6]):
            tell(user=people["rep"], key="x", text="Text", url=url)


def test_the_bell_counts_what_is_unread(people, signed_in):
    client = signed_in("rep")
    assert client.get("/notices/count/").json() == {"count": 0, "text": "0", "label": "Benachrichtigungen"}
    for number in range(120):
        told(people["rep"], str(number))
    told(people["mate"], "fremd")
    mark_read(notice=Notice.objects.get(key="7"), by=people["rep"])
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/notices/count/").json()
    assert answer == {"count": 119, "text": "99+", "label": "119 ungelesene Benachrichtigungen"}
    # Session, user, and the one that counts: nothing is written, so asking keeps no session alive.
    assert len(asked) == 3
    assert all(query["sql"].startswith("SELECT") for query in asked)
    assert 'data-bell-count aria-hidden="true">99+<' in client.get("/inbox/").content.decode()


def test_nothing_unread_shows_no_number(people, signed_in):
    assert 'data-bell-count aria-hidden="true" hidden>' in signed_in("rep").get("/inbox/").content.decode()


def test_the_menu_has_the_latest_ten(people, signed_in):
    for number in range(12):
        told(people["rep"], f"{number:02d}")
    told(people["mate"], "fremd")
    page = signed_in("rep").get("/notices/menu/", headers={"hx-request": "true"}).content.decode()
    assert [f"{n:02d}" for n in range(12) if f"Erinnerung {n:02d}" in page] == [f"{n:02d}" for n in range(2, 12)]
    assert "fremd" not in page
    assert signed_in("rep").get("/notices/menu/").headers["Location"] == "/notices/"


def test_the_list_has_all_of_them_page_by_page(people, signed_in):
    for number in range(60):
        told(people["rep"], f"{number:02d}")
    client = signed_in("rep")
    first, second = (client.get(f"/notices/?page={page}").content.decode() for page in (1, 2))
    assert (first.count("Erinnerung "), second.count("Erinnerung ")) == (50, 10)
    assert "1–50 von 60" in first
    assert "Noch keine Benachrichtigungen" in signed_in("mate").get("/notices/").content.decode()


def test_opened_it_is_read(people, signed_in):
    notice = told(people["rep"])
    answer = signed_in("rep").get(f"/notices/{notice.pk}/open/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/inbox/")
    notice.refresh_from_db()
    first = notice.read_at
    assert first
    signed_in("rep").get(f"/notices/{notice.pk}/open/")
    notice.refresh_from_db()
    assert notice.read_at == first


@pytest.mark.parametrize("who", ["mate", "lead", "manager", "admin"])
def test_only_ones_own(people, signed_in, who):
    notice = told(people["rep"])
    assert signed_in(who).get(f"/notices/{notice.pk}/open/").status_code == 404
    signed_in(who).post("/notices/read-all/")
    mark_read(notice=notice, by=people[who])
    assert Notice.objects.unread().count() == 1


def test_all_are_read_at_once(people, signed_in):
    for number in range(3):
        told(people["rep"], str(number))
    answer = signed_in("rep").post("/notices/read-all/", headers={"hx-request": "true"})
    assert answer.status_code == 204
    assert "notices:read" in answer.headers["HX-Trigger"]
    assert not Notice.objects.unread().exists()
    assert mark_all_read(by=people["rep"]) == 0
    assert signed_in("rep").get("/notices/read-all/").status_code == 405


def test_read_long_ago_is_forgotten(people):
    now = timezone.now()
    for key, days in (("alt", 91), ("jung", 89), ("ungelesen", None)):
        told(people["rep"], key)
        read_at = now - datetime.timedelta(days=days) if days else None
        Notice.objects.filter(key=key).update(read_at=read_at, created_at=now - datetime.timedelta(days=400))
    tasks.forget_read()
    assert set(Notice.objects.values_list("key", flat=True)) == {"jung", "ungelesen"}
    assert "crm.notices.tasks.forget_read" in {task for task, _when in CLOCK.values()}
