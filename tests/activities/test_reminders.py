"""Reminders: each is given once, in the bell and by mail, whatever happens to the workers."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from activities import actions, reminders, tasks
from activities.models import Activity, Preference
from contacts.models import Company
from crm.celery import CLOCK
from crm.mail import kinds
from crm.mail.actions import save_template
from crm.mail.models import Message, OutgoingMail
from crm.notices.models import Notice

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def due(call):
    """A function: an activity whose reminder is due: in a quarter of an hour, unless said otherwise."""

    def make(title="Preisgespräch", start=None, **more):
        start = start or (timezone.now() + 15 * MINUTE).replace(microsecond=0)
        return call(title, start, **{"remind_before": 30} | more)

    return make


def given() -> tuple[int, int]:
    return Notice.objects.count(), OutgoingMail.objects.count()


def test_given_in_the_bell_and_by_mail(due, people):
    hoefle = Company.objects.create(name="Höfle GmbH", owner=people["rep"])
    one = due(company=hoefle, location="Backnang", notes="Zeichnungen mitbringen.")
    version = actions.version(Activity.objects.get(pk=one.pk))
    assert reminders.give_due() == 1
    notice, mail = Notice.objects.get(), OutgoingMail.objects.get()
    start = timezone.localtime(one.start_at)
    assert (notice.user, notice.url, notice.read_at) == (people["rep"], one.get_absolute_url(), None)
    assert notice.text == f"{start:%d.%m.%Y, %H:%M}–{start + 60 * MINUTE:%H:%M}: Preisgespräch"
    assert (mail.to, mail.sender) == ("rep@example.com", None)
    assert mail.subject.startswith("Erinnerung: Preisgespräch, ")
    for word in ("Höfle GmbH", "Backnang", "Zeichnungen mitbringen.", f"http://127.0.0.1:8000{one.get_absolute_url()}"):
        assert word in mail.text
    one.refresh_from_db()
    assert one.reminded_at
    assert actions.version(one) == version, "who has the form open is not disturbed"


def test_given_once(due):
    due()
    assert [reminders.give_due() for _run in range(3)] == [1, 0, 0]
    assert given() == (1, 1)


def test_given_again_only_when_it_was_moved_into_the_future(due):
    one = due()
    reminders.give_due()
    later = one.start_at + DAY
    actions.move(activity=one, by=one.owner, start_at=later, due_at=later + 60 * MINUTE)
    assert reminders.give_due() == 0, "it is not time yet"
    assert reminders.give_due(later - 29 * MINUTE) == 1
    assert given() == (2, 2)


def test_not_before_its_time_and_not_what_needs_none(due, people):
    due(start=timezone.now() + 31 * MINUTE)
    due(remind_before=None)
    due(owner=None)
    actions.complete(activity=due(), by=people["rep"])
    actions.cancel(activity=due(), by=people["rep"])
    assert reminders.give_due() == 0
    assert given() == (0, 0)


def test_whoever_has_left_is_not_reminded(due, people):
    due()
    people["rep"].is_active = False
    people["rep"].save()
    assert reminders.give_due() == 0


def test_without_mail_for_whoever_wants_none(due, people):
    Preference.objects.create(user=people["rep"], remind_by_mail=False)
    due()
    due(owner="mate")
    reminders.give_due()
    assert given() == (2, 1)
    assert OutgoingMail.objects.get().to == "mate@example.com"


def test_in_the_language_and_time_of_its_owner(due, people):
    people["rep"].language, people["rep"].time_zone = "en", "America/New_York"
    people["rep"].save()
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + 60 * MINUTE
    due(start=start, remind_before=90)
    reminders.give_due()
    mail = OutgoingMail.objects.get()
    there = timezone.localtime(start, people["rep"].zone)
    assert mail.subject == f"Reminder: Preisgespräch, {there.day} {there:%b %Y, %H:%M}–{there + 60 * MINUTE:%H:%M}"


def test_a_company_may_word_it(due, people):
    save_template(
        kind=kinds.get("activity-reminder"), language="de", subject="Denk an {title}", body="{link}", by=people["admin"]
    )
    due()
    reminders.give_due()
    assert OutgoingMail.objects.get().subject == "Denk an Preisgespräch"


def test_it_does_not_tell_of_what_its_owner_may_not_see(due, people):
    due(company=Company.objects.create(name="Fremd GmbH", owner=people["stranger"]))
    reminders.give_due()
    assert "Fremd" not in OutgoingMail.objects.get().text + Notice.objects.get().text


def test_after_days_without_a_worker_one_reminder_each(due):
    now = timezone.now()
    due("gestern", now - DAY)
    due("vor sechs Tagen", now - 6 * DAY)
    old = due("vor acht Tagen", now - 8 * DAY)
    due("seit Wochen, noch nicht fällig", now - 20 * DAY, hours=30 * 24)
    assert reminders.give_due() == 4
    assert reminders.give_due() == 0
    assert given() == (3, 3)
    assert not Notice.objects.filter(text__contains="acht Tagen").exists()
    old.refresh_from_db()
    assert old.reminded_at, "settled without a word"


def test_the_notification_and_the_reminders_mark_are_one(due, monkeypatch):
    """What breaks in the midst of one leaves nothing of it behind, and holds up no other."""
    broken = due("kaputt", timezone.now() + MINUTE)
    due("heil", timezone.now() + 2 * MINUTE)
    real = reminders.mail.send

    def send(**fields):
        if "kaputt" in fields["subject"]:
            raise RuntimeError
        return real(**fields)

    monkeypatch.setattr(reminders.mail, "send", send)
    assert reminders.give_due() == 1
    assert [notice.text.rpartition(" ")[2] for notice in Notice.objects.all()] == ["heil"]
    broken.refresh_from_db()
    assert broken.reminded_at is None
    monkeypatch.setattr(reminders.mail, "send", real)
    assert reminders.give_due() == 1
    assert given() == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_give_each_once(due, caplog):
    for number in range(40):
        due(str(number))
    ready, settled = threading.Barrier(8), []

    def work():
        try:
            ready.wait(10)
            settled.append(reminders.give_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(settled) == 40
    assert given() == (40, 40)
    assert caplog.records == [], "nobody came so far that the mail's key had to stop him"
    assert Message.objects.count() == 40


def test_the_clock_knows_of_it(due):
    due()
    when = dict(CLOCK.values())
    assert when["activities.tasks.remind"] == 30
    assert when["activities.tasks.send_digests"] == 60
    tasks.remind()
    assert given() == (1, 1)
