"""Activities for the tests of this room."""

import datetime

import pytest
from django.utils import timezone


@pytest.fixture
def call(people):
    """A function: a call of an hour at a moment (aware; else tomorrow at 10:00), of `people["rep"]` unless said."""
    from activities.models import Activity, ActivityType

    def make(title="Anruf", start=None, *, hours=1, owner="rep", **more):
        tomorrow = timezone.localtime() + datetime.timedelta(days=1)
        start = start or tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)
        return Activity.objects.create(
            title=title,
            type=ActivityType.objects.get(name="Anruf"),
            owner=people[owner] if owner else None,
            start_at=start,
            due_at=start + datetime.timedelta(hours=hours),
            **more,
        )

    return make


@pytest.fixture
def deal(people):
    """A function: an opportunity of the rep, or of whom one says."""
    from contacts.models import Company
    from opportunities.actions import create_opportunity

    def make(owner="rep", **more):
        company = Company.objects.create(name="Höfle GmbH", owner=people[owner])
        return create_opportunity(by=people["admin"], title="Servoachsen", owner=people[owner], company=company, **more)

    return make
