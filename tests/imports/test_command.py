"""manage.py import_file: the same import, for scripts and for large moves."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm.imports.models import ImportRun
from inbox.models import InboxItem
from opportunities.models import Opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    def write(text, name="leads.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.fixture
def command(people):
    def command(*args, by="admin@example.com"):
        out = io.StringIO()
        call_command("import_file", *args, "--by", by, stdout=out)
        return out.getvalue()

    return command


def test_mapping_and_formats_are_guessed_and_told(file, command):
    said = command(
        file("mql_id,first_contact_date,origin\nx1,13-02-2018,social\nx2,01-03-2018,email\n"), "--target", "inbox"
    )
    assert "2 created" in said
    assert "mql_id → external_id" in said
    assert "first_contact_date (dmy) → created_at" in said
    assert InboxItem.objects.get(external_id="x1").title == "Lead x1"


def test_what_is_said_comes_before_what_is_guessed(file, command):
    path = file("ID,Name,Wert,Wann\n1,a,1.234,01/02/2024\n")
    command(
        *(path, "--target", "opportunities", "--map", "Name=description", "--const", "title={ID}: {Name}"),
        *("--map", "Wert=estimated_value", "--format", "Wert=,", "--map", "Wann=won_at", "--format", "Wann=dmy"),
    )
    one = Opportunity.objects.get()
    assert (one.title, one.description, one.estimated_value) == ("1: a", "a", 1234)
    assert timezone.localtime(one.won_at).month == 2


def test_the_dry_run_writes_nothing_and_leaves_nothing(file, command):
    said = command(file("ID,Firma\n1,A\n2,B\n"), "--target", "inbox", "--dry-run")
    assert "2 created" in said
    assert not InboxItem.objects.exists()
    assert not ImportRun.objects.exists()


def test_rejected_rows_are_written_with_reasons(file, command, tmp_path):
    said = command(file("ID,E-Mail\n1,a@example.com\n2,nein\n"), "--target", "inbox")
    assert "1 rejected" in said
    text = (tmp_path / "leads.rejected.csv").read_text(encoding="utf-8-sig")
    assert "nein" in text.splitlines()[1]
    other = tmp_path / "other.csv"
    command(file("ID,E-Mail\n3,nein\n"), "--target", "inbox", "--rejected", str(other))
    assert other.exists()


def test_undo(file, command):
    command(file("ID,Firma\n1,A\n2,B\n"), "--target", "inbox")
    run = ImportRun.objects.get()
    assert "2 removed" in command("--undo", str(run.pk))
    assert not InboxItem.objects.exists()
    with pytest.raises(CommandError):
        command("--undo", str(run.pk))
    with pytest.raises(CommandError):
        command("--undo", "999999")


def test_nobody_undoes_a_foreign_import(file, command):
    command(file("ID,Firma\n1,A\n"), "--target", "inbox")
    with pytest.raises(CommandError):
        command("--undo", str(ImportRun.objects.get().pk), by="rep@example.com")
    assert InboxItem.objects.exists()


def test_who_may_no_longer_create_such_records_undoes_nothing(file, command, people):
    command(file("ID,Firma\n1,A\n"), "--target", "inbox", by="rep@example.com")
    people["rep"].role.rights.filter(area="inbox", action="create").delete()
    with pytest.raises(CommandError):
        command("--undo", str(ImportRun.objects.get().pk), by="rep@example.com")
    assert InboxItem.objects.exists()


def test_columns_of_another_file_are_joined(file, command):
    leads = file("Lead,Kontakt\nL1,eva@example.com\n", "l.csv")
    path = file("ID,Lead,Titel\n1,L1,a\n2,L9,b\n", "o.csv")
    command(
        path,
        "--target",
        "opportunities",
        "--join",
        f"Lead={leads}",
        "--map",
        "Kontakt=person_email",
        "--map",
        "ID=external_id",
    )
    assert Opportunity.objects.get(external_id="1").person.email == "eva@example.com"
    assert Opportunity.objects.get(external_id="2").person is None


def test_files_with_their_own_ways(file, command, people):
    people["admin"].language = "en"
    people["admin"].save()
    path = file("a@example.com|Köln\n".encode("cp850"), "x.txt")
    command(
        *(path, "--target", "inbox", "--encoding", "cp850", "--delimiter", "|", "--no-header", "--only-mapped"),
        *("--map", "Column 1=email", "--map", "Column 2=city"),
    )
    item = InboxItem.objects.get()
    assert (item.email, item.city) == ("a@example.com", "Köln")


@pytest.mark.parametrize(
    "args",
    [
        ("--target", "inbox", "--map", "Gibtsnicht=title"),
        ("--target", "inbox", "--map", "ID"),
        ("--target", "inbox", "--map", "ID=nonsense"),
        ("--target", "inbox", "--option", "existing=perhaps"),
        ("--target", "companies", "--only-mapped"),
        ("--target", "inbox", "--const", "kind=perhaps"),
        (),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(file, command, args):
    with pytest.raises(CommandError) as caught:
        command(file("ID,Firma\n1,A\n"), *args)
    assert str(caught.value)
    assert not ImportRun.objects.exists()


def test_who_may_not_or_is_not(file, command, people):
    path = file("ID,Firma\n1,A\n")
    for by in ("readonly@example.com", "nobody@example.com"):
        with pytest.raises(CommandError):
            command(path, "--target", "inbox", by=by)
    with pytest.raises(CommandError):
        command(file(b""), "--target", "inbox")
    with pytest.raises(CommandError):
        command("/gibt/es/nicht.csv", "--target", "inbox")
    assert not InboxItem.objects.exists()
