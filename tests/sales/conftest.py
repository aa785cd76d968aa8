"""What several tests of sales documents share."""

import pytest
from django.utils.translation import override


@pytest.fixture
def in_english():
    """Sentences are compared in English, whatever the language of the installation."""
    with override("en"):
        yield
