"""The list and the item as pages: what is shown to whom, and what a click does."""

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Company, Person
from crm.files.models import StoredFile
from inbox import actions
from inbox.lists import InboxList
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as opportunities
from opportunities.models import Opportunity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"inbox:{name}", args=args)


def text(response):
    return response.content.decode()


# ── the list ────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def some(receive, rep):
    """Three waiting, two converted (one of them won), one archived, one of a foreign rep."""
    items = [receive(title=f"Waiting {n}") for n in range(3)]
    for n in range(2):
        item = receive(title=f"Converted {n}", company_name=f"Firm {n}")
        actions.create_company(item=item, by=rep)
        opportunity = actions.convert(item=item, by=rep, kind="lead")
        if n:
            opportunities.win(opportunity=opportunity, by=rep)
    actions.archive(item=receive(title="Archived"), by=rep, reason="spam")
    receive(owner="stranger", title="Foreign")
    return items


def test_the_tabs_count_exactly_what_one_may_see(signed_in, some):
    client = signed_in("rep")
    counts = client.get(url("list")).context["tabs"]
    assert {entry["tab"].key: entry["count"] for entry in counts} == {
        "open": 3,
        "converted": 2,
        "archived": 1,
        "all": 6,
    }
    assert 'data-rows="2"' in text(client.get(url("list"), {"tab": "converted"}))


def test_the_conversion_rate_is_that_of_the_filtered_leads(signed_in, some):
    page = text(signed_in("rep").get(url("list")))
    assert 'data-kpi="inbox.conversion_rate" data-value="16.67"' in page
    assert 'data-kpi="inbox.total" data-value="6"' in page
    page = text(signed_in("rep").get(url("list"), {"q": "converted"}))
    assert 'data-kpi="inbox.conversion_rate" data-value="50.00"' in page


def test_the_rate_says_that_it_counts_the_won_ones(signed_in, some):
    assert "1 won of" in text(signed_in("rep").get(url("list"), headers={"Accept-Language": "en"}))


def test_without_leads_there_is_no_rate(signed_in):
    assert 'data-kpi="inbox.conversion_rate" data-value=""' in text(signed_in("rep").get(url("list")))


def test_a_foreign_won_deal_changes_nothing_that_a_rep_sees(signed_in, some, people):
    before = signed_in("rep").get(url("list"), {"tab": "all"})
    item = InboxItem.objects.get(title="Foreign")
    item.company_name = "Foreign Ltd"
    item.save()
    actions.create_company(item=item, by=people["stranger"])
    opportunity = actions.convert(item=item, by=people["stranger"], kind="deal")
    opportunities.win(opportunity=opportunity, by=people["stranger"])
    after = signed_in("rep").get(url("list"), {"tab": "all"})
    assert after.context["tabs"] == before.context["tabs"]
    assert after.context["figures"] == before.context["figures"]
    assert "Foreign" not in text(after)


def test_a_lead_whose_won_opportunity_is_foreign_does_not_count_as_won(signed_in, some, people):
    Opportunity.objects.filter(status="open").update(owner=people["stranger"])
    opportunities.win(opportunity=Opportunity.objects.get(status="open"), by=people["admin"])
    assert 'data-value="16.67"' in text(signed_in("rep").get(url("list")))
    assert 'data-value="28.57"' in text(signed_in("manager").get(url("list")))


def test_filters_for_nobody_responsible(signed_in, receive):
    receive(title="Mine")
    receive(owner=None, title="Nobodys")
    page = text(signed_in("rep").get(url("list"), {"owner": "null"}))
    assert "Nobodys" in page
    assert "Mine" not in page


def test_every_column_sorts_and_every_filter_takes_anything(signed_in, some):
    client = signed_in("rep")
    everything = ",".join(c.key for c in InboxList.columns)
    for column in InboxList.columns:
        for sign in ("", "-"):
            query = {"tab": "all", "sort": sign + column.key, "cols": everything}
            assert client.get(url("list"), query).status_code == 200
    for name in ("source", "priority", "owner", "status", "kind", "created_after", "created_before"):
        for value in ("0", "999999999999999999999", "x" * 300, "\0", "null", "2026-13-45", "0001-01-01", "9999-12-31"):
            assert client.get(url("list"), {name: value, "q": value}).status_code == 200


def test_the_list_asks_the_same_number_of_queries_with_more_items(signed_in, receive):
    client = signed_in("manager")

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(url("list"), {"tab": "all"})
        return len(queries)

    for n in range(10):
        receive(title=f"Lead {n}")
    client.get(url("list"))
    few = count()
    template = InboxItem.objects.first()
    InboxItem.objects.bulk_create(
        InboxItem(title=f"Lead {n}", status=template.status, owner=template.owner) for n in range(290)
    )
    assert count() == few


def test_the_export_holds_what_is_filtered(signed_in, some):
    answer = signed_in("rep").get(url("list"), {"tab": "archived", "export": "csv"})
    body = b"".join(answer.streaming_content).decode()
    assert "Archived" in body
    assert "Waiting" not in body
    book = signed_in("rep").get(url("list"), {"tab": "all", "export": "xlsx"})
    assert io.BytesIO(b"".join(book.streaming_content)).read(2) == b"PK"


def test_whoever_may_not_export_gets_none(signed_in, some):
    assert signed_in("readonly").get(url("list"), {"export": "csv"}).status_code == 404


def test_the_link_mark_opens_the_opportunity_or_says_that_there_is_none(signed_in, lead, rep):
    client = signed_in("rep")
    answer = client.get(url("link-mark", lead.pk), headers=HTMX)
    assert answer.status_code == 204
    assert "This inbox lead is not yet qualified." in answer["HX-Trigger"]
    opportunity = actions.convert(item=lead, by=rep, kind="lead")
    assert client.get(url("link-mark", lead.pk)).url == opportunity.get_absolute_url()


def test_the_mark_does_not_lead_to_an_opportunity_one_may_not_see(signed_in, lead, rep, people):
    opportunity = actions.convert(item=lead, by=rep, kind="lead")
    Opportunity.objects.filter(pk=opportunity.pk).update(owner=people["stranger"])
    answer = signed_in("rep").get(url("link-mark", lead.pk), headers=HTMX)
    assert answer.status_code == 204
    page = text(signed_in("rep").get(url("item", lead.pk)))
    assert opportunity.number not in page


# ── the item ────────────────────────────────────────────────────────────────────────────────────────
def test_the_item_is_a_page_for_a_visitor_and_a_part_for_the_panel(signed_in, lead):
    client = signed_in("rep")
    page, part = client.get(lead.get_absolute_url()), client.get(lead.get_absolute_url(), headers=HTMX)
    assert "<!doctype html>" in text(page).lower()
    assert text(part).lstrip().startswith("<article")
    assert "Industriestraße 14" in text(page)


def test_a_phone_number_is_shown_as_people_read_it(signed_in, lead):
    lead.phone = "+4971915550142"
    lead.save()
    assert ">+49 7191 5550142<" in text(signed_in("rep").get(lead.get_absolute_url()))


def test_foreign_items_do_not_exist(signed_in, lead):
    client = signed_in("stranger")
    pk, status = lead.pk, lead.status_id
    company = Company.objects.create(name="x")
    gets = [
        url("item", pk),
        url("link-mark", pk),
        url("edit", pk),
        url("edit-fact", pk, "title"),
        url("archive", pk),
        url("upload", pk),
        url("file", pk, 1),
        url("compare", pk, "company", company.pk),
    ]
    posts = [
        url("edit", pk),
        url("edit-fact", pk, "title"),
        url("status", pk, status),
        url("create-contact", pk, "company"),
        url("link", pk, "company", company.pk),
        url("unlink", pk, "company"),
        url("convert", pk),
        url("archive", pk),
        url("unarchive", pk),
        url("upload", pk),
        url("remove-file", pk, 1),
    ]
    assert [client.get(address).status_code for address in gets] == [404] * len(gets)
    data = {"kind": "lead", "reason": "x", "title": "x"}
    assert [client.post(address, data).status_code for address in posts] == [404] * len(posts)
    assert InboxItem.objects.get(pk=pk).updated_at == lead.updated_at


def test_whoever_may_only_see_an_item_is_offered_no_change(signed_in, lead):
    page = signed_in("mate").get(lead.get_absolute_url())
    assert page.status_code == 200
    assert "hx-post" not in text(page).split("panel-part")[1]
    assert signed_in("mate").post(url("convert", lead.pk), {"kind": "lead"}).status_code == 404


def test_a_click_on_a_step_changes_the_status_and_done_asks(signed_in, lead):
    client = signed_in("rep")
    done = ProcessingStatus.objects.get(is_done=True)
    assert "What becomes of it?" not in text(client.get(lead.get_absolute_url()))
    assert client.post(url("status", lead.pk, done.pk), headers=HTMX).status_code == 204
    assert "What becomes of it?" in text(client.get(lead.get_absolute_url()))


def test_converting_by_the_page(signed_in, lead):
    client = signed_in("rep")
    assert client.post(url("convert", lead.pk), {"kind": "deal"}, headers=HTMX).status_code == 204
    opportunity = Opportunity.objects.get()
    assert opportunity.kind == "deal"
    assert opportunity.number in text(client.get(lead.get_absolute_url()))
    again = client.post(url("convert", lead.pk), {"kind": "deal"}, headers=HTMX)
    assert again.status_code == 409
    assert "already been converted" in again["HX-Trigger"]


def test_archiving_by_the_page_and_back(signed_in, lead):
    client = signed_in("rep")
    for wrong in (" ", "x" * 300):
        assert "field-error" in text(client.post(url("archive", lead.pk), {"reason": wrong}, headers=HTMX))
    assert client.post(url("archive", lead.pk), {"reason": "Not our field"}, headers=HTMX).status_code == 204
    page = text(client.get(lead.get_absolute_url()))
    assert "Not our field" in page
    assert "Back to the inbox" in page
    client.post(url("unarchive", lead.pk))
    assert InboxItem.objects.get().is_waiting


# ── the duplicate warning ───────────────────────────────────────────────────────────────────────────
@pytest.fixture
def existing(people):
    return Company.objects.create(
        name="Höfle Verpackungstechnik GmbH & Co. KG", postal_code="71522", city="Backnang", owner=people["rep"]
    )


def test_the_page_warns_of_an_existing_company_before_one_is_made(signed_in, lead, existing):
    page = text(signed_in("rep").get(lead.get_absolute_url()))
    assert "This company probably exists already." in page
    assert existing.number in page
    assert url("link", lead.pk, "company", existing.pk) in page


def test_a_second_company_is_made_only_after_the_warning(signed_in, lead, existing):
    client = signed_in("rep")
    address = url("create-contact", lead.pk, "company")
    warning = client.post(address, headers=HTMX)
    assert warning["HX-Retarget"] == "#dialog"
    assert existing.number in text(warning)
    assert Company.objects.count() == 1
    # Someone makes up what he has seen: still the warning.
    client.post(address, {"warned": ["1", "x"]}, headers=HTMX)
    assert Company.objects.count() == 1
    client.post(address, {"warned": warning.context["marks"]}, headers=HTMX)
    assert Company.objects.count() == 2


def test_without_a_double_company_and_person_are_made_at_once_and_confirmed(signed_in, lead):
    client = signed_in("rep")
    for what in ("person", "company"):
        assert client.post(url("create-contact", lead.pk, what), headers=HTMX).status_code == 204
    page = text(client.get(lead.get_absolute_url()))
    assert page.count("Created</span>") == 2
    assert "linked with each other" in page
    assert InboxItem.objects.get().person.company == Company.objects.get()


def test_taking_the_existing_one_and_back(signed_in, lead, existing):
    client = signed_in("rep")
    answer = client.post(url("link", lead.pk, "company", existing.pk), headers=HTMX)
    undo = url("unlink", lead.pk, "company")
    assert undo in answer["HX-Trigger"]
    assert InboxItem.objects.get().company == existing
    client.post(undo)
    assert InboxItem.objects.get().company is None


def test_of_a_foreign_company_one_learns_that_it_exists_and_whom_to_ask(signed_in, lead, existing, people):
    Company.objects.filter(pk=existing.pk).update(owner=people["stranger"])
    client = signed_in("rep")
    page = text(client.get(lead.get_absolute_url()))
    assert "Stranger is responsible" in page
    assert existing.number not in page
    assert "GmbH &amp; Co. KG" not in page
    assert client.post(url("link", lead.pk, "company", existing.pk)).status_code == 404
    assert client.get(url("compare", lead.pk, "company", existing.pk)).status_code == 404


def test_a_known_mail_address_warns_of_the_person(signed_in, lead, rep):
    Person.objects.create(last_name="Seidel", email="m.seidel@hoefle-vt.example", owner=rep)
    page = text(signed_in("rep").get(lead.get_absolute_url()))
    assert "This person probably exists already." in page


def test_comparing_shows_both(signed_in, lead, existing):
    page = text(signed_in("rep").get(url("compare", lead.pk, "company", existing.pk)))
    assert "Hoefle Verpackungstechnik" in page
    assert "Höfle Verpackungstechnik GmbH &amp; Co. KG" in page


def test_the_history_tells_what_happened_and_nothing_foreign(signed_in, lead, rep, people):
    actions.create_company(item=lead, by=rep)
    opportunity = actions.convert(item=lead, by=rep, kind="lead")
    page = text(signed_in("rep").get(url("history", lead.pk)))
    assert opportunity.number in page
    Opportunity.objects.filter(pk=opportunity.pk).update(owner=people["stranger"])
    assert opportunity.number not in text(signed_in("rep").get(url("history", lead.pk)))
    for before in ("", "x", "2026-13-99T99:99", "2026-01-01"):
        assert signed_in("rep").get(url("history", lead.pk), {"before": before}).status_code in (200, 404)
    assert signed_in("stranger").get(url("history", lead.pk)).status_code == 404


def test_a_company_shows_the_leads_one_may_see(signed_in, lead, receive, rep):
    actions.create_company(item=lead, by=rep)
    company = Company.objects.get()
    InboxItem.objects.filter(pk=receive(owner="stranger", title="Foreign").pk).update(company=company)
    page = text(signed_in("rep").get(url("of-company", company.pk)))
    assert "Servo axes" in page
    assert "Foreign" not in page
    assert signed_in("stranger").get(url("of-company", company.pk)).status_code == 404


# ── enter and edit ──────────────────────────────────────────────────────────────────────────────────
def test_a_lead_is_added_by_hand(signed_in, rep):
    client = signed_in("rep")
    data = {
        "title": "Call back",
        "kind": "cold",
        "owner": rep.pk,
        "expected_budget": "1,234.50",
        "created_at": "2001-01-01",
        "qualified_at": "2001-01-01",
        "files": [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")],
    }
    answer = client.post(url("create"), data)
    item = InboxItem.objects.get()
    assert answer.status_code == 302
    assert item.expected_budget == Decimal("1234.50")
    assert item.created_at.year > 2001
    assert item.qualified_at is None
    assert sorted(f.name for f in item.files.all()) == ["a.txt", "b.txt"]


def test_whoever_may_not_create_has_no_form(signed_in):
    assert signed_in("readonly").get(url("create")).status_code == 404
    assert signed_in("readonly").post(url("create"), {"title": "x", "kind": "cold"}).status_code == 404
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("field", ["created_at", "qualified_at", "opportunity", "status", "archived_at", "nonsense"])
def test_what_the_system_sets_has_no_edit_in_place(signed_in, lead, field):
    client = signed_in("rep")
    assert client.get(url("edit-fact", lead.pk, field)).status_code == 404
    assert client.post(url("edit-fact", lead.pk, field), {field: "2001-01-01"}).status_code == 404


def test_edit_in_place(signed_in, lead):
    client = signed_in("rep")
    assert "field-error" in text(client.post(url("edit-fact", lead.pk, "email"), {"email": "no"}, headers=HTMX))
    client.post(url("edit-fact", lead.pk, "expected_budget"), {"expected_budget": "99.90"}, headers=HTMX)
    item = InboxItem.objects.get()
    assert item.expected_budget == Decimal("99.90")
    assert item.email == "m.seidel@hoefle-vt.example"


def test_nobody_is_handed_to_whom_one_could_not_follow(signed_in, lead, people):
    client = signed_in("rep")
    data = {"owner": people["stranger"].pk}
    assert "field-error" in text(client.post(url("edit-fact", lead.pk, "owner"), data, headers=HTMX))
    client.post(url("edit-fact", lead.pk, "owner"), {"owner": people["mate"].pk}, headers=HTMX)
    assert InboxItem.objects.get().owner == people["mate"]


def test_the_pages_of_a_form_lead_back(signed_in, lead):
    client = signed_in("rep")
    for page in (text(client.get(url("create"))), text(client.get(url("edit", lead.pk)))):
        assert '<a href="/inbox/">Inbox</a></li>' in page
    assert f'<a href="{lead.get_absolute_url()}">{lead}</a></li>' in page
    assert "crumbs" not in text(client.get(url("edit", lead.pk), headers=HTMX)), "a dialog stands on its page"


def test_the_second_of_two_editors_sees_what_the_first_wrote(signed_in, lead, rep):
    client = signed_in("rep")
    form = client.get(url("edit", lead.pk)).context["form"]
    data = {name: form[name].value() or "" for name in form.fields if name != "files"}
    actions.edit(item=lead, by=rep, city="Ulm")
    answer = client.post(url("edit", lead.pk), data | {"city": "Bonn"}, headers=HTMX)
    assert "Now: Ulm" in text(answer)
    assert InboxItem.objects.get().city == "Ulm"
    data["version"] = answer.context["form"]["version"].value()
    assert client.post(url("edit", lead.pk), data | {"city": "Bonn"}, headers=HTMX).status_code == 204
    assert InboxItem.objects.get().city == "Bonn"


@pytest.mark.parametrize(
    "bad",
    ["x" * 100_000, "a\0b", "👩‍🚒 \u202eevil", "<script>alert(1)</script>", "=cmd()"],
)
def test_bad_input_is_kept_as_text_or_refused_beside_the_field(signed_in, receive, bad):
    client = signed_in("rep")
    data = {"title": bad, "kind": "cold", "message": bad, "email": bad, "phone": bad, "company_name": bad}
    assert client.post(url("create"), data).status_code == 422
    assert "field-error" in text(client.post(url("create"), data, headers=HTMX))
    item = receive()
    answer = client.post(url("edit-fact", item.pk, "title"), {"title": bad}, headers=HTMX)
    assert answer.status_code in (200, 204, 422)
    page = text(client.get(item.get_absolute_url()))
    assert "<script>alert" not in page


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
def test_files_come_and_go_as_attachments_of_their_item_alone(signed_in, lead, receive):
    client = signed_in("rep")
    upload = SimpleUploadedFile("../../evil<b>.svg", b"<svg onload='alert(1)'/>", content_type="image/svg+xml")
    assert client.post(url("upload", lead.pk), {"files": [upload]}, headers=HTMX).status_code == 204
    file = StoredFile.objects.get()
    answer = client.get(url("file", lead.pk, file.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/octet-stream"
    other = receive()
    assert client.get(url("file", other.pk, file.pk)).status_code == 404
    assert signed_in("stranger").get(url("file", lead.pk, file.pk)).status_code == 404
    assert signed_in("rep").post(url("remove-file", lead.pk, file.pk), headers=HTMX).status_code == 204
    assert not lead.files.exists()


def test_an_upload_without_a_file_says_so(signed_in, lead):
    assert "field-error" in text(signed_in("rep").post(url("upload", lead.pk), {}, headers=HTMX))
    assert signed_in("rep").post(url("upload", lead.pk), {}).status_code == 422


# ── the frame ───────────────────────────────────────────────────────────────────────────────────────
def test_the_door_counts_what_waits_for_me(signed_in, some):
    frame = signed_in("rep").get(url("list")).context["frame"]
    door = next(d for d in frame["areas"] if d["door"].key == "inbox")
    assert door["count"] == 3


def test_the_search_finds_items_one_may_see(signed_in, lead, receive):
    receive(owner="stranger", title="Servo axes of others")
    page = text(signed_in("rep").get("/search/", {"q": "hofle servo"}))
    assert lead.get_absolute_url() in page
    assert "of others" not in page
