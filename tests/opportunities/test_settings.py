"""Pipelines, stages, loss reasons in the settings."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from crm.core.refusals import Refused
from opportunities import actions, pipelines
from opportunities.models import LossReason, Opportunity, Pipeline, Stage

HTMX = {"headers": {"HX-Request": "true"}}
PIPELINES = "/settings/pipelines/"


@pytest.fixture(autouse=True)
def english(people):
    for person in people.values():
        person.language = "en"
        person.save()
    with translation.override("en"):
        yield


@pytest.fixture
def web(signed_in):
    return signed_in("manager")


@pytest.fixture
def pipeline():
    return Pipeline.objects.get(kind="deal")


def saved(pipeline, rows, **head):
    """The form as the page posts it."""
    return {
        "name": pipeline.name,
        "is_default": "on",
        "stage": [row[0] for row in rows],
        "stage_name": [row[1] for row in rows],
        "probability": [row[2] for row in rows],
        "colour": [row[3] if len(row) > 3 else "" for row in rows],
    } | head


def rows_of(pipeline):
    return [[s.pk, s.name, s.probability, s.colour] for s in pipeline.stages.active()]


def post(web, pipeline, data):
    return web.post(f"{PIPELINES}?pipeline={pipeline.pk}", data)


def test_stages_are_added_renamed_reordered_and_weighed_in_one_go(web, pipeline):
    rows = rows_of(pipeline)
    rows[0][1], rows[1][1] = rows[1][1], rows[0][1]
    rows[2][2] = 50
    rows[3][3] = "teal"
    rows = [rows[4], *rows[:4], ["", "Vertrag", 95]]
    assert post(web, pipeline, saved(pipeline, rows, name="Serienantriebe")).status_code == 302
    pipeline.refresh_from_db()
    assert pipeline.name == "Serienantriebe"
    assert [(s.name, s.probability, s.colour) for s in pipeline.stages.all()] == [
        ("Mündliche Zusage", 90, ""),
        ("Angebot erstellt", 20, ""),
        ("Bedarf geklärt", 40, ""),
        ("Angebot besprochen", 50, ""),
        ("Verhandlung", 70, "teal"),
        ("Vertrag", 95, ""),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        ["", "", "50"],
        ["", "Neu", ""],
        ["", "Neu", "101"],
        ["", "Neu", "-1"],
        ["", "Neu", "x"],
        ["", "x" * 100_000, "5"],
        ["", "verhandlung", "5"],
        ["", "Neu", "5", "#ff0000"],
        ["abc", "Neu", "5"],
        ["987654", "Neu", "5"],
        [str(10**30), "Neu", "5"],
    ],
)
def test_a_wrong_row_saves_nothing_and_keeps_what_was_typed(web, pipeline, wrong):
    before = rows_of(pipeline)
    answer = post(web, pipeline, saved(pipeline, [*before, wrong], name="Anders"))
    assert answer.status_code == 422
    assert 'value="Anders"' in answer.content.decode()
    assert rows_of(pipeline) == before


def test_a_stage_of_another_pipeline_is_not_taken_over(web, pipeline):
    foreign = Stage.objects.filter(pipeline__kind="lead").first()
    answer = post(web, pipeline, saved(pipeline, [*rows_of(pipeline), [foreign.pk, "Geklaut", 1]]))
    assert answer.status_code == 422
    foreign.refresh_from_db()
    assert foreign.name != "Geklaut"


def test_one_default_of_each_kind(web, pipeline):
    other = Pipeline.objects.create(name="Ersatzteile", kind="deal")
    other.stages.create(name="Anfrage", probability=40)
    post(web, other, saved(other, rows_of(other)))
    pipeline.refresh_from_db()
    other.refresh_from_db()
    assert (pipeline.is_default, other.is_default) == (False, True)
    data = saved(other, rows_of(other))
    del data["is_default"]
    assert post(web, other, data).status_code == 422


def test_the_page_counts_what_is_open(web, deal, won, make, pipeline):
    make(kind="deal", estimated_value=100, owner="stranger")
    html = web.get(PIPELINES, {"kind": "deal"}).content.decode()
    assert "1 open" in html


def test_from_a_template(web):
    web.post("/settings/pipelines/template/", {"template": "tender"})
    made = Pipeline.objects.get(name="Tender")
    assert (made.kind, made.is_default, made.stages.count()) == ("deal", False, 4)
    web.post("/settings/pipelines/template/", {"template": "tender"})
    assert Pipeline.objects.filter(name="Tender 2").exists()
    assert web.post("/settings/pipelines/template/", {"template": "nonsense"}).status_code == 422


def test_a_new_pipeline(web):
    answer = web.post("/settings/pipelines/new/", {"name": "Ersatzteile", "kind": "deal"})
    made = Pipeline.objects.get(name="Ersatzteile")
    assert answer.url == f"{PIPELINES}?pipeline={made.pk}"
    assert web.post("/settings/pipelines/new/", {"name": "ersatzteile", "kind": "deal"}).status_code == 422


def test_a_stage_in_use_asks_where_the_open_ones_go(web, deal, make, pipeline):
    stage, other = pipeline.stages.all()[:2]
    foreign = make("stranger", kind="deal")
    address = f"/settings/pipelines/stages/{stage.pk}/delete/"
    assert "Move them to" in web.get(address, **HTMX).content.decode()
    assert web.post(address, {}).status_code == 422
    assert web.post(address, {"to": Stage.objects.filter(pipeline__kind="lead").first().pk}).status_code == 422
    assert web.post(address, {"to": stage.pk}).status_code == 422
    assert web.post(address, {"to": other.pk}).status_code == 302
    assert set(Opportunity.objects.values_list("stage", flat=True)) == {other.pk}
    assert deal.stage_changes.last().to_stage == other
    assert foreign.stage_changes.last().to_stage == other
    assert stage not in pipeline.stages.active()


def test_what_closed_ones_refer_to_stays_but_is_not_offered(web, won, pipeline):
    web.post(f"/settings/pipelines/stages/{won.stage_id}/delete/", {})
    won.refresh_from_db()
    assert not won.stage.is_active
    assert "Bedarf geklärt" in web.get(won.get_absolute_url()).content.decode()
    # Its name is free again.
    post(web, pipeline, saved(pipeline, [*rows_of(pipeline), ["", "Bedarf geklärt", 5]]))
    assert pipeline.stages.filter(name="Bedarf geklärt").count() == 2


def test_an_unused_stage_is_gone(people, pipeline):
    stage = pipeline.stages.create(name="Irrtum", probability=1)
    assert pipelines.delete_stage(stage=stage, by=people["manager"])
    assert not Stage.objects.filter(name="Irrtum").exists()


def test_the_last_stage_stays(people):
    pipeline = Pipeline.objects.create(name="Kurz", kind="deal")
    stage = pipeline.stages.create(name="Einzige", probability=1)
    with pytest.raises(Refused):
        pipelines.delete_stage(stage=stage, by=people["manager"])


def test_a_pipeline_with_open_ones_cannot_be_deleted(web, people, rep):
    other = pipelines.create_pipeline(
        by=people["manager"], name="Ersatzteile", kind="deal", stages=[pipelines.Row("Anfrage", 40)]
    )
    opportunity = actions.create_opportunity(by=rep, kind="deal", pipeline=other, title="x")
    address = f"/settings/pipelines/{other.pk}/delete/"
    assert web.post(address, **HTMX).status_code == 409
    actions.win(opportunity=opportunity, by=rep)
    assert web.post(address).status_code == 302
    other.refresh_from_db()
    assert not other.is_active
    web.post(f"/settings/pipelines/{other.pk}/revive/")
    other.refresh_from_db()
    assert other.is_active


def test_the_default_pipeline_stays(web, pipeline):
    assert web.post(f"/settings/pipelines/{pipeline.pk}/delete/", **HTMX).status_code == 409


@pytest.mark.parametrize("who", ["rep", "lead", "service", "readonly"])
def test_only_those_with_the_right_see_and_change(signed_in, who, pipeline):
    web = signed_in(who)
    stage = pipeline.stages.first()
    before = list(Pipeline.objects.values()), list(Stage.objects.values())
    for address in (
        PIPELINES,
        f"{PIPELINES}new/",
        f"{PIPELINES}template/",
        f"{PIPELINES}{pipeline.pk}/delete/",
        f"{PIPELINES}stages/{stage.pk}/delete/",
        "/settings/loss-reasons/",
    ):
        assert web.get(address).status_code == 404, address
        data = saved(pipeline, rows_of(pipeline), name="x", kind="deal", template="tender")
        assert web.post(address, data).status_code == 404, address
    assert web.post(f"{PIPELINES}{pipeline.pk}/revive/").status_code == 404
    assert before == (list(Pipeline.objects.values()), list(Stage.objects.values()))


def test_a_loss_reason_in_use_cannot_be_deleted(web, lost):
    answer = web.post(reverse("settings:loss-reasons-delete", args=[lost.loss_reason_id]), **HTMX)
    assert LossReason.objects.filter(pk=lost.loss_reason_id).exists()
    assert answer.status_code < 500
    with pytest.raises(IntegrityError), transaction.atomic():
        lost.loss_reason.delete()
