"""The timeline tells who changed what, in words, and names nothing that the viewer may not see."""

import datetime

import pytest
from django.db import connection
from django.utils import translation

from contacts.models import Company, CompanyTag, CompanyTagEvent, Person
from crm.core import audit, timeline
from crm.core.recordpage import Entry
from crm.lists.models import Tag

pytestmark = pytest.mark.django_db
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def texts(record, user, **kwargs):
    return [entry.text for entry in timeline.of(record, user=user, **kwargs).entries]


def change(record, by, **fields):
    with audit.acting(by):
        type(record).objects.filter(pk=record.pk).update(**fields)


@pytest.fixture
def company(rep):
    with audit.acting(rep):
        return Company.objects.create(name="Alt & Söhne", city="Ulm", owner=rep)


def test_who_changed_what(company, people):
    change(company, people["manager"], city="Backnang", status="customer", customer_since=datetime.date(2026, 3, 1))
    change(company, None, payment_terms_days=14)
    assert texts(company, people["rep"]) == [
        "<b>The system</b> changed payment terms (days): 30 → 14",
        "<b>Manager</b> changed city: Ulm → Backnang; status: Prospect → Customer; customer since: – → 1 Mar 2026",
        "<b>Rep</b> created this",
    ]


def test_values_are_escaped(company, rep):
    change(company, rep, city="<script>alert(1)</script>{0}%(who)s")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{0}%(who)s" in texts(company, rep)[0]


def test_sql_and_bulk_are_in_it(company, rep):
    from django.db import connection

    with audit.acting(None), connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_company SET city = 'Emden'")
    assert texts(company, rep)[0] == "<b>The system</b> changed city: Ulm → Emden"


def test_an_import_says_so(rep):
    with audit.acting(rep, via="import", run=1):
        company = Company.objects.create(name="Aus der Datei")
    assert texts(company, rep) == ["<b>Rep (import)</b> imported this"]


def test_related_records_have_names_if_one_may_see_them(company, people):
    secret = Company.objects.create(name="Geheim AG", owner=people["stranger"])
    person = Person.objects.create(last_name="Kurz", owner=people["rep"])
    change(person, people["rep"], company=company)
    change(person, people["manager"], company=secret, owner=people["mate"])
    assert texts(person, people["rep"])[:2] == [
        "<b>Manager</b> changed responsible: Rep → Mate; company: Alt &amp; Söhne → –",
        "<b>Rep</b> changed company: – → Alt &amp; Söhne",
    ]
    assert "Geheim AG" in texts(person, people["manager"])[0]


def test_links_are_told(company, rep):
    with audit.acting(rep):
        tag = Tag.objects.create(name="A-Kunde")
        company.tags.add(tag)
        company.tags.clear()
    link = timeline.Link(
        CompanyTagEvent,
        {"company_id": company.pk},
        "tag",
        lambda: "%(who)s added the tag %(what)s",
        lambda: "%(who)s removed the tag %(what)s",
    )
    assert set(texts(company, rep, links=[link])) == {
        "<b>Rep</b> added the tag A-Kunde",
        "<b>Rep</b> removed the tag A-Kunde",
        "<b>Rep</b> created this",
    }
    assert CompanyTag._meta.proxy


def spread(record, *moments):
    """Give the record's events these moments; in a test all of them are one transaction."""
    table = record.events.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for event, hours in zip(record.events.order_by("pgh_id"), moments, strict=True):
            moment = START + datetime.timedelta(hours=hours)
            cursor.execute(f"UPDATE {table} SET pgh_created_at = %s WHERE pgh_id = %s", [moment, event.pgh_id])


def leafed(record, user, **kwargs) -> list[str]:
    """All pages, one after the other."""
    seen, before = [], None
    for _page in range(20):
        page = timeline.of(record, user=user, before=before, limit=3, **kwargs)
        seen += [entry.text for entry in page.entries]
        before = page.more
        if before is None:
            return seen
    raise AssertionError("there is no last page")


def test_pages_hold_everything_once(company, rep, django_assert_max_num_queries):
    for n in range(7):
        change(company, rep, city=f"Ort {n}")
    spread(company, *range(8))
    # What a user may see is read once.
    assert rep.may("activities")
    assert rep.colleague_ids
    with django_assert_max_num_queries(3):
        timeline.of(company, user=rep, limit=3)
    seen = leafed(company, rep)
    assert len(seen) == len(set(seen)) == 8
    assert seen[0].endswith("Ort 5 → Ort 6")
    assert seen[-1] == "<b>Rep</b> created this"


@pytest.mark.parametrize("quiet", [(2,), (3,), (2, 3), (1, 4, 5), (0, 1, 2, 3, 4, 5)])
def test_changes_that_show_nothing_hide_none_that_do(company, rep, quiet):
    """A save without a change (every edit of the tags is one) must not swallow its neighbours at a page's end."""
    for n in range(7):
        change(company, rep, **({"updated_at": START.replace(hour=n)} if n in quiet else {"city": f"Ort {n}"}))
    spread(company, *range(8))
    assert len(leafed(company, rep)) == 8 - len(quiet)


def test_what_happened_at_once_stays_together(company, rep):
    for n in range(7):
        change(company, rep, city=f"Ort {n}")
    spread(company, 0, 1, 1, 1, 1, 1, 1, 2)
    assert len(leafed(company, rep)) == 8


def test_entries_of_the_room_are_merged_without_loss(company, rep):
    for n in range(7):
        change(company, rep, city=f"Ort {n}")
    spread(company, *range(8))
    extra = [Entry(START + datetime.timedelta(hours=n / 2 - 3), f"Anruf {n}") for n in range(20)]
    assert len(leafed(company, rep, extra=extra)) == 28
