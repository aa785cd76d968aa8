"""The way of a file through the pages, and what each person may see of it."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from contacts.models import Company
from crm.core import audit
from crm.imports import engine, tasks, undo
from crm.imports.models import ImportRun, ImportStatus
from inbox.models import InboxItem
from tests.imports.conftest import complete, prepare
from tests.imports.test_reading import PNG, workbook

pytestmark = pytest.mark.django_db

TEXT = (
    "ID;Firma;Datum;Herkunft\n1;Müller & Söhne;01.02.2024;Messe\n2;=cmd|' /C calc'!A0;02.02.2024;Messe\n"
    "3;C;99.99.2024;\n"
)


@pytest.fixture
def page(signed_in):
    """page("rep") gives a function: address → answer, of that person."""

    def visit(name):
        client = signed_in(name)

        def go(route, *args, data=None, **how):
            address = route if route.startswith("/") else reverse(f"imports:{route}", args=args)
            return client.get(address, **how) if data is None else client.post(address, data, **how)

        return go

    return visit


def upload(go, content=TEXT, name="leads.csv", target="inbox"):
    content = content if isinstance(content, bytes) else content.encode("cp1252")
    return go("new", data={"target": target, "file": SimpleUploadedFile(name, content)})


def test_from_the_file_to_the_records_and_back(page, django_capture_on_commit_callbacks, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.run_import, "delay", sent.append)
    go = page("manager")
    answer = upload(go)
    run = ImportRun.objects.get()
    assert answer.url == reverse("imports:mapping", args=[run.pk])
    text = go("mapping", run.pk).content.decode()
    assert "Müller &amp; Söhne" in text
    assert "cp1252" in text
    assert 'value="dmy" selected' in text

    data = {"column-0": "external_id", "column-1": "company_name", "column-2": "created_at", "column-3": "source"}
    data |= {"format-2": "dmy", "fixed-0": "kind", "text-0": "MQL", "empty": "-", "option-missing": "create"}
    answer = go("mapping", run.pk, data=data)
    assert answer.url == reverse("imports:preview", args=[run.pk])
    text = go("preview", run.pk).content.decode()
    assert 'data-value="2" data-outcome="created"' in text
    assert 'data-value="1" data-outcome="rejected"' in text
    assert "99.99.2024" in text
    assert "Messe" in text
    assert not InboxItem.objects.exists()

    with django_capture_on_commit_callbacks(execute=True):
        answer = go("start", run.pk, data={})
    assert sent == [run.pk]
    text = go("run", run.pk).content.decode()
    assert 'hx-trigger="every 2s"' in text
    assert "<progress" in text
    tasks.run_import(run.pk)
    text = go("run", run.pk).content.decode()
    assert "every 2s" not in text
    assert 'data-outcome="created" data-value="2"' in text
    assert set(InboxItem.objects.values_list("kind", flat=True)) == {"mql"}

    text = go("records", run.pk).content.decode()
    assert "Müller &amp; Söhne" in text
    assert 'data-rows="3"' in text
    rejected = b"".join(go("rejected", run.pk).streaming_content).decode("utf-8-sig")
    assert "99.99.2024" in rejected
    file = go("file", run.pk)
    assert b"".join(file.streaming_content) == TEXT.encode("cp1252")

    assert go("undo", run.pk).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        go("undo", run.pk, data={})
    tasks.run_import(run.pk)
    assert not InboxItem.objects.exists()
    run.refresh_from_db()
    assert run.status == ImportStatus.UNDONE
    assert go("run", run.pk).status_code == 200


def test_a_part_is_what_a_reload_shows(page):
    go = page("manager")
    upload(go)
    run = ImportRun.objects.get()
    engine.start(run)
    part = go("run", run.pk, headers={"HX-Request": "true"}).content.decode()
    whole = go("run", run.pk).content.decode()
    assert part.strip().startswith('<div id="import-run"')
    assert "<html" not in part
    assert part.strip()[:60] in whole


def test_what_is_remembered(page):
    go = page("manager")
    upload(go, "A;B;Wann\n1;x;01/02/2024\n")
    first = ImportRun.objects.get()
    data = {"column-0": "title", "column-1": "message", "column-2": "created_at", "format-2": "dmy"}
    data |= {"fixed-0": "kind", "text-0": "sql"}
    go("mapping", first.pk, data=data)
    upload(go, "A;B;Wann\n2;y;03/04/2024\n")
    second = ImportRun.objects.latest("pk")
    assert second.mapping["columns"] == {"0": "title", "1": "message", "2": "created_at"}
    assert second.mapping["values"] == {"kind": "sql"}
    assert second.reading["columns"][2]["format"] == "dmy"
    upload(page("admin"), "A;B;Wann\n2;y;03/04/2024\n")
    assert ImportRun.objects.latest("pk").mapping["values"] == {}


def test_a_wrong_reading_can_be_corrected(page):
    go = page("manager")
    upload(go, "Name\nЖуков\n".encode("cp1251"))
    run = ImportRun.objects.get()
    go("read-again", run.pk, data={"encoding": "cp1251", "delimiter": ",", "quote": '"', "header": "on"})
    run.refresh_from_db()
    assert run.reading["columns"][0]["samples"] == ["Жуков"]
    go("read-again", run.pk, data={"encoding": "nonsense", "delimiter": ",", "quote": '"'})
    go("read-again", run.pk, data={"encoding": "utf-16-le", "delimiter": ",", "quote": '"', "header": "on"})
    run.refresh_from_db()
    assert run.reading["encoding"] == "cp1251"
    go("read-again", run.pk, data={"encoding": "cp1251", "delimiter": "\\t", "quote": "none"})
    run.refresh_from_db()
    assert (run.reading["delimiter"], run.reading["quote"], run.reading["header"], run.total) == ("\t", "", False, 2)


def test_a_sheet_can_be_chosen(page):
    go = page("manager")
    upload(go, workbook([["Firma"], ["A"]]), "leads.xlsx")
    run = ImportRun.objects.get()
    assert go("mapping", run.pk).status_code == 200
    go("read-again", run.pk, data={"sheet": "Sheet", "header": "on"})
    assert ImportRun.objects.get().reading["kind"] == "xlsx"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({}, "Spalte"),
        ({"column-0": "external_id", "column-1": "external_id"}, "zwei"),
        ({"column-0": "nonsense"}, "nonsense"),
        ({"column-0": "title", "fixed-0": "message", "text-0": "{Gibt es nicht}"}, "Gibt es nicht"),
        ({"column-0": "title", "fixed-0": "kind", "text-0": "vielleicht"}, "vielleicht"),
    ],
)
def test_a_mapping_that_cannot_be_says_why_and_keeps_what_was_chosen(page, data, word):
    go = page("manager")
    upload(go)
    run = ImportRun.objects.get()
    answer = go("mapping", run.pk, data=data)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'role="alert"' in text
    run.refresh_from_db()
    assert run.status == ImportStatus.UPLOADED
    if data.get("text-0"):
        assert data["text-0"] in text


@pytest.mark.parametrize(
    "content",
    [b"", PNG, b"Name,Ort\n", b'Name,Text\nA,"cut', ("x," * 10_000).encode(), b"Name\n" + b"x" * 1_000_000],
)
def test_what_is_no_table_is_said_beside_the_field(page, content):
    answer = upload(page("manager"), content, "bild.csv")
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_pressed_twice_it_starts_once(page, monkeypatch, people):
    sent = []
    monkeypatch.setattr(tasks.run_import, "delay_on_commit", sent.append)
    run = prepare(TEXT, "inbox", people["manager"], formats={"Datum": "dmy"}, columns={"Datum": "created_at"})
    go = page("manager")
    go("start", run.pk, data={})
    assert go("start", run.pk, data={}).status_code in (302, 409)
    assert sent == [run.pk]
    for later in ("mapping", "preview"):
        assert go(later, run.pk).url == reverse("imports:run", args=[run.pk])
    assert go("discard", run.pk, data={}).status_code in (302, 409)
    assert ImportRun.objects.count() == 1


def test_what_is_discarded_is_gone_with_its_file(page, django_capture_on_commit_callbacks):
    go = page("manager")
    upload(go)
    run = ImportRun.objects.get()
    name, storage = run.file.content.name, run.file.content.storage
    with django_capture_on_commit_callbacks(execute=True):
        go("discard", run.pk, data={})
    assert not ImportRun.objects.exists()
    assert not storage.exists(name)


def test_a_file_that_something_else_uses_is_not_thrown_away(page, people, django_capture_on_commit_callbacks):
    go = page("manager")
    upload(go)
    run = ImportRun.objects.get()
    company = Company.objects.create(name="A GmbH", owner=people["rep"])
    company.files.add(run.file)
    with django_capture_on_commit_callbacks(execute=True):
        go("discard", run.pk, data={})
    assert not ImportRun.objects.exists()
    assert company.files.get().content.storage.exists(run.file.content.name)


def test_a_file_that_is_gone_is_said_in_a_sentence(page, people):
    run = prepare("ID;Firma\n1;A\n", "inbox", people["manager"])
    run.file.content.storage.delete(run.file.content.name)
    go = page("manager")
    answers = [
        go("preview", run.pk, follow=True),
        go("read-again", run.pk, data={"encoding": "utf-8", "delimiter": ";", "quote": '"'}, follow=True),
    ]
    for answer in answers:
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "Die Datei ist nicht mehr da." in text
        assert "Errno" not in text
        assert run.file.content.name not in text


def test_a_failed_import_says_so_and_goes_on(page, people, monkeypatch):
    monkeypatch.setattr(tasks.run_import, "delay_on_commit", lambda pk: None)
    run = prepare("ID;Firma\n1;A\n", "inbox", people["manager"])
    engine.start(run)
    engine.fail(run, "Kaputt.")
    go = page("manager")
    assert "Kaputt." in go("run", run.pk).content.decode()
    go("continue", run.pk, data={})
    assert complete(run).created == 1


def test_an_undoing_that_stopped_says_so_and_goes_on(page, people, monkeypatch):
    monkeypatch.setattr(tasks.run_import, "delay_on_commit", lambda pk: None)
    run = prepare("ID;Firma\n1;A\n", "inbox", people["manager"])
    engine.start(run)
    run = complete(run)
    undo.begin(run)
    engine.fail(run, "Kaputt.")
    go = page("manager")
    text = go("run", run.pk).content.decode()
    assert "Das Rückgängigmachen ist stehen geblieben." in text
    assert reverse("imports:undo", args=[run.pk]) not in text
    go("continue", run.pk, data={})
    run.refresh_from_db()
    undo.work(run)
    assert not InboxItem.objects.exists()


def test_what_an_undo_kept_is_named(page, people):
    run = prepare("ID;Firma\n1;A\n2;B\n", "inbox", people["manager"])
    engine.start(run)
    run = complete(run)
    with audit.acting(people["rep"]):
        InboxItem.objects.filter(external_id="1").update(message="x")
    undo.begin(run)
    undo.work(run)
    go = page("manager")
    assert "?tab=kept" in go("run", run.pk).content.decode()
    for tab, rows in (("kept", 1), ("changed", 0), ("created", 1)):
        text = go(reverse("imports:records", args=[run.pk]) + f"?tab={tab}").content.decode()
        assert (f'data-rows="{rows}"' in text) == bool(rows)


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────
ROUTES = ("run", "mapping", "preview", "rejected", "file", "records", "undo")
POSTS = ("start", "continue", "discard", "read-again", "undo", "mapping")


def test_a_run_belongs_to_whoever_made_it(page, people):
    run = prepare(TEXT, "inbox", people["rep"], formats={"Datum": "dmy"}, columns={"Datum": "created_at"})
    for name in ("mate", "lead", "stranger", "manager", "service", "readonly"):
        go = page(name)
        for route in ROUTES:
            assert go(route, run.pk).status_code == 404, (name, route)
        for route in POSTS:
            assert go(route, run.pk, data={}).status_code == 404, (name, route)
        assert run.file.name not in go("overview").content.decode()
    assert page("rep")("mapping", run.pk).status_code == 200
    assert page("admin")("mapping", run.pk).status_code == 200
    run.refresh_from_db()
    assert run.status == ImportStatus.READY


def test_who_may_create_nothing_imports_nothing(page):
    go = page("readonly")
    assert go("new").status_code == 404
    assert upload(go).status_code == 404
    assert reverse("imports:new") not in go("overview").content.decode()
    assert not ImportRun.objects.exists()


def test_only_what_one_may_create_is_offered(page):
    go = page("service")
    text = go("new").content.decode()
    assert 'value="companies"' in text
    assert 'value="inbox"' not in text
    assert "field-error" in upload(go, target="inbox").content.decode()
    assert not ImportRun.objects.exists()


def test_records_that_one_may_not_see_are_not_shown(page, people):
    run = prepare("ID;Firma\n1;Geheim GmbH\n", "inbox", people["rep"])
    engine.start(run)
    complete(run)
    InboxItem.objects.update(owner=people["stranger"])
    assert "Geheim" not in page("rep")("records", run.pk).content.decode()


def test_lists_offer_the_import(page):
    assert "/imports/new/?target=inbox" in page("rep")("/inbox/").content.decode()
    assert "/imports/new/?target=inbox" not in page("readonly")("/inbox/").content.decode()


def test_formulas_leave_as_text(page, people):
    rows = "Firma;Budget\n=cmd;x\n@SUM;x\n\u200b+1;x\n-2;x\n＝1;x\n\u0301=1;x\n\u2028=1;x\n"
    run = prepare(rows, "inbox", people["manager"], columns={"Budget": "expected_budget"})
    engine.start(run)
    complete(run)
    text = b"".join(page("manager")("rejected", run.pk).streaming_content).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))[1:]
    assert len(lines) == 7
    for line in lines:
        assert line[2].startswith("'"), line


def test_the_same_reason_of_many_records_is_counted_once(page, people):
    go, rows = page("admin"), "".join(f"{n};Lead {n};01.02.2024\n" for n in range(3))
    for text in (f"ID;Titel;Gewonnen am\n{rows}", f"ID;Titel;Gewonnen am\n{rows}".replace("Lead", "Anders")):
        run = prepare(text, "opportunities", people["admin"])
        preview = go("preview", run.pk)
        engine.start(run)
        complete(run)
    shown = go("run", run.pk).context["reasons"]
    assert [entry["count"] for entry in shown] == [3]
    assert shown[0]["kind"].startswith("… ist gewonnen oder verloren")
    assert preview.context["found"].reasons == {shown[0]["kind"]: 3}
    assert run.rejections.filter(reason__startswith="OPP-").count() == 3, "each row says which record it is"


def test_the_rejected_rows_speak_the_language_of_whoever_asks(page, people):
    run = prepare("Firma;Budget\nA;x\n", "inbox", people["manager"], columns={"Budget": "expected_budget"})
    engine.start(run)
    complete(run)
    people["manager"].language = "en"
    people["manager"].save()
    answer = page("manager")("rejected", run.pk)
    # The lines are read after the request, when its language is over.
    with translation.override("de"):
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.startswith("Row;Reason;")


def test_active_content_is_shown_as_text(page, people):
    bad = "<script>alert(1)</script>"
    run = prepare(f"{bad};Firma\n{bad};{bad}\n", "inbox", people["manager"], name=f"{bad}.csv")
    go = page("manager")
    for route in ("mapping", "preview"):
        assert bad not in go(route, run.pk).content.decode()
    engine.start(run)
    complete(run)
    for route in ("run", "records"):
        assert bad not in go(route, run.pk).content.decode()
    assert bad not in go("overview").content.decode()


def test_a_thousand_runs_and_rows_need_no_more_queries(page, people, django_assert_max_num_queries):
    for _index in range(12):
        prepare("ID;Firma\n1;A\n", "inbox", people["manager"])
    go = page("manager")
    with django_assert_max_num_queries(16):
        go("overview")
