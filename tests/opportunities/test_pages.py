"""The record page, its form, its menu and its files."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from contacts.models import Company, Person
from crm.files.models import StoredFile
from crm.lists.models import Tag
from opportunities import actions, menu
from opportunities.models import LossReason, Opportunity, Pipeline

HTMX = {"headers": {"HX-Request": "true"}}


def url(name, *args):
    return reverse(f"opportunities:{name}", args=args)


def page(web, name, *args, **query):
    answer = web.get(url(name, *args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def web(signed_in):
    return signed_in("rep")


@pytest.fixture(autouse=True)
def english(people):
    for person in people.values():
        person.language = "en"
        person.save()
    with translation.override("en"):
        yield


# ── the page ────────────────────────────────────────────────────────────────────────────────────────
def test_the_page_shows_what_one_needs(web, deal):
    html = page(web, "opportunity", deal.pk)
    for text in (
        deal.number,
        "Servoachsen KL-7",
        "Höfle Verpackungstechnik",
        "Sabine Kurz",
        "148,500",
        "Bedarf geklärt",
    ):
        assert text in html


def test_a_swap_equals_a_reload(web, deal):
    whole = page(web, "opportunity", deal.pk)
    part = web.get(url("opportunity", deal.pk), **HTMX).content.decode()
    assert part.startswith("\n<article") or part.lstrip().startswith("<article")
    assert part.strip() in whole


def test_the_company_one_may_not_see_is_not_named(web, make, people):
    hidden = Company.objects.create(name="Geheimkunde GmbH", phone="+498912345", owner=people["stranger"])
    contact = Person.objects.create(last_name="Verborgen", company=hidden, owner=people["stranger"])
    opportunity = make(company=hidden, person=contact, kind="deal")
    for name, args in (
        ("opportunity", [opportunity.pk]),
        ("board", []),
        ("list", []),
        ("card", [opportunity.pk]),
        ("edit", [opportunity.pk]),
    ):
        html = page(web, name, *args)
        assert "Geheim" not in html, name
        assert "Verborgen" not in html, name
        assert "912345" not in html, name
    for term in ("Geheimkunde", "Verborgen"):
        assert 'data-rows="0"' in page(web, "list", q=term)
    csv = b"".join(web.get(url("list"), {"export": "csv", "tab": "all"}).streaming_content).decode("utf-8-sig")
    assert opportunity.title in csv
    assert "Geheim" not in csv


def test_editing_keeps_the_company_one_may_not_see(web, make, people):
    hidden = Company.objects.create(name="Geheimkunde GmbH", owner=people["stranger"])
    opportunity = make(company=hidden)
    answer = web.post(url("edit", opportunity.pk), form_data(opportunity, title="Neuer Titel"))
    assert answer.status_code == 302
    opportunity.refresh_from_db()
    assert (opportunity.title, opportunity.company) == ("Neuer Titel", hidden)


def test_the_days_on_each_stage(web, deal, rep):
    html = page(web, "opportunity", deal.pk)
    assert "since today" in html
    assert url("move", deal.pk, deal.pipeline.stages.last().pk) in html


def test_a_closed_one_says_since_when_and_why(web, lost):
    html = page(web, "opportunity", lost.pk)
    assert "can no longer be changed" in html
    assert str(lost.loss_reason) in html
    assert "Zu teuer" in html
    assert url("edit", lost.pk) not in html
    assert url("fact", lost.pk, "title") not in html
    assert "/move/" not in html


def test_the_menu_is_in_the_order_of_the_specification(web, deal, rf, rep):
    request = rf.get("/")
    request.user = rep
    labels = [str(action.label) if action else "-" for action in menu.of(request, deal)]
    more = ["New activity …", "New quote", "New order", "New invoice", "Apply activity plan …"]
    assert labels == ["Convert to deal", "-", *more, "-", "Subscribe", "-", "Mark as won", "Mark as lost …"]
    assert menu.of(request, deal)[0].reason == "is a deal already"


def test_the_admin_can_reopen_from_the_menu(rf, people, won):
    request = rf.get("/")
    request.user = people["admin"]
    entries = {str(a.label): a.reason for a in menu.of(request, won) if a}
    assert entries["Reopen …"] == ""
    assert entries["Mark as won"] == entries["Delete …"] == "is won"


def test_rooms_above_bring_entries(rf, rep, deal, monkeypatch):
    from crm.core.recordpage import Action

    others = [entry for entry in menu._entries if entry[0] != menu.NEW_ACTIVITY]
    monkeypatch.setattr(menu, "_entries", others)
    menu.register(menu.NEW_ACTIVITY, lambda request, record: Action("New activity", "calendar-plus"))
    request = rf.get("/")
    request.user = rep
    labels = [str(action.label) if action else "-" for action in menu.of(request, deal)]
    assert labels[:4] == ["Convert to deal", "-", "New activity", "New quote"]


def test_every_tab_opens(web, deal):
    for tab in ("overview", "files", "history", "nonsense"):
        page(web, "opportunity", deal.pk, tab=tab)
    for before in (
        "",
        "x",
        "2026-01-01",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59+00:00",
        "2026-05-05T10:00:00+02:00",
    ):
        page(web, "opportunity", deal.pk, tab="history", before=before)


def test_the_history_tells_who_did_what(web, deal):
    web.post(url("move", deal.pk, deal.pipeline.stages.all()[1].pk))
    web.post(url("fact", deal.pk, "probability"), {"probability": "75"})
    web.post(url("lose", deal.pk), {"reason": LossReason.objects.first().pk, "note": "<b>zu teuer</b>"})
    html = page(web, "opportunity", deal.pk)
    assert "changed the stage: Bedarf geklärt → Angebot erstellt" in html
    assert "→ 75" in html
    assert "marked it as lost: Preis" in html
    assert "&lt;b&gt;zu teuer" in html


def test_who_edits_what_was_won_meanwhile_is_told_on_its_page(web, won):
    """Not sent round in circles between the form and itself, as a browser does that goes back to where it was."""
    address = url("edit", won.pk)
    back = {"headers": {"Referer": f"http://testserver{address}"}}
    for answer in (web.get(address, **back), web.post(address, {"title": "x"}, **back)):
        assert (answer.status_code, answer["Location"]) == (302, won.get_absolute_url())
    assert "can no longer be changed" in web.get(won.get_absolute_url()).content.decode()


# ── facts in place ──────────────────────────────────────────────────────────────────────────────────
def test_a_fact_is_edited_in_place(web, deal):
    assert 'name="estimated_value"' in web.get(url("fact", deal.pk, "estimated_value"), **HTMX).content.decode()
    answer = web.post(url("fact", deal.pk, "estimated_value"), {"estimated_value": "99,500.50"}, **HTMX)
    assert answer.status_code == 204
    deal.refresh_from_db()
    assert str(deal.estimated_value) == "99500.50"


def test_tags_are_edited_in_place(web, deal):
    tag = Tag.objects.create(name="Messe")
    web.post(url("fact", deal.pk, "tags"), {"tags": [tag.pk]})
    assert list(deal.tags.all()) == [tag]


def test_a_fact_that_someone_else_changed_is_not_overwritten_unseen(web, deal):
    address = url("fact", deal.pk, "title")
    was = re.search(r'name="was" value="(\w+)"', web.get(address, **HTMX).content.decode())[1]
    Opportunity.objects.filter(pk=deal.pk).update(title="Von anderer Hand")
    html = web.post(address, {"title": "Meine Fassung", "was": was}, **HTMX).content.decode()
    assert "Someone else changed this" in html
    assert 'value="Meine Fassung"' in html
    assert Opportunity.objects.get(pk=deal.pk).title == "Von anderer Hand"
    now = re.search(r'name="was" value="(\w+)"', html)[1]
    web.post(address, {"title": "Meine Fassung", "was": now}, **HTMX)
    assert Opportunity.objects.get(pk=deal.pk).title == "Meine Fassung"


@pytest.mark.parametrize(
    "field", ["number", "status", "won_at", "kind", "stage", "pipeline", "import_run", "nonsense", "created-at"]
)
def test_what_is_no_fact_is_not_there(web, deal, field):
    assert web.get(url("fact", deal.pk, field)).status_code == 404
    assert web.post(url("fact", deal.pk, field), {field: "1"}).status_code == 404


def test_a_wrong_value_stays_in_the_field(web, deal):
    answer = web.post(url("fact", deal.pk, "probability"), {"probability": "101"}, **HTMX)
    assert answer.status_code == 200
    assert 'value="101"' in answer.content.decode()


# ── the form ────────────────────────────────────────────────────────────────────────────────────────
def form_data(opportunity=None, **changes):
    kind = "deal" if changes.get("kind") == "deal" else "lead"
    pipeline = opportunity.pipeline if opportunity else Pipeline.objects.get(kind=kind)
    stage = opportunity.stage if opportunity else pipeline.stages.first()
    data = {"title": "Antrieb", "kind": "lead", "pipeline": pipeline.pk, "stage": stage.pk}
    if opportunity:
        data |= {
            "owner": opportunity.owner_id or "",
            "seen": actions.version(Opportunity.objects.get(pk=opportunity.pk)),
        }
    return data | changes


def test_plus_makes_a_lead_by_default(web, rep, company, person):
    html = page(web, "new", company=company.pk, person=person.pk)
    assert "Höfle" in html
    assert "Kurz" in html
    data = form_data(
        company=company.pk, person=person.pk, owner=rep.pk, estimated_value="1.234,50", close_date="2027-01-31"
    )
    answer = web.post(url("new"), data)
    made = Opportunity.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.kind, made.company, made.person, made.owner) == ("lead", company, person, rep)


def test_the_person_brings_its_company(web, person, company):
    web.post(url("new"), form_data(person=person.pk))
    assert Opportunity.objects.get().company == company


def test_choosing_the_kind_changes_the_choices_and_keeps_what_is_typed(web):
    answer = web.post(url("new"), form_data(title="Halb getippt", kind="deal", reload="1"), **HTMX)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Halb getippt" in html
    assert "Mündliche Zusage" in html
    assert "Kontaktiert" not in html
    assert not Opportunity.objects.exists()


def test_foreign_records_cannot_be_chosen(web, people, rep):
    stranger = people["stranger"]
    foreign = {
        "company": Company.objects.create(name="Geheim AG", owner=stranger).pk,
        "person": Person.objects.create(last_name="Geheim", owner=stranger).pk,
        "owner": stranger.pk,
    }
    deals = Pipeline.objects.get(kind="deal")
    foreign |= {
        "pipeline": deals.pk,
        "stage": deals.stages.first().pk,
        "tags": "999999",
        "source": "999999",
        "priority": "x",
    }
    for field, value in foreign.items():
        answer = web.post(url("new"), form_data(**{field: value}))
        assert answer.status_code == 422, field
        assert "Geheim" not in answer.content.decode()
    assert not Opportunity.objects.exists()
    assert "Geheim" not in page(web, "new", company=foreign["company"], person=foreign["person"])


def test_only_documented_fields_are_taken(web, people):
    extra = {
        "status": "won",
        "number": "OPP-1",
        "won_at": "2020-01-01",
        "created_at": "2020-01-01",
        "entered_as": "deal",
        "external_id": "x",
        "import_run": "1",
        "id": "77",
    }
    web.post(url("new"), form_data(**extra))
    made = Opportunity.objects.get()
    assert (made.status, made.won_at, made.external_id) == ("open", None, None)
    assert made.number != "OPP-1"
    assert made.created_at.year > 2020


def test_the_second_of_two_editors_sees_the_first(web, deal, rep):
    data = form_data(deal, title="Meiner")
    actions.update_opportunity(opportunity=deal, by=rep, title="Seiner")
    answer = web.post(url("edit", deal.pk), data)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Seiner" in html
    assert 'value="Meiner"' in html
    deal.refresh_from_db()
    assert deal.title == "Seiner"
    # Knowing it, one may insist.
    web.post(url("edit", deal.pk), form_data(deal, title="Meiner"))
    deal.refresh_from_db()
    assert deal.title == "Meiner"


def test_editing_without_a_version_overwrites_nothing(web, deal):
    data = form_data(deal, title="Meiner")
    del data["seen"]
    assert web.post(url("edit", deal.pk), data).status_code == 422


def test_a_stage_of_another_pipeline_is_refused_beside_the_field(web, deal):
    foreign = Pipeline.objects.get(kind="lead").stages.first()
    for answer in (
        web.post(url("new"), form_data(kind="deal", stage=foreign.pk)),
        web.post(url("edit", deal.pk), form_data(deal, stage=foreign.pk)),
    ):
        assert answer.status_code == 422
        assert answer.context["form"].errors == {"stage": ["This is no stage of the chosen pipeline."]}
    assert "another pipeline" in web.post(url("move", deal.pk, foreign.pk), **HTMX)["HX-Trigger"]
    assert list(Opportunity.objects.values_list("stage", flat=True)) == [deal.stage_id]


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 100_000},
        {"title": "\x00"},
        {"description": "ok", "estimated_value": "-1"},
        {"estimated_value": "1e400"},
        {"estimated_value": "NaN"},
        {"estimated_value": "9" * 40},
        {"probability": "1000"},
        {"probability": "-5"},
        {"close_date": "31.02.2026"},
        {"close_date": "0001-01-01"},
        {"start_date": "2026-05-05", "close_date": "2026-05-04"},
        {"kind": "ticket"},
        {"company": "9" * 30},
        {"owner": "1; DROP TABLE"},
        {"stage": ""},
    ],
)
def test_bad_input_is_answered_beside_the_field(web, bad):
    answer = web.post(url("new"), form_data(**bad))
    assert answer.status_code == 422
    assert not Opportunity.objects.exists()


def test_odd_text_is_kept_and_escaped(web):
    title = "🚀 <script>alert(1)</script> {{ 7*7 }} ‮abc"
    web.post(url("new"), form_data(title=title))
    made = Opportunity.objects.get()
    html = page(web, "opportunity", made.pk)
    assert "<script>alert" not in html
    assert "🚀 &lt;script&gt;" in html
    assert "‮" not in made.title


# ── verbs by page ───────────────────────────────────────────────────────────────────────────────────
def test_winning_asks_once(web, deal):
    html = web.get(url("win", deal.pk), **HTMX).content.decode()
    assert "becomes a customer" in html
    answer = web.post(url("win", deal.pk), **HTMX)
    assert answer.status_code == 204
    deal.refresh_from_db()
    assert deal.status == "won"


def test_losing_asks_for_the_reason(web, deal):
    answer = web.post(url("lose", deal.pk), {"reason": ""}, **HTMX)
    assert "field-error" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.status == "open"
    web.post(url("lose", deal.pk), {"reason": LossReason.objects.first().pk})
    deal.refresh_from_db()
    assert deal.status == "lost"


def test_an_archived_reason_is_not_offered(web, deal):
    gone = LossReason.objects.create(name="Alt", is_active=False)
    assert web.post(url("lose", deal.pk), {"reason": gone.pk}).status_code == 422


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_no_page_changes_a_closed_one(request, web, outcome, signed_in, people):
    closed = request.getfixturevalue(outcome)
    before = Opportunity.objects.values().get(pk=closed.pk)
    admin = signed_in("admin")
    reason = LossReason.objects.first().pk
    stage = closed.pipeline.stages.last().pk
    posts = [
        ("edit", [closed.pk], form_data(closed, title="x")),
        ("fact", [closed.pk, "title"], {"title": "x"}),
        ("fact", [closed.pk, "tags"], {"tags": []}),
        ("move", [closed.pk, stage], {}),
        ("move", [closed.pk, stage], {"board": "1"}),
        ("convert", [closed.pk], {}),
        ("win", [closed.pk], {}),
        ("lose", [closed.pk], {"reason": reason}),
        ("delete", [closed.pk], {}),
    ]
    for name, args, data in posts:
        answer = admin.post(url(name, *args), data, **HTMX)
        assert answer.status_code == 409, name
        assert "changed" in answer["HX-Trigger"] or "won or lost" in answer["HX-Trigger"], name
    assert Opportunity.objects.values().get(pk=closed.pk) == before


def test_reopening_is_for_admins(web, won, signed_in):
    assert web.post(url("reopen", won.pk)).status_code == 404
    assert signed_in("manager").post(url("reopen", won.pk)).status_code == 404
    signed_in("admin").post(url("reopen", won.pk))
    won.refresh_from_db()
    assert won.status == "open"


def test_the_bell(web, deal, rep):
    web.post(url("subscribe", deal.pk), **HTMX)
    assert deal.subscriptions.filter(user=rep).exists()
    assert "End subscription" in page(web, "opportunity", deal.pk)
    web.post(url("unsubscribe", deal.pk), **HTMX)
    assert not deal.subscriptions.exists()


def test_the_bell_rings_for_closed_ones_too(web, won):
    assert web.post(url("subscribe", won.pk), **HTMX).status_code == 204


# ── files ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_files_come_and_go(web, deal):
    upload = SimpleUploadedFile("../../Vertrag <b>.html", b"<script>alert(1)</script>", content_type="text/html")
    web.post(url("attach", deal.pk), {"files": [upload]})
    file = deal.files.get()
    assert file.name == "Vertrag <b>.html"
    assert "Vertrag &lt;b&gt;.html" in page(web, "opportunity", deal.pk, tab="files")
    answer = web.get(url("file", deal.pk, file.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    web.post(url("detach", deal.pk, file.pk))
    assert not deal.files.exists()
    assert not StoredFile.objects.exists(), "a file that nothing shows any more is kept for ever"


def test_files_go_with_their_opportunity(deal, people):
    actions.attach(opportunity=deal, upload=SimpleUploadedFile("x.txt", b"x"), by=people["rep"])
    actions.delete_opportunity(opportunity=deal, by=people["admin"])
    assert not StoredFile.objects.exists()


def test_a_closed_one_takes_files_and_keeps_them(web, won):
    web.post(url("attach", won.pk), {"files": [SimpleUploadedFile("Auftrag.pdf", b"x")]})
    file = won.files.get()
    assert web.post(url("detach", won.pk, file.pk), **HTMX).status_code == 409
    assert won.files.count() == 1


def test_a_file_is_reached_only_by_its_own_opportunity(web, deal, make):
    web.post(url("attach", deal.pk), {"files": [SimpleUploadedFile("x.txt", b"x")]})
    assert web.get(url("file", make().pk, deal.files.get().pk)).status_code == 404


def test_nothing_uploaded_is_said(web, deal):
    assert web.post(url("attach", deal.pk), {}, **HTMX).status_code == 409


# ── the tab on companies and persons ────────────────────────────────────────────────────────────────
def test_the_tab_of_a_company_and_of_a_person(web, deal, make, people, company, person):
    make("stranger", company=company, person=person, title="Fremdes Geschäft", estimated_value=999_999_937)
    for html in (page(web, "of-company", company.pk), page(web, "of-person", person.pk)):
        assert "Servoachsen" in html
        assert "Fremdes" not in html
        assert "999" not in html
