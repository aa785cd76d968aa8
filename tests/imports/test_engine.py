"""What an import promises: nothing twice, nothing half, nothing lost, and each bad row named."""

import datetime

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Company, Person, PersonEmail
from crm.accounts.models import User
from crm.imports import engine, tasks
from crm.imports.models import ImportEffect, ImportRun, ImportStatus
from crm.lists.models import Source, Tag
from inbox.models import InboxItem, ProcessingStatus
from tests.imports.conftest import complete, counts, dump, prepare, reasons

pytestmark = pytest.mark.django_db

LEADS = "ID;Firma;E-Mail;Datum;Herkunft;Budget\n" + "".join(
    f"L{i};Firma {i};info{i}@f{i}.example;{i % 28 + 1:02}.03.2024;{('Messe', 'Facebook')[i % 2]};1.{i + 100},50\n"
    for i in range(1, 31)
)


def test_a_file_comes_in_with_its_dates_sources_and_amounts(bring):
    run = bring(LEADS, "inbox")
    assert counts(run) == (30, 0, 0, 0)
    item = InboxItem.objects.get(external_id="L1")
    assert (item.company_name, item.email, item.source.name) == ("Firma 1", "info1@f1.example", "Facebook")
    assert timezone.localtime(item.created_at).date() == datetime.date(2024, 3, 2)
    assert item.expected_budget == 1101.50
    assert item.import_run == run
    assert Source.objects.filter(name="Messe").count() == 1


def test_a_second_run_adds_nothing(bring):
    bring(LEADS, "inbox")
    before = dump()
    assert counts(bring(LEADS, "inbox")) == (0, 0, 30, 0)
    assert dump() == before


def test_a_file_without_ids_adds_nothing_the_second_time_either(bring):
    text = LEADS.replace("ID;", "Spalte;")
    assert counts(bring(text, "inbox", columns={"Spalte": ""})) == (30, 0, 0, 0)
    assert counts(bring(text, "inbox", columns={"Spalte": "", "Budget": ""})) == (0, 0, 30, 0)


def test_a_row_that_stands_twice_in_a_file_comes_in_once(bring):
    run = bring("Firma;Ort\nA;Köln\nB;Bonn\nA;Köln\n", "inbox", columns={"Firma": "company_name"})
    assert counts(run) == (2, 0, 1, 0)


def test_an_id_that_stands_twice_comes_in_once(bring):
    run = bring("ID;Firma\n1;A\n2;B\n1;C\n", "inbox")
    assert counts(run) == (2, 0, 1, 0)
    assert InboxItem.objects.get(external_id="1").company_name == "A"


def test_an_item_that_was_changed_meanwhile_is_still_known(bring):
    bring(LEADS, "inbox")
    InboxItem.objects.filter(external_id="L3").update(source=None)
    InboxItem.objects.filter(external_id="L4").update(external_id="other")
    assert counts(bring(LEADS, "inbox")) == (0, 0, 30, 0)


def test_each_bad_value_is_named_and_the_rest_goes_on(bring):
    run = bring(
        "ID;Firma;E-Mail;Datum;Budget\n"
        "1;A;a@example.com;01.02.2024;12\n2;B;kein-mail;31.02.2024;viel\n3;C;c@example.com;02.02.2024;-5\n"
        "4;D;d@example.com;03.02.2024;1\n5;E;e@example.com;03.02.2024;1;zu viel\n6;" + "x" * 201 + ";;;\n",
        "inbox",
        formats={"Datum": "dmy"},
        columns={"Datum": "created_at", "Budget": "expected_budget"},
    )
    assert counts(run) == (2, 0, 0, 4)
    found = reasons(run)
    assert "kein-mail" in found[0]
    assert "31.02.2024" in found[0]
    assert "viel" in found[0]
    assert "-5" in found[1]
    assert "6" in found[2]
    assert list(run.rejections.values_list("row", flat=True)) == [3, 4, 6, 7]
    assert run.rejections.first().cells[2] == "kein-mail"


def test_missing_list_entries_are_added_or_the_row_is_rejected(bring, people):
    text = "ID;Firma;Herkunft\n1;A;Messe\n2;B;facebook\n"
    run = bring(text, "inbox", missing="reject")
    assert counts(run) == (1, 0, 0, 1)
    assert "Messe" in reasons(run)[0]
    # A rep may not extend the lists, whatever she chooses.
    assert counts(bring(text, "inbox", by=people["rep"], missing="create")) == (0, 0, 1, 1)
    assert not Source.objects.filter(name="Messe").exists()


def test_a_rule_of_the_database_rejects_its_row_alone(bring, monkeypatch):
    from inbox import imports

    real = imports._start

    def break_one(row, values, new, context):
        real(row, values, new, context)
        if row.get("external_id") == "L7":
            new[-1][1].kind = "nonsense"

    monkeypatch.setattr(imports, "_start", break_one)
    run = bring(LEADS, "inbox")
    assert counts(run) == (29, 0, 0, 1)
    assert run.rejections.get().cells[0] == "L7"
    assert ImportEffect.objects.filter(run=run, record_type__model="inboxitem").count() == 29


# ── killed, and taken up again ──────────────────────────────────────────────────────────────────────
class Killed(BaseException):
    """What a SIGKILL looks like from inside: nothing after it runs."""


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_killed_inside_a_batch_it_goes_on_where_the_last_one_ended(people, monkeypatch, moment):
    monkeypatch.setattr(engine, "BATCH", 10)
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    real, calls = engine._note_effects, []

    def die(context):
        real(context)
        calls.append(1)
        if len(calls) == moment:
            raise Killed

    monkeypatch.setattr(engine, "_note_effects", die)
    with pytest.raises(Killed):
        engine.work(run)
    run.refresh_from_db()
    assert run.status == ImportStatus.RUNNING
    assert run.position == run.created == InboxItem.objects.count() == (moment - 1) * 10
    assert counts(complete(run)) == (30, 0, 0, 0)
    assert run.position == 30


def test_killed_between_two_batches(people, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 10)
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    assert engine.work(run, seconds=0) is True
    run.refresh_from_db()
    assert run.position == InboxItem.objects.count() == 10
    assert counts(complete(run)) == (30, 0, 0, 0)


def test_a_database_that_goes_away_leaves_the_run_to_be_taken_up(people, monkeypatch):
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)

    def gone(*args):
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "_write", gone)
        with pytest.raises(OperationalError):
            engine.work(run)
    run.refresh_from_db()
    assert run.status == ImportStatus.RUNNING
    assert counts(complete(run)) == (30, 0, 0, 0)


def test_two_workers_at_one_run_do_its_rows_once(people, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 10)
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    late = ImportRun.objects.get(pk=run.pk)
    assert engine.work(run, seconds=0) is True
    # The second one read the run before the first began: it finds that it has moved, and leaves it.
    assert engine.work(late) is False
    run.refresh_from_db()
    assert (run.position, InboxItem.objects.count()) == (10, 10)
    assert counts(complete(run)) == (30, 0, 0, 0)


def test_what_was_left_lying_is_taken_up_by_the_clock(people, monkeypatch, django_capture_on_commit_callbacks):
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    sent = []
    monkeypatch.setattr(tasks.run_import, "delay", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.resume_imports()
    assert sent == []
    ImportRun.objects.update(beat_at=timezone.now() - datetime.timedelta(minutes=3))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.resume_imports()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.resume_imports()
    assert sent == [run.pk]
    tasks.run_import(run.pk)
    run.refresh_from_db()
    assert run.status == ImportStatus.DONE
    tasks.run_import(run.pk)
    assert InboxItem.objects.count() == 30


def test_a_fault_in_the_code_ends_the_run_and_it_can_go_on(people, monkeypatch):
    monkeypatch.setattr(engine, "BATCH", 10)
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    engine.work(run, seconds=0)
    run.refresh_from_db()

    def broken(*args):
        raise KeyError("oops")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "_write", broken)
        assert engine.work(run) is False
    run.refresh_from_db()
    assert run.status == ImportStatus.FAILED
    assert run.error
    assert run.created == 10
    engine.start(run)
    assert counts(complete(run)) == (30, 0, 0, 0)


def test_a_file_that_is_gone_says_so(people):
    run = prepare(LEADS, "inbox", people["admin"])
    engine.start(run)
    run.file.content.storage.delete(run.file.content.name)
    engine.work(run)
    run.refresh_from_db()
    assert (run.status, bool(run.error)) == (ImportStatus.FAILED, True)


# ── before and after ────────────────────────────────────────────────────────────────────────────────
def test_the_preview_says_what_will_happen_and_writes_nothing(people, bring):
    bring("ID;Firma;Herkunft\nL1;Firma 1;Facebook\n", "inbox")
    text = LEADS + "L31;X;kein-mail;01.01.2024;Messe;1\nL30;Doppelt;;01.01.2024;Messe;1\n"
    run = prepare(text, "inbox", people["admin"])
    before = dump()
    found = engine.preview(run)
    assert dump() == before
    assert found.counts == {"created": 29, "changed": 0, "unchanged": 2, "rejected": 1}
    assert len(found.new_entries) == 1
    assert "kein-mail" in next(iter(found.reasons))
    assert not found.more
    engine.start(run)
    assert counts(complete(run)) == (29, 0, 2, 1)


def test_the_preview_takes_no_numbers(people, bring):
    bring("Firma\nErste\n", "companies")
    text = "Titel;Firma\nA;Neu GmbH\nB;Neu GmbH\n"
    run = prepare(text, "opportunities", people["admin"])
    assert engine.preview(run).counts["created"] == 2
    assert engine.preview(run, limit=1).more
    bring(text, "opportunities")
    first, second = (int(c.number.removeprefix("K-")) for c in Company.objects.order_by("pk"))
    assert second == first + 1


def test_the_timeline_knows_that_it_was_imported(bring, people):
    run = bring(LEADS, "inbox")
    event = InboxItem.objects.get(external_id="L1").events.get()
    assert event.pgh_context["via"] == "import"
    assert event.pgh_context["run"] == run.pk
    assert event.pgh_context["user"] == people["admin"].pk


def test_memory_and_queries_do_not_grow_with_the_file(people, django_assert_max_num_queries):
    text = "ID;Firma\n" + "".join(f"{i};Firma {i}\n" for i in range(499))
    run = prepare(text, "inbox", people["admin"])
    engine.start(run)
    with django_assert_max_num_queries(60):
        complete(run)


# ── companies and persons ───────────────────────────────────────────────────────────────────────────
def test_companies_and_persons_with_tags_parents_and_owners(bring, people):
    bring("Firma;Rechtsform;PLZ;Ort;USt-IdNr.\nMutter AG;;10115;Berlin;\n", "companies")
    run = bring(
        "Kundennr;Firma;Ort;Land;Telefon;Homepage;Verantwortlich;Tags;Muttergesellschaft;Kunde seit\n"
        "A1;Höfle GmbH & Co. KG;Backnang;Deutschland;07191 / 555 01 17;www.hoefle.example;rep@example.com;"
        '"Messe, VIP";Mutter AG;01.05.2019\n',
        "companies",
        columns={"Kundennr": "external_id", "Kunde seit": "customer_since"},
    )
    assert counts(run) == (1, 0, 0, 0), reasons(run)
    company = Company.objects.get(external_id="A1")
    assert (company.country.code, company.phone, company.website) == (
        "DE",
        "+4971915550117",
        "https://www.hoefle.example",
    )
    assert (company.owner, company.parent.name, company.status) == (people["rep"], "Mutter AG", "customer")
    assert company.legal_form == "GmbH & Co. KG"
    assert sorted(company.tags.values_list("name", flat=True)) == ["Messe", "VIP"]
    assert Tag.objects.count() == 2

    run = bring(
        "Anrede;Name;E-Mail;Weitere E-Mail;Firma;Mobil\n"
        "Frau;Dr. Eva von Berg;eva@hoefle.example;e.berg@example.com;Hoefle;0171 1234567\n"
        "Herr;Müller, Jörg;joerg@neu.example;;Neu AG;\n;;;;Neu AG;\n",
        "persons",
        columns={"Weitere E-Mail": "further_emails"},
    )
    assert counts(run) == (2, 0, 0, 1)
    eva = Person.objects.get(email="eva@hoefle.example")
    assert (eva.salutation, eva.title, eva.first_name, eva.last_name) == ("ms", "Dr.", "Eva", "von Berg")
    assert eva.company == company
    assert eva.further_emails.get().email == "e.berg@example.com"
    joerg = Person.objects.get(last_name="Müller")
    assert (joerg.first_name, joerg.company.name) == ("Jörg", "Neu AG")


@pytest.mark.parametrize(("target", "name"), [("companies", "Firma"), ("persons", "Name"), ("inbox", "Firma")])
def test_a_phone_number_is_read_as_in_its_country(bring, target, name):
    run = bring(f"{name};Land;Telefon\nA;USA;(212) 555-2368\nB;;030 1234567\nC;USA;212-555-2368x9\n", target)
    phones = [e.record_type.model_class().objects.get(pk=e.record_id).phone for e in run.effects.order_by("row")]
    assert phones == ["+12125552368", "+49301234567", "212-555-2368x9"]


def existing_company(people, **fields):
    values = {"name": "Höfle GmbH", "city": "Backnang", "email": "info@hoefle.example", "owner": people["rep"]} | fields
    return Company.objects.create(**values)


@pytest.mark.parametrize(
    ("choice", "expected", "phone"),
    [
        ("take", (0, 0, 1, 0), ""),
        ("fill", (0, 1, 0, 0), "+4971911"),
        ("reject", (0, 0, 0, 1), ""),
        ("create", (1, 0, 0, 0), ""),
    ],
)
def test_what_becomes_of_a_company_that_is_there(bring, people, choice, expected, phone):
    company = existing_company(people)
    run = bring("Firma;Ort;Telefon\nHoefle GmbH & Co. KG;Backnang;+49 7191 1234567\n", "companies", duplicates=choice)
    assert counts(run) == expected
    company.refresh_from_db()
    assert company.phone.startswith(phone)
    assert bool(company.phone) == bool(phone)
    assert company.name == "Höfle GmbH"


@pytest.mark.parametrize(
    "row",
    [
        "Andere AG;;info@hoefle.example;",
        "höfle gmbh;Backnang;;",
        "Höfle;;;",
        "Ganz Anders;;;DE136695976",
        "Ganz Anders;Kiel;;136 695 976;Deutschland",
        "Ganz Anders;;vertrieb@hoefle.example;",
        "Ganz Anders;;;;;https://www.hoefle.example/impressum",
        "Ganz Anders;;;;DE;;07191 / 55501",
    ],
)
def test_the_same_company_is_found_by_mail_vat_id_domain_phone_and_name(bring, people, row):
    existing_company(people, vat_id="DE136695976", phone="+49719155501")
    text = f"Firma;Ort;E-Mail;USt-IdNr;Land;Homepage;Telefon\n{row}\n"
    assert counts(bring(text, "companies", duplicates="take")) == (0, 0, 1, 0)
    assert Company.objects.count() == 1


def test_the_same_company_in_two_notations_in_one_file_comes_in_once(bring):
    text = "Firma;USt-IdNr;Land;Telefon\nA;DE136695976;;\nB;136695976;DE;\nC;;DE;07191 55501\nD;;;+49 7191 55501\n"
    assert counts(bring(text, "companies", duplicates="take")) == (2, 0, 2, 0)


def test_branches_of_one_web_domain_in_one_file_are_companies_of_their_own(bring):
    text = "Firma;Ort;Homepage\nHöfle Nord;Kiel;hoefle.example\nSüdwerk;Ulm;hoefle.example\n"
    assert counts(bring(text, "companies"))[0] == 2


def test_colleagues_with_one_telephone_are_two_persons(bring, people):
    Person.objects.create(first_name="Eva", last_name="Berg", phone="+49719155501", owner=people["rep"])
    text = "Name;Telefon\nJörg Müller;+49 7191 55501\nEva Berg;+49 7191 55501\n"
    assert counts(bring(text, "persons", duplicates="take")) == (1, 0, 1, 0)


@pytest.mark.parametrize("row", ["Höfle;Kiel;;", "Höfler;Backnang;;", "Andere AG;Backnang;info@andere.example;"])
def test_what_is_only_alike_is_another_company(bring, people, row):
    existing_company(people)
    assert counts(bring(f"Firma;Ort;E-Mail;USt-IdNr\n{row}\n", "companies"))[0] == 1


def test_another_id_is_another_company_however_alike(bring, people):
    existing_company(people, external_id="A1")
    run = bring("ID;Firma;Ort\nA2;Höfle GmbH;Backnang\n", "companies", columns={"ID": "external_id"})
    assert counts(run) == (1, 0, 0, 0)


def test_a_company_without_an_id_gets_that_of_the_file(bring, people):
    company = existing_company(people)
    assert counts(bring("ID;Firma;Ort\nA2;Höfle GmbH;Backnang\n", "companies", columns={"ID": "external_id"}))[1] == 1
    company.refresh_from_db()
    assert company.external_id == "A2"


@pytest.mark.parametrize(
    ("how", "city", "phone"), [("leave", "Alt", ""), ("fill", "Alt", "+491"), ("update", "Neu", "+491")]
)
def test_the_same_id_is_left_filled_or_updated(bring, people, how, city, phone):
    company = existing_company(people, external_id="A1", city="Alt")
    bring(
        "ID;Firma;Ort;Telefon\nA1;Höfle GmbH;Neu;0171 7654321\n",
        "companies",
        columns={"ID": "external_id"},
        existing=how,
    )
    company.refresh_from_db()
    assert (company.city, company.phone[:4]) == (city, phone)


@pytest.mark.parametrize(
    ("how", "changed", "tags", "owner"),
    [
        ("leave", 0, {"Alt"}, "rep"),
        ("fill", 0, {"Alt"}, "rep"),
        ("update", 1, {"Alt", "Neu", "VIP"}, "mate"),
    ],
)
def test_tags_and_owner_of_what_is_there(bring, people, take_back, how, changed, tags, owner):
    company = existing_company(people, external_id="A1", legal_form="GmbH")
    company.tags.add(Tag.objects.create(name="Alt"))
    Tag.objects.bulk_create([Tag(name="Neu"), Tag(name="VIP")])
    before = dump()
    text = 'ID;Firma;Tags;Verantwortlich\nA1;Höfle GmbH;"Neu, Alt, VIP";mate@example.com\n'
    how = {"columns": {"ID": "external_id"}, "existing": how}
    assert engine.preview(prepare(text, "companies", people["admin"], **how)).counts["changed"] == changed
    run = bring(text, "companies", **how)
    assert counts(run) == (0, changed, 1 - changed, 0)
    company.refresh_from_db()
    assert set(company.tags.values_list("name", flat=True)) == tags
    assert company.owner == people[owner]
    assert counts(bring(text, "companies", **how)) == (0, 0, 1, 0)
    if changed:
        take_back(run)
        assert dump() == before


def test_a_record_without_tags_gets_those_of_the_file_where_empty_fields_are_filled(bring, people):
    company = existing_company(people, external_id="A1", owner=None, legal_form="GmbH")
    text = "ID;Firma;Tags;Verantwortlich\nA1;Höfle GmbH;Neu;mate@example.com\n"
    assert counts(bring(text, "companies", columns={"ID": "external_id"}, existing="fill")) == (0, 1, 0, 0)
    company.refresh_from_db()
    assert (company.tags.get().name, company.owner) == ("Neu", people["mate"])


def test_further_addresses_of_a_person_that_is_there(bring, people, take_back):
    person = Person.objects.create(last_name="Berg", email="eva@example.com", external_id="P1", owner=people["rep"])
    PersonEmail.objects.create(person=person, email="alt@example.com")
    before = dump()
    text = 'ID;Name;E-Mail;Weitere\nP1;Eva Berg;eva@example.com;"Neu@example.com, alt@example.com, kein"\n'
    run = bring(
        text, "persons", columns={"ID": "external_id", "Weitere": "further_emails", "Name": ""}, existing="update"
    )
    assert counts(run) == (0, 1, 0, 0)
    assert sorted(person.further_emails.values_list("email", flat=True)) == ["alt@example.com", "neu@example.com"]
    take_back(run)
    assert dump() == before


def test_two_rows_of_one_record_add_their_tags_and_both_are_taken_back(bring, people, take_back):
    existing_company(people, legal_form="GmbH")
    Tag.objects.bulk_create([Tag(name="Neu"), Tag(name="VIP")])
    before = dump()
    text = "Firma;E-Mail;Tags\nHöfle GmbH;info@hoefle.example;Neu\nHöfle;info@hoefle.example;VIP\n"
    # The second row finds tags, so there is nothing to be filled any more.
    run = bring(text, "companies")
    assert counts(run) == (0, 1, 1, 0)
    take_back(run)
    assert dump() == before
    Company.objects.update(external_id="A1")
    before = dump()
    text = "ID;Firma;Tags\nA1;Höfle GmbH;Neu\nA1;Höfle GmbH;VIP\n"
    run = bring(text, "companies", columns={"ID": "external_id"}, existing="update")
    assert counts(run) == (0, 2, 0, 0)
    assert Company.objects.get().tags.count() == 2
    take_back(run)
    assert dump() == before


def test_an_owner_for_whom_one_may_create_nothing_is_refused_for_what_is_there_as_well(bring, people):
    company = existing_company(people, external_id="A1")
    text = "ID;Firma;Verantwortlich\nA1;Höfle GmbH;stranger@example.com\n"
    run = bring(text, "companies", by=people["rep"], columns={"ID": "external_id"}, existing="update")
    assert counts(run) == (0, 0, 0, 1)
    # Where the record keeps its owner it does not matter whom the file names.
    assert counts(bring(text, "companies", by=people["rep"], columns={"ID": "external_id"}, existing="leave"))[2] == 1
    company.refresh_from_db()
    assert company.owner == people["rep"]


def test_an_inbox_item_is_updated_in_all_that_the_file_says(bring, people):
    bring("ID;Firma;Verantwortlich\n1;A;rep@example.com\n", "inbox")
    text = "ID;Titel;Status;Verantwortlich\n1;Neuer Titel;contacted;mate@example.com\n"
    assert counts(bring(text, "inbox", existing="update")) == (0, 1, 0, 0)
    item = InboxItem.objects.get()
    assert (item.title, item.owner) == ("Neuer Titel", people["mate"])
    assert item.status == ProcessingStatus.objects.order_by("position", "pk")[2]


def test_an_inbox_item_takes_no_company_that_the_importing_user_may_not_see(bring, people):
    secret = existing_company(people, owner=people["stranger"], name="Geheim GmbH")
    open_ = existing_company(people, name="Offen GmbH")
    for external, company in (("P1", secret), ("P2", open_)):
        Person.objects.create(last_name=external, external_id=external, company=company, owner=people["rep"])
    bring("ID;Person\n1;P1\n2;P2\n", "inbox", by=people["rep"], columns={"Person": "person_external_id"})
    found = InboxItem.objects.order_by("external_id").values_list("company", "company_name")
    assert list(found) == [(None, ""), (open_.pk, "Offen GmbH")]


def test_as_many_queries_for_two_persons_as_for_twenty(people):
    def queries(prefix, count):
        text = "ID;Person\n"
        for number in range(count):
            company = existing_company(people, name=f"{prefix} {number}", email="")
            name = f"{prefix}{number}"
            Person.objects.create(last_name=name, external_id=name, company=company, owner=people["rep"])
            text += f"{name};{name}\n"
        run = prepare(text, "inbox", people["rep"], columns={"Person": "person_external_id"})
        engine.start(run)
        with CaptureQueriesContext(connection) as seen:
            assert counts(complete(run)) == (count, 0, 0, 0)
        return len(seen)

    queries("warm", 1)
    assert queries("x", 2) == queries("y", 20)


def test_a_company_named_twice_is_made_once(bring):
    run = bring("Name;Firma\nEva A;Neu GmbH\nJörg B;NEU Gmbh\nAnna C;Neu\n", "persons")
    assert counts(run) == (3, 0, 0, 0)
    assert Company.objects.count() == 1
    assert Person.objects.filter(company__name="Neu GmbH").count() == 3


def test_a_name_that_several_companies_have_is_rejected(bring, people):
    existing_company(people, email="")
    existing_company(people, email="", city="Kiel")
    run = bring("Name;Firma\nEva A;Höfle GmbH\n", "persons")
    assert counts(run) == (0, 0, 0, 1)
    assert "K-1" in reasons(run)[0]
    number = Company.objects.first().number
    assert counts(bring(f"Name;Firma\nEva A;{number}\n", "persons"))[0] == 1


# ── rights ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_rep_imports_for_herself_alone(bring, people):
    run = bring(
        "Firma;Verantwortlich\nA GmbH;\nB GmbH;rep@example.com\nC GmbH;stranger@example.com\nD GmbH;niemand\n",
        "companies",
        by=people["rep"],
    )
    assert counts(run) == (2, 0, 0, 2)
    assert set(Company.objects.values_list("owner__email", flat=True)) == {"rep@example.com"}


def test_a_name_that_several_users_have_says_nothing(bring, people):
    def user(address, *, active=True, name="Eva Berg"):
        role = people["rep"].role
        return User.objects.create(email=address, name=name, role=role, password="!", is_active=active)

    text = "Firma;Verantwortlich\nA GmbH;Eva Berg\nB GmbH;eva1@example.com\nC GmbH;Jo Alt\n"
    gone, only = user("eva0@example.com", active=False), user("eva1@example.com")
    former = user("jo@example.com", active=False, name="Jo Alt")
    bring(text, "companies")
    assert list(Company.objects.order_by("name").values_list("owner", flat=True)) == [only.pk, only.pk, former.pk]
    for address in ("eva2@example.com", "eva3@example.com"):
        user(address)
        run = bring(text.replace("GmbH", address), "companies", duplicates="create")
        assert "Eva Berg" in reasons(run)[0]
        assert set(Company.objects.filter(name__endswith=address).values_list("owner", flat=True)) == {
            only.pk,
            former.pk,
        }
    assert not Company.objects.filter(owner=gone).exists()


def test_a_foreign_record_is_said_to_exist_and_not_touched(bring, people):
    existing_company(people, owner=people["stranger"], external_id="A1", phone="")
    run = bring(
        "ID;Firma;Telefon\nA1;Höfle GmbH;0171 7654321\n",
        "companies",
        by=people["rep"],
        columns={"ID": "external_id"},
        existing="update",
    )
    assert counts(run) == (0, 0, 0, 1)
    assert "Stranger" in reasons(run)[0]
    assert Company.objects.get().phone == ""


def test_a_visible_record_that_may_not_be_changed_stays(bring, people):
    existing_company(people, owner=people["mate"], external_id="A1", phone="")
    bring(
        "ID;Firma;Telefon\nA1;Höfle GmbH;0171 7654321\n",
        "companies",
        by=people["rep"],
        columns={"ID": "external_id"},
        existing="update",
    )
    assert Company.objects.get().phone == ""


def test_a_foreign_double_is_not_doubled(bring, people):
    existing_company(people, owner=people["stranger"])
    run = bring("Firma;E-Mail\nHöfle GmbH;info@hoefle.example\n", "companies", by=people["rep"])
    assert counts(run) == (0, 0, 0, 1)
    assert "Stranger" in reasons(run)[0]


def test_a_foreign_company_is_not_linked(bring, people):
    existing_company(people, owner=people["stranger"])
    run = bring("Titel;Firma\nAnlage;Höfle GmbH\n", "opportunities", by=people["rep"])
    assert counts(run) == (0, 0, 0, 1)
