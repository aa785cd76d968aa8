"""An import and a person at the same record: real connections, real locks. What was edited meanwhile stays."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from contacts.models import Company
from crm.imports import engine
from inbox.models import InboxItem, ProcessingStatus
from opportunities import actions as verbs
from opportunities.models import Opportunity
from tests.imports.conftest import counts, prepare

pytestmark = pytest.mark.django_db(transaction=True)


def bring_while(edit, *how, **more):
    """Import while someone else edits: `edit()` is not committed before the import has come to the same record."""
    run = prepare(*how, **more)
    engine.start(run)

    def work():
        try:
            engine.work(run)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    with transaction.atomic():
        edit()
        thread.start()
        _until_one_waits()
    thread.join(20)
    run.refresh_from_db()
    return run


def _until_one_waits(seconds=10):
    until = time.monotonic() + seconds
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(waiting)
            if cursor.fetchone() is not None:
                return
            time.sleep(0.02)
    raise AssertionError("the import never came to the record")


def test_what_someone_fills_in_meanwhile_is_not_overwritten(people):
    company = Company.objects.create(name="A GmbH", external_id="A1", owner=people["rep"])
    run = bring_while(
        lambda: Company.objects.filter(pk=company.pk).update(phone="+4930111111"),
        "ID;Firma;Telefon;Ort\nA1;A GmbH;030 222222;Ulm\n",
        "companies",
        people["admin"],
        columns={"ID": "external_id"},
        existing="fill",
    )
    assert counts(run) == (0, 1, 0, 0)
    company.refresh_from_db()
    assert (company.phone, company.city) == ("+4930111111", "Ulm")


def test_an_opportunity_that_is_won_meanwhile_is_not_changed(people):
    one = verbs.create_opportunity(by=people["rep"], title="Vorher", external_id="1")
    run = bring_while(
        lambda: verbs.win(opportunity=one, by=people["rep"]),
        "ID;Titel\n1;Nachher\n",
        "opportunities",
        people["admin"],
    )
    assert counts(run) == (0, 0, 0, 1)
    assert one.number in run.rejections.get().reason


def test_an_inbox_item_that_is_filled_meanwhile(people):
    status = ProcessingStatus.objects.first()
    item = InboxItem.objects.create(title="x", external_id="1", status=status, owner=people["rep"])
    bring_while(
        lambda: InboxItem.objects.filter(pk=item.pk).update(email="neu@example.com"),
        "ID;E-Mail;Ort\n1;alt@example.com;Ulm\n",
        "inbox",
        people["admin"],
        existing="fill",
    )
    item.refresh_from_db()
    assert (item.email, item.city) == ("neu@example.com", "Ulm")


def test_an_inbox_item_that_is_converted_meanwhile_keeps_its_opportunity(people):
    status = ProcessingStatus.objects.first()
    item = InboxItem.objects.create(title="x", external_id="m1", status=status, owner=people["rep"])
    converted = []

    def convert():
        converted.append(verbs.create_opportunity(by=people["rep"], title="x"))
        InboxItem.objects.filter(pk=item.pk).update(opportunity=converted[0], qualified_at=timezone.now())

    bring_while(
        convert,
        "ID;Titel\nm1;y\n",
        "opportunities",
        people["admin"],
        columns={"ID": "inbox_external_id"},
    )
    item.refresh_from_db()
    assert item.opportunity == converted[0] == Opportunity.objects.get()
