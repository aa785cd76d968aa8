"""What production refuses beyond what the settings refuse: run by `check --deploy`, and by wsgi.py."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core import checks
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connections

DEMO_DOMAIN = "@demo.example"
DEMO_PASSWORD = "demo"  # noqa: S105  it is known to everybody, which is the point


def no_demo_logins(*, databases=None, **kwargs) -> list[checks.CheckMessage]:
    """Nobody can sign in with a password that is written in the manual.

    Gives an Error for each demo login that still works; a Warning when the database does not answer, which is
    a reason to wait and not to refuse.
    """
    User = get_user_model()
    found = []
    for alias in databases or []:
        try:
            with connections[alias].cursor() as cursor:
                if User._meta.db_table not in connections[alias].introspection.table_names(cursor):
                    continue
            logins = list(
                User.objects.using(alias)
                .filter(is_active=True, email__iendswith=DEMO_DOMAIN)
                .values_list("email", "password")
            )
        except DatabaseError as error:
            found.append(checks.Warning(f"The database does not answer: {error}", id="crm.W001"))
            continue
        found += [
            checks.Error(
                f"{email} still signs in with the password of the demo data.",
                hint="Start with an empty database, or switch this user off or change the password.",
                id="crm.E001",
            )
            for email, password in logins
            if check_password(DEMO_PASSWORD, password)
        ]
    return found


checks.register(no_demo_logins, checks.Tags.database, deploy=True)


def refuse_to_start() -> None:
    """For those who start the web server without `check --deploy`. Raises SystemCheckError with the reasons."""
    errors = [message for message in no_demo_logins(databases=["default"]) if message.is_serious()]
    connections.close_all()  # a server that forks after this must not share one connection
    if errors:
        raise SystemCheckError("\n".join(map(str, errors)))
