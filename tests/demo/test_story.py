"""The demo company's story: what was loaded keeps the rules, and its history is that of its people."""

import datetime
import zoneinfo
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q

from contacts.models import Company, Person
from crm.accounts.models import User
from crm.demo import actions
from crm.lists.models import Source
from inbox.models import InboxItem, WebForm
from opportunities import actions as verbs
from opportunities.models import LossReason, Opportunity, OpportunityTag, StageChange

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))


def login(name):
    return User.objects.get(email=f"{name}@demo.example")


def picture():
    """What can be compared between two runs: everything but the ids of users."""
    return (
        list(Opportunity.objects.order_by("pk").values_list("number", "title", "status", "estimated_value", "won_at")),
        list(InboxItem.objects.order_by("pk").values_list("title", "email", "created_at", "archive_reason")),
        list(Company.objects.order_by("pk").values_list("number", "name", "city", "status", "customer_since")),
    )


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """A quarter of the demo company, loaded once for this file and taken away afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield actions.fill(scale=400, now=NOON, bare=False)
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    return loaded


@pytest.fixture
def rep_of_demo(demo):
    return login("rep")


def test_a_company_in_the_inbox_is_in_the_contacts_spelt_otherwise(demo):
    assert InboxItem.objects.waiting().filter(company_name="Hoefle Verpackungstechnik").exists()
    company = Company.objects.get(name="Höfle Verpackungstechnik GmbH & Co. KG")
    assert (company.match_key, company.domain) == ("hofle verpackungstechnik", "hoefle-vt.example")


def test_the_rules_hold_for_what_was_loaded(demo):
    """The triggers were off; what they keep is so all the same."""
    assert not Opportunity.objects.exclude(stage__pipeline=F("pipeline")).exists()
    assert not Opportunity.objects.exclude(pipeline__kind=F("kind")).exists()
    assert not Opportunity.objects.won().exclude(company__status="customer").exists()
    assert not Opportunity.objects.won().filter(company__customer_since=None).exists()
    assert not Opportunity.objects.filter(Q(won_at__lt=F("created_at")) | Q(lost_at__lt=F("created_at"))).exists()
    assert not Opportunity.objects.filter(Q(created_at__gt=NOON) | Q(updated_at__gt=NOON)).exists()
    assert not InboxItem.objects.filter(Q(created_at__gt=NOON) | Q(qualified_at__lt=F("created_at"))).exists()
    assert not InboxItem.objects.filter(opportunity__isnull=False, company=None).exists()
    assert not Person.objects.filter(company=None).exists()
    assert not Company.objects.values("number").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Company.objects.values("name").annotate(n=Count("pk")).filter(n__gt=1).exists()


def test_the_last_stage_change_is_the_stage_in_which_it_stands(demo):
    for opportunity in Opportunity.objects.prefetch_related("stage_changes")[:200]:
        changes = list(opportunity.stage_changes.all())
        assert changes[0].from_stage_id is None
        assert changes[0].changed_at == opportunity.created_at
        assert [c.to_stage_id for c in changes[:-1]] == [c.from_stage_id for c in changes[1:]]
        assert changes[-1].to_stage_id == opportunity.stage_id
        assert all(a.changed_at <= b.changed_at for a, b in pairwise(changes))


def test_the_history_tells_the_story_with_its_people_and_moments(demo):
    opportunity = Opportunity.objects.filter(status="won", entered_as="lead", kind="deal").first()
    events = list(opportunity.events.order_by("pgh_created_at", "pgh_id"))
    first, last = events[0], events[-1]
    assert (first.pgh_label, first.pgh_created_at, first.kind) == ("insert", opportunity.created_at, "lead")
    assert (last.status, last.pgh_created_at, last.won_at) == ("won", opportunity.won_at, opportunity.won_at)
    assert all(event.status == "open" for event in events[:-1])
    assert len(events) == opportunity.stage_changes.count() + 1
    converted = next(event for event in events if event.kind == "deal")
    assert converted.pgh_created_at == opportunity.converted_at
    assert last.pgh_context["user"] == opportunity.owner_id

    item = InboxItem.objects.filter(opportunity__isnull=False, source__name="Webformular").first()
    events = list(item.events.order_by("pgh_created_at", "pgh_id"))
    assert (events[0].pgh_label, events[0].pgh_context, events[0].opportunity_id) == ("insert", {"via": "form"}, None)
    assert (events[-1].opportunity_id, events[-1].pgh_created_at) == (item.opportunity_id, item.qualified_at)

    for record in (Company, Person, InboxItem, Opportunity):
        last_events = record.objects.exclude(events__pgh_label="insert")
        assert not last_events.exists(), record


def test_what_comes_after_continues_numbers_ids_and_rules(demo, rep_of_demo):
    opportunity = verbs.create_opportunity(by=rep_of_demo, title="Neu", company=Company.objects.first())
    assert opportunity.pk > 400
    assert Opportunity.objects.filter(number=opportunity.number).count() == 1
    assert StageChange.objects.filter(opportunity=opportunity).count() == 1
    assert opportunity.events.count() == 1
    company = Company.objects.create(name="Neu", owner=rep_of_demo)
    assert int(company.number.split("-")[1]) == 10_001 + demo[Company]
    won = Opportunity.objects.won().first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Opportunity.objects.filter(pk=won.pk).update(title="anders")
    with pytest.raises(IntegrityError), transaction.atomic():
        OpportunityTag.objects.filter(opportunity__status="won").first().delete()


def test_the_web_form_takes_messages(demo):
    form = WebForm.objects.get(name="Kontaktformular")
    assert form.is_active
    assert form.source == Source.objects.get(name="Webformular")
    assert {field["name"] for field in form.fields} <= set(WebForm.FIELDS)


def test_loss_reasons_differ_between_leads_and_deals(demo):
    assert LossReason.objects.filter(pk__in=Opportunity.objects.lost().deals().values("loss_reason")).count() > 2
    assert not Opportunity.objects.lost().filter(loss_reason=None).exists()


# ── the command ─────────────────────────────────────────────────────────────────────────────────────
def test_a_second_run_changes_nothing(demo, settings, capsys):
    settings.DEBUG = True
    before = picture()
    call_command("demo_data")
    assert "already" in capsys.readouterr().out
    assert picture() == before
