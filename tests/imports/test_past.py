"""Import with a past: stages, outcomes and dates as they were; closed is final; the inbox item it came from."""

import datetime

import pytest
from django.utils import timezone

from contacts.models import Company, Person
from crm.lists.models import Tag
from inbox.models import InboxItem, ProcessingStatus
from opportunities import story
from opportunities.models import LossReason, Opportunity, Stage, StageChange
from tests.imports.conftest import counts, dump, reasons

pytestmark = pytest.mark.django_db


def day(moment):
    return timezone.localtime(moment).date().isoformat()


PAST = (
    "ID;Titel;Firma;Ansprechpartner;Phase;Status;Wert;Angelegt am;Gewonnen am;Verloren am;Verlustgrund;Tags\n"
    "1;Presse;Höfle GmbH;Eva Berg;Verhandlung;offen;10.000,00;01.02.2023;;;;VIP\n"
    "2;Halle;Höfle GmbH;Eva Berg;;gewonnen;2.500,50;01.03.2022;15.06.2022;;;VIP\n"
    "3;Kran;Neu AG;;;Closed Lost;;05.05.2021;;01.08.2021;Preis;VIP\n"
    "4;Ofen;Neu AG;;Closed Won;;99;05.05.2020;01.09.2020;;;\n"
)


def test_history_comes_in_as_it_was(bring):
    run = bring(PAST, "opportunities", values={"kind": "deal"})
    assert counts(run) == (4, 0, 0, 0), reasons(run)
    one, two, three, four = Opportunity.objects.order_by("external_id")
    assert (one.status, one.stage.name, str(one.estimated_value)) == ("open", "Verhandlung", "10000.00")
    assert (two.status, day(two.created_at), day(two.won_at)) == ("won", "2022-03-01", "2022-06-15")
    assert (three.status, day(three.lost_at), three.loss_reason.name) == ("lost", "2021-08-01", "Preis")
    assert (four.status, day(four.won_at)) == ("won", "2020-09-01")
    assert {o.kind for o in (one, two, three, four)} == {"deal"}
    assert [o.tags.count() for o in (one, two, three, four)] == [1, 1, 1, 0]
    assert Person.objects.get().company.name == "Höfle GmbH"
    assert {day(s.changed_at) for s in StageChange.objects.filter(opportunity=two)} == {"2022-03-01"}


def test_an_outcome_that_a_file_brought_was_marked_by_nobody(bring, people):
    bring("ID;Titel;Gewonnen am\n1;a;01.02.2024\n2;b;\n", "opportunities")
    bring("ID;Gewonnen am\n2;01.02.2024\n", "opportunities")
    for won in Opportunity.objects.won():
        told = [str(entry.text) for entry in story.of(won, user=people["admin"]).entries if entry.icon == "trophy"]
        assert told == ["<b>Admin (Import)</b> hat als gewonnen markiert"]


def test_winning_makes_the_company_a_customer_since_then(bring):
    bring(PAST, "opportunities", values={"kind": "deal"})
    assert Company.objects.get(name="Höfle GmbH").customer_since == datetime.date(2022, 6, 15)
    assert Company.objects.get(name="Neu AG").customer_since == datetime.date(2020, 9, 1)


def test_a_customer_since_the_earliest_won_whatever_the_order_of_the_file(bring):
    rows = "Firma;Titel;Gewonnen am\nA GmbH;x;01.05.2024\nA GmbH;y;01.05.2020\nA GmbH;z;01.05.2022\n"
    bring(rows, "opportunities")
    assert Company.objects.get().customer_since == datetime.date(2020, 5, 1)


def test_a_customer_stays_one_since_then(bring, people):
    Company.objects.create(name="A GmbH", status="customer", customer_since=datetime.date(2023, 1, 1))
    bring("Firma;Titel;Gewonnen am\nA GmbH;y;01.05.2020\n", "opportunities")
    assert Company.objects.get().customer_since == datetime.date(2023, 1, 1)


def test_dates_alone_say_how_it_ended(bring):
    run = bring(
        "Titel;Gewonnen am;Verloren am;Verlustgrund\na;01.02.2024;;\nb;;02.02.2024;Preis\nc;;;\n", "opportunities"
    )
    assert counts(run) == (3, 0, 0, 0)
    assert list(Opportunity.objects.order_by("title").values_list("status", flat=True)) == ["won", "lost", "open"]


def test_a_won_before_its_creation_is_kept_as_the_file_says(bring):
    bring("Titel;Angelegt am;Gewonnen am\na;05.02.2024;01.02.2024\n", "opportunities")
    one = Opportunity.objects.get()
    assert one.won_at < one.created_at


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("a;gewonnen;;;", "wann|when"),
        ("a;verloren;;01.02.2024;", "Verlustgrund|loss reason"),
        ("a;offen;01.02.2024;;", "offen|open"),
        ("a;gewonnen;;01.02.2024;", "Ergebnis|outcome|widersprechen"),
        ("a;;01.02.2024;02.02.2024;", "beide|both|sowohl"),
        ("a;vielleicht;;;", "vielleicht"),
        ("a;gewonnen;01.02.2199;;", "Zukunft|future"),
        (";;;;", ""),
    ],
)
def test_rows_that_contradict_themselves_are_rejected_with_a_sentence(bring, row, word):
    import re

    run = bring(f"Titel;Status;Gewonnen am;Verloren am;Verlustgrund;ID\n{row};\nz;;;;;\n", "opportunities")
    assert run.rejected == (0 if row == ";;;;" else 1)
    assert all(re.search(word, text) for text in reasons(run))


def test_the_closing_date_stands_in_for_the_date_won(bring):
    bring("Titel;Status;Abschlussdatum\na;won;01.02.2024\n", "opportunities")
    assert day(Opportunity.objects.get().won_at) == "2024-02-01"


def test_undated_outcomes_and_missing_reasons_are_the_users_decision(bring):
    text = "Titel;Converted\na;1\nb;0\n"
    assert counts(bring(text, "opportunities")) == (1, 0, 0, 1)
    assert counts(bring(text, "opportunities", undated="now")) == (1, 0, 1, 0)
    run = bring("Titel;Status;Verloren am\nc;lost;01.02.2024\n", "opportunities", no_reason="unknown")
    assert counts(run) == (1, 0, 0, 0)
    assert Opportunity.objects.get(title="c").loss_reason.name == "Unbekannt (Import)"


def test_a_missing_loss_reason_and_stage_are_added(bring):
    run = bring(
        "Titel;Phase;Verloren am;Verlustgrund\na;Proposal Sent;;\nb;;01.02.2024;Umzug\nc;Negotiation;;\n",
        "opportunities",
        values={"kind": "deal"},
    )
    assert counts(run) == (3, 0, 0, 0)
    assert LossReason.objects.filter(name="Umzug").exists()
    stage = Stage.objects.get(name="Proposal Sent")
    assert (stage.pipeline.kind, stage.probability) == ("deal", 50)
    names = list(stage.pipeline.stages.filter(is_active=True).order_by("position").values_list("name", flat=True))
    assert names.index("Angebot erstellt") < names.index("Proposal Sent") < names.index("Negotiation")


def test_a_lead_that_became_a_deal_carries_the_moment(bring):
    run = bring("Titel;Konvertiert am;Art\na;01.02.2024;\nb;01.02.2024;Lead\n", "opportunities")
    assert counts(run) == (1, 0, 0, 1)
    one = Opportunity.objects.get()
    assert (one.kind, one.entered_as, day(one.converted_at)) == ("deal", "lead", "2024-02-01")


def test_a_stage_of_another_pipelines_kind_is_rejected(bring):
    run = bring("Titel;Pipeline;Art\na;Vertrieb;Lead\nb;Nirgends;Deal\nc;Vertrieb;\n", "opportunities")
    assert counts(run) == (1, 0, 0, 2)
    assert Opportunity.objects.get().kind == "deal"


# ── what is there already ───────────────────────────────────────────────────────────────────────────
def test_an_open_one_gets_its_outcome_from_the_file(bring):
    bring("ID;Titel\n1;a\n2;b\n", "opportunities")
    run = bring("ID;Gewonnen am\n1;01.02.2024\n", "opportunities")
    assert counts(run) == (0, 1, 0, 0)
    assert Opportunity.objects.get(external_id="1").status == "won"
    assert counts(bring("ID;Gewonnen am\n1;01.02.2024\n", "opportunities")) == (0, 0, 1, 0)


def test_a_closed_one_is_left_alone_and_a_row_that_contradicts_it_is_rejected(bring):
    bring(PAST, "opportunities", values={"kind": "deal"})
    before = dump()
    assert counts(bring(PAST, "opportunities", values={"kind": "deal"})) == (0, 0, 4, 0)
    changed = PAST.replace("Halle", "Hallenbau").replace("01.08.2021", "02.08.2021").replace("4;Ofen", "4;Ofen")
    run = bring(changed, "opportunities", values={"kind": "deal"})
    assert counts(run) == (0, 0, 2, 2)
    assert all("OPP-" in text for text in reasons(run))
    assert counts(bring("ID;Status\n2;offen\n", "opportunities")) == (0, 0, 0, 1)
    assert dump() == before


def test_an_import_never_reopens_and_a_deal_never_becomes_a_lead(bring):
    bring("ID;Titel;Art\n1;a;deal\n", "opportunities")
    assert counts(bring("ID;Art\n1;lead\n", "opportunities")) == (0, 0, 0, 1)


def test_a_lead_of_an_earlier_file_becomes_a_deal(bring):
    bring("ID;Titel\n1;a\n", "opportunities")
    assert counts(bring("ID;Art;Gewonnen am\n1;deal;01.02.2024\n", "opportunities")) == (0, 1, 0, 0)
    one = Opportunity.objects.get()
    assert (one.kind, one.entered_as, one.status, one.pipeline.kind) == ("deal", "lead", "won", "deal")


def test_foreign_open_ones_are_not_updated(bring, people):
    bring("ID;Titel\n1;a\n", "opportunities", by=people["stranger"])
    bring("ID;Titel\n2;a\n", "opportunities", by=people["mate"])
    run = bring("ID;Titel\n1;b\n2;b\n", "opportunities", by=people["rep"])
    assert counts(run) == (0, 0, 0, 2)
    assert set(Opportunity.objects.values_list("title", flat=True)) == {"a"}


# ── from the inbox ──────────────────────────────────────────────────────────────────────────────────
ITEMS = "ID;Firma;Herkunft;Datum\nm1;A GmbH;Messe;01.02.2024\nm2;B GmbH;Messe;02.02.2024\nm3;C GmbH;Messe;03.02.2024\n"
LINK = {"ID": "inbox_external_id"}


def test_a_deal_is_linked_with_the_item_it_came_from(bring):
    bring(ITEMS, "inbox", columns={"Datum": "created_at"})
    run = bring(
        "ID;Gewonnen am\nm1;05.03.2024\nm9;05.03.2024\n", "opportunities", columns=LINK, values={"kind": "deal"}
    )
    assert counts(run) == (1, 0, 0, 1)
    assert "m9" in reasons(run)[0]
    item = InboxItem.objects.get(external_id="m1")
    deal = item.opportunity
    assert (deal.status, deal.title, deal.source.name) == ("won", "A GmbH", "Messe")
    assert deal.created_at == item.created_at
    assert item.qualified_at == deal.won_at
    assert InboxItem.objects.waiting().count() == 2
    again = bring("ID;Gewonnen am\nm1;05.03.2024\n", "opportunities", columns=LINK, values={"kind": "deal"})
    assert counts(again) == (0, 0, 1, 0)


def test_the_moment_of_qualification_comes_from_the_file(bring):
    bring(ITEMS, "inbox", columns={"Datum": "created_at"})
    bring("ID;Qualifiziert am\nm1;07.02.2024\n", "opportunities", columns=LINK)
    assert day(InboxItem.objects.get(external_id="m1").qualified_at) == "2024-02-07"


def test_an_item_is_converted_once(bring):
    bring(ITEMS, "inbox", columns={"Datum": "created_at"})
    columns = {"Lead": "inbox_external_id", "ID": "external_id"}
    run = bring("ID;Lead;Titel\n1;m1;a\n2;m1;b\n", "opportunities", columns=columns)
    assert counts(run) == (1, 0, 0, 1)
    assert "m1" in reasons(run)[0]


def test_an_archived_or_foreign_item_is_not_converted(bring, people):
    bring(ITEMS, "inbox", columns={"Datum": "created_at"})
    InboxItem.objects.filter(external_id="m1").update(archived_at=timezone.now(), archive_reason="x")
    InboxItem.objects.filter(external_id="m2").update(owner=people["stranger"])
    InboxItem.objects.filter(external_id="m3").update(owner=people["mate"])
    run = bring("ID;Titel\nm1;a\nm2;b\nm3;c\n", "opportunities", by=people["rep"], columns=LINK)
    assert counts(run) == (0, 0, 0, 3)
    assert not Opportunity.objects.exists()


def test_steps_of_other_systems_become_those_of_the_standard(bring):
    bring("ID;Firma;LeadStatus\n1;a;New\n2;b;Working\n3;c;Lost\n4;d;Kontaktiert\n", "inbox")
    names = InboxItem.objects.order_by("external_id").values_list("status__name", flat=True)
    assert list(names) == ["Neu", "In Bearbeitung", "Erledigt", "Kontaktiert"]
    assert ProcessingStatus.objects.count() == 4


def test_archived_items_come_in_archived(bring):
    run = bring("ID;Firma;Archiviert am;Archivierungsgrund\n1;a;01.02.2024;Kein Bedarf\n2;b;;\n", "inbox")
    assert counts(run) == (2, 0, 0, 0)
    assert InboxItem.objects.waiting().get().external_id == "2"


def test_tags_of_an_open_one_are_added_and_of_a_closed_one_are_a_contradiction(bring, take_back, people):
    bring("ID;Titel;Gewonnen am;Tags\n1;a;;Alt\n2;b;01.02.2024;Alt\n3;c;;Alt\n", "opportunities")
    Tag.objects.create(name="Neu")
    before = dump()
    rows = "1;;Neu\n2;;Neu\n2;;Alt\n3;01.02.2024;Neu\n"
    run = bring(f"ID;Gewonnen am;Tags\n{rows}", "opportunities")
    assert counts(run) == (0, 2, 1, 1), reasons(run)
    assert "Schlagworte" in reasons(run)[0] or "Tags" in reasons(run)[0]
    one, two, three = (set(o.tags.values_list("name", flat=True)) for o in Opportunity.objects.order_by("external_id"))
    assert (one, two, three) == ({"Alt", "Neu"}, {"Alt"}, {"Alt", "Neu"})
    assert Opportunity.objects.get(external_id="3").status == "won"
    take_back(run)
    assert dump() == before
