"""Fill an installation with the demo company."""

import datetime
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from activities.models import Activity, Dependency
from contacts.models import Company, CompanyTag, Person
from crm.demo import history, load, mails, people
from crm.demo.agenda import Agenda
from crm.demo.agenda import standards as agenda_standards
from crm.demo.sales import Papers
from crm.demo.story import Story
from crm.lists.models import Source
from crm.sales.models import Invoice, NumberCounter, Order, Payment, Quote
from inbox.models import InboxItem, ProcessingStatus
from opportunities.models import Opportunity, OpportunityTag, StageChange

# About as many opportunities as such a company has in three years.
SIZE = 1500
COUNTED = [Company, Person, InboxItem, Opportunity, Activity, Quote, Order, Invoice]
TRACKED = [*COUNTED, OpportunityTag, CompanyTag, Payment, Dependency]


def is_empty() -> bool:
    """Is there nothing yet that somebody could miss?"""
    return not any(model.objects.exists() for model in (Company, Person, InboxItem, Opportunity))


@transaction.atomic
def fill(
    *,
    scale: int | None = None,
    seed: int = 1,
    now: datetime.datetime | None = None,
    say: Callable[[str], None] = lambda text: None,
    bare: bool | None = None,
) -> dict[type[Model], int]:
    """Write the demo company; all of it or nothing. Gives the numbers of records.

    `scale`: so many opportunities instead of 1,500; then six more sales people, and rep@ owns one in twenty.
    `now` (aware) is when the story ends: the same seed on the same day gives the same data. `say` hears what is
    being done. `bare`: without indexes while loading; unless said, for a `scale`.
    """
    now = timezone.localtime(now or timezone.now())
    bare = scale is not None if bare is None else bare
    users = people.hire(crowd=scale is not None)
    people.furnish(users)
    story = Story(size=scale or SIZE, seed=seed, users=users, now=now)
    papers = Papers(story, seed=seed)
    agenda = Agenda(seed=seed, first=story.opportunity_id, now=now.replace(tzinfo=None, microsecond=0))
    models = [table.model for table in (*story.tables, *papers.tables, *agenda.tables)]
    first = (
        papers.first
        | agenda.first
        | {
            Company: story.company_id,
            Person: story.person_id,
            InboxItem: story.item_id,
            Opportunity: story.opportunity_id,
            "bare": bare,
        }
    )
    tables = [model._meta.db_table for model in [*models, NumberCounter, *map(history.event_model, TRACKED)]]
    clock = time.monotonic()

    def tell(text: str) -> None:
        say(f"{text} ({time.monotonic() - clock:.0f} s)")

    with load.silent(tables, bare=bare):
        story.tell()
        tell("records")
        papers.tell()
        tell("quotes, orders and invoices")
        agenda.tell()
        tell("activities")
        load.set_sequences([model for model in models if model is not StageChange])
        _set_numbers(now.year)
        if bare:
            load.analyze(models)
        history.write(
            first=first,
            admin=users["admin"].pk,
            sources=dict(Source.objects.values_list("name", "pk")),
            statuses=list(ProcessingStatus.objects.values_list("pk", flat=True)),
        )
        tell("history")
    if bare:
        tell("indexes and foreign keys")
    load.analyze([*models, *map(history.event_model, TRACKED)])
    agenda_standards(users, now)
    if scale is None:
        mails.write(seed=seed, now=now)
        tell("mails")
    return {model: model.objects.count() for model in COUNTED}


def _set_numbers(year: int) -> None:
    """The next company, opportunity, quote and order continue the numbers that were given."""
    with connection.cursor() as cursor:
        for prefix, sequence, model, yearly in (
            ("K-", "core_reference_k", Company, False),
            (f"OPP-{year}-", f"core_reference_opp_{year}", Opportunity, True),
            (f"ANG-{year}-", f"core_reference_ang_{year}", Quote, True),
            (f"AUF-{year}-", f"core_reference_auf_{year}", Order, True),
        ):
            cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {sequence} START {1 if yearly else 10001}")
            cursor.execute(
                f"SELECT setval('{sequence}', max(substr(number, %s)::bigint)) "
                f"FROM {model._meta.db_table} WHERE number LIKE %s HAVING max(number) IS NOT NULL",
                [len(prefix) + 1, f"{prefix}%"],
            )
