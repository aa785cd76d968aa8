"""The workers with the guards of reminders taken away, as the control of test_worker.py: no transaction around a
reminder, no lock, no key that makes a second one the same. What is left is what one would write without a thought.
"""

import uuid
from contextlib import nullcontext
from types import SimpleNamespace

import django

from crm.celery import app

__all__ = ["app"]

django.setup()

from django.db.models import QuerySet  # noqa: E402 not before Django is set up

from activities import reminders  # noqa: E402
from crm.mail import actions as mail  # noqa: E402
from crm.notices.actions import tell  # noqa: E402


def tell_again(*, key, **fields):
    return tell(key=f"{key}-{uuid.uuid4()}", **fields)


def send_again(*, key, **fields):
    return mail.send(**fields)


reminders.tell = tell_again
reminders.mail = SimpleNamespace(send=send_again)
reminders.transaction = SimpleNamespace(atomic=nullcontext)
QuerySet.select_for_update = lambda self, **_options: self
