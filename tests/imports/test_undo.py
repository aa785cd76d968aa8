"""The way back: exactly what was there before, and nothing of what others have done since."""

import pytest
from django.utils import timezone

from contacts.models import Company
from crm.core import audit
from crm.imports import actions, engine, undo
from crm.imports.models import ImportStatus
from crm.lists.models import Source, Tag
from inbox.models import InboxItem
from opportunities import actions as verbs
from opportunities.models import Opportunity
from tests.imports.conftest import counts, dump, prepare
from tests.imports.test_past import ITEMS, LINK, PAST

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(people):
    """What was there before: a prospect, a customer, an open opportunity, an inbox item."""
    rep = people["rep"]
    prospect = Company.objects.create(name="Höfle GmbH", owner=rep)
    Company.objects.create(name="Alt AG", owner=rep, status="customer", customer_since="2020-01-01")
    verbs.create_opportunity(by=rep, title="Bestand", company=prospect, external_id="2")
    return prospect


@pytest.mark.parametrize(
    ("target", "text", "how"),
    [
        ("companies", "Firma;Telefon;Tags;Ort\nHöfle GmbH;0171 7654321;Neu;Ulm\nX AG;;Neu;\n", {}),
        ("persons", "Name;Firma;E-Mail\nEva B;Höfle GmbH;e@example.com\nJ;Z AG;j@example.com\n", {}),
        ("inbox", "ID;Firma;Herkunft\n1;A;Messe\n2;B;Facebook\n", {}),
        ("opportunities", PAST, {"values": {"kind": "deal"}, "no_reason": "unknown"}),
        ("opportunities", PAST.replace("Verhandlung", "Ganz neu"), {"values": {"kind": "deal"}}),
    ],
)
def test_after_the_undo_every_table_is_as_before(world, bring, take_back, target, text, how):
    before = dump()
    run = bring(text, target, **how)
    assert run.created
    assert dump() != before
    take_back(run)
    assert dump() == before
    assert not run.effects.exists()


def test_the_won_of_an_import_takes_the_customer_back(world, bring, take_back):
    run = bring("ID;Gewonnen am;Titel\n2;01.02.2024;anders\n", "opportunities")
    assert counts(run) == (0, 1, 0, 0)
    world.refresh_from_db()
    assert world.status == "customer"
    take_back(run)
    world.refresh_from_db()
    assert (world.status, world.customer_since) == ("prospect", None)
    assert Opportunity.objects.get().title == "Bestand"


def test_it_stays_a_customer_for_what_others_have_won(world, bring, take_back, people):
    run = bring("ID;Firma;Titel;Gewonnen am\n9;Höfle GmbH;a;01.02.2024\n", "opportunities")
    verbs.win(opportunity=Opportunity.objects.get(external_id="2"), by=people["rep"])
    take_back(run)
    world.refresh_from_db()
    assert world.status == "customer"
    assert run.effects.get().kept
    assert Opportunity.objects.count() == 1


def test_two_runs_in_any_order(bring, take_back):
    before = dump()
    first = bring(ITEMS, "inbox", columns={"Datum": "created_at"})
    second = bring("ID;Gewonnen am\nm1;05.03.2024\n", "opportunities", columns=LINK)
    take_back(first)
    # The item with a deal is kept, and its source with it; once the deal is gone they can go as well.
    assert InboxItem.objects.get().external_id == "m1"
    assert first.effects.exclude(kept="").count() == 2
    take_back(second)
    assert InboxItem.objects.get().qualified_at is None
    take_back(first)
    assert dump() == before


def test_leads_that_a_second_file_closed(bring, take_back):
    before = dump()
    first = bring("ID;Titel\n1;a\n2;b\n3;c\n", "opportunities")
    second = bring("ID;Gewonnen am\n1;05.03.2024\n", "opportunities")
    take_back(first)
    assert Opportunity.objects.get().status == "won"
    take_back(second)
    assert Opportunity.objects.get().status == "open"
    take_back(first)
    assert dump() == before


def test_what_was_changed_since_is_kept_and_named(bring, take_back, people):
    run = bring("ID;Firma;Herkunft\n1;A;Messe\n2;B;Messe\n3;C;\n", "inbox")
    with audit.acting(people["rep"]):
        InboxItem.objects.filter(external_id="1").update(message="angerufen")
    take_back(run)
    assert InboxItem.objects.get().external_id == "1"
    kept = run.effects.exclude(kept="")
    assert {e.record_type.model for e in kept} == {"inboxitem", "source"}
    assert Source.objects.filter(name="Messe").exists()
    assert run.undone == {"removed": 2}


def test_a_change_that_was_taken_back_is_none(bring, take_back, people):
    run = bring("ID;Firma\n1;A\n", "inbox")
    with audit.acting(people["rep"]):
        InboxItem.objects.update(message="x")
        InboxItem.objects.update(message="")
    take_back(run)
    assert not InboxItem.objects.exists()


def test_what_was_linked_since_is_kept(bring, take_back, people):
    run = bring("Firma\nA GmbH\nB GmbH\n", "companies")
    company = Company.objects.get(name="A GmbH")
    opportunity = verbs.create_opportunity(by=people["rep"], title="neu", company=company)
    take_back(run)
    assert Company.objects.get() == company
    opportunity.refresh_from_db()
    assert opportunity.company == company
    assert run.effects.get().kept


def test_a_subscription_keeps_an_opportunity(bring, take_back, people):
    run = bring("Titel\na\nb\n", "opportunities", by=people["rep"])
    verbs.subscribe(opportunity=Opportunity.objects.get(title="a"), by=people["rep"])
    take_back(run)
    assert Opportunity.objects.get().title == "a"


def test_fields_that_others_changed_since_stay(world, bring, take_back, people):
    run = bring("Firma;Telefon;Ort\nHöfle GmbH;0171 7654321;Ulm\n", "companies")
    with audit.acting(people["rep"]):
        Company.objects.filter(pk=world.pk).update(email="neu@example.com")
    take_back(run)
    world.refresh_from_db()
    assert (world.phone, world.city, world.email) == ("", "", "neu@example.com")


def test_a_changed_field_that_others_changed_again_is_kept(world, bring, take_back, people):
    run = bring("Firma;Telefon\nHöfle GmbH;0171 7654321\n", "companies")
    with audit.acting(people["rep"]):
        Company.objects.filter(pk=world.pk).update(phone="+4930123456")
    take_back(run)
    world.refresh_from_db()
    assert world.phone == "+4930123456"
    assert run.effects.get().kept


def test_one_record_touched_twice_gets_its_first_values_back(world, bring, take_back):
    before = dump()
    run = bring(
        "ID;Firma;Telefon;Ort\n;Höfle GmbH;0171 7654321;\n;Höfle GmbH;;Ulm\n",
        "companies",
        columns={"ID": "external_id"},
    )
    assert run.changed == 2
    take_back(run)
    assert dump() == before


def test_killed_while_undoing_it_goes_on(bring, take_back, monkeypatch):
    before = dump()
    run = bring("ID;Firma\n" + "".join(f"{i};Firma {i}\n" for i in range(30)), "inbox")
    monkeypatch.setattr(undo, "BATCH", 7)
    undo.begin(run)
    assert undo.work(run, seconds=0) is True
    assert InboxItem.objects.count() == 23
    while undo.work(run):
        pass
    run.refresh_from_db()
    assert (run.status, run.undone) == (ImportStatus.UNDONE, {"removed": 30})
    assert dump() == before


def test_the_door_is_open_for_its_own_import_alone(bring, people):
    run = bring("ID;Titel;Gewonnen am\n1;a;01.02.2024\n", "opportunities")
    other = Opportunity.objects.create(
        title="b",
        pipeline=Opportunity.objects.get().pipeline,
        stage=Opportunity.objects.get().stage,
        status="won",
        won_at=timezone.now(),
    )
    undo.begin(run)
    undo.work(run)
    assert Opportunity.objects.get() == other


def test_a_failed_import_can_be_undone(people, monkeypatch, take_back):
    before = dump()
    monkeypatch.setattr(engine, "BATCH", 2)
    run = prepare("ID;Firma\n1;A\n2;B\n3;C\n", "inbox", people["admin"])
    engine.start(run)
    engine.work(run, seconds=0)
    run.refresh_from_db()
    engine.fail(run, "x")
    run.refresh_from_db()
    assert actions.may_undo(run)
    take_back(run)
    assert dump() == before


def test_a_running_import_cannot_be_undone(people):
    run = prepare("ID;Firma\n1;A\n", "inbox", people["admin"])
    assert not actions.may_undo(run)
    engine.start(run)
    assert not actions.may_undo(run)


def test_an_earlier_value_that_is_gone_by_now_keeps_its_record_alone(bring, take_back, people):
    old = Source.objects.create(name="Alt")
    for number in ("1", "2"):
        verbs.create_opportunity(by=people["rep"], title="Vorher", external_id=number)
    Opportunity.objects.filter(external_id="1").update(source=old)
    run = bring("ID;Titel;Herkunft\n1;Nachher;Neu\n2;Nachher;Neu\n", "opportunities")
    assert counts(run) == (0, 2, 0, 0)
    old.delete()
    take_back(run)
    one, two = Opportunity.objects.order_by("external_id")
    assert (one.title, one.source.name) == ("Nachher", "Neu")
    assert (two.title, two.source) == ("Vorher", None)
    kept = {e.record_type.model: e.kept for e in run.effects.all()}
    assert kept.keys() == {"opportunity", "source"}
    assert all(kept.values())


def test_a_fault_in_the_code_ends_the_undoing_and_it_can_go_on(bring, people, monkeypatch):
    before = dump()
    run = bring("ID;Firma\n1;A\n", "inbox")
    undo.begin(run)

    def broken(*args):
        raise KeyError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(undo, "_remove", broken)
        assert undo.work(run) is False
    run.refresh_from_db()
    assert (run.status, bool(run.error)) == (ImportStatus.FAILED, True)
    # Going on means the way back, never the file once more.
    run = actions.go_on(run=run, by=people["admin"], wake=False)
    assert (run.status, run.error) == (ImportStatus.UNDOING, "")
    while undo.work(run):
        pass
    run.refresh_from_db()
    assert (run.status, run.undone) == (ImportStatus.UNDONE, {"removed": 1})
    assert dump() == before


def test_history_names_who_undid_it_and_not_who_imported(people):
    run = prepare("ID;Firma\n1;A\n", "inbox", people["rep"])
    run = actions.start(run=run, by=people["rep"], wake=False)
    engine.work(run)
    item = InboxItem.objects.get()
    run = actions.undo_import(run=run, by=people["admin"], wake=False)
    while undo.work(run):
        pass
    events = InboxItem._meta.get_field("events").related_model.objects.filter(pgh_obj_id=item.pk).order_by("pgh_id")
    assert [(e.pgh_label, e.pgh_context["user"]) for e in events] == [
        ("insert", people["rep"].pk),
        ("delete", people["admin"].pk),
    ]


def test_who_takes_an_import_up_again_is_named_and_the_rights_stay_those_of_who_began_it(people, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 1)
    run = prepare("Firma;Verantwortlich\nA GmbH;\nB GmbH;\nC GmbH;stranger@example.com\n", "companies", people["rep"])
    run = actions.start(run=run, by=people["rep"], wake=False)
    engine.work(run, seconds=0)
    engine.fail(run, "x")
    run = actions.go_on(run=run, by=people["admin"], wake=False)
    engine.work(run)
    run.refresh_from_db()
    assert counts(run) == (2, 0, 0, 1)
    found = Company.objects.order_by("name").values_list("events__pgh_context__user", "owner")
    assert list(found) == [(people["rep"].pk, people["rep"].pk), (people["admin"].pk, people["rep"].pk)]


def test_a_tag_is_taken_back_from_a_record_that_others_have_edited_since(world, bring, take_back, people):
    Tag.objects.create(name="Neu")
    Company.objects.filter(pk=world.pk).update(legal_form="GmbH")
    run = bring("Firma;Tags\nHöfle GmbH;Neu\n", "companies")
    assert counts(run) == (0, 1, 0, 0)
    with audit.acting(people["rep"]):
        Company.objects.filter(pk=world.pk).update(email="neu@example.com", updated_at=timezone.now())
    take_back(run)
    world.refresh_from_db()
    assert world.email == "neu@example.com"
    assert not world.tags.exists()
