"""Opportunities of the people of the tests."""

import pytest

from contacts.models import Company, Person
from opportunities import actions
from opportunities.models import LossReason


@pytest.fixture
def company(people):
    return Company.objects.create(name="Höfle Verpackungstechnik GmbH & Co. KG", owner=people["rep"])


@pytest.fixture
def make(people):
    """A function: a new opportunity of the person of that name."""

    def make(owner="rep", **fields):
        return actions.create_opportunity(by=people["admin"], owner=people[owner], **({"title": "Antrieb"} | fields))

    return make


@pytest.fixture
def person(people, company):
    return Person.objects.create(first_name="Sabine", last_name="Kurz", company=company, owner=people["rep"])


@pytest.fixture
def deal(make, company, person):
    return make(kind="deal", company=company, person=person, estimated_value=148500, title="Servoachsen KL-7")


@pytest.fixture
def won(deal, rep):
    return actions.win(opportunity=deal, by=rep)


@pytest.fixture
def lost(make, rep, company):
    opportunity = make(kind="deal", company=company, title="Rundtische")
    return actions.lose(opportunity=opportunity, by=rep, reason=LossReason.objects.first(), note="Zu teuer")
