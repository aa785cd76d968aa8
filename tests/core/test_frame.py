"""The frame: doors, sign-in, theme and language, messages, redirects for htmx."""

import copy
import json

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.urls import path
from django.utils import translation

from contacts.models import Company
from crm.core import frame, http
from crm.core.templatetags.crm import draw_icon
from crm.urls import urlpatterns as frame_urls

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/somewhere/?tab=2"}


def say(request):
    http.announce(request, "Grüße", "warn", undo_url="/undo/")
    if request.GET.get("to"):
        return http.redirect(request, "/search/")
    if request.GET.get("done"):
        return http.done(request, "/search/", "Saved")
    return HttpResponse("part")


urlpatterns = [path("say/", say), *frame_urls]


def test_every_door_opens(signed_in):
    client = signed_in("admin")
    assert [d.key for d in frame.doors][:10] == [
        "dashboard", "board", "inbox", "opportunities", "contacts",
        "settings", "activities", "budget", "reporting", "servicetickets",
    ]  # fmt: skip
    for door in frame.doors.later():
        response = client.get(f"/{door.key}/")
        assert response.status_code == 200
        assert 'aria-current="page"' in response.content.decode()
    assert client.get("/").status_code == 302


def test_a_door_without_the_right_is_not_shown(signed_in, people, monkeypatch):
    doors = copy.deepcopy(frame.doors)
    doors.register(frame.Door("inbox", "Inbox", "inbox", "help", area="inbox", count=lambda request: 7))
    monkeypatch.setattr(frame, "doors", doors)
    assert ">7</span>" in signed_in("rep").get("/help/").content.decode()
    people["rep"].role.rights.filter(area="inbox").delete()
    assert 'title="Inbox"' not in signed_in("rep").get("/help/", headers={"Accept-Language": "en"}).content.decode()


def test_a_part_has_no_frame(signed_in):
    html = signed_in("rep").get("/help/", headers=HTMX).content.decode()
    assert "<html" not in html
    assert "<h1" in html
    assert html.strip() in signed_in("rep").get("/help/").content.decode()


def test_no_page_has_inline_scripts_or_styles(signed_in, client):
    pages = [client.get("/login/")] + [
        signed_in("admin").get(u) for u in ("/help/", "/search/?q=x", "/account/password/", "/nope/")
    ]
    for page in pages:
        html = page.content.decode()
        assert " style=" not in html
        assert " onclick=" not in html
        assert "<script>" not in html
        assert "<style" not in html


def test_signed_out_goes_to_the_sign_in_and_back_to_where_one_was(client):
    assert client.get("/help/").headers["Location"].startswith("/login/?next=/help/")
    response = client.get("/help/", headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/login/?next=%2Fsomewhere%2F%3Ftab%3D2"


@pytest.mark.urls(__name__)
def test_messages_reach_htmx_by_a_header_and_others_on_the_next_page(signed_in):
    client = signed_in("rep")
    toast = json.loads(client.get("/say/", headers=HTMX).headers["HX-Trigger"])["toast"]["toasts"]
    assert toast == [{"text": "Grüße", "level": "warn", "undo": "/undo/"}]
    response = client.get("/say/?to=1", headers=HTMX)
    assert response.headers["HX-Redirect"] == "/search/"
    assert "Grüße" in client.get("/search/").content.decode()
    assert client.get("/say/?to=1").status_code == 302
    done = client.get("/say/?done=1", headers=HTMX)
    assert done.status_code == 204
    assert {"changed", "dialog:close", "toast"} <= set(json.loads(done.headers["HX-Trigger"]))


def test_theme_and_language_are_kept(signed_in, people):
    client, rep = signed_in("rep"), people["rep"]
    client.post("/account/theme/", {"theme": "dark", "next": "https://evil.example/"})
    client.post("/account/language/", {"language": "en"})
    client.post("/account/language/", {"language": "xx"})
    rep.refresh_from_db()
    assert (rep.theme, rep.language) == ("dark", "en")
    response = client.post("/account/theme/", {"theme": "nothing", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
    assert 'data-bs-theme="dark"' in client.get("/help/").content.decode()


def test_the_search_survives_anything(signed_in):
    client = signed_in("rep")
    for term in ("%00", "x" * 10_000, "%25", "<script>alert(1)</script>", ""):
        response = client.get(f"/search/?q={term}")
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()


def test_the_search_says_where_it_shows_only_the_first(signed_in, people):
    client = signed_in("admin")
    client.cookies["django_language"] = "en"
    for n in range(9):
        assert "the first 8" not in client.get("/search/?q=Seidel").content.decode()
        Company.objects.create(name=f"Seidel {n}", owner=people["rep"])
    html = client.get("/search/?q=Seidel").content.decode()
    assert "the first 8" in html
    assert html.count('<li><a href="/contacts/companies/') == 8


def test_the_search_over_everything_does_not_take_up_the_term_of_a_list(signed_in):
    client = signed_in("rep")
    page = client.get("/inbox/?q=Spindel").content.decode()
    assert 'id="top-q" value=""' in page
    assert 'id="top-q" value="Spindel"' in client.get("/search/?q=Spindel").content.decode()


def test_an_icon_that_does_not_exist_is_an_error():
    for name in ("no-such-icon", "../../package"):
        with pytest.raises(ValueError, match="icon"):
            draw_icon(name)
    assert 'aria-hidden="true"' in draw_icon("inbox")
    assert "&lt;b&gt;" in draw_icon("inbox", label="<b>")


@pytest.mark.parametrize(
    ("language", "template", "text"),
    [
        ("de", "{{ n|money }}", "1.234,50\u00a0€"),
        ("en", "{{ n|money }}", "€1,234.50"),
        ("de", "{{ m|money0 }}", "−1.235\u00a0€"),
        ("de", "{{ p|percent }}", "55\u00a0%"),
        ("de", "{{ d|day }}", "23.11.2026"),
        ("en", "{{ d|day }}", "23 Nov 2026"),
        ("de", "{{ none|money }}", "–"),
        ("de", "{{ big|number }}", "1.234.567"),
    ],
)
def test_values_are_shown_as_the_language_writes_them(language, template, text):
    import datetime
    from decimal import Decimal

    context = {
        "n": Decimal("1234.5"), "m": Decimal("-1234.5"), "p": 55, "d": datetime.date(2026, 11, 23), "none": None,
        "big": 1234567,
    }  # fmt: skip
    with translation.override(language):
        assert Template(template).render(Context(context)) == text


@pytest.mark.parametrize("name", ["rep", None])
def test_a_request_that_is_refused_before_any_view_gets_a_page(client, signed_in, name):
    """A host that is not ours: somebody's proxy, or somebody who tries."""
    visitor = signed_in(name) if name else client
    answer = visitor.get("/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert b'class="gate-card"' in answer.content
