"""The demo company: believable, the same for the same seed, whole in every role's view, and quick for very many."""

import datetime
import zoneinfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery

from activities.models import Activity
from contacts.models import Company, Person
from crm.accounts.models import User
from crm.demo import actions
from inbox.models import InboxItem
from opportunities.models import Kind, Opportunity, Status

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 23, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))


def login(name):
    return User.objects.get(email=f"{name}@demo.example")


def picture():
    """What can be compared between two runs: everything but the ids of users."""
    return (
        list(Opportunity.objects.order_by("pk").values_list("number", "title", "status", "estimated_value", "won_at")),
        list(InboxItem.objects.order_by("pk").values_list("title", "email", "created_at", "archive_reason")),
        list(Company.objects.order_by("pk").values_list("number", "name", "city", "status", "customer_since")),
        list(Activity.objects.order_by("pk").values_list("title", "uid", "start_at", "due_at", "status", "result")),
    )


def test_the_demo_company_is_there_in_every_role_s_view(db):
    counts = actions.fill(now=NOON)
    assert counts[Opportunity] == 1500
    assert counts[Company] == 500
    assert 850 < counts[Person] < 950
    this_year = InboxItem.objects.filter(created_at__year=2026).count()
    assert 380 < this_year < 500
    assert InboxItem.objects.waiting().visible_to(login("manager")).count() == 27
    for kind in Kind:
        for status in Status:
            assert Opportunity.objects.filter(kind=kind, status=status).count() >= 5, (kind, status)
    for name in ("admin", "manager", "rep", "rep2", "service", "readonly"):
        user = login(name)
        assert user.check_password("demo")
        for model in (Company, Person, InboxItem, Opportunity, Activity):
            assert model.objects.visible_to(user).count() > 50, (name, model)
        assert InboxItem.objects.waiting().visible_to(user).count() >= 5
    assert Activity.objects.overdue(NOON).count() >= 10
    assert Activity.objects.open().filter(depends_on__isnull=False).count() >= 20
    # What the board sorts by is what the activities say.
    first_due = Subquery(
        Activity.objects.open().filter(opportunity=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    )
    told = Opportunity.objects.annotate(due=first_due)
    assert not told.exclude(next_step_at=F("due")).exclude(next_step_at=None, due=None).exists()
    rep, other = login("rep"), login("rep2")
    assert rep.team != other.team
    assert Opportunity.objects.filter(owner=rep).open().count() >= 5
    mine = Opportunity.objects.visible_to(rep)
    assert 0 < mine.count() < Opportunity.objects.count()
    assert not mine.filter(owner=other).exists()


def test_the_same_seed_gives_the_same_data(db):
    def told(seed):
        with transaction.atomic():
            actions.fill(scale=150, seed=seed, now=NOON, bare=False)
            found = picture()
            transaction.set_rollback(True)
        return found

    first = told(7)
    assert len(first[0]) == 150
    shifted = [(number, title) for number, title, *_rest in told(7)[0]]
    assert [(number, title) for number, title, *_rest in first[0]] == shifted
    assert told(8)[0] != first[0]


# ── the scale path ──────────────────────────────────────────────────────────────────────────────────
def schema():
    """Indexes, foreign keys and switched-off triggers: what the load takes away and brings back."""
    with connection.cursor() as cursor:
        # Constraints that name moments are shown in the session's time zone, which the load has set.
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
        indexes = cursor.fetchall()
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated "
            "FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
        constraints = cursor.fetchall()
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled <> 'O' ORDER BY 1, 2")
        return indexes, constraints, cursor.fetchall()


def test_the_load_brings_back_indexes_keys_and_triggers(db):
    before = schema()
    assert len(before[0]) > 100
    counts = actions.fill(scale=2000, now=NOON)
    assert counts[Opportunity] == 2000
    assert schema() == before
    assert before[2] == []
    rep = login("rep")
    share = Opportunity.objects.filter(owner=rep).count() / 2000
    assert 0.03 < share < 0.075


def test_records_of_others_are_not_mixed_with_demo_data(people, settings):
    settings.DEBUG = True
    Company.objects.create(name="Echt", owner=people["rep"])
    with pytest.raises(CommandError, match="--force"):
        call_command("demo_data")
    assert Company.objects.count() == 1
    assert not User.objects.filter(email="rep@demo.example").exists()


def test_with_force_the_demo_company_stands_beside_them(people, settings):
    settings.DEBUG = True
    own = Company.objects.create(name="Echt", owner=people["rep"])
    before = own.number
    call_command("demo_data", "--force", "--scale", "120", verbosity=0)
    assert Opportunity.objects.count() == 120
    own.refresh_from_db()
    assert own.number == before
    assert Company.objects.values("number").distinct().count() == Company.objects.count()


def test_demo_logins_are_not_made_where_debug_is_off(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("demo_data")
    assert not User.objects.exists()
