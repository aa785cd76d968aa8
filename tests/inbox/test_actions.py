"""What can be done with an inbox item, by whom, and only once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from contacts.models import Company, Person
from crm.core.refusals import Overtaken, Refused
from crm.files.models import StoredFile
from inbox import actions
from inbox.models import InboxItem, ProcessingStatus
from opportunities.models import Opportunity

pytestmark = pytest.mark.django_db


def fresh(item):
    return InboxItem.objects.get(pk=item.pk)


def test_a_new_item_begins_at_the_first_status(receive):
    assert receive().status.name == "Neu"


def test_a_lead_is_not_turned_away_when_all_statuses_are_archived(receive):
    ProcessingStatus.objects.update(is_active=False)
    assert receive().status.name == "Neu"


def test_converting_carries_everything_over(lead, rep):
    file = StoredFile.keep(ContentFile(b"x", name="layout.pdf"), by=rep)
    lead.files.add(file)
    actions.create_company(item=lead, by=rep)
    actions.create_person(item=fresh(lead), by=rep)
    opportunity = actions.convert(item=lead, by=rep, kind="deal")
    item = fresh(lead)
    assert opportunity.kind == opportunity.entered_as == "deal"
    assert (opportunity.title, opportunity.expected_budget) == ("Servo axes", Decimal("45000.00"))
    assert (opportunity.source, opportunity.owner) == (item.source, rep)
    assert (opportunity.company, opportunity.person) == (item.company, item.person)
    assert opportunity.description == "Eight axes, please."
    assert list(opportunity.files.all()) == [file]
    assert item.opportunity == opportunity
    assert item.qualified_at is not None
    assert item.status.is_done


def test_whoever_converts_an_unassigned_item_takes_it_over(receive, rep):
    item = receive(owner=None)
    actions.convert(item=item, by=rep, kind="lead")
    assert fresh(item).owner == rep
    assert fresh(item).opportunity.owner == rep


@pytest.mark.parametrize(
    "verb",
    [
        lambda item, by: actions.convert(item=item, by=by, kind="lead"),
        lambda item, by: actions.archive(item=item, by=by, reason="spam"),
        lambda item, by: actions.create_company(item=item, by=by),
        lambda item, by: actions.create_person(item=item, by=by),
        lambda item, by: actions.edit(item=item, by=by, title="x"),
        lambda item, by: actions.assign(item=item, by=by, owner=None),
        lambda item, by: actions.unlink(item=item, by=by, what="company"),
        lambda item, by: actions.set_status(item=item, by=by, status=item.status),
        lambda item, by: actions.attach(item=item, by=by, uploads=[]),
    ],
)
class TestEveryVerb:
    def test_is_refused_once_converted(self, verb, lead, rep):
        actions.convert(item=lead, by=rep, kind="lead")
        with pytest.raises(Refused):
            verb(lead, rep)
        assert Opportunity.objects.count() == 1

    def test_is_refused_while_archived(self, verb, lead, rep):
        actions.archive(item=lead, by=rep, reason="spam")
        with pytest.raises(Refused):
            verb(lead, rep)

    @pytest.mark.parametrize("name", ["stranger", "mate", "service", "readonly"])
    def test_needs_the_right_to_change(self, verb, lead, people, name):
        with pytest.raises(InboxItem.DoesNotExist):
            verb(lead, people[name])
        assert fresh(lead).updated_at == lead.updated_at


@pytest.mark.django_db(transaction=True)
def test_two_users_convert_at_once_and_one_gets_a_sentence(lead, people):
    barrier = Barrier(2)

    def convert(name):
        try:
            barrier.wait()
            return actions.convert(item=lead, by=people[name], kind="lead")
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(convert, ["admin", "rep"]))
    assert sorted(type(a).__name__ for a in answers) == ["Opportunity", "Refused"]
    assert Opportunity.objects.count() == 1


@pytest.mark.parametrize("first", ["company", "person"])
def test_company_and_person_are_linked_whichever_came_first(lead, rep, first):
    verbs = [actions.create_company, actions.create_person]
    for verb in verbs if first == "company" else reversed(verbs):
        verb(item=lead, by=rep)
    item = fresh(lead)
    assert (item.company.name, item.company.postal_code, item.company.city) == (
        "Hoefle Verpackungstechnik",
        "71522",
        "Backnang",
    )
    assert (item.person.last_name, item.person.email) == ("Seidel", "m.seidel@hoefle-vt.example")
    assert item.person.company == item.company


def test_a_company_is_created_only_once(lead, rep):
    actions.create_company(item=lead, by=rep)
    with pytest.raises(Refused):
        actions.create_company(item=lead, by=rep)
    assert Company.objects.count() == 1


def test_without_a_name_there_is_nothing_to_create(receive, rep):
    item = receive()
    with pytest.raises(Refused):
        actions.create_company(item=item, by=rep)
    with pytest.raises(Refused):
        actions.create_person(item=item, by=rep)


def test_an_existing_person_brings_the_company_along(lead, rep):
    company = Company.objects.create(name="Höfle GmbH", owner=rep)
    person = Person.objects.create(last_name="Seidel", company=company, owner=rep)
    actions.link(item=lead, by=rep, person=person)
    assert fresh(lead).company == company


def test_taking_an_existing_company_links_the_person_that_is_there(lead, rep):
    actions.create_person(item=lead, by=rep)
    company = Company.objects.create(name="Höfle GmbH", owner=rep)
    actions.link(item=lead, by=rep, company=company)
    assert fresh(lead).person.company == company


def test_a_foreign_company_cannot_be_taken(lead, rep, people):
    foreign = Company.objects.create(name="Höfle GmbH", owner=people["stranger"])
    with pytest.raises(Company.DoesNotExist):
        actions.link(item=lead, by=rep, company=foreign)
    person = Person.objects.create(last_name="Seidel", company=foreign, owner=rep)
    actions.link(item=lead, by=rep, person=person)
    assert fresh(lead).company is None


def test_archiving_asks_for_a_reason_and_can_be_undone(lead, rep):
    for wrong in ("", "   ", "x" * 201):
        with pytest.raises(Refused):
            actions.archive(item=lead, by=rep, reason=wrong)
    actions.archive(item=lead, by=rep, reason=" not our field ")
    assert fresh(lead).archive_reason == "not our field"
    actions.unarchive(item=lead, by=rep)
    assert fresh(lead).is_waiting
    with pytest.raises(Refused):
        actions.unarchive(item=lead, by=rep)


def test_the_systems_fields_cannot_be_edited(lead, rep):
    for name in ("created_at", "qualified_at", "archived_at", "opportunity", "status", "external_id"):
        with pytest.raises(TypeError):
            actions.edit(item=lead, by=rep, **{name: None})


def test_a_save_over_someone_elses_change_is_noticed(lead, rep):
    seen = fresh(lead).updated_at
    actions.edit(item=lead, by=rep, title="Theirs")
    with pytest.raises(Overtaken) as overtaken:
        actions.edit(item=lead, by=rep, seen=seen, title="Mine")
    assert overtaken.value.now.title == "Theirs"
    assert fresh(lead).title == "Theirs"


def test_someone_who_left_cannot_become_responsible(lead, rep, people):
    people["mate"].is_active = False
    people["mate"].save()
    with pytest.raises(Refused):
        actions.assign(item=lead, by=rep, owner=people["mate"])


def test_an_archived_status_cannot_be_chosen(lead, rep):
    status = ProcessingStatus.objects.get(name="Kontaktiert")
    ProcessingStatus.objects.filter(pk=status.pk).update(is_active=False)
    status.refresh_from_db()
    with pytest.raises(Refused):
        actions.set_status(item=lead, by=rep, status=status)
