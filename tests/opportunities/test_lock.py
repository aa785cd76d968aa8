"""A won or lost opportunity is final, whoever writes: verbs, querysets, SQL; its three doors are narrow."""

import datetime

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from contacts.models import Company, Person
from crm.core.audit import door
from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.imports.models import ImportEffect, ImportRun
from crm.lists.models import Tag
from opportunities import actions
from opportunities.models import LossReason, Opportunity, OpportunityTag, Pipeline, Stage, StageChange

# Computed by the database or bookkeeping; changing these says nothing about the business.
ASIDE = {"id", "search_text", "updated_at", "next_step_at"}


@pytest.fixture(params=["won", "lost"])
def closed(request):
    return request.getfixturevalue(request.param)


def refused(sql, *params):
    """True if the database refuses this statement, and for this reason."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name == "opportunities_closed_is_final"
    return False


def other_value(field, opportunity):
    """A value for `field` that differs from what the opportunity has."""
    now = getattr(opportunity, field.attname)
    if field.is_relation:
        if field.name == "owner":
            from crm.accounts.models import User

            return User.objects.exclude(pk=now).first().pk
        if field.name == "company":
            return Company.objects.create(name="Andere AG").pk
        if field.name == "person":
            return Person.objects.create(last_name="Andere").pk
        found = field.related_model.objects.exclude(pk=now).first()
        return found.pk if found else None if now else 999_999
    kind = field.get_internal_type()
    if kind in {"CharField", "TextField"}:
        choices = [value for value, _label in field.choices or [] if value != now]
        return choices[0] if choices else f"{now or ''}x"[-20:]
    if kind == "DateField":
        return datetime.date(1999, 1, 1)
    if kind == "DateTimeField":
        return timezone.now() - datetime.timedelta(days=400)
    return 7 if now != 7 else 8


def test_sql_cannot_change_any_business_column(closed):
    columns = [f for f in Opportunity._meta.local_concrete_fields if f.name not in ASIDE]
    assert len(columns) == 27, "a new column: is it business data?"
    for field in columns:
        sql = f"UPDATE opportunities_opportunity SET {field.column} = %s WHERE id = %s"
        assert refused(sql, other_value(field, closed), closed.pk), field.name


def test_querysets_cannot_change_or_delete(closed):
    everything = Opportunity.objects.all()
    for change in (
        lambda: everything.update(title="x"),
        lambda: everything.update(status="open", won_at=None, lost_at=None, loss_reason=None, loss_note=""),
        lambda: everything.delete(),
        lambda: everything.filter(pk=closed.pk)._raw_delete("default"),
        lambda: Opportunity.objects.bulk_update([Opportunity(pk=closed.pk, title="x")], ["title"]),
        lambda: Opportunity.objects.bulk_create(
            [Opportunity(pk=closed.pk, title="x", pipeline=closed.pipeline, stage=closed.stage, entered_as="lead")],
            update_conflicts=True,
            update_fields=["title"],
            unique_fields=["pk"],
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    closed.refresh_from_db()
    assert closed.is_closed


def test_deleting_what_it_refers_to_is_refused(closed, people):
    LossReason.objects.filter(pk__gt=LossReason.objects.first().pk).delete()
    for record in [closed.company, closed.stage, closed.pipeline, closed.owner, closed.loss_reason]:
        if record is not None:
            with pytest.raises((ProtectedError, IntegrityError)), transaction.atomic():
                record.delete()


def test_a_statement_that_changes_nothing_is_harmless(closed, company):
    before = Opportunity.objects.values().get(pk=closed.pk)
    assert not refused("UPDATE opportunities_opportunity SET title = title, updated_at = now()")
    closed.save()
    assert Opportunity.objects.values().get(pk=closed.pk) == before


def test_saving_a_won_one_unchanged_leaves_a_former_customer_alone(won):
    Company.objects.filter(pk=won.company_id).update(status="former")
    won.save()
    assert Company.objects.get(pk=won.company_id).status == "former"


def test_tags_are_closed_with_it(make, rep):
    tag, more = Tag.objects.create(name="A-Kunde"), Tag.objects.create(name="Messe")
    opportunity = make(kind="deal", tags=[tag])
    other = make()
    actions.win(opportunity=opportunity, by=rep)
    link = OpportunityTag.objects.get(opportunity=opportunity)
    for change in (
        lambda: opportunity.tags.add(more),
        lambda: opportunity.tags.remove(tag),
        lambda: opportunity.tags.clear(),
        lambda: opportunity.tags.set([more]),
        lambda: OpportunityTag.objects.update(tag=more),
        lambda: OpportunityTag.objects.filter(pk=link.pk).update(opportunity=other),
        lambda: OpportunityTag.objects.create(opportunity=opportunity, tag=more),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    # Nor can a tag of another one be moved here.
    link = OpportunityTag.objects.create(opportunity=other, tag=tag)
    with pytest.raises(IntegrityError), transaction.atomic():
        OpportunityTag.objects.filter(pk=link.pk).update(opportunity=opportunity)


def test_its_stage_history_stays(closed):
    for change in (
        lambda: StageChange.objects.all().delete(),
        lambda: StageChange.objects.update(changed_at=timezone.now()),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert StageChange.objects.filter(opportunity=closed).count() == 1


def test_every_verb_refuses(closed, people):
    admin = people["admin"]
    stage = closed.pipeline.stages.last()
    for verb in (
        lambda: actions.update_opportunity(opportunity=closed, by=admin, title="x"),
        lambda: actions.update_opportunity(opportunity=closed, by=admin, tags=[]),
        lambda: actions.move(opportunity=closed, stage=stage, by=admin),
        lambda: actions.convert_to_deal(opportunity=closed, by=admin),
        lambda: actions.win(opportunity=closed, by=admin),
        lambda: actions.lose(opportunity=closed, by=admin, reason=LossReason.objects.first()),
        lambda: actions.delete_opportunity(opportunity=closed, by=admin),
    ):
        with pytest.raises(Refused, match=r"won or lost|gewonnen oder verloren"):
            verb()


def test_the_admin_cannot_change_or_delete_either(closed, signed_in):
    admin = signed_in("admin")
    before = Opportunity.objects.values().get(pk=closed.pk)
    for address, data in (
        (f"/admin/opportunities/opportunity/{closed.pk}/change/", {"title": "x", "status": "open"}),
        (f"/admin/opportunities/opportunity/{closed.pk}/delete/", {"post": "yes"}),
        (
            "/admin/opportunities/opportunity/",
            {"action": "delete_selected", "_selected_action": [closed.pk], "post": "yes"},
        ),
        (f"/admin/opportunities/stage/{closed.stage_id}/delete/", {"post": "yes"}),
        (f"/admin/opportunities/pipeline/{closed.pipeline_id}/delete/", {"post": "yes"}),
    ):
        assert admin.post(address, data).status_code < 500, address
    assert Opportunity.objects.values().get(pk=closed.pk) == before


def test_papers_and_subscriptions_still_arrive(closed, rep):
    file = StoredFile.objects.create(content="files/x", name="Vertrag.pdf", size=1, sha256="0" * 64)
    closed.files.add(file)
    actions.subscribe(opportunity=closed, by=rep)
    actions.unsubscribe(opportunity=closed, by=rep)
    with pytest.raises(Refused):
        actions.detach(opportunity=closed, file=file, by=rep)
    assert closed.files.count() == 1


# ── the doors ───────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_door_opens_nothing(closed):
    for name in ("", "import", "Reopen", "anything"):
        with pytest.raises(IntegrityError), door(name):
            Opportunity.objects.filter(pk=closed.pk).update(title="x")


OPEN = {"status": "open", "won_at": None, "lost_at": None, "loss_reason": None, "loss_note": ""}


def test_the_door_for_reopening_takes_back_the_outcome_only(closed):
    for change in (
        {"title": "x"},
        {"estimated_value": 1},
        {**OPEN, "title": "x"},
        {**OPEN, "owner": None},
        {"won_at": timezone.now() - datetime.timedelta(days=1), "lost_at": None},
    ):
        with pytest.raises(IntegrityError), door("reopen"):
            Opportunity.objects.filter(pk=closed.pk).update(**change)
    with pytest.raises(IntegrityError), door("reopen"):
        closed.delete()
    with door("reopen"):
        Opportunity.objects.filter(pk=closed.pk).update(**OPEN)


def test_a_door_closes_behind_the_verb(closed, people):
    actions.reopen(opportunity=closed, by=people["admin"])
    closed = actions.win(opportunity=closed, by=people["admin"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Opportunity.objects.filter(pk=closed.pk).update(**OPEN)


def test_only_an_admin_reopens(closed, people):
    for name in ("rep", "lead", "mate", "stranger", "manager", "service", "readonly"):
        with pytest.raises(Opportunity.DoesNotExist):
            actions.reopen(opportunity=closed, by=people[name])
    opened = actions.reopen(opportunity=closed, by=people["admin"])
    assert opened.status == "open"
    with pytest.raises(Refused):
        actions.reopen(opportunity=opened, by=people["admin"])


def test_the_door_for_merging_repoints_company_and_person_only(won):
    other, person = Company.objects.create(name="Höfle"), Person.objects.create(last_name="Kurz")
    for change in ({"title": "x"}, {"company": None}, {"person": None}, {"company": other, "title": "x"}, OPEN):
        with pytest.raises(IntegrityError), door("merge"):
            Opportunity.objects.filter(pk=won.pk).update(**change)
    with pytest.raises(IntegrityError), door("merge"):
        won.delete()
    with door("merge"):
        Opportunity.objects.filter(pk=won.pk).update(company=other, person=person)
    other.refresh_from_db()
    assert other.status == "customer"


def _run(user, status):
    file = StoredFile.objects.create(content="files/x", name="x.csv", size=1, sha256="0" * 64)
    return ImportRun.objects.create(target="opportunities", file=file, created_by=user, status=status)


def _effect(run, opportunity, before=None):
    kind = ContentType.objects.get_for_model(Opportunity)
    return ImportEffect.objects.create(run=run, row=2, record_type=kind, record_id=opportunity.pk, before=before)


def test_the_door_for_undoing_deletes_what_the_import_made(won, lost, rep):
    run = _run(rep, "done")
    _effect(run, won)
    with pytest.raises(IntegrityError), door("undo_import"):
        won.delete()  # nobody is undoing this import
    ImportRun.objects.update(status="undoing")
    with pytest.raises(IntegrityError), transaction.atomic():
        won.delete()  # no door
    with pytest.raises(IntegrityError), door("undo_import"):
        lost.delete()  # not made by an import
    with door("undo_import"):
        Opportunity.objects.get(pk=won.pk).delete()
    assert list(Opportunity.objects.all()) == [lost]


def test_the_door_for_undoing_gives_back_earlier_values(won, lost, rep):
    _effect(_run(rep, "undoing"), won, before={"status": "open", "won_at": None})
    with pytest.raises(IntegrityError), door("undo_import"):
        won.delete()  # it was there before
    with pytest.raises(IntegrityError), door("undo_import"):
        Opportunity.objects.filter(pk=lost.pk).update(**OPEN)
    with door("undo_import"):
        Opportunity.objects.filter(pk=won.pk).update(**OPEN)


# ── what is true of every opportunity ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        {"status": "won"},
        {"status": "lost", "lost_at": timezone.now()},
        {"status": "lost", "loss_reason": 1},
        {"won_at": timezone.now()},
        {"lost_at": timezone.now()},
        {"loss_reason": 1},
        {"loss_note": "x"},
        {"status": "gone"},
        {"kind": "deal"},
        {"kind": "x"},
        {"entered_as": "deal"},
        {"converted_at": timezone.now()},
        {"probability": 101},
        {"estimated_value": -1},
        {"expected_budget": -1},
    ],
)
def test_half_an_outcome_is_no_outcome(make, change):
    opportunity = make()
    change = change | ({"loss_reason": LossReason.objects.first()} if "loss_reason" in change else {})
    with pytest.raises(IntegrityError), transaction.atomic():
        Opportunity.objects.filter(pk=opportunity.pk).update(**change)


def test_stage_pipeline_and_kind_stay_in_step(make):
    lead = make()
    deals = Pipeline.objects.get(kind="deal")
    for change in (
        {"stage": deals.stages.first()},
        {"pipeline": deals},
        {"pipeline": deals, "stage": deals.stages.first()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Opportunity.objects.filter(pk=lead.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Stage.objects.filter(pk=lead.stage_id).update(pipeline=deals)
    with pytest.raises(IntegrityError), transaction.atomic():
        Pipeline.objects.filter(pk=lead.pipeline_id).update(kind="deal")
