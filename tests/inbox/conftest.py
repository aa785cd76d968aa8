"""Inbox items and a web form of the people of the tests."""

import pytest

from crm.accounts.models import User
from crm.lists.models import Source
from inbox import actions
from inbox.models import WebForm


@pytest.fixture
def receive(people):
    """A function: a new item for which the person of that name is responsible (None: nobody)."""

    def receive(owner="rep", **fields):
        return actions.receive(owner=people.get(owner), **({"title": "Servo axes"} | fields))

    return receive


@pytest.fixture
def lead(receive):
    """What a web form typically brings."""
    return receive(
        title="Servo axes",
        company_name="Hoefle Verpackungstechnik",
        street="Industriestraße 14",
        postal_code="71522",
        city="Backnang",
        first_name="Martin",
        last_name="Seidel",
        email="m.seidel@hoefle-vt.example",
        phone="07191 5550142",
        message="Eight axes, please.",
        expected_budget="45000.00",
        source=Source.objects.get(name="Webformular"),
    )


@pytest.fixture
def english(people):
    """Everybody reads English: the words can then be compared without the translations."""
    User.objects.update(language="en")


@pytest.fixture
def webform(people):
    return WebForm.objects.create(
        name="Contact",
        key="contact",
        language="en",
        fields=[
            {"name": "company_name", "required": False},
            {"name": "last_name", "required": True},
            {"name": "email", "required": True},
            {"name": "expected_budget", "required": False},
            {"name": "message", "required": False},
            {"name": "files", "required": False},
        ],
        consent_text="You may answer me.",
        source=Source.objects.get(name="Webformular"),
        owner=people["rep"],
        embed_origins="https://www.example.com",
    )
