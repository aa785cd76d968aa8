"""Two at once: real connections, real locks. One wins, the other is told."""

import threading

import pytest
from django.db import IntegrityError, connection

from contacts.models import Company
from crm.core.refusals import Refused
from crm.lists.models import Tag
from opportunities import actions, pipelines
from opportunities.models import LossReason, Opportunity, OpportunityTag, Stage, StageChange

pytestmark = pytest.mark.django_db(transaction=True)


def both(*verbs):
    """Run the verbs at the same moment, each on a connection of its own; gives what each returned or raised."""
    barrier = threading.Barrier(len(verbs))
    answers = [None] * len(verbs)

    def run(place, verb):
        try:
            barrier.wait(5)
            answers[place] = verb()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def refusals(answers):
    assert all(isinstance(a, Refused) or not isinstance(a, Exception) for a in answers), answers
    return sum(isinstance(a, Refused) for a in answers)


def test_converted_once(make, rep):
    lead = make()
    answers = both(*[lambda: actions.convert_to_deal(opportunity=lead, by=rep)] * 4)
    assert refusals(answers) == 3
    assert StageChange.objects.filter(opportunity=lead).count() == 2


def test_won_or_lost_but_not_both(deal, rep):
    reason = LossReason.objects.first()
    answers = both(
        lambda: actions.win(opportunity=deal, by=rep), lambda: actions.lose(opportunity=deal, by=rep, reason=reason)
    )
    assert refusals(answers) == 1


def test_two_move_the_same_card(deal, rep):
    first, second, third = deal.pipeline.stages.all()[:3]
    answers = both(
        lambda: actions.move(opportunity=deal, by=rep, stage=second, seen=first),
        lambda: actions.move(opportunity=deal, by=rep, stage=third, seen=first),
    )
    assert refusals(answers) == 1
    assert StageChange.objects.filter(opportunity=deal).count() == 2


def test_moving_and_winning(deal, rep):
    answers = both(
        lambda: actions.move(opportunity=deal, by=rep, stage=deal.pipeline.stages.last()),
        lambda: actions.win(opportunity=deal, by=rep),
    )
    assert refusals(answers) <= 1
    assert Opportunity.objects.get(pk=deal.pk).status == "won"


def test_two_edit_the_same_version(deal, rep):
    seen = actions.version(Opportunity.objects.get(pk=deal.pk))
    answers = both(
        *[
            lambda title=title: actions.update_opportunity(opportunity=deal, by=rep, seen=seen, title=title)
            for title in "abcdef"
        ]
    )
    assert refusals(answers) == 5


def test_a_tag_cannot_slip_in_while_it_is_won(deal, rep):
    """The tag's row is written first, the opportunity is closed before that is committed."""
    tag = Tag.objects.create(name="Messe")
    written, closing = threading.Event(), threading.Event()
    order = []

    def tagging():
        from django.db import transaction

        with transaction.atomic():
            OpportunityTag.objects.create(opportunity=deal, tag=tag)
            written.set()
            closing.wait(0.5)
            order.append("tagged")

    def winning():
        written.wait(5)
        actions.win(opportunity=deal, by=rep)
        order.append("won")
        closing.set()

    answers = both(tagging, winning)
    assert answers == [None, None]
    assert order == ["tagged", "won"], "winning did not wait for the tag"


def test_two_wins_of_one_company(make, rep):
    company = Company.objects.create(name="Höfle", owner=rep)
    ones = [make(company=company) for _n in range(4)]
    answers = both(*[lambda one=one: actions.win(opportunity=one, by=rep) for one in ones])
    assert refusals(answers) == 0
    assert Company.objects.get(pk=company.pk).status == "customer"


def test_a_stage_is_deleted_while_a_card_moves_onto_it(deal, people):
    manager = people["manager"]
    first, second, third = deal.pipeline.stages.all()[:3]
    answers = both(
        lambda: pipelines.delete_stage(stage=second, by=manager, to=third),
        lambda: actions.move(opportunity=deal, stage=second, by=manager),
    )
    # Whoever was first: the stage is gone, and the card is where the mover was told, or where the stage's cards went.
    deal.refresh_from_db()
    deleted, moved = answers
    assert not isinstance(deleted, Exception)
    assert not Stage.objects.filter(pk=second.pk, is_active=True).exists()
    assert deal.stage == (first if isinstance(moved, Refused | IntegrityError) else third)


def test_without_the_lock_one_lead_is_converted_twice(make, rep, monkeypatch):
    """The control: the race is real, and it is the lock that ends it."""
    lead = make()
    meeting = threading.Barrier(2)

    def unlocked(opportunity, by, action="change"):
        found = Opportunity.objects.visible_to(by, action).get(pk=opportunity.pk)
        meeting.wait(5)
        return found

    monkeypatch.setattr(actions, "_locked", unlocked)
    answers = both(*[lambda: actions.convert_to_deal(opportunity=lead, by=rep)] * 2)
    assert refusals(answers) == 0
