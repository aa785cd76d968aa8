"""Settings: what one sees there, the pick-lists, one's own profile and tokens."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from crm.accounts.models import ApiToken, User
from crm.lists.models import Source, Tag
from crm.setup import actions, pages
from crm.setup.models import Organisation
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as opportunities

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SOURCES = "/settings/sources/"
# The least that the page about the own company asks for.
OWN = {"name": "Rotenfels GmbH", "country": "DE", "payment_terms_days": "30", "quote_valid_days": "30"}


def names(model=Source, **which):
    return list(model.objects.filter(**which).values_list("name", flat=True))


# ── the navigation ──────────────────────────────────────────────────────────────────────────────────
def test_entries_are_shown_to_those_who_may(signed_in):
    everyone, sales = b"/settings/profile/", SOURCES.encode()
    html = signed_in("manager").get("/settings/").content
    assert everyone in html
    assert sales in html
    html = signed_in("rep").get("/settings/").content
    assert everyone in html
    assert sales not in html


def test_a_group_that_does_not_exist_is_a_mistake():
    with pytest.raises(ValueError, match="no group"):
        pages.register("nonsense", "x", "home")


def test_a_part_is_what_a_reload_shows(signed_in):
    client = signed_in("manager")
    for url in ("/settings/", "/settings/profile/", "/settings/api-tokens/", SOURCES):
        whole, part = client.get(url).content.decode(), client.get(url, headers=HTMX).content.decode()
        plain = [line.strip() for line in part.splitlines() if line.strip() and "csrf" not in line]
        assert plain
        assert [line for line in plain if line not in whole] == [], url


# ── pick-lists ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["rep", "service", "readonly"])
def test_without_the_right_there_is_no_list(signed_in, name):
    client, source = signed_in(name), Source.objects.first()
    before = names()
    assert client.get(SOURCES).status_code == 404
    for url in ("", "order/", f"{source.pk}/", f"{source.pk}/move/", f"{source.pk}/archive/", f"{source.pk}/delete/"):
        assert client.post(SOURCES + url, {"name": "x", "to": "up", "id": [1]}).status_code == 404, url
    assert names() == before


def test_to_see_is_not_to_change(signed_in, people):
    people["rep"].role.rights.create(area="settings", action="view", scope="own")
    client, source = signed_in("rep"), Source.objects.first()
    html = client.get(SOURCES).content.decode()
    assert source.name in html
    assert "<input" not in html.partition('id="picklist"')[2]
    assert client.post(SOURCES, {"name": "x"}).status_code == 404
    assert client.post(f"{SOURCES}{source.pk}/", {"name": "x"}).status_code == 404


def test_how_often_an_entry_is_used_is_grouped_like_any_number(signed_in, monkeypatch):
    monkeypatch.setattr("crm.setup.picklist.usage", lambda model, user: dict.fromkeys(model.objects.in_bulk(), 1257))
    page = signed_in("admin").get(SOURCES, headers={"Accept-Language": "de"}).content.decode()
    assert "1.257 Datensätze" in page


def test_an_entry_is_added_at_the_end(signed_in):
    client = signed_in("manager")
    answer = client.post(SOURCES, {"name": "  Messe   Hannover "}, headers=HTMX)
    assert answer.status_code == 200
    assert b"Messe Hannover" in answer.content
    assert names()[-1] == "Messe Hannover"
    assert client.post(SOURCES, {"name": "Ohne htmx"}).headers["Location"] == SOURCES


@pytest.mark.parametrize("name", ["", "   ", "FACEBOOK", "x" * 81])
def test_a_name_that_does_not_fit_is_said_beside_the_field(signed_in, name):
    client, before = signed_in("manager"), names()
    assert client.post(SOURCES, {"name": name}).status_code == 422
    assert b"field-error" in client.post(SOURCES, {"name": name}, headers=HTMX).content
    other = Source.objects.get(name="Webformular")
    assert client.post(f"{SOURCES}{other.pk}/", {"name": name}).status_code == 422
    assert b"field-error" in client.post(f"{SOURCES}{other.pk}/", {"name": name}, headers=HTMX).content
    assert names() == before


def test_colour_and_name_are_changed_one_by_one(signed_in):
    client, source = signed_in("manager"), Source.objects.get(name="Facebook")
    client.post(f"{SOURCES}{source.pk}/", {"colour": "teal"})
    client.post(f"{SOURCES}{source.pk}/", {"name": "Meta"})
    source.refresh_from_db()
    assert (source.name, source.colour) == ("Meta", "teal")
    client.post(f"{SOURCES}{source.pk}/", {"colour": "pink"})
    source.refresh_from_db()
    assert source.colour == "teal"


def test_a_box_can_be_ticked_and_unticked(signed_in):
    client, status = signed_in("admin"), ProcessingStatus.objects.get(name="Kontaktiert")
    from inbox.setup import Statuses

    url = f"/settings/{Statuses.slug}/{status.pk}/"
    client.post(url, {"name": status.name, "is_done": "on", "is_done-shown": "1"})
    assert ProcessingStatus.objects.get(pk=status.pk).is_done
    client.post(url, {"name": "Angerufen"})
    assert ProcessingStatus.objects.get(pk=status.pk).is_done
    client.post(url, {"name": "Angerufen", "is_done-shown": "1"})
    assert not ProcessingStatus.objects.get(pk=status.pk).is_done


def test_the_order_is_changed_by_dragging_and_by_steps(signed_in):
    client = signed_in("manager")
    ids = list(Source.objects.values_list("pk", flat=True))
    client.post(f"{SOURCES}order/", {"id": [ids[2], ids[0], "x", 10**20]})
    assert list(Source.objects.values_list("pk", flat=True)) == [ids[2], ids[0], ids[1], *ids[3:]]
    client.post(f"{SOURCES}{ids[1]}/move/", {"to": "up"})
    client.post(f"{SOURCES}{ids[2]}/move/", {"to": "up"})
    assert list(Source.objects.values_list("pk", flat=True)) == [ids[2], ids[1], ids[0], *ids[3:]]
    assert client.post(f"{SOURCES}{ids[1]}/move/", {"to": "sideways"}).status_code == 404


def test_archived_is_not_offered_and_comes_back(signed_in):
    client, source = signed_in("manager"), Source.objects.first()
    client.post(f"{SOURCES}{source.pk}/archive/")
    assert source.name not in names(is_active=True)
    client.post(f"{SOURCES}{source.pk}/restore/")
    assert source.name in names(is_active=True)


def test_the_last_status_stays(people):
    *others, last = ProcessingStatus.objects.all()
    for status in others:
        actions.archive_entry(entry=status, by=people["admin"], needed=True)
    with pytest.raises(actions.Refused, match=last.name):
        actions.archive_entry(entry=last, by=people["admin"], needed=True)
    with pytest.raises(actions.Refused):
        actions.delete_entry(entry=last, by=people["admin"], needed=True)


def test_only_what_nothing_uses_is_deleted(signed_in, people):
    client, source = signed_in("manager"), Source.objects.get(name="Facebook")
    for n in range(3):
        InboxItem.objects.create(title=f"A{n}", source=source, status=ProcessingStatus.objects.first())
    opportunities.create_opportunity(by=people["stranger"], title="L", source=source)
    html = client.get(SOURCES).content.decode()
    assert html.count('aria-disabled="true"') == 1
    dialog = client.get(f"{SOURCES}{source.pk}/delete/", headers=HTMX).content.decode()
    assert "3" in dialog
    assert "1" in dialog
    answer = client.post(f"{SOURCES}{source.pk}/delete/", headers=HTMX)
    assert "Facebook" in answer.headers["HX-Trigger"] or "Facebook" in answer.content.decode()
    assert "Facebook" in names()
    unused = Source.objects.get(name="Kaltakquise")
    client.post(f"{SOURCES}{unused.pk}/delete/", headers=HTMX)
    assert "Kaltakquise" not in names()


def test_a_tag_on_a_company_is_in_use(people):
    """Plain many-to-many tables would lose their rows silently."""
    from contacts.models import Company

    tag = Tag.objects.create(name="A-Kunde")
    Company.objects.create(name="Höfle", owner=people["rep"]).tags.add(tag)
    with pytest.raises(actions.Refused, match="A-Kunde"):
        actions.delete_entry(entry=tag, by=people["admin"])


def test_counts_are_of_what_one_may_see(people):
    from crm.core.usage import usage

    source = Source.objects.first()
    opportunities.create_opportunity(by=people["rep"], title="L", source=source)
    opportunities.create_opportunity(by=people["stranger"], title="L", source=source)
    assert usage(Source, people["rep"]).get(source.pk) == 1
    assert usage(Source, people["manager"]).get(source.pk) == 2


def test_the_list_needs_the_same_number_of_queries_for_any_number_of_entries(signed_in, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in("manager")
    client.get(SOURCES)
    with CaptureQueriesContext(connection) as few:
        client.get(SOURCES)
    Source.objects.bulk_create(Source(name=f"Quelle {n}") for n in range(60))
    with django_assert_num_queries(len(few)):
        client.get(SOURCES)


# ── one's own account ───────────────────────────────────────────────────────────────────────────────
def test_the_profile_changes_name_language_and_appearance_only(signed_in, people):
    client, rep = signed_in("rep"), people["rep"]
    data = {
        "name": "Anna Berger",
        "language": "en",
        "theme": "dark",
        "email": "x@y.example",
        "role": people["admin"].role_id,
    }
    assert client.post("/settings/profile/", data).status_code == 302
    fresh = User.objects.get(pk=rep.pk)
    assert (fresh.name, fresh.language, fresh.theme) == ("Anna Berger", "en", "dark")
    assert (fresh.email, fresh.role_id) == (rep.email, rep.role_id)
    answer = client.post("/settings/profile/", data | {"name": "", "theme": "pink"})
    assert answer.status_code == 422
    assert User.objects.get(pk=rep.pk).name == "Anna Berger"


def test_a_token_is_shown_once(signed_in, people):
    client = signed_in("rep")
    answer = client.post("/settings/api-tokens/new/", {"name": "Shop", "days": "30"}, headers=HTMX)
    token = ApiToken.objects.get()
    html = answer.content.decode()
    secret = html.partition('value="crm_')[2].partition('"')[0]
    assert ApiToken.user_of(f"crm_{secret}") == people["rep"]
    assert 29 <= (token.expires_at - token.created_at).days <= 30
    assert secret not in client.get("/settings/api-tokens/").content.decode()
    assert client.post("/settings/api-tokens/new/", {"name": "", "days": "7000"}).status_code == 422


def test_one_sees_and_ends_one_s_own_tokens_and_admins_all(signed_in, people):
    token, secret = ApiToken.issue(user=people["rep"], name="Shop")
    client = signed_in("mate")
    assert b"Shop" not in client.get("/settings/api-tokens/").content
    assert client.post(f"/settings/api-tokens/{token.pk}/revoke/").status_code == 404
    client = signed_in("admin")
    assert b"Shop" in client.get("/settings/api-tokens/").content
    assert ApiToken.user_of(secret) == people["rep"]
    signed_in("rep").post(f"/settings/api-tokens/{token.pk}/revoke/")
    assert ApiToken.user_of(secret) is None


# ── the company ─────────────────────────────────────────────────────────────────────────────────────
def test_the_company_s_name_stands_on_every_page(signed_in, settings):
    settings.COMPANY_NAME = "Nach Vorgabe AG"
    client = signed_in("admin")
    assert "Vorgabe AG" in client.get("/settings/").content.decode()
    client.post("/settings/company/", OWN | {"name": "Rotenfels Antriebstechnik GmbH"})
    client.post("/settings/company/", OWN | {"name": "Rotenfels Antriebe GmbH"})
    assert "Antriebe GmbH" in client.get("/settings/").content.decode()
    assert client.post("/settings/company/", OWN | {"name": " "}).status_code == 422


def test_only_administrators_name_the_company(signed_in):
    for name in ("manager", "rep"):
        assert signed_in(name).get("/settings/company/").status_code == 404
        assert signed_in(name).post("/settings/company/", {"name": "x"}).status_code == 404
    assert not Organisation.objects.exists()


def test_what_stands_on_papers_is_checked_and_kept_in_one_notation(signed_in):
    client = signed_in("admin")
    data = OWN | {
        "vat_id": "DE 811 569 869",
        "iban": "de89 3704 0044 0532 0130 00",
        "bic": "cobadeff",
        "phone": "0431 5550100",
    }
    assert client.post("/settings/company/", data).status_code == 302
    own = Organisation.objects.get()
    assert (own.vat_id, own.iban, own.bic) == ("DE811569869", "DE89370400440532013000", "COBADEFF")
    assert own.phone.startswith("+49431")
    for bad in ({"vat_id": "DE123456789"}, {"iban": "DE00370400440532013000"}, {"bic": "COBA"}):
        answer = client.post("/settings/company/", data | bad)
        assert answer.status_code == 422
        assert next(iter(bad.values())) in answer.content.decode(), "what was typed is kept"


def image(kind="PNG", size=(40, 20)):
    content = io.BytesIO()
    Image.new("RGB", size).save(content, kind)
    return SimpleUploadedFile("../mine.png", content.getvalue(), "image/png")


def test_a_logo_is_kept_replaced_and_removed(signed_in, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = signed_in("admin")
    assert client.post("/settings/company/", OWN | {"logo": image()}).status_code == 302
    first = Organisation.objects.get().logo.name
    assert first.startswith("logo/")
    assert "mine" not in first
    client.post("/settings/company/", OWN)
    assert Organisation.objects.get().logo.name == first, "saving something else leaves it"
    client.post("/settings/company/", OWN | {"logo": image("JPEG")})
    assert Organisation.objects.get().logo.name != first
    client.post("/settings/company/", OWN | {"remove_logo": "on"})
    assert not Organisation.objects.get().logo


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        SimpleUploadedFile("a.png", b"\x89PNG nonsense"),
        image("GIF"),
        image(size=(5000, 10)),
    ],
    ids=["svg", "broken", "gif", "wide"],
)
def test_a_logo_that_is_none_is_refused(signed_in, settings, tmp_path, upload):
    settings.MEDIA_ROOT = tmp_path
    upload.seek(0)
    assert signed_in("admin").post("/settings/company/", OWN | {"logo": upload}).status_code == 422
    assert not Organisation.objects.exists()
