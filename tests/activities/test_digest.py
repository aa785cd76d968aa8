"""The morning's digest: what it says, when it is sent, and that it is sent once."""

import datetime
import threading
import zoneinfo

import pytest
from django.db import connection

from activities import actions, digest
from activities.models import Preference
from crm.mail.models import OutgoingMail
from crm.setup.models import Organisation

pytestmark = pytest.mark.django_db
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime.datetime:
    """In March 2027; the 10th is a Wednesday."""
    return datetime.datetime(2027, month, day, hour, minute, tzinfo=BERLIN)


@pytest.fixture
def wish(people):
    return Preference.objects.create(user=people["rep"], wants_digest=True)


def sent(moment) -> OutgoingMail | None:
    """The mail that is written at that moment, if there is one."""
    before = set(OutgoingMail.objects.values_list("pk", flat=True))
    digest.send_due(moment)
    return OutgoingMail.objects.exclude(pk__in=before).first()


def test_what_it_says(call, wish, people):
    today = call("Preisgespräch", at(10, 14))
    call("Messe", at(9, 0), hours=48, all_day=True)
    late = call("Angebot nachfassen", at(8, 9))
    call("Muster bereitstellen", at(11, 9))
    call("Übermorgen", at(12, 9))
    call("ihres", at(10, 9), owner="mate")
    actions.complete(activity=call("fertig", at(10, 8)), by=people["rep"])
    mail = sent(at(10, 7))
    assert (mail.to, mail.sender, mail.subject) == ("rep@example.com", None, "Ihr Tag: Mittwoch, 10.03.2027")
    link = "http://127.0.0.1:8000"
    assert mail.text == (
        "Guten Morgen Rep,\n\n"
        "Heute:\n"
        "- 09.03.2027 – 10.03.2027, ganztägig: Messe\n"
        f"  {link}/activities/{today.pk + 1}/\n"
        "- 10.03.2027, 14:00–15:00: Preisgespräch\n"
        f"  {link}{today.get_absolute_url()}\n\n"
        "Überfällig:\n"
        "- 08.03.2027, 09:00–10:00: Angebot nachfassen\n"
        f"  {link}{late.get_absolute_url()}\n\n"
        "Donnerstag, 11.03.2027:\n"
        "- 11.03.2027, 09:00–10:00: Muster bereitstellen\n"
        f"  {link}/activities/{late.pk + 1}/\n\n"
        "Ihr Kalender:\n"
        f"{link}/activities/calendar/?view=day"
    )


def test_once_a_day_at_the_hour_that_was_chosen(call, wish, caplog):
    call("Preisgespräch", at(10, 14))
    call("Nachfassen", at(11, 14))
    assert sent(at(10, 6, 59)) is None
    assert sent(at(10, 7))
    assert sent(at(10, 7, 1)) is None
    assert sent(at(10, 11)) is None
    assert sent(at(11, 7))
    assert OutgoingMail.objects.count() == 2
    assert caplog.records == [], "nobody came so far that the mail's key had to stop him"


@pytest.mark.parametrize(("hour", "minute", "is_sent"), [(7, 0, True), (11, 59, True), (12, 0, False), (16, 0, False)])
def test_what_the_night_missed_is_made_up_for_until_noon(call, wish, hour, minute, is_sent):
    call("Preisgespräch", at(10, 18))
    assert bool(sent(at(10, hour, minute))) == is_sent


def test_whoever_wants_it_in_the_afternoon(call, wish):
    Preference.objects.update(digest_at=datetime.time(13, 30))
    call("Preisgespräch", at(10, 18))
    assert sent(at(10, 13, 29)) is None
    assert sent(at(10, 14, 31)) is None
    assert sent(at(10, 14))


def test_on_working_days_only(call, wish):
    """Not at weekends, and not on the holidays of our state; on Friday it looks ahead to Monday."""
    for day in range(1, 8):
        call("Anruf", at(day, 10, month=1))
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Höfle", "holiday_state": "BW"})
    got = {day: bool(sent(at(day, 8, month=1))) for day in range(1, 8)}
    # The 1st is New Year's Day, the 2nd and 3rd a weekend, the 6th Epiphany.
    assert got == {1: False, 2: False, 3: False, 4: True, 5: True, 6: False, 7: True}
    call("Montag früh", at(15, 9))
    assert "Montag, 15.03.2027:\n- 15.03.2027, 09:00–10:00: Montag früh" in sent(at(12, 8)).text


def test_nothing_to_do_is_no_mail(call, wish, people):
    call("in einer Woche", at(17, 9))
    call("ihres", at(10, 9), owner="mate")
    actions.cancel(activity=call("fällt aus", at(10, 9)), by=people["rep"])
    assert sent(at(10, 7)) is None
    wish.refresh_from_db()
    assert wish.digest_on == datetime.date(2027, 3, 10)


def test_only_those_who_want_it_and_are_there(call, wish, people):
    Preference.objects.create(user=people["mate"])
    for owner in ("rep", "mate", "lead"):
        call("Anruf", at(10, 9), owner=owner)
    people["rep"].is_active = False
    people["rep"].save()
    assert digest.send_due(at(10, 8)) == 0


def test_in_the_users_own_time_zone_and_language(call, wish, people):
    people["rep"].time_zone, people["rep"].language = "America/New_York", "en"
    people["rep"].save()
    call("Anruf", at(10, 16))
    assert sent(at(10, 7)) is None, "in New York it is one o'clock"
    mail = sent(at(10, 13))
    assert mail.subject == "Your Wednesday, 10 Mar 2027"
    assert "10 Mar 2027, 10:00–11:00: Anruf" in mail.text


def test_of_many_it_names_the_first(call, wish):
    for number in range(50):
        call(f"Anruf {number}", at(10, 8 + number % 10))
        call(f"alt {number}", at(9, 8))
    text = sent(at(10, 7)).text
    assert text.count("Anruf ") == 40
    assert text.count("alt ") == 15
    assert "und 10 weitere" in text
    assert "und 35 weitere" in text


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_send_one(call, wish, caplog):
    call("Anruf", at(10, 9))
    ready, written = threading.Barrier(8), []

    def work():
        try:
            ready.wait(10)
            written.append(digest.send_due(at(10, 8)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(written) == [0] * 7 + [1]
    assert OutgoingMail.objects.count() == 1
    assert caplog.records == []


def test_one_that_breaks_does_not_hold_up_the_others(call, wish, people, monkeypatch):
    Preference.objects.create(user=people["mate"], wants_digest=True)
    for owner in ("rep", "mate"):
        call("Anruf", at(10, 9), owner=owner)
    real = digest.mail.send

    def send(**fields):
        if fields["to"].startswith("rep@"):
            raise RuntimeError
        return real(**fields)

    monkeypatch.setattr(digest.mail, "send", send)
    assert digest.send_due(at(10, 8)) == 1
    monkeypatch.setattr(digest.mail, "send", real)
    assert sent(at(10, 8, 1)).to == "rep@example.com"
