"""What rooms further up offer on the page of a record, as buttons: a new activity, a ticket.

offers.register(InboxItem, new_activity)     in AppConfig.ready()
{% offers item small=True %}                 on the record's page
"""

from collections.abc import Callable

from django.db import models

from crm.core.recordpage import Action

_builders: list[tuple[type[models.Model], Callable]] = []


def register(model: type[models.Model], build: Callable) -> None:
    """`build(request, record)` gives a recordpage.Action that opens a dialog, or None for nothing to offer."""
    _builders.append((model, build))


def of(request, record) -> list[Action]:
    """What is offered to this user for `record`, in the order of registration."""
    found = (build(request, record) for model, build in _builders if isinstance(record, model))
    return [action for action in found if action is not None]
