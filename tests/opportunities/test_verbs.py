"""What can be done with an opportunity, and what the database writes down by itself."""

import datetime
import re

import pytest
from django.utils import timezone

from contacts.models import Company
from crm.core.audit import acting
from crm.core.refusals import Overtaken, Refused
from crm.lists.models import Tag
from opportunities import actions
from opportunities.models import Kind, LossReason, Opportunity, Pipeline, Stage


def test_a_new_opportunity_is_a_lead_on_the_first_stage(rep):
    made = actions.create_opportunity(by=rep, title="Antrieb")
    made.refresh_from_db()
    assert re.fullmatch(r"OPP-20\d\d-\d{6}", made.number)
    assert (made.kind, made.entered_as, made.status, made.owner) == ("lead", "lead", "open", rep)
    assert made.stage == Pipeline.objects.get(kind="lead").stages.first()
    assert [c.to_stage for c in made.stage_changes.all()] == [made.stage]


def test_a_taken_off_stage_is_no_first_stage(rep):
    pipeline = Pipeline.objects.get(kind="lead")
    pipeline.stages.filter(pk=pipeline.stages.first().pk).update(is_active=False)
    assert actions.create_opportunity(by=rep, title="x").stage == pipeline.stages.active().first()


def test_without_a_pipeline_creating_says_so(rep):
    Pipeline.objects.filter(kind="lead").update(is_active=False)
    with pytest.raises(Refused):
        actions.create_opportunity(by=rep, title="x")


def test_who_may_not_create_cannot(people):
    with pytest.raises(Opportunity.DoesNotExist):
        actions.create_opportunity(by=people["readonly"], title="x")


def test_converting_makes_a_deal_and_notes_when(make, rep):
    lead = make(probability=80)
    deal = actions.convert_to_deal(opportunity=lead, by=rep)
    assert (deal.kind, deal.entered_as, deal.probability) == ("deal", "lead", None)
    assert deal.converted_at is not None
    assert deal.stage == Pipeline.objects.get(kind="deal").stages.first()
    with pytest.raises(Refused):
        actions.convert_to_deal(opportunity=deal, by=rep)


def test_moving_is_written_down_with_who_did_it(deal, rep):
    target = deal.pipeline.stages.all()[2]
    with acting(rep):
        actions.move(opportunity=deal, stage=target, by=rep)
    change = deal.stage_changes.last()
    assert (change.from_stage, change.to_stage, change.changed_by) == (deal.stage, target, rep)
    with acting(rep):
        Opportunity.objects.filter(pk=deal.pk).update(stage=deal.stage)
    assert deal.stage_changes.count() == 3


def test_moving_to_another_pipeline_is_refused(deal, rep):
    with pytest.raises(Refused):
        actions.move(opportunity=deal, stage=Stage.objects.filter(pipeline__kind="lead").first(), by=rep)


def test_moving_to_a_taken_off_stage_is_refused(deal, rep):
    target = deal.pipeline.stages.last()
    Stage.objects.filter(pk=target.pk).update(is_active=False)
    target.refresh_from_db()
    with pytest.raises(Refused):
        actions.move(opportunity=deal, stage=target, by=rep)


def test_moving_what_somebody_else_has_moved_is_refused(deal, rep):
    first, second, third = deal.pipeline.stages.all()[:3]
    actions.move(opportunity=deal, stage=third, by=rep, seen=first)
    with pytest.raises(Overtaken, match=third.name):
        actions.move(opportunity=deal, stage=second, by=rep, seen=first)
    # Where it is already, it may be put again.
    actions.move(opportunity=deal, stage=third, by=rep, seen=first)


def test_win_makes_the_company_a_customer(deal, rep, company):
    actions.win(opportunity=deal, by=rep)
    company.refresh_from_db()
    assert (company.status, company.customer_since) == ("customer", timezone.localdate())


def test_an_older_customer_keeps_the_date(make, rep):
    since = datetime.date(2019, 5, 1)
    company = Company.objects.create(name="Alt", status="former", customer_since=since)
    actions.win(opportunity=make(company=company), by=rep)
    company.refresh_from_db()
    assert (company.status, company.customer_since) == ("customer", since)


def test_losing_needs_a_reason(deal, rep):
    with pytest.raises(Refused):
        actions.lose(opportunity=deal, by=rep, reason=None)
    lost = actions.lose(opportunity=deal, by=rep, reason=LossReason.objects.first(), note="zu spät")
    assert (lost.status, lost.loss_note) == ("lost", "zu spät")
    assert lost.lost_at is not None


def test_reopening_takes_the_outcome_back_but_not_the_customer(won, people):
    opened = actions.reopen(opportunity=won, by=people["admin"])
    assert (opened.status, opened.won_at) == ("open", None)
    assert Company.objects.get(pk=won.company_id).status == "customer"
    event = opened.events.order_by("pgh_id").last()
    assert event.pgh_context["door"] == "reopen"


def test_updating_changes_only_what_is_given(deal, rep):
    tag = Tag.objects.create(name="Messe")
    actions.update_opportunity(opportunity=deal, by=rep, title="Neu", tags=[tag])
    deal.refresh_from_db()
    assert (deal.title, deal.estimated_value, list(deal.tags.all())) == ("Neu", 148500, [tag])


def test_an_old_version_overwrites_nothing(deal, rep):
    seen = actions.version(Opportunity.objects.get(pk=deal.pk))
    actions.update_opportunity(opportunity=deal, by=rep, title="Der andere")
    with pytest.raises(Overtaken):
        actions.update_opportunity(opportunity=deal, by=rep, title="Ich", seen=seen)
    deal.refresh_from_db()
    assert deal.title == "Der andere"


def test_a_new_pipeline_begins_at_its_first_stage(deal, rep):
    other = Pipeline.objects.create(name="Ersatzteile", kind=Kind.DEAL)
    stage = other.stages.create(name="Anfrage", probability=40)
    updated = actions.update_opportunity(opportunity=deal, by=rep, pipeline=other)
    assert updated.stage == stage


def test_deleting_an_open_one(deal, people, rep):
    with pytest.raises(Opportunity.DoesNotExist):
        actions.delete_opportunity(opportunity=deal, by=rep)
    actions.delete_opportunity(opportunity=deal, by=people["manager"])
    assert not Opportunity.objects.exists()


def test_what_came_from_the_inbox_is_not_deleted(people):
    from inbox import actions as inbox

    item = inbox.receive(title="Anfrage", by=people["admin"])
    made = inbox.convert(item=item, by=people["admin"], kind="lead")
    with pytest.raises(Refused):
        actions.delete_opportunity(opportunity=made, by=people["admin"])


def test_subscribing_twice_is_once(deal, people):
    mate = people["mate"]
    actions.subscribe(opportunity=deal, by=mate)
    actions.subscribe(opportunity=deal, by=mate)
    assert deal.subscriptions.filter(user=mate).count() == 1
    actions.unsubscribe(opportunity=deal, by=mate)
    assert not deal.subscriptions.exists()


VERBS = {
    "update": lambda o, by: actions.update_opportunity(opportunity=o, by=by, title="x"),
    "move": lambda o, by: actions.move(opportunity=o, by=by, stage=o.pipeline.stages.last()),
    "convert": lambda o, by: actions.convert_to_deal(opportunity=o, by=by),
    "win": lambda o, by: actions.win(opportunity=o, by=by),
    "lose": lambda o, by: actions.lose(opportunity=o, by=by, reason=LossReason.objects.first()),
    "delete": lambda o, by: actions.delete_opportunity(opportunity=o, by=by),
    "reopen": lambda o, by: actions.reopen(opportunity=o, by=by),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["mate", "stranger", "service", "readonly"])
def test_what_one_may_not_do_does_not_exist(make, people, verb, who):
    opportunity = make()
    before = Opportunity.objects.values().get(pk=opportunity.pk)
    with pytest.raises(Opportunity.DoesNotExist):
        VERBS[verb](opportunity, people[who])
    assert Opportunity.objects.values().get(pk=opportunity.pk) == before
