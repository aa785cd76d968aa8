"""The database has the triggers that the models declare, and `migrate` puts back what is missing."""

import pytest
from django.core.management import call_command
from django.db import connection

from crm.core import triggers


def installed() -> dict:
    with connection.cursor() as cursor:
        cursor.execute(triggers.INSTALLED)
        return {(table, name): hash for table, name, hash in cursor.fetchall()}


@pytest.mark.django_db
def test_every_declared_trigger_is_there():
    assert len(triggers.wanted()) > 100
    assert set(installed().items()) == {(place, hash) for place, (_m, _t, hash) in triggers.wanted().items()}


@pytest.mark.django_db
def test_what_is_missing_outdated_or_left_over_is_mended():
    before = installed()
    missing, changed, other = sorted(before)[:3]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {missing[1]} ON {missing[0]}")
        cursor.execute(f"COMMENT ON TRIGGER {changed[1]} ON {changed[0]} IS 'older'")
        cursor.execute("CREATE FUNCTION left_over() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        cursor.execute(
            f"CREATE TRIGGER pgtrigger_left_over_00000 AFTER INSERT ON {other[0]} EXECUTE FUNCTION left_over()"
        )
    assert installed() != before
    call_command("migrate", verbosity=0)
    assert installed() == before


@pytest.mark.django_db
def test_a_complete_database_is_only_read(django_assert_num_queries):
    triggers.wanted()
    with django_assert_num_queries(2):
        triggers.install()
