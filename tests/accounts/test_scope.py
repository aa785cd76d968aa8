"""Who may see and do what."""

import pytest

from contacts.models import Company
from crm.accounts.models import Right, User
from crm.accounts.scope import Action, Area, Scope, allows

pytestmark = pytest.mark.django_db


@pytest.fixture
def companies(people):
    """A company of each kind: own, team, foreign, unassigned (as seen by the rep)."""
    owners = {"own": people["rep"], "team": people["mate"], "foreign": people["stranger"], "unassigned": None}
    return {kind: Company.objects.create(name=kind, owner=owner) for kind, owner in owners.items()}


def seen(user, action=Action.VIEW):
    return set(Company.objects.visible_to(user, action).values_list("name", flat=True))


def test_a_rep_sees_own_and_team_and_what_belongs_to_nobody(people, companies):
    assert seen(people["rep"]) == {"own", "team", "unassigned"}


def test_a_rep_changes_only_own_and_what_belongs_to_nobody(people, companies):
    assert seen(people["rep"], Action.CHANGE) == {"own", "unassigned"}
    assert seen(people["rep"], Action.DELETE) == set()


def test_a_team_lead_sees_the_team_she_leads_even_from_outside(people, companies):
    lead = people["lead"]
    lead.team = None
    lead.save()
    assert seen(User.objects.get(pk=lead.pk)) == {"own", "team", "unassigned"}


@pytest.mark.parametrize("name", ["manager", "admin", "service", "readonly"])
def test_these_roles_see_all_contacts(people, companies, name):
    assert seen(people[name]) == set(companies)


def test_read_only_changes_nothing(people, companies):
    for action in (Action.CREATE, Action.CHANGE, Action.DELETE, Action.EXPORT):
        assert seen(people["readonly"], action) == set()


def test_a_deactivated_user_sees_nothing(people, companies):
    people["admin"].is_active = False
    assert seen(people["admin"]) == set()


def test_someone_without_a_team_has_no_colleagues(people, companies):
    rep = people["rep"]
    rep.team = None
    rep.save()
    loner = User.objects.create(email="loner@example.com", name="Loner", role=rep.role, password="!")
    assert User.objects.get(pk=loner.pk).colleague_ids == {loner.pk}


def test_query_and_single_record_give_the_same_answer(people, companies):
    """`visible_to` and `allows` ask the same rule: every person, action and record."""
    cells = 0
    for person in people.values():
        for action in Action:
            names = seen(person, action)
            for company in companies.values():
                cells += 1
                assert allows(person, action, company) == (company.name in names), (person, action, company)
    assert cells == 8 * 5 * 4


def test_a_missing_cell_of_the_matrix_means_none(people, companies):
    Right.objects.filter(role__name="rep", area=Area.CONTACTS).delete()
    rep = User.objects.get(pk=people["rep"].pk)
    assert rep.scope(Area.CONTACTS) == Scope.NONE
    assert seen(rep) == set()


def test_rights_cost_one_query_however_often_they_are_asked(people, companies, django_assert_num_queries):
    rep = User.objects.select_related("role").get(pk=people["rep"].pk)
    with django_assert_num_queries(2):  # the matrix, the colleagues
        for action in Action:
            rep.scope(Area.CONTACTS, action)
            for company in companies.values():
                allows(rep, action, company)
