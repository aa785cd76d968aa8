"""The pages of activity plans: the dialog that applies one, the settings of plans and of types."""

import datetime
import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from activities import plans
from activities.models import Activity, ActivityPlan, ActivityType, Assignee, PlanStep
from opportunities import actions as deals
from opportunities.models import LossReason, Pipeline

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
APPLY = reverse("activities:apply-plan")
PLANS = reverse("settings:activity-plans")
MONDAY = datetime.date(2026, 11, 23)


@pytest.fixture
def plan(db):
    """A function: a plan of the leads' pipeline with steps of these titles."""

    def make(*titles, name="Erstkontakt", **fields):
        pipeline = fields.pop("pipeline", None) or Pipeline.objects.get(kind="lead", is_default=True)
        made = ActivityPlan.objects.create(pipeline=pipeline, name=name, **fields)
        call = ActivityType.objects.get(name="Anruf")
        for place, title in enumerate(titles or ("Anrufen", "Nachfassen"), 1):
            PlanStep.objects.create(plan=made, position=place, title=title, type=call)
        return made

    return make


def apply_url(opportunity) -> str:
    return f"{APPLY}?opportunity={opportunity.pk}"


def text_of(response) -> str:
    return response.content.decode()


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


# ── the dialog ──────────────────────────────────────────────────────────────────────────────────────
def test_the_menu_leads_to_the_dialog(signed_in, deal):
    lead = deal()
    page = text_of(signed_in("rep").get(lead.get_absolute_url()))
    assert f'href="{apply_url(lead)}"' in page
    menu = page[page.index("action-menu") :]
    assert menu.index(apply_url(lead)) < menu.index(reverse("opportunities:subscribe", args=[lead.pk]))


@pytest.mark.parametrize("closed", [True, False])
def test_the_line_is_grey_with_the_reason(signed_in, deal, people, closed):
    lead = deal("manager")
    if closed:
        deals.lose(opportunity=lead, by=people["manager"], reason=LossReason.objects.first())
    page = text_of(signed_in("manager" if closed else "readonly").get(lead.get_absolute_url()))
    assert apply_url(lead) not in page
    label = re.search(r"Aktivitätenplan anwenden ….{0,300}?<small>(.*?)</small>", page, re.DOTALL)
    assert label[1] == ("ist verloren" if closed else "keine Berechtigung")


def test_a_single_plan_is_chosen_and_shown(signed_in, deal, plan):
    plan("Anrufen", "Nachfassen")
    plan("Fremd", name="Deals", pipeline=Pipeline.objects.get(kind="deal", is_default=True))
    plan("Alt", name="Alt", is_active=False)
    ActivityPlan.objects.create(pipeline=Pipeline.objects.get(kind="lead", is_default=True), name="Leer")
    page = text_of(signed_in("rep").get(apply_url(deal()), **HTMX))
    assert re.findall(r"<option[^>]*>([^<]*)</option>", page) == ["Erstkontakt"]
    assert re.findall(r"<span>(Anrufen|Nachfassen)</span>", page) == ["Anrufen", "Nachfassen"]


def test_of_several_one_is_to_be_chosen(signed_in, deal, plan):
    plan(), plan(name="Zweiter")
    lead, client = deal(), signed_in("rep")
    assert "Nachfassen" not in text_of(client.get(apply_url(lead), **HTMX))
    answer = client.post(apply_url(lead), {"plan": "", "start": "2026-11-23"}, **HTMX)
    assert Activity.objects.count() == 0
    assert 'aria-invalid="true"' in text_of(answer)


def test_the_preview_follows_plan_and_start(signed_in, deal, plan):
    made, lead = plan(), deal()
    url = reverse("activities:preview-plan", args=[lead.pk])
    page = text_of(signed_in("rep").get(url, {"plan": made.pk, "start": "2026-11-20"}, **HTMX))
    assert re.findall(r'plan-when">(.*?)</td>', page) == ["Fr 20.11.2026", "Mo 23.11.2026"]
    assert page.count('title="Rep"') == 2
    assert "<html" not in page


@pytest.mark.parametrize("start", ["9999-12-31", "1850-01-01", "gestern", ""])
def test_the_preview_says_what_is_wrong_with_a_start(signed_in, deal, plan, start):
    made, lead = plan(), deal()
    url = reverse("activities:preview-plan", args=[lead.pk])
    answer = signed_in("rep").get(url, {"plan": made.pk, "start": start}, **HTMX)
    assert answer.status_code == 200
    assert "note bad" in text_of(answer)


def test_apply_and_undo(signed_in, deal, plan):
    made, lead, client = plan(), deal(), signed_in("rep")
    answer = client.post(apply_url(lead), {"plan": made.pk, "start": "2026-11-23"}, **HTMX)
    assert answer.status_code == 204
    assert Activity.objects.filter(opportunity=lead, plan=made).count() == 2
    undo = re.search(r'"undo": "([^"]+)"', answer["HX-Trigger"])[1]
    assert client.post(undo, **HTMX).status_code == 204
    assert Activity.objects.count() == 0


def test_without_scripts_it_is_a_page(signed_in, deal, plan):
    made, lead, client = plan(), deal(), signed_in("rep")
    page = text_of(client.get(APPLY, {"opportunity": lead.pk, "plan": made.pk, "start": "2026-11-20"}))
    assert "<html" in page
    assert "Fr 20.11.2026" in page
    answer = client.post(apply_url(lead), {"plan": made.pk, "start": "2026-11-23"})
    assert answer.status_code == 302
    assert answer["Location"] == lead.get_absolute_url()
    assert Activity.objects.count() == 2


def test_a_second_time_it_warns_and_asks(signed_in, deal, plan, people):
    made, lead, client = plan(), deal(), signed_in("rep")
    plans.apply_plan(opportunity=lead, plan=made, start=MONDAY, by=people["rep"])
    assert 'name="again"' in text_of(client.get(apply_url(lead), **HTMX))
    sent = {"plan": made.pk, "start": "2026-11-23"}
    answer = client.post(apply_url(lead), sent, **HTMX)
    assert Activity.objects.count() == 2
    assert 'role="alert"' in text_of(answer)
    assert client.post(apply_url(lead), {**sent, "again": "on"}, **HTMX).status_code == 204
    assert Activity.objects.count() == 4


@pytest.mark.parametrize("start", ["9999-12-31", "0001-01-01", "2026-02-30", "20261123T", ""])
def test_an_impossible_start_plans_nothing(signed_in, deal, plan, start):
    made, lead = plan(), deal()
    answer = signed_in("rep").post(apply_url(lead), {"plan": made.pk, "start": start}, **HTMX)
    assert answer.status_code in (200, 422)
    assert Activity.objects.count() == 0


def test_a_closed_opportunity_is_refused(signed_in, deal, plan, people):
    made, lead = plan(), deal()
    deals.win(opportunity=lead, by=people["rep"])
    client = signed_in("rep")
    assert client.get(apply_url(lead), **HTMX).status_code == 409
    assert client.post(apply_url(lead), {"plan": made.pk, "start": "2026-11-23"}, **HTMX).status_code == 409
    assert Activity.objects.count() == 0


def test_without_an_opportunity_it_asks_for_one(signed_in, deal, plan, people):
    plan()
    mine, closed, foreign = deal(), deal(), deal("stranger")
    deals.win(opportunity=closed, by=people["rep"])
    client = signed_in("rep")
    page = text_of(client.get(APPLY, **HTMX))
    assert [f'value="{one.pk}"' in page for one in (mine, closed, foreign)] == [True, False, False]
    answer = client.post(APPLY, {"opportunity": mine.pk})
    assert answer["Location"] == apply_url(mine)
    assert client.post(APPLY, {"opportunity": foreign.pk}).status_code == 422
    # An opportunity that one may not see is as none.
    assert foreign.number not in text_of(client.get(apply_url(foreign), **HTMX))


def test_without_a_plan_it_says_so(signed_in, deal):
    lead = deal()
    assert PLANS not in text_of(signed_in("rep").get(apply_url(lead), **HTMX))
    assert f'href="{PLANS}"' in text_of(signed_in("manager").get(apply_url(lead), **HTMX))


@pytest.mark.parametrize("name", ["readonly", "service"])
def test_who_may_not_create_activities_finds_nothing(signed_in, deal, plan, name, people):
    made, lead, client = plan(), deal(), signed_in(name)
    assert client.get(apply_url(lead)).status_code == 404
    assert client.get(reverse("activities:preview-plan", args=[lead.pk]), {"plan": made.pk}).status_code == 404
    assert client.post(apply_url(lead), {"plan": made.pk, "start": "2026-11-23"}).status_code == 404
    done = plans.apply_plan(opportunity=lead, plan=made, start=MONDAY, by=people["rep"])
    undo = reverse("activities:undo-plan", args=[plans.receipt(done, people["rep"])])
    assert client.post(undo).status_code == 404
    assert Activity.objects.count() == 2


def test_a_foreign_receipt_takes_nothing_back(signed_in, deal, plan, people):
    done = plans.apply_plan(opportunity=deal(), plan=plan(), start=MONDAY, by=people["rep"])
    undo = reverse("activities:undo-plan", args=[plans.receipt(done, people["rep"])])
    assert signed_in("mate").post(undo, **HTMX).status_code == 409
    assert Activity.objects.count() == 2


# ── settings: plans ─────────────────────────────────────────────────────────────────────────────────
def steps(*rows, **head) -> dict:
    """What the editor posts: a list for each column."""
    default = {"step": "", "step_title": "", "type": str(ActivityType.objects.get(name="Anruf").pk), "stage": ""}
    default |= {"begin": "previous", "offset": "0", "duration": "1", "assignee": "owner", "user": ""}
    full = [default | row for row in rows]
    pipeline = Pipeline.objects.get(kind="lead", is_default=True)
    return {"name": "Erstkontakt", "pipeline": pipeline.pk} | {k: [row[k] for row in full] for k in default} | head


def test_the_list_says_steps_and_use(signed_in, plan, deal, people):
    made = plan()
    plan(name="Alt", is_active=False)
    plans.apply_plan(opportunity=deal(), plan=made, start=MONDAY, by=people["rep"])
    page = " ".join(text_of(signed_in("manager").get(PLANS)).split())
    assert "2 Schritte" in page
    assert "2 Aktivitäten" in page
    assert "1 archivierter Plan" in page
    assert reverse("settings:activity-plan-delete", args=[made.pk]) not in page


def test_a_new_plan(signed_in):
    client = signed_in("manager")
    url, pipeline = reverse("settings:activity-plan-new"), Pipeline.objects.get(kind="lead", is_default=True)
    answer = client.post(url, {"name": "  Erst   kontakt ", "pipeline": pipeline.pk})
    made = ActivityPlan.objects.get()
    assert made.name == "Erst kontakt"
    assert answer["Location"] == reverse("settings:activity-plan", args=[made.pk])
    again = text_of(client.post(url, {"name": "Erst kontakt", "pipeline": pipeline.pk}))
    assert "Diese Pipeline hat bereits einen Plan mit diesem Namen." in again
    assert ActivityPlan.objects.count() == 1


def test_the_editor_saves_what_it_shows(signed_in, plan, people):
    made, client = plan("Alt"), signed_in("manager")
    url = reverse("settings:activity-plan", args=[made.pk])
    stage = made.pipeline.stages.active()[1]
    first = {"step_title": "Anrufen", "stage": str(stage.pk), "begin": "start", "offset": "3", "duration": "2"}
    second = {"step_title": "Mail", "assignee": "user", "user": str(people["lead"].pk)}
    assert client.post(url, steps(first, second, {}, is_automatic="on")).status_code == 302
    made.refresh_from_db()
    assert made.is_automatic
    one, two = made.steps.order_by("position")
    assert (one.title, one.stage, one.begin, one.offset, one.duration) == ("Anrufen", stage, "start", 3, 2)
    assert (two.title, two.assignee, two.user) == ("Mail", Assignee.USER, people["lead"])
    page = text_of(client.get(url))
    assert re.findall(r'name="step_title" value="([^"]*)"', page) == ["Anrufen", "Mail", ""]
    assert f'<option value="{stage.pk}" selected>' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": "251"},
        {"offset": "-1"},
        {"duration": "0"},
        {"duration": "viel"},
        {"type": "999999"},
        {"assignee": "user", "user": ""},
        {"assignee": "somebody"},
        {"begin": "later"},
        {"step_title": " "},
        {"stage": "999999"},
    ],
)
def test_the_editor_says_what_is_wrong_and_keeps_what_was_typed(signed_in, plan, wrong):
    made = plan("Alt")
    url = reverse("settings:activity-plan", args=[made.pk])
    answer = signed_in("manager").post(url, steps({"step": "1", "step_title": "Getippt"} | wrong, name="Neuer Name"))
    page = text_of(answer)
    assert answer.status_code == 422
    assert 'value="Neuer Name"' in page
    assert wrong.get("step_title") or 'value="Getippt"' in page
    assert made.steps.get().title == "Alt"


def test_another_pipeline_brings_its_stages(signed_in, plan):
    """The page is fetched anew, as typed; nothing is saved, nothing is judged yet."""
    made, of_deals = plan("Alt"), Pipeline.objects.get(kind="deal", is_default=True)
    url = reverse("settings:activity-plan", args=[made.pk])
    sent = steps({"step_title": "", "step": "1"}, name="Getippt", pipeline=of_deals.pk, reload="1", seen="x")
    answer = signed_in("manager").post(url, sent, **HTMX)
    page = text_of(answer)
    assert answer.status_code == 200
    assert f">{of_deals.stages.active().first()}</option>" in page
    assert 'value="Getippt"' in page
    assert 'name="seen" value="x"' in page
    assert "field-error" not in page
    made.refresh_from_db()
    assert made.name == "Erstkontakt"


def test_a_second_editor_is_told(signed_in, plan):
    made, client = plan("Alt"), signed_in("manager")
    url = reverse("settings:activity-plan", args=[made.pk])
    seen = re.search(r'name="seen" value="([^"]+)"', text_of(client.get(url)))[1]
    PlanStep.objects.create(plan=made, title="Inzwischen", type=ActivityType.objects.first(), position=2)
    page = text_of(client.post(url, steps({"step_title": "Meiner"}, seen=seen)))
    assert made.steps.count() == 2
    assert 'value="Meiner"' in page
    now = re.search(r'name="seen" value="([^"]+)"', page)[1]
    assert client.post(url, steps({"step_title": "Meiner"}, seen=now)).status_code == 302
    assert made.steps.get().title == "Meiner"


def test_a_stage_that_was_taken_off_stays_with_its_step(signed_in, plan, people):
    made = plan("Alt")
    stage = made.pipeline.stages.active().last()
    made.steps.update(stage=stage)
    type(stage).objects.filter(pk=stage.pk).update(is_active=False)
    page = text_of(signed_in("manager").get(reverse("settings:activity-plan", args=[made.pk])))
    assert f'<option value="{stage.pk}" selected>' in page


def test_only_who_may_work_on_activities_is_offered(signed_in, plan, people):
    type(people["mate"]).objects.filter(pk=people["mate"].pk).update(is_active=False)
    page = text_of(signed_in("manager").get(reverse("settings:activity-plan", args=[plan().pk])))
    names = ("rep", "lead", "readonly", "mate")
    assert [f'<option value="{people[name].pk}"' in page for name in names] == [True, True, False, False]


def test_archive_restore_delete(signed_in, plan, deal, people):
    made, client = plan(), signed_in("manager")
    client.post(reverse("settings:activity-plan-archive", args=[made.pk]))
    assert not ActivityPlan.objects.get().is_active
    client.post(reverse("settings:activity-plan-restore", args=[made.pk]))
    assert ActivityPlan.objects.get().is_active
    plans.apply_plan(opportunity=deal(), plan=made, start=MONDAY, by=people["rep"])
    delete = reverse("settings:activity-plan-delete", args=[made.pk])
    assert "Aktivitäten: 2" in text_of(client.get(delete, **HTMX))
    client.post(delete)
    assert ActivityPlan.objects.exists()
    Activity.objects.all().delete()
    client.post(delete)
    assert not ActivityPlan.objects.exists()
    assert not PlanStep.objects.exists()


def test_a_rep_reaches_none_of_it(signed_in, plan):
    made, client = plan(), signed_in("rep")
    names = ("activity-plan", "activity-plan-archive", "activity-plan-restore", "activity-plan-delete")
    urls = [PLANS, reverse("settings:activity-plan-new"), *(reverse(f"settings:{n}", args=[made.pk]) for n in names)]
    for url in urls:
        assert client.post(url, steps({"step_title": "Von mir"})).status_code in (404, 405), url
        assert client.get(url).status_code in (404, 405), url
    assert ActivityPlan.objects.get().is_active
    assert made.steps.count() == 2


# ── settings: types ─────────────────────────────────────────────────────────────────────────────────
def test_types_have_an_icon_that_can_be_changed(signed_in):
    client, url = signed_in("manager"), reverse("settings:activity-types")
    page = text_of(client.get(url))
    assert 'aria-label="Symbol von Anruf: Telefon"' in page
    client.post(url, {"name": "Messebesuch"})
    new = ActivityType.objects.get(name="Messebesuch")
    assert new.icon == "checkbox"
    change = reverse("settings:activity-types-change", args=[new.pk])
    client.post(change, {"icon": "coffee"})
    new.refresh_from_db()
    assert (new.name, new.icon) == ("Messebesuch", "coffee")
    assert client.post(change, {"icon": "rocket"}).status_code == 422
    client.post(change, {"name": "Messe"})
    new.refresh_from_db()
    assert (new.name, new.icon) == ("Messe", "coffee")


def test_a_type_that_a_plan_needs_is_not_deleted(signed_in, plan):
    plan()
    call = ActivityType.objects.get(name="Anruf")
    signed_in("manager").post(reverse("settings:activity-types-delete", args=[call.pk]))
    assert ActivityType.objects.filter(pk=call.pk).exists()


def test_admin_shows_plans_with_their_steps(signed_in, plan):
    made, client = plan(), signed_in("admin")
    page = text_of(client.get(reverse("admin:activities_activityplan_change", args=[made.pk])))
    assert "Nachfassen" in page
    assert client.get(reverse("admin:activities_activitytype_changelist")).status_code == 200
