"""Real files of others, by the command: known counts, the same again adds nothing, nothing is left after the undo."""

import statistics
from pathlib import Path

import pytest
from django.core.management import call_command

from crm.imports.models import ImportRun
from inbox.models import InboxItem
from opportunities.models import Opportunity
from tests.imports.conftest import counts, dump

DATA = Path(__file__).resolve().parents[3] / "shared/data/crm"
pytestmark = pytest.mark.django_db


def real(name: str) -> str:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"NOT CHECKED: {name} is not in {DATA}, so what the import makes of it was not looked at.")
    return str(path)


@pytest.fixture
def run(people, tmp_path, capsys):
    def run(name, target, *args):
        rejected = str(tmp_path / "rejected.csv")
        call_command(
            "import_file", real(name), "--target", target, "--by", "admin@example.com", "--rejected", rejected, *args
        )
        return ImportRun.objects.latest("pk")

    return run


def undo(run):
    call_command("import_file", "--undo", str(run.pk), "--by", "admin@example.com")


MQL = "olist_funnel_ddmmyyyy/olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_funnel_ddmmyyyy/olist_closed_deals_dataset.csv"
AS_ITEMS = ("inbox", "--const", "kind=mql", "--const", "title=Lead {mql_id}")
AS_DEALS = (
    "opportunities",
    "--const",
    "kind=deal",
    "--map",
    "mql_id=inbox_external_id",
    "--const",
    "external_id={mql_id}",
)
AS_LEADS = ("opportunities", "--const", "kind=lead", "--const", "title=Lead {mql_id}")


def days_to_won():
    won = Opportunity.objects.won().values_list("created_at", "won_at")
    return [(won_at - created_at).days for created_at, won_at in won]


def test_a_funnel_as_inbox_items_and_deals(run):
    before = dump()
    items, deals = run(MQL, *AS_ITEMS), run(DEALS, *AS_DEALS)
    assert (counts(items), counts(deals)) == ((8000, 0, 0, 0), (842, 0, 0, 0))
    assert InboxItem.objects.count() == 8000
    assert InboxItem.objects.waiting().count() == 7158
    assert InboxItem.objects.filter(opportunity__status="won").count() == 842
    assert round(100 * 842 / InboxItem.objects.count(), 2) == 10.53
    days = days_to_won()
    assert round(statistics.mean(days), 2) == 48.44
    assert (statistics.median(days), sum(d < 0 for d in days)) == (14, 1)
    assert counts(run(MQL, *AS_ITEMS)) == (0, 0, 8000, 0)
    assert counts(run(DEALS, *AS_DEALS)) == (0, 0, 842, 0)
    undo(deals)
    assert InboxItem.objects.waiting().count() == 8000
    undo(items)
    assert dump() == before


def test_a_funnel_as_leads_that_a_second_file_closes(run):
    before = dump()
    leads, deals = run(MQL, *AS_LEADS), run(DEALS, "opportunities")
    assert (counts(leads), counts(deals)) == ((8000, 0, 0, 0), (0, 842, 0, 0))
    assert (Opportunity.objects.won().count(), Opportunity.objects.open().count()) == (842, 7158)
    assert round(statistics.mean(days_to_won()), 2) == 48.44
    assert counts(run(DEALS, "opportunities")) == (0, 0, 842, 0)
    undo(deals)
    undo(leads)
    assert dump() == before


def test_leads_with_select_for_nothing_and_opt_outs(run):
    before = dump()
    columns = (
        "x_education_leads/Lead Scoring.csv",
        "opportunities",
        "--only-mapped",
        *("--map", "Prospect ID=external_id", "--map", "Lead Source=source", "--map", "Converted=status"),
        *("--map", "Do Not Email=description", "--map", "Do Not Call=description", "--map", "City=description"),
        *("--const", "title=Lead {Lead Number}", "--option", "undated=now"),
    )
    found = run(*columns)
    assert counts(found) == (9240, 0, 0, 0)
    assert Opportunity.objects.won().count() == 3561
    assert round(100 * 3561 / 9240, 2) == 38.54
    assert Opportunity.objects.filter(description__contains="Do Not Email: Yes").count() == 734
    assert not Opportunity.objects.filter(description__contains="Select").exists()
    # Google and google are one source.
    assert Opportunity.objects.filter(source__name="Google").count() == 2873
    assert counts(run(*columns)) == (0, 0, 9240, 0)
    undo(found)
    assert dump() == before


def test_a_relational_set(run):
    before = dump()
    folder = "sample_sales_crm"
    assert counts(run(f"{folder}/Contacts.csv", "persons")) == (100, 0, 0, 0)
    leads = run(f"{folder}/Leads.csv", "inbox", "--const", "title={LeadSource} {LeadID}")
    assert counts(leads) == (200, 0, 0, 0)
    assert InboxItem.objects.filter(person=None).count() == 0
    joined = (
        *("--join", f"ActivityID={real(folder + '/Activity.csv')}", "--join", f"LeadID={real(folder + '/Leads.csv')}"),
        *(
            "--map",
            "ContactID=person_external_id",
            "--map",
            "Subject=title",
            "--map",
            "LeadID=",
            "--map",
            "LeadStatus=",
        ),
        *("--map", "Notes=description", "--const", "kind=deal", "--option", "no_reason=unknown"),
    )
    assert counts(run(f"{folder}/Opportunity.csv", "opportunities", *joined)) == (500, 0, 0, 0)
    assert (Opportunity.objects.won().count(), Opportunity.objects.lost().count()) == (99, 110)
    assert not Opportunity.objects.filter(person=None).exists()
    assert counts(run(f"{folder}/Opportunity.csv", "opportunities", *joined)) == (0, 0, 500, 0)
    # The last run added nothing, so there is nothing of it to undo.
    for made in ImportRun.objects.order_by("-pk")[1:]:
        undo(made)
    assert dump() == before
