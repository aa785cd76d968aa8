"""The raw tables: for those who administer, and within the rules like everything else."""

import pytest
from django.contrib import admin
from django.urls import reverse

from contacts.models import Company
from crm.accounts.models import ApiToken, Role, Team, User
from crm.lists.models import Priority, Source, Tag
from crm.sales.models import Invoice, NumberRange, Order, Product, Quote
from inbox.models import InboxItem, ProcessingStatus, WebForm
from opportunities import actions
from opportunities.models import Kind, LossReason, Opportunity, Pipeline, Stage
from tests.sales.factories import issued_invoice, make_order, make_product, make_quote

pytestmark = pytest.mark.django_db


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def said(response):
    """The messages on the page that follows."""
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def deal(people):
    company = Company.objects.create(name="Höfle", owner=people["rep"])
    return actions.create_opportunity(by=people["rep"], title="Achsen", kind=Kind.DEAL, company=company)


# ── who gets in ─────────────────────────────────────────────────────────────────────────────────────
def test_the_way_in_is_the_crm_s_own_sign_in(client, db):
    for url in ("/admin/", page(Source), "/admin/login/?next=/admin/"):
        last, _status = client.get(url, follow=True).redirect_chain[-1]
        assert last.startswith("/login/?next=/admin/"), url


@pytest.mark.parametrize("name", ["rep", "manager", "service", "readonly"])
def test_who_does_not_administer_finds_nothing_there(signed_in, name):
    client = signed_in(name)
    for url in ("/admin/", "/admin/login/", page(Source), page(User), page(User, "add")):
        assert client.get(url, follow=True).status_code == 404, url
    client.post(page(Source, "add"), {"name": "x", "position": 1, "colour": "grey"})
    assert not Source.objects.filter(name="x").exists()


def test_every_page_of_every_table_can_be_opened(signed_in, deal, people, rf):
    request = rf.get("/")
    request.user = people["admin"]
    Team.objects.first().members.add(people["rep"])
    Tag.objects.create(name="A")
    ApiToken.issue(user=people["rep"], name="t")
    source = Source.objects.first()
    WebForm.objects.create(name="Formular", source=source)
    InboxItem.objects.create(title="Anfrage", status=ProcessingStatus.objects.first(), source=source)
    make_quote(people["rep"])
    make_order(people["rep"])
    make_product()
    issued_invoice(people["rep"])
    client, opened = signed_in("admin"), 0
    assert client.get("/admin/").status_code == 200
    for model, options in admin.site._registry.items():
        assert client.get(page(model)).status_code == 200, model
        assert client.get(page(model), {"q": "höfle \x00'%"}).status_code == 200, model
        record = model._default_manager.first()
        if record:
            assert client.get(page(model, "change", record.pk)).status_code == 200, model
            assert client.get(page(model, "history", record.pk)).status_code == 200, model
            opened += 1
        wanted = 200 if options.has_add_permission(request) else 403
        assert client.get(page(model, "add")).status_code == wanted, model
    assert opened >= 20


# ── what can be done ────────────────────────────────────────────────────────────────────────────────
def test_entries_are_added_renamed_and_deleted_while_unused(signed_in):
    client = signed_in("admin")
    for model in (Source, Priority, Tag, LossReason):
        client.post(page(model, "add"), {"name": "Neu dazu", "position": 5, "colour": "teal", "is_active": "on"})
        entry = model.objects.get(name="Neu dazu")
        client.post(page(model, "change", entry.pk), {"name": "Anders", "position": 6, "colour": "red"})
        entry.refresh_from_db()
        assert (entry.name, entry.is_active) == ("Anders", False)
        assert client.get(page(model, "delete", entry.pk)).status_code == 200
        client.post(page(model, "delete", entry.pk), {"post": "yes"})
        assert not model.objects.filter(pk=entry.pk).exists()


def test_a_user_is_made_with_password_role_and_team(signed_in, client):
    team = Team.objects.first()
    data = {
        "email": " Neu@Example.com ",
        "name": "Neu",
        "password": "drei-lange-woerter",
        "role": Role.objects.get(name="rep").pk,
        "team": team.pk if team else "",
        "language": "",
        "theme": "auto",
        "is_active": "on",
    }
    admin_client = signed_in("admin")
    answer = admin_client.post(page(User, "add"), data | {"password": "kurz"})
    assert answer.context["errors"]
    admin_client.post(page(User, "add"), data)
    user = User.objects.get(email="neu@example.com")
    assert user.check_password("drei-lange-woerter")
    assert user.events.first().pgh_context["user"] == User.objects.get(email="admin@example.com").pk
    admin_client.post(page(User, "change", user.pk), data | {"password": "", "name": "Neuer"})
    user.refresh_from_db()
    assert (user.name, user.check_password("drei-lange-woerter")) == ("Neuer", True)


def test_system_dates_cannot_be_edited(signed_in, people, rf):
    client, user = signed_in("admin"), people["rep"]
    before = user.created_at
    client.post(
        page(User, "change", user.pk),
        {"email": user.email, "name": "Rep", "role": user.role_id, "theme": "auto", "is_active": "on"}
        | {"created_at_0": "2020-01-01", "created_at_1": "00:00", "created_at": "2020-01-01"},
    )
    user.refresh_from_db()
    assert user.created_at == before
    for model in (InboxItem, Opportunity, Company):
        options = admin.site._registry[model]
        assert not options.has_change_permission(rf.get("/"))


# ── what cannot ─────────────────────────────────────────────────────────────────────────────────────
def test_an_entry_in_use_names_what_uses_it(signed_in, deal):
    source, priority, reason = Source.objects.first(), Priority.objects.first(), LossReason.objects.first()
    tag = Tag.objects.create(name="A-Kunde")
    deal.source, deal.priority = source, priority
    deal.save()
    deal.tags.add(tag)
    deal.company.tags.add(tag)
    InboxItem.objects.create(title="Anfrage", status=ProcessingStatus.objects.first(), source=source)
    actions.lose(opportunity=deal, by=deal.owner, reason=reason)
    client = signed_in("admin")
    client.cookies["django_language"] = "en"
    client.post("/account/language/", {"language": "en"})
    for entry, uses in (
        (source, ("opportunities: 1", "inbox items: 1")),
        (priority, ("opportunities: 1",)),
        (reason, ("opportunities: 1",)),
        (tag, ("opportunities: 1", "companies: 1")),
        (deal.stage, ("opportunities: 1",)),
        (deal.pipeline, ("opportunities: 1",)),
        (deal.owner, ("opportunities: 1", "companies: 1")),
        (ProcessingStatus.objects.first(), ("inbox items: 1",)),
        (deal.owner.role, ("users: 4",)),
    ):
        for method in (client.get, client.post):
            answer = method(page(type(entry), "delete", entry.pk), {"post": "yes"}, follow=True)
            assert answer.status_code == 200
            assert "cannot be deleted" in said(answer), entry
            assert all(use in said(answer).lower() for use in uses), said(answer)
        assert type(entry).objects.filter(pk=entry.pk).exists()


def test_records_are_looked_at_and_not_written(signed_in, deal):
    client = signed_in("admin")
    actions.win(opportunity=deal, by=deal.owner)
    for record in (deal, deal.company):
        model = type(record)
        assert client.post(page(model, "change", record.pk), {"title": "x", "name": "x"}).status_code == 403
        assert client.post(page(model, "delete", record.pk), {"post": "yes"}).status_code == 403
        assert client.post(page(model, "add"), {}).status_code == 403
        answer = client.post(page(model), {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"})
        assert answer.status_code in {200, 302}
    deal.refresh_from_db()
    assert (deal.title, deal.status) == ("Achsen", "won")


def test_reopening_goes_through_the_verb(signed_in, deal):
    client = signed_in("admin")
    actions.win(opportunity=deal, by=deal.owner)
    data = {"action": "reopen", "_selected_action": [deal.pk]}
    client.post(page(Opportunity), data)
    deal.refresh_from_db()
    assert deal.status == "open"
    answer = client.post(page(Opportunity), data, follow=True)
    assert answer.status_code == 200
    assert deal.number in said(answer)


def inline(pipeline, **changes):
    """The form of a pipeline with its stages."""
    stages = list(pipeline.stages.all())
    data = {"name": pipeline.name, "kind": pipeline.kind, "position": pipeline.position, "is_active": "on"}
    data |= {"stages-TOTAL_FORMS": len(stages), "stages-INITIAL_FORMS": len(stages)}
    if pipeline.is_default:
        data["is_default"] = "on"
    for n, stage in enumerate(stages):
        data |= {
            f"stages-{n}-id": stage.pk,
            f"stages-{n}-pipeline": pipeline.pk,
            f"stages-{n}-name": stage.name,
            f"stages-{n}-position": stage.position,
            f"stages-{n}-probability": stage.probability,
            f"stages-{n}-is_active": "on",
        }
    return data | changes


def test_a_rule_of_the_database_is_a_sentence_and_no_server_error(signed_in, deal):
    client = signed_in("admin")
    deals, leads = deal.pipeline, Pipeline.objects.get(kind="lead")
    answer = client.post(page(Pipeline, "change", deals.pk), inline(deals, kind="lead", is_default=""), follow=True)
    assert answer.status_code == 200
    deals.refresh_from_db()
    assert deals.kind == "deal"
    stage = deal.stage
    data = {"pipeline": leads.pk, "name": "Umgezogen", "position": 1, "probability": 10, "is_active": "on"}
    answer = client.post(page(Stage, "change", stage.pk), data, follow=True)
    assert answer.status_code == 200
    assert said(answer)
    stage.refresh_from_db()
    assert stage.pipeline == deals
    answer = client.post(page(Pipeline, "change", leads.pk), inline(leads, **{"stages-0-probability": "101"}))
    assert answer.context["errors"]
    answer = client.post(page(Pipeline, "add"), inline(deals, name="Zweite", is_default="on", **{
        "stages-TOTAL_FORMS": 0, "stages-INITIAL_FORMS": 0,
    }))  # fmt: skip
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not Pipeline.objects.filter(name="Zweite").exists()


def test_the_last_active_status_stays(signed_in):
    client = signed_in("admin")
    statuses = list(ProcessingStatus.objects.all())
    data = {"form-TOTAL_FORMS": len(statuses), "form-INITIAL_FORMS": len(statuses), "_save": "1"}
    for n, status in enumerate(statuses):
        data |= {f"form-{n}-id": status.pk, f"form-{n}-position": status.position}
    answer = client.post(page(ProcessingStatus), data, follow=True)
    assert answer.status_code == 200
    assert ProcessingStatus.objects.filter(is_active=True).count() == len(statuses)
    assert said(answer)


def test_nobody_locks_himself_out(signed_in, people):
    client, me = signed_in("admin"), people["admin"]
    data = {"email": me.email, "name": me.name, "role": me.role_id, "theme": "auto", "is_active": "on"}
    for change in ({"is_active": ""}, {"role": people["rep"].role_id}):
        answer = client.post(page(User, "change", me.pk), data | change, follow=True)
        assert answer.status_code == 200
        assert said(answer)
    client.post(page(User, "delete", me.pk), {"post": "yes"})
    rights = list(me.role.rights.order_by("pk"))
    form = {"name": "admin", "rights-TOTAL_FORMS": len(rights), "rights-INITIAL_FORMS": len(rights)}
    for n, right in enumerate(rights):
        form |= {
            f"rights-{n}-id": right.pk,
            f"rights-{n}-role": me.role_id,
            f"rights-{n}-area": right.area,
            f"rights-{n}-action": right.action,
            f"rights-{n}-scope": "own",
        }
    assert said(client.post(page(Role, "change", me.role_id), form, follow=True))
    assert User.objects.get(pk=me.pk).is_superuser


@pytest.mark.parametrize(
    "fields", ['[{"name": "created_at"}]', '["email"]', '{"a": 1}', "5", '[{"name": "email"}, {"name": "email"}]']
)
def test_a_web_form_takes_only_fields_it_knows(signed_in, fields):
    data = {"name": "Formular", "language": "de", "source": Source.objects.first().pk, "is_active": "on"}
    client = signed_in("admin")
    answer = client.post(page(WebForm, "add"), data | {"fields": fields})
    assert answer.context["errors"]
    client.post(page(WebForm, "add"), data | {"fields": '[{"name": "email", "required": true}]'})
    assert WebForm.objects.get().fields == [{"name": "email", "required": True}]


def test_tokens_are_ended_and_never_shown(signed_in, people):
    token, secret = ApiToken.issue(user=people["rep"], name="Shop")
    client = signed_in("admin")
    for url in (page(ApiToken), page(ApiToken, "change", token.pk)):
        html = client.get(url).content.decode()
        assert "Shop" in html
        assert token.hash not in html
        assert secret not in html
    client.post(page(ApiToken, "delete", token.pk), {"post": "yes"})
    assert ApiToken.user_of(secret) is None


def test_what_is_done_in_the_admin_is_in_the_history(signed_in, people):
    client = signed_in("admin")
    client.post(page(Source, "add"), {"name": "Messe", "position": 5, "colour": "teal", "is_active": "on"})
    event = Source.objects.get(name="Messe").events.get()
    assert event.pgh_context["user"] == people["admin"].pk


# ── sales documents ─────────────────────────────────────────────────────────────────────────────────
def test_documents_are_only_looked_at(signed_in, people):
    invoice = issued_invoice(people["rep"])
    client = signed_in("admin")
    shown = client.get(page(Invoice, "change", invoice.pk))
    assert "Servoachse KL-7" in shown.content.decode()
    assert client.post(page(Invoice, "change", invoice.pk), {"status": "paid"}).status_code == 403
    assert client.post(page(Invoice, "delete", invoice.pk), {"post": "yes"}).status_code == 403
    for model in (Quote, Order, Invoice):
        assert client.get(page(model, "add")).status_code == 403


def test_how_invoices_are_numbered_is_changed_under_settings_alone(signed_in):
    """The raw table would take a pattern whose next number has been given."""
    numbers = NumberRange.objects.get(kind="invoice")
    client = signed_in("admin")
    assert client.get(page(NumberRange, "change", numbers.pk)).status_code == 200
    data = {"pattern": "RE", "digits": 5, "restarts_yearly": "on"}
    assert client.post(page(NumberRange, "change", numbers.pk), data).status_code == 403
    numbers.refresh_from_db()
    assert numbers.pattern == "RE-{year}-{number}"


def test_a_product_in_use_says_by_what(signed_in, people):
    product = make_product()
    make_quote(people["rep"], lines=[{"product": product, "text": "x"}])
    client = signed_in("admin")
    answer = client.post(page(Product, "delete", product.pk), {"post": "yes"}, follow=True)
    assert Product.objects.exists()
    assert "1" in said(answer)
