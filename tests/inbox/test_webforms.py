"""Public web forms: what arrives, what is kept out, what a frame on another site may do."""

import datetime
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from crm.core.address import client_address, neighbourhood
from crm.core.refusals import Refused
from crm.files.forms import MEGABYTE
from inbox import webforms
from inbox.models import InboxItem, Submission, WebForm
from inbox.tasks import forget_addresses

pytestmark = pytest.mark.django_db
ADDRESS = "/forms/contact/"
FILLED = {"last_name": "Seidel", "email": "m.seidel@example.com", "company_name": "Höfle", "consent": "on"}


@pytest.fixture
def visitor():
    """Nobody's browser, with the CSRF check on: there is no cookie in a frame."""
    return Client(enforce_csrf_checks=True)


def token_of(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]


def empty_form(visitor, address=ADDRESS) -> str:
    """The token of a form that was opened a minute ago."""
    with mock.patch("inbox.webforms.time.time", return_value=time.time() - 60):
        return token_of(visitor.get(address))


def send(visitor, data=None, *, address=ADDRESS, token=None, **extra):
    return visitor.post(address, FILLED | {"token": token or empty_form(visitor)} | (data or {}), **extra)


def test_a_message_becomes_an_item(visitor, webform, rep):
    answer = send(visitor, {"message": "Hello\nthere", "expected_budget": "1,500"})
    assert answer.status_code == 302
    assert "Thank you" in visitor.get(answer.url).content.decode()
    item = InboxItem.objects.get()
    assert item.title == "Web form: Höfle"
    assert (item.kind, item.owner, item.source.name) == ("mql", rep, "Webformular")
    assert item.message.splitlines() == ["Hello", "there"]
    assert item.expected_budget == 1500
    assert item.submission.consent_text == "You may answer me."


def test_the_form_speaks_its_own_language(visitor, webform):
    page = visitor.get(ADDRESS, headers={"Accept-Language": "de"})
    assert page["Content-Language"] == "en"
    assert "Company name" in page.content.decode()


def test_without_consent_nothing_is_stored_and_all_is_kept_in_the_form(visitor, webform):
    answer = send(visitor, {"consent": "", "message": "Do not lose me"})
    assert answer.status_code == 422
    assert "Do not lose me" in answer.content.decode()
    assert not InboxItem.objects.exists()


def test_another_consent_text_has_to_be_read_first(visitor, webform):
    token = empty_form(visitor)
    WebForm.objects.update(consent_text="You may sell my data.")
    assert send(visitor, token=token).status_code == 422
    assert not InboxItem.objects.exists()


def test_required_fields_say_so_beside_themselves(visitor, webform):
    answer = send(visitor, {"email": "", "last_name": ""})
    assert answer.status_code == 422
    assert answer.content.decode().count("field-error") == 2


def test_what_the_form_does_not_ask_for_is_not_taken(visitor, webform, people):
    send(visitor, {"city": "Ulm", "owner": people["stranger"].pk, "created_at": "2001-01-01", "title": "x"})
    item = InboxItem.objects.get()
    assert item.city == ""
    assert item.owner == people["rep"]
    assert item.created_at.year > 2001


def test_an_empty_message_is_none(visitor, webform):
    WebForm.objects.update(fields=[{"name": "email"}, {"name": "message"}], consent_text="")
    answer = send(visitor, {"email": "", "message": " "})
    assert answer.status_code == 422
    assert "at least one field" in answer.content.decode()


def test_a_machine_that_fills_in_the_hidden_field_is_thanked_and_forgotten(visitor, webform):
    answer = send(visitor, {"homepage": "https://spam.example"})
    assert answer.status_code == 302
    assert not InboxItem.objects.exists()


def test_nobody_is_that_quick(visitor, webform):
    token = token_of(visitor.get(ADDRESS))
    answer = send(visitor, token=token)
    assert answer.status_code == 422
    assert "very quick" in answer.content.decode()
    assert token_of(answer) == token
    assert not InboxItem.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\0", "x" * 5000])
def test_without_a_token_of_ours_the_form_is_shown_again(visitor, webform, token):
    answer = visitor.post(ADDRESS, FILLED | {"token": token})
    assert answer.status_code == 422
    assert "m.seidel@example.com" in answer.content.decode()
    assert not InboxItem.objects.exists()


def test_a_token_is_for_one_form_and_one_day(visitor, webform):
    other = WebForm.objects.create(name="Other", key="other", source=webform.source, fields=webform.fields)
    token = empty_form(visitor)
    assert webforms.read(webform, token)
    assert webforms.read(other, token) is None
    with mock.patch("inbox.webforms.time.time", return_value=time.time() + 24 * 60 * 60):
        assert webforms.read(webform, token) is None


def test_sent_twice_is_one_item_and_the_same_thanks(visitor, webform):
    token = empty_form(visitor)
    first, second = send(visitor, token=token), send(visitor, token=token)
    assert first.url == second.url
    assert InboxItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sent_many_times_at_once_is_one_item(webform):
    ticket = webforms.Ticket(uuid.uuid4(), 60)
    barrier = Barrier(6)

    def submit(_n):
        try:
            barrier.wait()
            return webforms.submit(webform=webform, ticket=ticket, sender="192.0.2.1", last_name="x").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(submit, range(6)))) == 1
    assert InboxItem.objects.count() == 1


def test_one_sender_has_five_tries_in_ten_minutes(visitor, webform):
    for _n in range(5):
        assert send(visitor).status_code == 302
    answer = send(visitor, {"message": "Do not lose me"})
    assert answer.status_code == 429
    assert "Do not lose me" in answer.content.decode()
    assert InboxItem.objects.count() == 5
    assert send(visitor, REMOTE_ADDR="192.0.2.77").status_code == 302
    Submission.objects.update(created_at=timezone.now() - datetime.timedelta(minutes=11))
    assert send(visitor).status_code == 302


def test_one_form_takes_sixty_an_hour_from_all_senders(webform):
    def submit(n):
        webforms.submit(webform=webform, ticket=webforms.Ticket(uuid.uuid4(), 60), sender=f"192.0.2.{n}", last_name="x")

    for n in range(60):
        submit(n)
    with pytest.raises(Refused):
        submit(61)


@pytest.mark.django_db(transaction=True)
def test_the_throttle_holds_when_all_come_at_once(webform):
    barrier = Barrier(8)

    def submit(_n):
        try:
            barrier.wait()
            webforms.submit(
                webform=webform, ticket=webforms.Ticket(uuid.uuid4(), 60), sender="192.0.2.1", last_name="x"
            )
        except Refused:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(submit, range(8)))
    assert InboxItem.objects.count() == 5


def test_addresses_are_forgotten_after_a_day(visitor, webform):
    send(visitor, REMOTE_ADDR="192.0.2.7")
    assert forget_addresses() == 0
    Submission.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))
    assert forget_addresses() == 1
    assert Submission.objects.get().address is None


# ── in a frame ──────────────────────────────────────────────────────────────────────────────────────
def test_only_the_named_sites_may_show_it_in_a_frame(visitor, webform):
    framed = visitor.get(ADDRESS + "?embed=1")
    assert "frame-ancestors https://www.example.com;" in framed["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in framed
    alone = visitor.get(ADDRESS)
    assert "frame-ancestors 'none'" in alone["Content-Security-Policy"]
    assert alone["X-Frame-Options"] == "DENY"
    WebForm.objects.update(embed_origins="")
    closed = visitor.get(ADDRESS + "?embed=1")
    assert "frame-ancestors 'none'" in closed["Content-Security-Policy"]


def test_the_frame_stays_a_frame_up_to_the_thanks(visitor, webform):
    address = ADDRESS + "?embed=1"
    answer = send(visitor, address=address, token=empty_form(visitor, address))
    thanks = visitor.get(answer.url)
    assert "frame-ancestors https://www.example.com" in thanks["Content-Security-Policy"]
    assert "embed=1" in thanks.context["again"]


def test_another_site_cannot_post_for_a_visitor(visitor, webform):
    assert send(visitor, headers={"Origin": "https://evil.example"}).status_code == 403
    assert send(visitor, headers={"Origin": "null"}).status_code == 403
    assert not InboxItem.objects.exists()
    assert send(visitor, headers={"Origin": "http://testserver"}).status_code == 302


def test_no_cookie_is_needed_or_set(visitor, webform):
    visitor.get(ADDRESS)
    assert not visitor.cookies


def test_a_form_that_is_switched_off_or_unknown_is_not_there(visitor, webform):
    WebForm.objects.update(is_active=False)
    assert visitor.get(ADDRESS).status_code == 404
    assert visitor.post(ADDRESS, FILLED).status_code == 404
    assert visitor.get(ADDRESS + "thanks/").status_code == 404
    assert visitor.get("/forms/no%00thing/").status_code == 404


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://www.example.com/contact?x", "https://www.example.com"),
        ("https://Bücher.example\n\nhttp://localhost:3000", "https://xn--bcher-kva.example\nhttp://localhost:3000"),
        ("", ""),
    ],
)
def test_origins_are_cut_to_what_a_browser_names(text, clean):
    assert webforms.clean_origins(text) == clean


@pytest.mark.parametrize(
    "text", ["example.com", "https://a.example; script-src *", "https://*", "javascript://x", "https://"]
)
def test_what_is_no_web_address_is_refused(text):
    with pytest.raises(ValidationError):
        webforms.clean_origins(text)


# ── bad input ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "bad",
    [
        "x" * 100_000,
        "a\0b",
        "👩‍🚒 emoji",
        "\u202eright to left",
        "<script>alert(1)</script>",
        "'; DROP TABLE inbox_inboxitem; --",
        "\r\nBcc: x@example.com",
    ],
)
def test_bad_input_is_text_or_a_message_beside_the_field(visitor, webform, bad):
    for name in ("company_name", "last_name", "email", "message", "expected_budget", "consent", "homepage", "token"):
        answer = send(visitor, {name: bad}, REMOTE_ADDR=f"192.0.2.{len(name)}")
        assert answer.status_code in (302, 422, 429)
    for item in InboxItem.objects.all():
        assert "\0" not in item.message
        assert "\u202e" not in item.title + item.message


def test_files_have_limits(visitor, webform):
    small = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(5)]
    assert send(visitor, {"files": small}).status_code == 302
    assert InboxItem.objects.get().files.count() == 5
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(6)]
    answer = send(visitor, {"files": many})
    assert answer.status_code == 422
    assert "5 files" in answer.content.decode()
    large = SimpleUploadedFile("large.bin", b"x" * (10 * MEGABYTE + 1))
    assert send(visitor, {"files": [large]}).status_code == 422
    assert InboxItem.objects.count() == 1


# ── where it came from ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ([], "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.2", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.7, 10.0.0.9", "198.51.100.7"),
        (["10.0.0.0/8"], "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (["10.0.0.0/8"], "10.0.0.2", "nonsense", "10.0.0.2"),
        (["10.0.0.0/8"], "", "198.51.100.7", None),
    ],
)
def test_a_forwarded_address_is_believed_only_from_our_proxy(settings, proxies, peer, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == address


def test_a_household_counts_as_one_sender():
    assert neighbourhood("2001:db8:1:2:aaaa::1") == neighbourhood("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::"
    assert neighbourhood("::ffff:192.0.2.1") == "192.0.2.1"
    assert neighbourhood(None) is None


# ── the settings ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("english")
class TestSettings:
    def test_only_admins_have_web_forms(self, signed_in, webform):
        for name in ("rep", "manager", "readonly"):
            client = signed_in(name)
            assert client.get(reverse("settings:webforms")).status_code == 404
            assert client.get(reverse("settings:webform", args=[webform.pk])).status_code == 404
            assert client.post(reverse("settings:webform-new"), {}).status_code == 404
        assert signed_in("admin").get(reverse("settings:webforms")).status_code == 200

    def test_a_form_is_made_with_its_fields_in_order(self, signed_in, visitor, webform):
        client = signed_in("admin")
        data = {
            "name": "Trade fair",
            "language": "en",
            "source": webform.source.pk,
            "is_active": "on",
            "embed_origins": "https://fair.example/",
            "show_message": "on",
            "place_message": "2",
            "show_email": "on",
            "need_email": "on",
            "place_email": "1",
        }
        answer = client.post(reverse("settings:webform-new"), data)
        made = WebForm.objects.get(name="Trade fair")
        assert answer.url == reverse("settings:webform", args=[made.pk])
        assert made.shown_fields == [("email", True), ("message", False)]
        assert made.origins == ["https://fair.example"]
        page = visitor.get(made.get_absolute_url()).content.decode()
        assert page.index('name="email"') < page.index('name="message"')
        assert "data-crm-form" in client.get(answer.url).context["code"]

    def test_a_form_needs_a_field_and_a_free_name(self, signed_in, webform):
        data = {"name": webform.name, "language": "en", "source": webform.source.pk}
        answer = signed_in("admin").post(reverse("settings:webform-new"), data)
        assert answer.status_code == 422
        assert WebForm.objects.count() == 1

    def test_sources_are_everybodys_and_statuses_the_admins(self, signed_in):
        assert signed_in("manager").get(reverse("settings:sources")).status_code == 200
        assert signed_in("manager").get(reverse("settings:processing-statuses")).status_code == 404
        assert signed_in("admin").get(reverse("settings:processing-statuses")).status_code == 200
