"""The database for processes that run for weeks and need it now and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connection


@contextmanager
def living() -> Iterator[None]:
    """Within the block the connection lives, however long ago the last one was needed, and whatever became of it."""
    if connection.in_atomic_block:
        yield
        return
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
