"""The pages of activities: entering, changing, finishing, moving; and where they show up elsewhere."""

import datetime
import json
import re
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from activities import actions
from activities.models import Activity, ActivityType
from contacts.models import Person
from crm.mail.models import Message
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as deals
from opportunities.models import LossReason
from tests.contracts import pageforms

HTMX = {"headers": {"HX-Request": "true"}}
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def english(people):
    for person in people.values():
        person.language = "en"
        person.save()
    with translation.override("en"):
        yield


@pytest.fixture
def web(signed_in):
    return signed_in("rep")


def url(name, *args):
    return reverse(f"activities:{name}", args=args)


def page(web, name, *args, **query) -> str:
    answer = web.get(url(name, *args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def toasts(answer) -> list[dict]:
    return json.loads(answer["HX-Trigger"])["toast"]["toasts"] if "HX-Trigger" in answer else []


def filled(html, address) -> dict:
    """The dialog's form as it is shown, as a browser would send it."""
    forms = [
        form for form in pageforms.read(html, address).forms if form.method == "post" and "start_day" in form.fields
    ]
    return forms[0].data()


def times(day="2026-12-01", start="09:00", due="10:00", **more) -> dict:
    """The fields of the form for a call on that day."""
    kind = ActivityType.objects.get(name="Anruf").pk
    return {
        "type": kind,
        "title": "Anruf",
        "start_day": day,
        "start_time": start,
        "due_day": day,
        "due_time": due,
        **more,
    }


# ── two clicks ──────────────────────────────────────────────────────────────────────────────────────
def test_what_the_dialog_shows_can_be_saved_at_once(web, rep, deal):
    """Click one opens the dialog from the opportunity, click two saves it as it is."""
    lead = deal()
    address = f"{url('new')}?opportunity={lead.pk}"
    assert address in web.get(lead.get_absolute_url()).content.decode()
    form = filled(web.get(address, **HTMX).content.decode(), address)
    answer = web.post(address, form, **HTMX)
    assert answer.status_code == 204
    made = Activity.objects.get()
    assert (made.opportunity, made.company, made.owner, made.title) == (lead, lead.company, rep, "Anruf Servoachsen")
    assert made.due_at - made.start_at == HOUR
    assert made.start_at > timezone.now()


@pytest.mark.parametrize("where", ["company", "person", "item", "mail", "card"])
def test_from_everywhere(web, rep, deal, where):
    lead = deal()
    person = Person.objects.create(first_name="Sabine", last_name="Kurz", company=lead.company, owner=rep)
    item = InboxItem.objects.create(title="Anfrage", owner=rep, status=ProcessingStatus.objects.first())
    mail = Message.objects.create(
        direction="in", subject="Frage", sender_email="s@kurz.example", recipients=[], sent_at=timezone.now(), owner=rep
    )
    pages = {
        "company": (lead.company.get_absolute_url(), {"company": lead.company}),
        "person": (person.get_absolute_url(), {"person": person, "company": lead.company}),
        "item": (item.get_absolute_url(), {"item": item}),
        "mail": (mail.get_absolute_url(), {}),
        "card": (reverse("opportunities:card", args=[lead.pk]), {"opportunity": lead}),
    }
    address, about = pages[where]
    found = re.search(r'href="(/activities/new/[^"]*)"', web.get(address, **HTMX).content.decode())
    new = found[1].replace("&amp;", "&")
    web.post(new, filled(web.get(new, **HTMX).content.decode(), new), **HTMX)
    made = Activity.objects.get()
    assert {name: getattr(made, name) for name in about} == about


def test_who_may_only_look_is_offered_nothing(signed_in, deal):
    lead = deal()
    web = signed_in("readonly")
    assert "/activities/new/" not in web.get(lead.get_absolute_url()).content.decode()
    assert web.get(url("new")).status_code == 404


# ── times ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"due_day": "2026-11-30"}, "cannot be due before it starts"),
        ({"due_time": "08:00"}, "cannot be due before it starts"),
        ({"start_time": ""}, "Say when it starts"),
        ({"start_day": "9999-12-31", "due_day": "9999-12-31"}, "between 1900 and 2200"),
        ({"due_day": "9999-12-31"}, "between 1900 and 2200"),
        ({"start_day": "31.02.2026"}, "Enter a valid date"),
        ({"start_time": "25:00"}, "Enter a valid time"),
        ({"start_day": "2026-03-29", "due_day": "2026-03-29", "start_time": "02:30"}, "does not exist"),
    ],
)
def test_times_that_make_no_sense(web, typed, said):
    answer = web.post(url("new"), times() | typed, **HTMX)
    assert said in answer.content.decode()
    assert not Activity.objects.exists()


def test_the_doubled_hour_is_the_first_one_and_that_is_said(web):
    answer = web.post(url("new"), times("2026-10-25", "02:30", "03:30"), **HTMX)
    made = Activity.objects.get()
    assert made.start_at == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    assert made.due_at == datetime.datetime(2026, 10, 25, 2, 30, tzinfo=datetime.UTC)
    assert any("comes twice" in toast["text"] for toast in toasts(answer))


def test_without_times_it_takes_whole_days(web):
    web.post(url("new"), times(start="", due="") | {"due_day": "2026-12-03"}, **HTMX)
    made = Activity.objects.get()
    assert made.all_day
    assert made.start_at == datetime.datetime(2026, 12, 1, tzinfo=BERLIN)
    assert made.due_at == datetime.datetime(2026, 12, 4, tzinfo=BERLIN)
    assert "Tue 1 Dec – Thu 3 Dec" in page(web, "activity", made.pk)
    form = filled(page(web, "edit", made.pk), url("edit", made.pk))
    assert (form["start_day"], form["due_day"], form["start_time"]) == ("2026-12-01", "2026-12-03", "")


def test_times_are_those_of_the_user(web, rep):
    rep.time_zone = "America/New_York"
    rep.save()
    web.post(url("new"), times(), **HTMX)
    made = Activity.objects.get()
    assert made.start_at == datetime.datetime(2026, 12, 1, 14, tzinfo=datetime.UTC)
    assert "09:00–10:00" in page(web, "activity", made.pk)


def test_a_whole_day_is_the_same_day_for_everybody(signed_in, people, call):
    people["mate"].time_zone = "America/New_York"
    people["mate"].save()
    one = call("Messe", start=datetime.datetime(2026, 12, 1, tzinfo=BERLIN), hours=24, owner="mate", all_day=True)
    for name in ("rep", "mate"):
        assert "Tue 1 Dec" in page(signed_in(name), "activity", one.pk)
    form = filled(page(signed_in("mate"), "edit", one.pk), url("edit", one.pk))
    assert (form["start_day"], form["due_day"]) == ("2026-12-01", "2026-12-01")
    web = signed_in("mate")
    web.post(url("edit", one.pk), form | {"title": "Messe Ulm"}, **HTMX)
    one.refresh_from_db()
    assert one.title == "Messe Ulm"
    assert one.start_at == datetime.datetime(2026, 12, 1, tzinfo=BERLIN)


# ── changing ────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_overwritten_unseen(web, call, people):
    one = call()
    form = filled(page(web, "edit", one.pk), url("edit", one.pk)) | {"title": "Meins"}
    actions.update_activity(activity=one, by=people["rep"], title="Seins")
    html = web.post(url("edit", one.pk), form, **HTMX).content.decode()
    assert "Someone else changed this record" in html
    one.refresh_from_db()
    assert one.title == "Seins"
    again = filled(html, url("edit", one.pk))
    assert again["title"] == "Meins"
    web.post(url("edit", one.pk), again, **HTMX)
    one.refresh_from_db()
    assert one.title == "Meins"


def test_a_hidden_company_stays(signed_in, people, call, deal):
    foreign = deal("stranger").company
    one = call(company=foreign)
    web = signed_in("rep")
    html = page(web, "activity", one.pk)
    assert "not visible to you" in html
    assert foreign.name not in html
    web.post(url("edit", one.pk), filled(page(web, "edit", one.pk), url("edit", one.pk)) | {"title": "Neu"}, **HTMX)
    one.refresh_from_db()
    assert (one.title, one.company) == ("Neu", foreign)


# ── done ────────────────────────────────────────────────────────────────────────────────────────────
def test_done_with_result_and_follow_up_in_one_step(web, call, deal):
    lead = deal()
    one = call(opportunity=lead, company=lead.company)
    form = {"result": "Will ein Angebot", "follow_up": "3", "type": one.type_id, "title": "Angebot schicken"}
    answer = web.post(url("complete", one.pk), form, **HTMX)
    assert answer.status_code == 204
    one.refresh_from_db()
    assert (one.status, one.result) == ("done", "Will ein Angebot")
    following = Activity.objects.exclude(pk=one.pk).get()
    assert (following.title, following.opportunity, following.company) == ("Angebot schicken", lead, lead.company)
    days = (timezone.localtime(following.start_at).date() - timezone.localdate()).days
    assert following.all_day
    assert 3 <= days <= 7
    assert timezone.localtime(following.start_at).weekday() < 5


def test_done_can_be_undone(web, call):
    one = call()
    undo = toasts(web.post(url("complete", one.pk), {"result": "", "follow_up": ""}, **HTMX))[0]["undo"]
    web.post(undo, **HTMX)
    one.refresh_from_db()
    assert (one.status, one.done_at) == ("open", None)


def test_what_is_done_is_not_done_again(web, call):
    one = call()
    web.post(url("complete", one.pk), {"result": "erst", "follow_up": "1"}, **HTMX)
    answer = web.post(url("complete", one.pk), {"result": "dann", "follow_up": "1"}, **HTMX)
    assert answer.status_code == 409
    one.refresh_from_db()
    assert one.result == "erst"
    assert Activity.objects.count() == 2


# ── moving ──────────────────────────────────────────────────────────────────────────────────────────
def test_a_move_is_saved_at_once_and_can_be_undone(web, call):
    one = call()
    start, due = one.start_at, one.due_at
    answer = web.post(url("move", one.pk), {"days": "2", "seen": actions.version(one)}, **HTMX)
    assert answer.status_code == 204
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (start + 2 * DAY, due + 2 * DAY)
    undo = toasts(answer)[0]["undo"]
    answer = web.post(undo, **HTMX)
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (start, due)
    assert toasts(answer)[0]["undo"] == ""


def test_nine_stays_nine_when_summer_time_begins(web, call):
    one = call(start=datetime.datetime(2027, 3, 26, 9, tzinfo=BERLIN))
    web.post(url("move", one.pk), {"days": "3"}, **HTMX)
    one.refresh_from_db()
    assert one.start_at == datetime.datetime(2027, 3, 29, 9, tzinfo=BERLIN)
    assert one.due_at == datetime.datetime(2027, 3, 29, 10, tzinfo=BERLIN)


def test_stretching_moves_one_end(web, call):
    one = call()
    start, due = one.start_at, one.due_at
    web.post(url("move", one.pk), {"days": "1", "edge": "due"}, **HTMX)
    one.refresh_from_db()
    assert (one.start_at, one.due_at) == (start, due + DAY)
    answer = web.post(url("move", one.pk), {"days": "9", "edge": "start"}, **HTMX)
    assert answer.status_code == 409
    assert "cannot be due before it starts" in toasts(answer)[0]["text"]


@pytest.mark.parametrize(
    "data",
    [
        {"days": "x"}, {"days": "99999999999"}, {"days": "800000"}, {"minutes": "1e9"}, {"start": "gestern"},
        {"start": "2026-12-01T09:00:00", "due": "2026-12-01T10:00:00"},
        {"start": "2026-12-01T09:00:00+01:00"},
        {"start": "9999-12-31T23:00:00+00:00", "due": "9999-12-31T23:00:00+00:00"},
    ],
)  # fmt: skip
def test_moves_that_make_no_sense(web, call, data):
    one = call()
    answer = web.post(url("move", one.pk), data, **HTMX)
    assert answer.status_code == 409
    assert toasts(answer)
    before = one.start_at
    one.refresh_from_db()
    assert one.start_at == before


def test_a_move_over_somebody_elses_move_is_refused(web, call):
    one = call()
    seen = actions.version(one)
    actions.move(activity=one, by=one.owner, start_at=one.start_at + HOUR, due_at=one.due_at + HOUR)
    answer = web.post(url("move", one.pk), {"days": "1", "seen": seen}, **HTMX)
    assert answer.status_code == 409
    assert "Someone else changed" in toasts(answer)[0]["text"]


def test_what_depends_on_each_other_keeps_its_order(web, call):
    first, then = call("Muster"), call("Angebot", start=timezone.now() + 10 * DAY)
    answer = web.post(url("depend", then.pk), {"on": first.pk}, **HTMX)
    assert answer.status_code == 204
    answer = web.post(url("move", first.pk), {"days": "12"}, **HTMX)
    assert answer.status_code == 409
    assert "“Angebot” depends on it" in toasts(answer)[0]["text"]
    answer = web.post(url("move", then.pk), {"days": "-12"}, **HTMX)
    assert "It depends on “Muster”" in toasts(answer)[0]["text"]
    # What is done holds nobody up.
    actions.complete(activity=first, by=first.owner)
    assert web.post(url("move", then.pk), {"days": "-9"}, **HTMX).status_code == 204


def test_a_circle_is_refused_with_a_sentence(web, call):
    first, then = call("A"), call("B", start=timezone.now() + 10 * DAY)
    web.post(url("depend", then.pk), {"on": first.pk}, **HTMX)
    answer = web.post(url("depend", first.pk), {"on": then.pk}, **HTMX)
    assert answer.status_code == 409
    assert "would wait for each other" in toasts(answer)[0]["text"]
    assert then.dependencies.count() == 1
    assert first.dependencies.count() == 0


def test_a_refusal_does_not_name_what_one_may_not_see(web, call):
    hidden = call("Geheim", owner="stranger", start=timezone.now() + 20 * DAY)
    mine = call("Meins", start=timezone.now() + 30 * DAY)
    mine.dependencies.create(predecessor=hidden)
    answer = web.post(url("move", mine.pk), {"days": "-20"}, **HTMX)
    assert answer.status_code == 409
    assert "Geheim" not in toasts(answer)[0]["text"]


# ── the list ────────────────────────────────────────────────────────────────────────────────────────
def test_the_tabs_count_what_they_show(web, call):
    now = timezone.now()
    call("überfällig", start=now - 2 * DAY)
    call("später", start=now + 3 * DAY)
    done = call("erledigt", start=now - DAY)
    actions.complete(activity=done, by=done.owner)
    call("fremd", owner="stranger", start=now - 2 * DAY)
    for tab, titles in {
        "open": {"überfällig", "später"},
        "overdue": {"überfällig"},
        "done": {"erledigt"},
        "all": {"überfällig", "später", "erledigt"},
    }.items():
        html = page(web, "list", tab=tab)
        assert f'data-rows="{len(titles)}"' in html
        assert {title for title in ("überfällig", "später", "erledigt", "fremd") if title in html} == titles


def test_overdue_is_a_moment_and_needs_nobody_to_run(web, call, time_machine):
    one = call()
    assert page(web, "list", tab="overdue").count("data-id=") == 0
    time_machine.move_to(one.due_at + datetime.timedelta(seconds=1))
    assert page(web, "list", tab="overdue").count("data-id=") == 1
    assert 'class="door-count bad">1<' in re.sub(r"\s+", " ", page(web, "list"))


def test_a_whole_day_is_overdue_when_the_day_is_over_where_the_reader_is(signed_in, people, call, time_machine):
    people["mate"].time_zone = "America/New_York"
    people["mate"].save()
    york = ZoneInfo("America/New_York")
    call(start=datetime.datetime(2026, 12, 1, tzinfo=BERLIN), hours=24, owner="mate", all_day=True)
    time_machine.move_to(datetime.datetime(2026, 12, 1, 23, tzinfo=york))
    # In Berlin it is the second of December.
    assert 'data-rows="0"' in page(signed_in("mate"), "list", tab="overdue")
    assert 'data-rows="1"' in page(signed_in("rep"), "list", tab="overdue")
    time_machine.move_to(datetime.datetime(2026, 12, 2, 1, tzinfo=york))
    assert 'data-rows="1"' in page(signed_in("mate"), "list", tab="overdue")


# ── elsewhere ───────────────────────────────────────────────────────────────────────────────────────
def test_the_pages_of_what_it_is_about_tell_of_it(web, call, deal):
    lead = deal()
    done = call("Erstgespräch", opportunity=lead, company=lead.company)
    call("Folgetermin", opportunity=lead, company=lead.company)
    actions.complete(activity=done, by=done.owner, result="Interesse")
    for address in (lead.get_absolute_url(), lead.company.get_absolute_url()):
        html = web.get(address).content.decode()
        assert "Erstgespräch" in html
        assert "Interesse" in html
        assert "Folgetermin" in html
    overview = web.get(lead.get_absolute_url()).content.decode()
    assert "next-step" in overview
    tab = web.get(f"{lead.get_absolute_url()}?tab=activities").content.decode()
    assert "Folgetermin" in tab


def test_nobody_elses_activities_stand_there(web, call, deal):
    lead = deal()
    call("Geheim", owner="stranger", opportunity=lead, company=lead.company)
    for address in (
        lead.get_absolute_url(),
        f"{lead.get_absolute_url()}?tab=activities",
        lead.company.get_absolute_url(),
    ):
        assert "Geheim" not in web.get(address).content.decode()


def test_a_lost_opportunity_still_takes_activities(web, rep, deal):
    lead = deals.lose(opportunity=deal(), by=rep, reason=LossReason.objects.first())
    address = f"{url('new')}?opportunity={lead.pk}"
    assert web.post(address, filled(web.get(address, **HTMX).content.decode(), address), **HTMX).status_code == 204
    assert Activity.objects.get().opportunity == lead


# ── what one may not see ────────────────────────────────────────────────────────────────────────────
def test_saving_does_not_take_away_what_was_not_offered(web, call):
    hidden = call("Geheim", owner="stranger", start=timezone.now() - DAY)
    one = call()
    one.dependencies.create(predecessor=hidden)
    web.post(url("edit", one.pk), filled(page(web, "edit", one.pk), url("edit", one.pk)) | {"location": "Ulm"}, **HTMX)
    one.refresh_from_db()
    assert one.location == "Ulm"
    assert one.dependencies.get().predecessor == hidden


def test_a_hidden_guest_is_not_named(web, people, call):
    guest = Person.objects.create(last_name="Geheimrat", email="geheim@rat.example", owner=people["stranger"])
    one = call()
    one.participants.create(person=guest, name=str(guest), email=guest.email)
    html = page(web, "activity", one.pk)
    assert "somebody you may not see" in html
    assert "eheim" not in html


def test_who_may_not_tick_is_offered_no_tick(signed_in, call):
    one = call(owner="mate")
    assert url("complete", one.pk) not in page(signed_in("rep"), "list")
    assert url("complete", one.pk) in page(signed_in("mate"), "list")


def test_the_card_says_nothing_to_whom_activities_are_closed(signed_in, people, call, deal):
    call(opportunity=deal(kind="deal"), start=timezone.now() - 3 * DAY)
    board = "/opportunities/board/"
    assert "Overdue since" in signed_in("rep").get(board).content.decode()
    people["rep"].role.rights.filter(area="activities").delete()
    html = signed_in("rep").get(board).content.decode()
    assert "Overdue since" not in html
    assert "No activity" not in html


def test_the_next_step_of_somebody_else_is_not_called_missing(web, call, deal):
    lead = deal()
    call("Geheim", owner="stranger", opportunity=lead)
    html = web.get(lead.get_absolute_url()).content.decode()
    assert "belongs to somebody whose activities you do not see" in html
    assert "Geheim" not in html


# ── order ───────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_entered_that_begins_too_early(web, call):
    first = call("Muster", start=timezone.now() + 10 * DAY)
    answer = web.post(url("new"), times() | {"depends_on": [first.pk], "title": "Angebot"}, **HTMX)
    assert "It depends on “Muster”" in answer.content.decode()
    assert not Activity.objects.filter(title="Angebot").exists()
    other = call("anderes")
    form = filled(page(web, "edit", other.pk), url("edit", other.pk)) | {"depends_on": [first.pk]}
    assert "It depends on “Muster”" in web.post(url("edit", other.pk), form, **HTMX).content.decode()
    assert not other.dependencies.exists()


def test_a_circle_is_said_beside_the_field(web, call):
    first, then = call("A"), call("B", start=timezone.now() + 10 * DAY)
    then.dependencies.create(predecessor=first)
    form = filled(page(web, "edit", first.pk), url("edit", first.pk))
    form |= {"depends_on": [then.pk], "notes": "getippt", "start_day": "2199-01-01", "due_day": "2199-01-01"}
    html = web.post(url("edit", first.pk), form, **HTMX).content.decode()
    assert "would wait for each other" in html
    assert "getippt" in html


# ── done, in one go ─────────────────────────────────────────────────────────────────────────────────
def test_what_happened_is_entered_as_done(web):
    web.post(url("new"), times() | {"is_done": "on", "result": "Will ein Angebot"}, **HTMX)
    made = Activity.objects.get()
    assert (made.status, made.result) == ("done", "Will ein Angebot")


def test_a_follow_up_at_a_time_of_ones_own(web, call):
    one = call()
    form = {"result": "", "follow_up": "on", "type": one.type_id, "title": "Rückruf"}
    assert "on which day" in web.post(url("complete", one.pk), form, **HTMX).content.decode()
    lost = form | {"day": "2027-03-28", "time": "02:30"}
    assert "does not exist" in web.post(url("complete", one.pk), lost, **HTMX).content.decode()
    web.post(url("complete", one.pk), form | {"day": "2027-03-29", "time": "10:00"}, **HTMX)
    made = Activity.objects.get(title="Rückruf")
    assert made.start_at == datetime.datetime(2027, 3, 29, 10, tzinfo=BERLIN)
    assert not made.all_day


def test_without_the_right_to_plan_the_result_is_kept(web, people, call):
    people["rep"].role.rights.filter(area="activities", action="create").delete()
    one = call()
    assert 'name="follow_up"' not in page(web, "complete", one.pk)
    assert web.post(url("complete", one.pk), {"result": "erreicht", "follow_up": "1"}, **HTMX).status_code == 204
    one.refresh_from_db()
    assert (one.status, one.result) == ("done", "erreicht")


def test_what_comes_from_a_converted_lead_is_about_its_customer(web, rep, deal):
    lead = deal()
    item = InboxItem.objects.create(
        title="Anfrage", owner=rep, status=ProcessingStatus.objects.first(), company=lead.company,
        opportunity=lead, qualified_at=timezone.now(),
    )  # fmt: skip
    address = f"{url('new')}?item={item.pk}"
    web.post(address, filled(web.get(address, **HTMX).content.decode(), address), **HTMX)
    made = Activity.objects.get()
    assert (made.item, made.opportunity, made.company) == (item, lead, lead.company)


@pytest.mark.parametrize("minutes", ["-480", "960"])
def test_a_reminder_of_a_whole_day_is_none_for_a_time(web, minutes):
    assert "for whole days" in web.post(url("new"), times() | {"remind_before": minutes}, **HTMX).content.decode()
    web.post(url("new"), times(start="", due="") | {"remind_before": minutes}, **HTMX)
    assert Activity.objects.get().remind_before == int(minutes)


def test_the_search_begins_with_what_comes_next(web, call):
    now = timezone.now()
    for title, start in (
        ("fern", now + 900 * DAY),
        ("bald", now + DAY),
        ("lange her", now - 900 * DAY),
        ("eben", now - DAY),
    ):
        call(f"Jour fixe {title}", start=start)
    html = web.get("/search/", {"q": "Jour fixe"}).content.decode()
    assert re.findall(r"Jour fixe (bald|fern|eben|lange her)", html) == ["bald", "fern", "eben", "lange her"]
