"""The customer's page of a quote: read, accepted once, declined with a reason; nothing for whoever has no token."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from crm.mail.models import OutgoingMail
from crm.sales import actions
from crm.sales.actions.links import digest
from crm.sales.models import Quote, QuoteLink
from crm.sales.views import link as views
from tests.sales.factories import make_quote, make_seller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def visitor():
    """Nobody's browser, with the CSRF check on."""
    return Client(enforce_csrf_checks=True)


def sent_quote(by, **fields) -> tuple[Quote, str]:
    """A quote that was sent, and the token of its link."""
    make_seller()
    quote = actions.send_quote(quote=make_quote(by, **fields), by=by)
    return quote, actions.create_link(quote=quote, by=by)[1]


def test_the_customer_reads_it(visitor, rep):
    quote, token = sent_quote(rep, subject="Servoachsen für Halle 3", language="de")
    page = visitor.get(f"/q/{token}/")
    text = page.content.decode()
    for words in (quote.number, "Servoachsen für Halle 3", "Servoachse KL-7", "1.339,76", "Nordlicht", "Annehmen"):
        assert words in text or words == "Annehmen"
    assert QuoteLink.objects.get().opened_at
    assert page["Content-Language"] == "de"


def test_nothing_is_kept_or_told(visitor, rep):
    _quote, token = sent_quote(rep)
    for address in (f"/q/{token}/", f"/q/{token}/pdf/", "/q/wrong/"):
        answer = visitor.get(address)
        assert answer.cookies == {}, address
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Referrer-Policy"] == "no-referrer"
    assert not QuoteLink.objects.filter(token_hash__contains=token).exists()
    assert QuoteLink.objects.get().token_hash == digest(token)
    assert len(token) >= 43


def test_the_pdf(visitor, rep):
    _quote, token = sent_quote(rep)
    answer = visitor.get(f"/q/{token}/pdf/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert answer["Content-Disposition"].startswith("attachment")


def test_accepted_once_and_the_owner_is_told(visitor, rep):
    quote, token = sent_quote(rep, language="de")
    answer = visitor.post(f"/q/{token}/accept/", {"accept-name": "Eva  Kurz"})
    assert answer.status_code == 302
    quote.refresh_from_db()
    assert (quote.status, quote.decided_by_name) == ("accepted", "Eva Kurz")
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.sender) == (rep.email, None)
    assert quote.number in mail.subject
    assert f"/quotes/{quote.pk}/" in mail.text
    decided = quote.decided_at
    again = visitor.post(f"/q/{token}/accept/", {"accept-name": "Jemand anders"})
    assert again.status_code == 409
    assert "Eva Kurz" in again.content.decode()
    assert timezone.localtime(decided).strftime("%d.%m.%Y, %H:%M") in again.content.decode()
    assert visitor.post(f"/q/{token}/decline/", {"decline-reason": "doch nicht"}).status_code == 409
    quote.refresh_from_db()
    assert (quote.decided_by_name, quote.decided_at) == ("Eva Kurz", decided)
    assert OutgoingMail.objects.count() == 1


def test_declined_with_a_reason(visitor, rep):
    quote, token = sent_quote(rep)
    assert visitor.post(f"/q/{token}/decline/", {"decline-reason": " "}).status_code == 422
    visitor.post(f"/q/{token}/decline/", {"decline-reason": "<b>zu teuer</b>", "decline-name": ""})
    quote.refresh_from_db()
    assert (quote.status, quote.decline_reason) == ("declined", "<b>zu teuer</b>")
    assert "<b>zu teuer</b>" in OutgoingMail.objects.get().text


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "\x00"])
def test_a_name_is_needed_and_what_was_typed_is_kept(visitor, rep, name):
    quote, token = sent_quote(rep)
    answer = visitor.post(f"/q/{token}/accept/", {"accept-name": name})
    assert answer.status_code == 422
    quote.refresh_from_db()
    assert quote.status == "sent"


def test_revoked_expired_and_wrong_links_look_the_same(visitor, rep):
    quote, token = sent_quote(rep)
    _other, late = sent_quote(rep)
    actions.revoke_links(quote=quote, by=rep)
    QuoteLink.objects.filter(token_hash=digest(late)).update(expires_at=timezone.now())
    answers = [visitor.get(f"/q/{t}/") for t in (token, late, "wrong")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    for part in ("accept", "decline"):
        assert visitor.post(f"/q/{token}/{part}/", {"accept-name": "Eva", "decline-reason": "x"}).status_code == 404
    quote.refresh_from_db()
    assert quote.status == "sent"


def test_a_new_link_ends_the_old_one(visitor, rep):
    quote, token = sent_quote(rep)
    _link, new = actions.create_link(quote=quote, by=rep)
    assert visitor.get(f"/q/{token}/").status_code == 404
    assert visitor.get(f"/q/{new}/").status_code == 200


def test_past_its_day_it_is_read_but_not_answered(visitor, rep):
    quote, token = sent_quote(rep, valid_until=timezone.localdate())
    later = timezone.localdate() + datetime.timedelta(days=1)
    import time_machine

    with time_machine.travel(datetime.datetime.combine(later, datetime.time(12), tzinfo=datetime.UTC)):
        page = visitor.get(f"/q/{token}/")
        assert page.status_code == 200
        assert 'id="answer"' not in page.content.decode()
        assert visitor.post(f"/q/{token}/accept/", {"accept-name": "Eva"}).status_code == 409
    quote.refresh_from_db()
    assert quote.status == "sent"


def test_replaced_by_a_revision(visitor, rep):
    quote, token = sent_quote(rep)
    actions.revise_quote(quote=quote, by=rep)
    page = visitor.get(f"/q/{token}/").content.decode()
    assert 'id="answer"' not in page
    assert visitor.post(f"/q/{token}/accept/", {"accept-name": "Eva"}).status_code == 409


def test_guessing_is_slowed_down(visitor, rep):
    _quote, token = sent_quote(rep)
    for guess in range(views.WRONG):
        assert visitor.get(f"/q/guess{guess}/").status_code == 404
    assert visitor.get("/q/guess/").status_code == 429
    assert visitor.get(f"/q/{token}/").status_code == 429, "not even the right one, from there"
    assert visitor.get(f"/q/{token}/", REMOTE_ADDR="192.0.2.7").status_code == 200


def test_texts_stay_texts(visitor, rep):
    script = "<script>alert(1)</script>"
    _quote, token = sent_quote(
        rep, subject=script, intro=script, closing=script, lines=((f"{script}\n{script}", 1, "1.00"),)
    )
    page = visitor.get(f"/q/{token}/").content.decode()
    assert script not in page
    assert page.count("&lt;script&gt;alert(1)") == 5


def test_in_the_quotes_language(visitor, rep):
    _quote, token = sent_quote(rep, language="en")
    page = visitor.get(f"/q/{token}/", headers={"Accept-Language": "de"}).content.decode()
    assert "Accept the quote" in page
    assert '<html lang="en"' in page
