"""Invitations: what leaves, how calendar programs read it, and what their answers do."""

import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connections, transaction
from django.utils import timezone
from icalendar import Calendar

from activities import actions, invitations
from activities.models import Activity, ActivityType, Answer, Participant
from contacts.models import Person
from crm.celery import app
from crm.core.refusals import Refused
from crm.mail import sending, tasks
from crm.mail.models import Address, IncomingState, OutgoingMail, Purpose, State
from crm.notices.models import Notice
from tests.mail.conftest import post_office  # noqa: F401
from tests.mail.incoming import take_in
from tests.mail.test_worker import wait

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = datetime.timedelta(hours=1)
START = datetime.datetime(2028, 7, 3, 10, tzinfo=BERLIN)


@pytest.fixture
def meeting(call, deal):
    """A meeting of the rep about an opportunity."""
    lead = deal()
    return call("Abstimmung", START, opportunity=lead, company=lead.company, location="Ulm", notes="Zeichnungen")


@pytest.fixture
def sabine(rep):
    return Person.objects.create(
        first_name="Sabine", last_name="Kurz", salutation="ms", email="kurz@hoefle.example", owner=rep
    )


@pytest.fixture
def weekly(rep):
    """A series of four Mondays; gives its first activity."""
    fields = {"title": "Jour fixe", "type": ActivityType.objects.first(), "start_at": START, "due_at": START + HOUR}
    return actions.create_series(by=rep, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=4", time_zone="Europe/Berlin", **fields)


def sent() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("pk"))


def calendar_of(mail) -> Calendar:
    return Calendar.from_ical(mail.calendar)


def event_of(mail):
    [event] = calendar_of(mail).walk("VEVENT")
    return event


def reply(
    mail, answer="ACCEPTED", *, sender="kurz@hoefle.example", occurrence=None, sequence=None, stamp=None, attendee=None
):
    """What a calendar program answers to an invitation; the bytes of a mail."""
    asked = calendar_of(mail).walk("VEVENT")[0]
    made = Calendar()
    made.add("method", "REPLY")
    event = asked.__class__()
    for name in ("UID", "DTSTART", "ORGANIZER", "SUMMARY", "RECURRENCE-ID"):
        if name in asked:
            event[name] = asked[name]
    if occurrence:
        event.add("recurrence-id", occurrence)
    event.add("sequence", int(asked["SEQUENCE"]) if sequence is None else sequence)
    event.add("dtstamp", stamp or datetime.datetime.now(datetime.UTC))
    event.add("attendee", f"mailto:{attendee or sender}", parameters={"PARTSTAT": answer})
    made.add_component(event)
    wrapped = EmailMessage()
    wrapped["From"], wrapped["To"], wrapped["Subject"] = sender, "crm@example.com", f"{answer}: {asked['SUMMARY']}"
    wrapped["Message-ID"] = f"<{id(wrapped)}.{answer}@hoefle.example>"
    wrapped["Auto-Submitted"] = "auto-generated"
    wrapped.set_content("Sabine Kurz hat geantwortet.")
    wrapped.add_alternative(made.to_ical().decode(), subtype="calendar", params={"method": "REPLY"})
    return bytes(wrapped)


def answers(email="kurz@hoefle.example") -> list[str]:
    return list(Participant.objects.filter(email=email).order_by("activity__start_at").values_list("answer", flat=True))


# ── what leaves ─────────────────────────────────────────────────────────────────────────────────────
def test_an_invitation(rep, meeting, sabine):
    Address.objects.create(email="crm@example.com", purpose=Purpose.CAPTURE)
    made = actions.invite(activity=meeting, by=rep, people=[sabine], emails=["Extern@Partner.example"])
    assert [(one.person, one.email) for one in made] == [
        (sabine, "kurz@hoefle.example"),
        (None, "extern@partner.example"),
    ]
    first, second = sent()
    assert (first.to, second.to, first.sender) == ("kurz@hoefle.example", "extern@partner.example", rep)
    assert meeting.opportunity.number in first.subject
    assert "Abstimmung" in first.text
    assert "03.07.2028, 10:00–11:00 (Europe/Berlin)" in first.text
    calendar, event = calendar_of(first), event_of(first)
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("REQUEST", "CONFIRMED", 0)
    assert (event["UID"], event["DTSTART"].dt) == (f"{meeting.uid}@localhost", START)
    assert (str(event["ORGANIZER"]), event["ORGANIZER"].params["CN"]) == ("mailto:crm@example.com", "Rep")
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:kurz@hoefle.example", "mailto:extern@partner.example"]
    assert {one.params["PARTSTAT"] for one in event["ATTENDEE"]} == {"NEEDS-ACTION"}
    # It stands with the opportunity, as any mail does; and nothing in it leads into the CRM.
    assert meeting.opportunity.message_links.filter(message__outgoing=first).exists()
    assert "/activities/" not in first.calendar + first.text


def test_without_an_address_of_our_own_the_user_invites(rep, meeting):
    actions.invite(activity=meeting, by=rep, emails=["a@b.example"])
    assert str(event_of(sent()[0])["ORGANIZER"]) == f"mailto:{rep.email}"


def test_the_mail_is_as_calendar_programs_want_it(rep, meeting, post_office):  # noqa: F811
    actions.invite(activity=meeting, by=rep, emails=["a@b.example"])
    assert sending.deliver(sent()[0].pk)
    [got] = post_office.received
    assert got.get_content_type() == "multipart/mixed"
    body, attached = got.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    text, calendar = body.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    assert (attached.get_filename(), attached.get_content_type()) == ("invite.ics", "application/ics")
    assert Calendar.from_ical(calendar.get_content()) == Calendar.from_ical(attached.get_content())


def test_what_changes_is_told_and_what_does_not_is_not(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    actions.update_activity(activity=meeting, by=rep, title="Abnahme")
    actions.move(activity=meeting, by=rep, start_at=START + HOUR, due_at=START + 2 * HOUR)
    actions.update_activity(activity=meeting, by=rep, remind_before=15)
    actions.cancel(activity=meeting, by=rep)
    mails = sent()
    assert [calendar_of(mail)["METHOD"] for mail in mails] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert [int(event_of(mail)["SEQUENCE"]) for mail in mails] == [0, 1, 2, 3]
    assert len({str(event_of(mail)["UID"]) for mail in mails}) == 1
    assert event_of(mails[2])["DTSTART"].dt == START + HOUR
    assert event_of(mails[3])["STATUS"] == "CANCELLED"
    assert [mail.subject.split(":")[0] for mail in mails] == ["Einladung", "Geändert", "Geändert", "Abgesagt"]


def test_taken_out_and_deleted(rep, people, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine], emails=["a@b.example"])
    actions.take_out(participant=Participant.objects.get(person=sabine), by=rep)
    assert (sent()[-1].to, calendar_of(sent()[-1])["METHOD"]) == (sabine.email, "CANCEL")
    actions.delete_activity(activity=meeting, by=people["admin"])
    assert (sent()[-1].to, calendar_of(sent()[-1])["METHOD"]) == ("a@b.example", "CANCEL")
    assert len(sent()) == 4


def test_nothing_is_said_of_what_is_over(rep, call):
    one = call(start=timezone.now() - 3 * HOUR)
    actions.invite(activity=one, by=rep, emails=["a@b.example"])
    actions.update_activity(activity=one, by=rep, notes="Es war schwierig.")
    assert sent() == []


def test_a_refused_verb_sends_nothing(rep, meeting, sabine):
    with pytest.raises(Refused), transaction.atomic():
        actions.invite(activity=meeting, by=rep, people=[sabine], emails=["keine Adresse"])
    assert (sent(), Participant.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "email", ["", "niemand", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "x" * 300 + "@b.example"]
)
def test_bad_addresses(rep, meeting, email):
    with pytest.raises(Refused):
        actions.invite(activity=meeting, by=rep, emails=[email])


def test_bad_guests(rep, people, meeting, sabine):
    nameless = Person.objects.create(last_name="Ohne", owner=rep)
    with pytest.raises(Refused, match="Ohne"):
        actions.invite(activity=meeting, by=rep, people=[nameless])
    foreign = Person.objects.create(last_name="Fremd", email="f@f.example", owner=people["stranger"])
    with pytest.raises(Person.DoesNotExist):
        actions.invite(activity=meeting, by=rep, people=[foreign])
    with pytest.raises(Refused):
        actions.invite(activity=meeting, by=rep, emails=[f"n{n}@b.example" for n in range(invitations.MOST + 1)])
    with pytest.raises(Activity.DoesNotExist):
        actions.invite(activity=meeting, by=people["stranger"], people=[])
    assert sent() == []


def test_nobody_is_invited_twice(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    assert actions.invite(activity=meeting, by=rep, emails=["KURZ@hoefle.example"]) == []
    assert len(sent()) == 1


# ── series ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_series_is_one_invitation(rep, weekly, sabine):
    actions.invite(activity=weekly, by=rep, people=[sabine], onwards=True)
    [mail] = sent()
    event = event_of(mail)
    assert (event["UID"], event["RRULE"]["COUNT"]) == (f"series-{weekly.recurrence_id}@localhost", [4])
    assert "jeden Montag, 4-mal" in mail.text
    assert Participant.objects.filter(invited_sequence=0).count() == 4


def test_one_of_a_series(rep, weekly, sabine):
    actions.invite(activity=weekly, by=rep, people=[sabine], onwards=True)
    second = weekly.recurrence.activities.order_by("start_at")[1]
    actions.move(activity=second, by=rep, start_at=second.start_at + HOUR, due_at=second.due_at + HOUR)
    actions.cancel(activity=second, by=rep)
    _all, moved, cancelled = sent()
    assert event_of(moved)["RECURRENCE-ID"].dt == second.occurrence_at
    assert event_of(moved)["DTSTART"].dt == second.start_at + HOUR
    assert (calendar_of(cancelled)["METHOD"], event_of(cancelled)["RECURRENCE-ID"].dt) == (
        "CANCEL",
        second.occurrence_at,
    )


def test_from_here_on_both_parts_are_told(rep, weekly, sabine):
    actions.invite(activity=weekly, by=rep, people=[sabine], onwards=True)
    third = weekly.recurrence.activities.order_by("start_at")[2]
    actions.move(activity=third, by=rep, start_at=third.start_at + HOUR, due_at=third.due_at + HOUR, onwards=True)
    _first, before, after = sent()
    assert event_of(before)["UID"] != event_of(after)["UID"]
    assert "UNTIL" in event_of(before)["RRULE"]
    assert event_of(after)["RRULE"]["COUNT"] == [2]
    actions.cancel(activity=weekly, by=rep, onwards=True)
    assert calendar_of(sent()[-1])["METHOD"] == "CANCEL"
    assert "RECURRENCE-ID" not in event_of(sent()[-1])


# ── what is answered ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_is_kept(rep, meeting, sabine, answer):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    row = take_in(reply(sent()[0], answer))
    one = Participant.objects.get()
    assert (one.answer, row.state) == (answer.lower(), IncomingState.PROCESSED)
    assert one.answered_at is not None
    assert meeting.opportunity.message_links.filter(message=row.message).exists()
    notice = Notice.objects.get()
    assert (notice.user, notice.url) == (rep, f"/activities/{meeting.pk}/")
    assert "Sabine Kurz" in notice.text


def test_who_was_not_invited_is_not_believed(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    forged = take_in(reply(sent()[0], sender="fremd@example.net"))
    assert forged.state == IncomingState.REVIEW
    in_her_name = take_in(reply(sent()[0], sender="fremd@example.net", attendee=sabine.email))
    assert in_her_name.state == IncomingState.REVIEW
    assert (answers(), Notice.objects.count()) == (["waiting"], 0)


def test_an_answer_to_an_older_invitation_changes_nothing(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    actions.move(activity=meeting, by=rep, start_at=START + HOUR, due_at=START + 2 * HOUR)
    old, new = sent()
    take_in(reply(new, "DECLINED"))
    row = take_in(reply(old, "ACCEPTED"))
    assert (answers(), row.state) == (["declined"], IncomingState.PROCESSED)


def test_of_two_answers_the_later_one_counts_whatever_came_first(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    now = timezone.now()
    take_in(reply(sent()[0], "DECLINED", stamp=now - HOUR))
    take_in(reply(sent()[0], "ACCEPTED", stamp=now - 2 * HOUR))
    assert answers() == ["declined"]
    take_in(reply(sent()[0], "TENTATIVE", stamp=now))
    assert answers() == ["tentative"]


def test_who_has_answered_is_asked_again_about_another_time_only(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    take_in(reply(sent()[0]))
    actions.update_activity(activity=meeting, by=rep, title="Abnahme")
    assert answers() == ["accepted"]
    actions.move(activity=meeting, by=rep, start_at=START + HOUR, due_at=START + 2 * HOUR)
    assert answers() == ["waiting"]


def test_an_answer_to_a_series_and_to_one_of_it(rep, weekly, sabine):
    actions.invite(activity=weekly, by=rep, people=[sabine], onwards=True)
    [mail] = sent()
    third = weekly.recurrence.activities.order_by("start_at")[2]
    take_in(reply(mail, "ACCEPTED"))
    take_in(reply(mail, "DECLINED", occurrence=third.occurrence_at.astimezone(BERLIN)))
    assert answers() == ["accepted", "accepted", "declined", "accepted"]
    take_in(reply(mail, "TENTATIVE", occurrence=START + 2 * HOUR))
    assert answers() == ["accepted", "accepted", "declined", "accepted"]


def test_an_answer_to_nothing_of_ours_is_a_mail_like_others(rep, meeting, sabine):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    other = sent()[0].calendar.replace(str(meeting.uid), "abc")
    row = take_in(reply(OutgoingMail(calendar=other)))
    assert (answers(), row.state in (IncomingState.IGNORED, IncomingState.PROCESSED)) == (["waiting"], True)


def test_what_goes_wrong_here_does_not_keep_the_mail(rep, meeting, sabine, monkeypatch):
    actions.invite(activity=meeting, by=rep, people=[sabine])

    def fail(**_fields):
        # An error of the database, which would spoil the transaction.
        Notice.objects.create(user_id=None)

    monkeypatch.setattr(invitations, "notify", fail)
    row = take_in(reply(sent()[0]))
    assert (answers(), row.state in (IncomingState.PROCESSED, IncomingState.IGNORED)) == (["waiting"], True)


@pytest.mark.parametrize("word", ["DELEGATED", "", "X-NAJA", "NEEDS-ACTION"])
def test_answers_that_say_nothing(rep, meeting, sabine, word):
    actions.invite(activity=meeting, by=rep, people=[sabine])
    assert take_in(reply(sent()[0], word)).state == IncomingState.PROCESSED
    assert answers() == ["waiting"]


# ── through a worker and a mail server ──────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_there_and_back_with_a_real_worker(rep, meeting, sabine, post_office):  # noqa: F811
    queue, before = f"invitation-{timezone.now().timestamp()}", app.conf.task_default_queue
    app.conf.task_default_queue = queue
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], loglevel="ERROR"):
        actions.invite(activity=meeting, by=rep, people=[sabine])
        assert wait(lambda: OutgoingMail.objects.filter(state=State.SENT).count() == 1)
        [got] = post_office.received
        calendar = next(part for part in got.walk() if part.get_content_type() == "text/calendar").get_content()
        row = stored(reply(OutgoingMail(calendar=calendar)))
        tasks.sort.delay(row.pk)
        assert wait(lambda: Participant.objects.filter(answer=Answer.ACCEPTED).count() == 1)
    app.conf.task_default_queue = before
    connections.close_all()


def stored(raw: bytes):
    from crm.mail import journal
    from crm.mail.models import Route

    return journal.store(raw, route=Route.SMTP)[0]
