"""Who may plan activities, in the roles of the standard."""

from django.db import migrations

EVERY = ("view", "create", "change", "delete", "export")
RIGHTS = {
    "admin": dict.fromkeys(EVERY, "all"),
    "manager": dict.fromkeys(EVERY, "all"),
    "rep": {"view": "team", "create": "own", "change": "own", "export": "own"},
    "service": {"view": "all"},
    "readonly": {"view": "all"},
}


def fill(apps, schema_editor):
    Role = apps.get_model("accounts", "Role")
    Right = apps.get_model("accounts", "Right")
    for role in Role.objects.filter(name__in=RIGHTS):
        Right.objects.bulk_create(
            Right(role=role, area="activities", action=action, scope=scope)
            for action, scope in RIGHTS[role.name].items()
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_time_zone")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
