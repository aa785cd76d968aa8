"""Attachments that are made when the mail is sent: the worker makes the PDF, so no page waits for it.

A room registers a maker in AppConfig.ready(): a function of a record's key that gives stored files.
"""

from collections.abc import Callable

from crm.files.models import StoredFile

Maker = Callable[[int], list[StoredFile]]
_makers: dict[str, Maker] = {}


def register(key: str, make: Maker) -> None:
    """`make(pk)` gives the files of the record `pk`; called again, it gives the same ones."""
    _makers[key] = make


def known(key: str) -> bool:
    """Is there a maker of this name?"""
    return key in _makers


def make(key: str, pk: int) -> list[StoredFile]:
    """The files of record `pk`."""
    return _makers[key](pk)
