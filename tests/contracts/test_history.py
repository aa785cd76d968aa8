"""Every model keeps its history, whoever writes: it is done by triggers."""

import pytest
from django.apps import apps
from pghistory.models import Event

# Why a model has none: it is itself a journal, or only a trace of something that has one.
WITHOUT = {
    "accounts.ApiToken": "its making and ending are in the audit by their own rows; last_used_at would flood it",
    "opportunities.StageChange": "is itself history, append-only",
    "imports.ImportEffect": "is itself the journal of an import",
    "imports.RejectedRow": "is itself the journal of an import",
    "inbox.Submission": "is itself the journal of a web form",
    "sales.NumberCounter": "its history is the numbers of the invoices",
    "mail.IncomingMail": "is itself the journal of what comes in; its bytes never change",
    "mail.Attachment": "comes with its message, and never changes",
    "mail.OutgoingMail": "is itself the journal of what leaves; sent, it is final",
    "notices.Notice": "a message to one user, forgotten some time after it was read",
    "api.Throttle": "counts the requests of a minute and is forgotten",
}


def our_models():
    rooms = ("crm.", "contacts", "opportunities", "inbox")
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith(rooms) and not issubclass(model, Event) and model._meta.managed
    ]


def test_every_model_has_history_or_says_why_not():
    tracked = {
        model.pgh_tracked_model._meta.label
        for model in apps.get_models()
        if issubclass(model, Event) and hasattr(model, "pgh_tracked_model")
    }
    ours = {model._meta.label for model in our_models() if not model._meta.auto_created}
    assert len(ours) > 15
    assert ours - tracked - set(WITHOUT) == set(), "track it (crm.core.history) or say in WITHOUT why not"
    assert set(WITHOUT) <= ours - tracked


@pytest.mark.django_db
def test_sql_is_in_the_history_as_well(people):
    from django.db import connection

    from contacts.models import Company

    company = Company.objects.create(name="Alt")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_company SET city = 'Ulm' WHERE id = %s", [company.pk])
        cursor.execute("DELETE FROM contacts_company WHERE id = %s", [company.pk])
    events = company.events.order_by("pgh_id") if hasattr(company.events.model, "pgh_id") else company.events.all()
    assert [(e.pgh_label, e.city) for e in events] == [("insert", ""), ("update", "Ulm"), ("delete", "Ulm")]


@pytest.mark.django_db
def test_history_cannot_be_rewritten(people):
    from django.db import DatabaseError, transaction

    from contacts.models import Company

    company = Company.objects.create(name="Alt")
    for write in (lambda e: e.update(name="Neu"), lambda e: e.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            write(company.events.all())
    assert company.events.get().name == "Alt"
