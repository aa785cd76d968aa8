"""Series and participants on the pages: entered, changed from one on, cancelled, invited, taken out."""

import pytest

from activities.models import Activity, ActivityType, Participant
from contacts.models import Person
from crm.mail.models import OutgoingMail

pytestmark = pytest.mark.django_db
REPEAT = {"repeat": "weekly", "interval": "1", "weekdays": ["0"], "ends": "times", "times": "4"}


@pytest.fixture
def web(signed_in):
    return signed_in("rep")


def typed(**more) -> dict:
    kind = ActivityType.objects.get(name="Anruf").pk
    times = {"start_day": "2028-07-03", "start_time": "10:00", "due_day": "2028-07-03", "due_time": "11:00"}
    return {"type": kind, "title": "Jour fixe", **times, **more}


def rows() -> list[Activity]:
    return list(Activity.objects.order_by("start_at"))


@pytest.fixture
def weekly(web) -> list[Activity]:
    web.post("/activities/new/", typed(**REPEAT))
    return rows()


def test_entered_as_a_series(weekly):
    assert [row.start_at.isoformat() for row in weekly] == [
        f"2028-07-{day:02}T08:00:00+00:00" for day in (3, 10, 17, 24)
    ]
    assert weekly[0].recurrence.rule == "FREQ=WEEKLY;BYDAY=MO;COUNT=4"


def test_a_series_without_end_makes_nothing(web):
    answer = web.post("/activities/new/", typed(**REPEAT | {"times": ""}))
    assert (answer.status_code, rows()) == (422, [])
    assert "Eine Serie braucht ein Ende" in answer.content.decode()


def test_one_alone_and_from_one_on(web, weekly):
    second = weekly[1]
    day = {"start_day": "2028-07-10", "due_day": "2028-07-10"}
    web.post(f"/activities/{second.pk}/edit/", typed(**day, title="Einmal anders"))
    assert [row.title for row in rows()] == ["Jour fixe", "Einmal anders", "Jour fixe", "Jour fixe"]
    third = weekly[2]
    moved = {"start_day": "2028-07-18", "due_day": "2028-07-18"}
    web.post(f"/activities/{third.pk}/edit/", typed(**moved, **REPEAT | {"times": "2"}, onwards="on"))
    assert [row.start_at.day for row in rows()] == [3, 10, 18, 25]
    assert Activity.objects.get(pk=third.pk).recurrence.rule == "FREQ=WEEKLY;BYDAY=TU;COUNT=2"


def test_one_that_stood_alone_becomes_a_series_and_ends_again(web):
    web.post("/activities/new/", typed())
    [one] = rows()
    web.post(f"/activities/{one.pk}/edit/", typed(**REPEAT))
    assert len(rows()) == 4
    web.post(f"/activities/{one.pk}/edit/", typed(repeat="", onwards="on"))
    assert [row.status for row in rows()] == ["open", "cancelled", "cancelled", "cancelled"]


def test_the_page_says_what_series_it_is(web, weekly):
    page = web.get(f"/activities/{weekly[0].pk}/").content.decode()
    assert "Jeden Montag, 4-mal" in page
    web.post(f"/activities/{weekly[1].pk}/cancel/", {"onwards": "1"})
    assert [row.status for row in rows()] == ["open", "cancelled", "cancelled", "cancelled"]


def test_invited_and_taken_out(web, rep, weekly):
    sabine = Person.objects.create(first_name="Sabine", last_name="Kurz", email="kurz@hoefle.example", owner=rep)
    address = f"/activities/{weekly[0].pk}/"
    fields = {"people": [sabine.pk], "emails": "a@b.example, c@d.example\ne@f.example", "onwards": "on"}
    web.post(f"{address}invite/", fields)
    assert (Participant.objects.count(), OutgoingMail.objects.count()) == (16, 4)
    page = web.get(address).content.decode()
    assert "Sabine Kurz" in page
    assert "Noch keine Antwort" in page
    one = weekly[0].participants.get(person=sabine)
    web.post(f"{address}participants/{one.pk}/take-out/", {"onwards": "on"})
    assert Participant.objects.filter(person=sabine).count() == 0
    assert OutgoingMail.objects.count() == 5


@pytest.mark.parametrize("fields", [{}, {"emails": "niemand"}, {"people": ["99999999"]}, {"people": ["x"]}])
def test_nobody_to_invite(web, weekly, fields):
    assert web.post(f"/activities/{weekly[0].pk}/invite/", fields).status_code == 422
    assert Participant.objects.count() == 0


def test_whom_one_may_not_see_cannot_be_invited(web, weekly, people):
    foreign = Person.objects.create(last_name="Fremd", email="f@f.example", owner=people["stranger"])
    assert web.post(f"/activities/{weekly[0].pk}/invite/", {"people": [foreign.pk]}).status_code == 422
    assert OutgoingMail.objects.count() == 0
