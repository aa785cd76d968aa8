"""History of every model, by statement-level triggers: page, API, admin, import and SQL are all in it."""

import functools

import pghistory
from django.db.models import GeneratedField


def track(model=None, *, prefix: str = "", fields: list[str] | None = None, without: tuple[str, ...] = ()):
    """Class decorator: keep every insert, update and delete of `model` in <Model>Event, with actor and moment.

    Columns that the database computes are left out: they follow from the others. `fields`: only these are kept, for
    a model whose other columns are written once and are large. `prefix` of the triggers' names: PostgreSQL's name of
    a trigger ends with five letters of a hash, and for some pair of models those are the same. `without`: columns
    that triggers keep up, and that follow from other records.
    """
    if model is None:
        return functools.partial(track, prefix=prefix, fields=fields, without=without)
    computed = [f.name for f in model._meta.local_fields if isinstance(f, GeneratedField)]
    # Trackers keep the fields of the model they were set up with, so each model gets its own.
    trackers = (
        pghistory.InsertEvent(trigger_name=f"{prefix}insert_insert"),
        pghistory.UpdateEvent(trigger_name=f"{prefix}update_update"),
        pghistory.DeleteEvent(trigger_name=f"{prefix}delete_delete"),
    )
    kept = {"exclude": [*computed, *without]}
    if fields:
        kept = {"fields": ["id", *fields], "model_name": f"{model.__name__}Event"}
    return pghistory.track(*trackers, **kept)(model)


def track_links(model):
    """Class decorator for a proxy of a many-to-many table: keep when a link was made and when it was removed."""
    return pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None)(model)
