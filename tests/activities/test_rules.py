"""What the database holds about activities, whoever writes them."""

import datetime
import threading
import time

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from activities import actions
from activities.models import Activity, Dependency
from crm.core.refusals import explain
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as deals
from opportunities.models import LossReason

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def refused(work) -> str:
    """The sentence with which the database refuses."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        work()
    return explain(caught.value)


def test_not_due_before_its_start(call):
    one = call()
    text = refused(lambda: Activity.objects.filter(pk=one.pk).update(due_at=one.start_at - HOUR))
    assert text == "Eine Aktivität kann nicht fällig sein, bevor sie beginnt."


@pytest.mark.parametrize("year", [1899, 2201, 9999])
def test_within_the_years_that_business_has(call, year):
    one = call()
    moment = datetime.datetime(year, 12, 31, tzinfo=datetime.UTC)
    assert "1900" in refused(lambda: Activity.objects.filter(pk=one.pk).update(start_at=moment, due_at=moment))


def test_done_has_its_moment(call):
    one = call()
    refused(lambda: Activity.objects.filter(pk=one.pk).update(status="done"))
    refused(lambda: Activity.objects.filter(pk=one.pk).update(done_at=timezone.now()))


def test_no_circle_of_any_length(call):
    first, second, third = call("A"), call("B"), call("C")
    Dependency.objects.create(activity=second, predecessor=first)
    Dependency.objects.create(activity=third, predecessor=second)
    text = refused(lambda: Dependency.objects.create(activity=first, predecessor=third))
    assert text == "Die Aktivitäten würden aufeinander warten."
    refused(lambda: Dependency.objects.create(activity=first, predecessor=first))


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_close_a_circle(call):
    """Each of two writers adds one half of the circle; they begin at the same moment."""
    first, second = call("A"), call("B")
    ready, outcome = threading.Barrier(2), []

    def add(activity, predecessor):
        try:
            with transaction.atomic():
                ready.wait(10)
                Dependency.objects.create(activity=activity, predecessor=predecessor)
                outcome.append("made")
        except DatabaseError:
            outcome.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == ["made", "refused"]
    assert Dependency.objects.count() == 1


def test_the_opportunity_knows_its_next_step(call, deal):
    lead = deal()
    later = call("später", opportunity=lead, start=timezone.now() + 5 * HOUR)
    sooner = call("bald", opportunity=lead, start=timezone.now() + HOUR)
    lead.refresh_from_db()
    assert lead.next_step_at == sooner.due_at
    changes = lead.events.count()
    Activity.objects.filter(pk=sooner.pk).update(status="cancelled")
    lead.refresh_from_db()
    assert lead.next_step_at == later.due_at
    later.delete()
    lead.refresh_from_db()
    assert lead.next_step_at is None
    # It is no change of the opportunity: neither its history nor its version knows of it.
    assert lead.events.count() == changes


def test_also_a_lost_opportunity_knows_its_next_step(call, deal, people):
    lead = deal()
    before = deals.lose(opportunity=lead, by=people["rep"], reason=LossReason.objects.first()).updated_at
    one = call(opportunity=lead)
    lead.refresh_from_db()
    assert lead.next_step_at == one.due_at
    assert lead.updated_at == before


def test_what_belonged_to_an_inbox_item_goes_on_with_the_opportunity(call, people, deal):
    item = InboxItem.objects.create(title="Anfrage", owner=people["rep"], status=ProcessingStatus.objects.first())
    one = call(item=item)
    lead = deal()
    InboxItem.objects.filter(pk=item.pk).update(opportunity=lead, company=lead.company, qualified_at=timezone.now())
    one.refresh_from_db()
    assert (one.opportunity, one.company) == (lead, lead.company)


def test_a_reminder_follows_the_start(call):
    one = call(remind_before=30)
    one.refresh_from_db()
    assert one.remind_at == one.start_at - HOUR / 2
    Activity.objects.filter(pk=one.pk).update(reminded_at=timezone.now())
    actions.move(activity=one, by=one.owner, start_at=one.start_at + HOUR, due_at=one.due_at + HOUR)
    one.refresh_from_db()
    assert one.remind_at == one.start_at - HOUR / 2
    assert one.reminded_at is None


def test_a_reminder_goes_to_whoever_takes_over_in_time(call, people):
    one = call(remind_before=24 * 60, start=timezone.now() + 5 * HOUR)
    Activity.objects.filter(pk=one.pk).update(reminded_at=timezone.now())
    actions.update_activity(activity=one, by=people["rep"], owner=people["mate"])
    one.refresh_from_db()
    assert one.reminded_at is None


@pytest.mark.django_db(transaction=True)
def test_a_verb_and_a_plan_do_not_wait_for_each_other(call, deal, people):
    """A plan locks the opportunity, then its activities; a verb keeps to that order, though it begins with one."""
    lead = deal()
    one = call(opportunity=lead)
    locked, problems = threading.Event(), []

    def plan():
        with transaction.atomic():
            type(lead).objects.select_for_update().get(pk=lead.pk)
            locked.set()
            time.sleep(0.5)
            Activity.objects.filter(pk=one.pk).update(location="Ulm")

    def finish():
        locked.wait(10)
        actions.complete(activity=one, by=people["rep"])

    def run(work):
        try:
            work()
        except DatabaseError as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in (plan, finish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    one.refresh_from_db()
    assert (problems, one.status, one.location) == ([], "done", "Ulm")
