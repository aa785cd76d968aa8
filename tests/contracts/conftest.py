"""What the contract tests share: the world, with files of the test's own."""

import logging

import pytest
from django.db import connection

from crm.papers import letter
from tests.contracts import world as worlds


@pytest.fixture(autouse=True)
def quiet():
    """Thousands of refusals are what these tests ask for; they need not be logged."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


@pytest.fixture
def same_numbers(db):
    """Users get the same numbers in every test."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE accounts_user_id_seq RESTART WITH 82000001")


@pytest.fixture
def world(same_numbers, people, settings, tmp_path, monkeypatch):
    """Every owner's records; see world.py."""
    # A paper's words can be read, and it costs nothing: the drawing has tests of its own.
    monkeypatch.setattr(letter, "draw", lambda html, logo=b"": html.encode())
    settings.MEDIA_ROOT = tmp_path
    # Not what is checked here, and slow: signing in by a query, looking for all static files with every client.
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.WHITENOISE_USE_FINDERS = False
    settings.API_REQUESTS_PER_MINUTE = settings.API_FAILURES_PER_MINUTE = 1_000_000
    return worlds.build(people)
