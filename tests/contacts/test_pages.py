"""The pages of contacts, as people use them."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts.models import Company, Listed, Person
from crm.core import audit
from crm.files.forms import UploadForm
from crm.files.models import StoredFile
from crm.lists.models import Tag

pytestmark = pytest.mark.django_db

PART = {"HTTP_HX_REQUEST": "true"}
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture
def hoefle(rep):
    with audit.acting(rep):
        return Company.objects.create(
            name="Höfle Verpackungstechnik GmbH & Co. KG",
            city="Backnang",
            email="info@hoefle-vt.example",
            phone="+4971915550117",
            owner=rep,
        )


@pytest.fixture
def kurz(rep, hoefle):
    return Person.objects.create(first_name="Sabine", last_name="Kurz", company=hoefle, owner=rep)


@pytest.fixture
def secret(people):
    return Company.objects.create(name="Geheimwerk AG", city="Verstecktstadt", owner=people["stranger"])


def company_data(**fields):
    return {"name": "Neu AG", "status": "prospect", "payment_terms_days": "30", "is_active": "on"} | fields


def text(response) -> str:
    return response.content.decode()


# ── the list ────────────────────────────────────────────────────────────────────────────────────────
def test_companies_and_persons_stand_in_one_table(signed_in, hoefle, kurz, secret):
    page = text(signed_in("rep").get("/contacts/", **ENGLISH))
    assert 'data-rows="2"' in page
    assert page.index("Höfle") < page.index("Sabine Kurz")
    assert "Geheimwerk" not in page
    assert 'data-rows="1"' in text(signed_in("rep").get("/contacts/?tab=persons"))
    assert 'data-rows="3"' in text(signed_in("manager").get("/contacts/"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=hoefle", 1),
        ("q=KURZ+sabine", 1),
        ("q=07191+5550117", 1),
        ("q=K-1", 1),
        ("city=back", 1),
        ("status=prospect", 1),
        ("status=customer", 0),
        ("is_active=0", 0),
        ("is_active=1", 2),
        ("country=DE", 0),
        ("sort=-created_at", 2),
        ("sort=owner", 2),
        ("sort=city&page=99", 2),
    ],
)
def test_search_filter_sort(signed_in, hoefle, kurz, query, count):
    assert f'data-rows="{count}"' in text(signed_in("rep").get(f"/contacts/?{query}"))


def test_filter_by_tag_and_owner(signed_in, hoefle, kurz, people):
    tag = Tag.objects.create(name="A-Kunde")
    kurz.tags.add(tag)
    client = signed_in("rep")
    assert 'data-rows="1"' in text(client.get(f"/contacts/?tag={tag.pk}"))
    assert 'data-rows="2"' in text(client.get(f"/contacts/?owner={people['rep'].pk}"))
    assert 'data-rows="0"' in text(client.get(f"/contacts/?owner={people['mate'].pk}"))


def test_the_ids_of_the_list_are_unique(hoefle, kurz):
    rows = {row.pk: (row.kind, row.record_id) for row in Listed.objects.all()}
    assert set(rows.values()) == {("company", hoefle.pk), ("person", kurz.pk)}


def test_export_is_what_is_filtered_and_no_formula(signed_in, hoefle, kurz, secret, people):
    Company.objects.create(name="=cmd()|x", owner=people["rep"])
    answer = signed_in("rep").get("/contacts/?export=csv&sort=name", **ENGLISH)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=","))
    names = [row[rows[0].index("Name")] for row in rows[1:]]
    assert sorted(names) == ["'=cmd()|x", "Höfle Verpackungstechnik GmbH & Co. KG", "Sabine Kurz"]
    assert "Geheimwerk" not in body.decode("utf-8-sig")
    assert signed_in("readonly").get("/contacts/?export=csv").status_code == 404


def test_the_company_of_a_person_is_named_only_to_who_may_see_it(signed_in, people, secret):
    person = Person.objects.create(last_name="Eigene", owner=people["rep"], company=secret)
    for url in ("/contacts/?col=company", person.get_absolute_url(), f"{person.get_absolute_url()}?tab=history"):
        assert "Geheimwerk" not in text(signed_in("rep").get(url))
    assert "Geheimwerk" in text(signed_in("manager").get("/contacts/?col=company"))


def test_as_many_queries_with_5_as_with_200(signed_in, people, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in("rep")

    def queries(url):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    def persons(n):
        Person.objects.bulk_create(Person(last_name=f"Mensch {i}", company=company) for i in range(n))

    [company, *_rest] = Company.objects.bulk_create(Company(number=f"X-{i}", name=f"Firma {i}") for i in range(5))
    persons(5)
    urls = ["/contacts/", company.get_absolute_url(), f"{company.get_absolute_url()}?tab=persons", "/search/?q=firma"]
    few = {url: queries(url) for url in urls}
    Company.objects.bulk_create(Company(number=f"Y-{i}", name=f"Firma {i}") for i in range(195))
    persons(195)
    assert {url: queries(url) for url in urls} == few
    assert few["/contacts/"] <= 15


# ── the record page ─────────────────────────────────────────────────────────────────────────────────
def test_a_swap_equals_a_reload(signed_in, hoefle, kurz):
    client = signed_in("rep")
    for url in (hoefle.get_absolute_url(), f"{hoefle.get_absolute_url()}?tab=persons", kurz.get_absolute_url()):
        part = text(client.get(url, **PART)).strip()
        assert part.startswith("<article")
        assert part in text(client.get(url))


def test_the_timeline_is_on_the_page(signed_in, hoefle, people):
    client = signed_in("manager")
    url = reverse("contacts:fact-company", args=[hoefle.pk, "city"])
    assert client.post(url, {"city": "Waldrems"}, **PART).status_code == 204
    page = text(client.get(hoefle.get_absolute_url(), **ENGLISH))
    assert "<b>Manager</b> changed city: Backnang → Waldrems" in page
    assert "<b>Rep</b> created this" in page


@pytest.mark.parametrize("tab", ["overview", "persons", "opportunities", "inbox", "files", "history", "nonsense"])
def test_every_tab(signed_in, hoefle, kurz, tab):
    assert signed_in("rep").get(f"{hoefle.get_absolute_url()}?tab={tab}").status_code == 200


@pytest.mark.parametrize("before", ["x", "2026-13-45", "2026-01-01", "2026-01-01T00:00:00+00:00", "9" * 500])
def test_any_page_of_the_history(signed_in, hoefle, before):
    assert signed_in("rep").get(hoefle.get_absolute_url(), {"tab": "history", "before": before}).status_code == 200


def test_a_company_shows_only_the_persons_one_may_see(signed_in, hoefle, kurz, people):
    Person.objects.create(last_name="Unsichtbar", company=hoefle, owner=people["stranger"])
    for tab in ("overview", "persons"):
        page = text(signed_in("rep").get(f"{hoefle.get_absolute_url()}?tab={tab}"))
        assert "Sabine Kurz" in page
        assert "Unsichtbar" not in page


# ── create, edit ────────────────────────────────────────────────────────────────────────────────────
def test_a_new_company_is_kept_in_one_notation(signed_in, people):
    data = company_data(
        name="  Anker   Antriebe GmbH ",
        email="Info@Anker.Example",
        phone="030/1234",
        website="www.Anker.example",
        vat_id="de 136 695 976",
        country="DE",
        owner=people["rep"].pk,
    )
    answer = signed_in("rep").post("/contacts/companies/new/", data)
    company = Company.objects.get()
    assert answer.url == company.get_absolute_url()
    kept = (company.name, company.legal_form, company.email, company.phone, company.website, company.vat_id)
    assert kept == (
        "Anker Antriebe GmbH",
        "GmbH",
        "info@anker.example",
        "+49301234",
        "https://www.anker.example",
        "DE136695976",
    )
    assert company.owner == people["rep"]
    assert company.number.startswith("K-")


def test_a_double_is_named_before_it_is_made(signed_in, hoefle):
    client = signed_in("rep")
    data = company_data(name="Hoefle Verpackungstechnik", city="Backnang")
    page = text(client.post("/contacts/companies/new/", data, **ENGLISH))
    assert "This company probably exists already." in page
    assert hoefle.get_absolute_url() in page
    assert "Same name, same city" in page
    assert "Create anyway" in page
    assert Company.objects.count() == 1
    live = text(client.post("/contacts/companies/check/", data, **PART, **ENGLISH))
    mark = live.split('name="warned" value="')[1].split('"')[0]
    assert mark in page
    client.post("/contacts/companies/new/", data | {"warned": mark})
    assert Company.objects.count() == 2


def test_a_double_that_one_may_not_see_is_said_and_not_shown(signed_in, secret):
    data = company_data(name="Geheimwerk GmbH", city="Verstecktstadt")
    answer = signed_in("rep").post("/contacts/companies/check/", data, **PART, **ENGLISH)
    page = text(answer)
    assert "It exists, but you may not see it. Stranger is responsible." in page
    for word in ("Geheimwerk", "Verstecktstadt", secret.number, secret.get_absolute_url(), "alike", "same"):
        assert word not in page


def test_a_person_from_a_company_page(signed_in, hoefle, people):
    client = signed_in("rep")
    page = text(client.get(f"/contacts/persons/new/?company={hoefle.pk}", **PART))
    assert f'<option value="{hoefle.pk}" selected' in page
    data = {"first_name": "Jens", "last_name": "Wolf", "company": hoefle.pk, "is_active": "on"}
    client.post("/contacts/persons/new/", data | {"further_emails": "a@b.example; C@d.example,a@b.example"})
    person = Person.objects.get()
    assert person.company == hoefle
    assert sorted(e.email for e in person.further_emails.all()) == ["a@b.example", "c@d.example"]


def test_a_company_from_a_person_page_becomes_theirs(signed_in, people):
    person = Person.objects.create(last_name="Wolf", owner=people["rep"])
    signed_in("rep").post(f"/contacts/companies/new/?person={person.pk}", company_data())
    person.refresh_from_db()
    assert person.company.name == "Neu AG"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "   ", "This field is required."),
        ("email", "keine", "Enter a valid email address."),
        ("website", "kein web", "This is not a web address."),
        ("vat_id", "DE136695977", "The check digit of this VAT ID is not right."),
        ("phone", "keine", "This is not a phone number."),
        ("name", "x" * 100_000, "at most 200 characters"),
        ("status", "king", "Select a valid choice."),
        ("payment_terms_days", "-1", "greater than or equal to 0"),
        ("leitweg_id", "991-12345-00", "not a valid Leitweg-ID"),
        ("invoice_email", "keine", "Enter a valid email address."),
        ("customer_since", "2026-02-30", "valid date"),
        ("owner", "999999999999999999999", "Select a valid choice."),
        ("parent", "x", "Select a valid choice."),
        ("country", "XX", "Select a valid choice."),
    ],
)
def test_mistakes_are_said_beside_the_field(signed_in, db, field, value, message):
    answer = signed_in("rep").post("/contacts/companies/new/", company_data(**{field: value}), **ENGLISH)
    assert message in text(answer)
    assert Company.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["🙂 & Söhne", "<script>alert(1)</script>", "a\x00b\u202egnp", '"><img src=x onerror=1>']
)
def test_strange_names_are_shown_as_text(signed_in, people, name):
    client = signed_in("rep")
    answer = client.post("/contacts/companies/new/", company_data(name=name, owner=people["rep"].pk))
    company = Company.objects.get()
    assert "\x00" not in company.name
    assert "\u202e" not in company.name
    for url in (answer.url, "/contacts/", "/search/?q=a", reverse("contacts:edit-company", args=[company.pk])):
        page = text(client.get(url))
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_prospect_becomes_a_customer_today_and_never_again_a_prospect(signed_in, hoefle):
    client = signed_in("rep")
    url = reverse("contacts:fact-company", args=[hoefle.pk, "status"])
    assert client.post(url, {"status": "customer"}, **PART).status_code == 204
    hoefle.refresh_from_db()
    assert hoefle.customer_since is not None
    assert client.post(url, {"status": "prospect"}, **PART, **ENGLISH).status_code in (200, 409)
    hoefle.refresh_from_db()
    assert hoefle.status == "customer"


def test_a_new_name_brings_its_legal_form(signed_in, rep):
    from contacts import actions

    company = actions.create_company(by=rep, name="Anker GmbH")
    signed_in("rep").post(reverse("contacts:fact-company", args=[company.pk, "name"]), {"name": "Anker AG"}, **PART)
    company.refresh_from_db()
    assert (company.name, company.legal_form) == ("Anker AG", "AG")


def test_two_edit_at_once_the_second_sees_both(signed_in, hoefle):
    client = signed_in("rep")
    url = reverse("contacts:edit-company", args=[hoefle.pk])
    stale = company_data(name=hoefle.name, city="Ulm", version=hoefle.updated_at.isoformat())
    Company.objects.filter(pk=hoefle.pk).first().save()
    Company.objects.filter(pk=hoefle.pk).update(city="Emden")
    page = text(client.post(url, stale, **ENGLISH))
    assert "Someone else changed this record in the meantime." in page
    assert "Now: Emden" in page
    hoefle.refresh_from_db()
    assert hoefle.city == "Emden"
    client.post(url, stale | {"version": hoefle.updated_at.isoformat()})
    hoefle.refresh_from_db()
    assert hoefle.city == "Ulm"


def test_the_pages_of_a_form_lead_back(signed_in, hoefle):
    client = signed_in("rep")
    for name, args in (("new-company", []), ("edit-company", [hoefle.pk])):
        url = reverse(f"contacts:{name}", args=args)
        page = text(client.get(url, **ENGLISH))
        assert '<a href="/contacts/?tab=companies">Companies</a>' in page
        assert "crumbs" not in text(client.get(url, **PART)), "a dialog stands on its page"
    assert f'<a href="{hoefle.get_absolute_url()}">{hoefle}</a>' in page.replace("&amp;", "&")


def test_no_circle_of_parents(signed_in, hoefle, rep):
    child = Company.objects.create(name="Tochter", parent=hoefle, owner=rep)
    url = reverse("contacts:fact-company", args=[hoefle.pk, "parent"])
    page = text(signed_in("rep").post(url, {"parent": child.pk}, **PART, **ENGLISH))
    assert "belongs to the one that is being edited" in page
    hoefle.refresh_from_db()
    assert hoefle.parent is None


def test_a_foreign_company_cannot_be_chosen(signed_in, kurz, secret):
    url = reverse("contacts:fact-person", args=[kurz.pk, "company"])
    assert signed_in("rep").post(url, {"company": secret.pk}, **PART).status_code == 200
    kurz.refresh_from_db()
    assert kurz.company_id != secret.pk


def test_tags_in_place(signed_in, hoefle):
    tag = Tag.objects.create(name="A-Kunde")
    url = reverse("contacts:fact-company", args=[hoefle.pk, "tags"])
    client = signed_in("rep")
    assert client.post(url, {"tags": [tag.pk]}, **PART).status_code == 204
    assert list(hoefle.tags.all()) == [tag]
    assert "added the tag A-Kunde" in text(client.get(hoefle.get_absolute_url(), **ENGLISH))


# ── delete ──────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_in_use_stays_and_says_by_what(signed_in, hoefle, kurz, people):
    Person.objects.create(last_name="Unsichtbar", company=hoefle, owner=people["stranger"])
    url = reverse("contacts:delete-company", args=[hoefle.pk])
    answer = signed_in("manager").post(url, HTTP_REFERER="http://testserver/contacts/", follow=True, **ENGLISH)
    assert Company.objects.filter(pk=hoefle.pk).exists()
    assert "still in use and cannot be deleted: persons (Sabine Kurz, Unsichtbar)" in text(answer)


def test_a_deleted_company_takes_its_files_along(signed_in, hoefle, django_capture_on_commit_callbacks):
    client = signed_in("manager")
    upload(client, hoefle)
    stored = StoredFile.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("contacts:delete-company", args=[hoefle.pk])).url == "/contacts/"
    assert not Company.objects.exists()
    assert not StoredFile.objects.exists()
    assert not stored.content.storage.exists(stored.content.name)


def test_a_rep_may_not_delete(signed_in, hoefle):
    client = signed_in("rep")
    assert client.post(reverse("contacts:delete-company", args=[hoefle.pk])).status_code == 404
    assert "/delete/" not in text(client.get(hoefle.get_absolute_url()))
    assert Company.objects.exists()


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
def upload(client, contact, name="../../böse<b>.html", content=b"<script>alert(1)</script>"):
    url = reverse("contacts:upload-company", args=[contact.pk])
    return client.post(url, {"files": SimpleUploadedFile(name, content, "text/html")}, **PART)


def test_files_come_and_go(signed_in, hoefle, people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = signed_in("rep")
    assert upload(client, hoefle).status_code == 204
    stored = hoefle.files.get()
    url = reverse("contacts:file-company", args=[hoefle.pk, stored.pk])
    answer = client.get(url)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert signed_in("stranger").get(url).status_code == 404
    remove = reverse("contacts:remove-file-company", args=[hoefle.pk, stored.pk])
    assert signed_in("mate").post(remove).status_code == 404
    assert signed_in("rep").post(remove, **PART).status_code == 204
    assert not StoredFile.objects.exists()


def test_a_file_used_elsewhere_is_kept(signed_in, hoefle, rep):
    client = signed_in("rep")
    upload(client, hoefle)
    stored = hoefle.files.get()
    other = Company.objects.create(name="Andere", owner=rep)
    other.files.add(stored)
    client.post(reverse("contacts:remove-file-company", args=[hoefle.pk, stored.pk]), **PART)
    assert list(other.files.all()) == [stored]
    assert not hoefle.files.exists()


def test_a_file_too_large_is_refused(signed_in, hoefle):
    largest = UploadForm.base_fields["files"].largest
    answer = upload(signed_in("rep"), hoefle, content=b"x" * (largest + 1))
    assert "toast" in answer["HX-Trigger"]
    assert not StoredFile.objects.exists()


# ── who may ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", ["rep", "mate", "lead", "stranger", "readonly", "service", "manager"])
def test_who_sees_and_who_changes(signed_in, hoefle, who):
    client = signed_in(who)
    sees = who != "stranger"
    changes = who in {"rep", "service", "manager"}
    answer = client.get(hoefle.get_absolute_url())
    assert answer.status_code == (200 if sees else 404)
    assert ("Höfle" in text(answer)) is sees
    change = client.post(reverse("contacts:fact-company", args=[hoefle.pk, "city"]), {"city": "Neu"}, **PART)
    assert change.status_code == (204 if changes else 404)
    hoefle.refresh_from_db()
    assert hoefle.city == ("Neu" if changes else "Backnang")
    create = client.post("/contacts/companies/new/", company_data())
    assert create.status_code == (404 if who == "readonly" else 302)


@pytest.mark.parametrize("url", ["/contacts/companies/pick/", "/contacts/persons/pick/"])
def test_pickers_offer_what_one_may_see(signed_in, hoefle, kurz, secret, people, url):
    Person.objects.create(last_name="Geheim", owner=people["stranger"])
    found = signed_in("rep").get(url, {"q": "e"}).json()["results"]
    assert [hit["text"] for hit in found] == [str(hoefle if "companies" in url else kurz)] or found == []
    everything = signed_in("rep").get(url).json()["results"]
    assert len(everything) == 1
    assert "Geheim" not in str(everything)
    assert signed_in("rep").get(url, {"q": "x" * 100_000}).status_code == 200
    assert signed_in("rep").get(url, {"q": "\x00'%_\\"}).status_code == 200


def test_nobody_gets_in_without_signing_in(client, hoefle):
    for url in ("/contacts/", hoefle.get_absolute_url(), "/contacts/companies/pick/", "/contacts/companies/new/"):
        assert client.get(url).url.startswith("/login/")


def test_the_search_finds_contacts(signed_in, hoefle, kurz, secret):
    page = text(signed_in("rep").get("/search/?q=hoefle"))
    assert hoefle.get_absolute_url() in page
    assert "Geheimwerk" not in text(signed_in("rep").get("/search/?q=geheim"))
