"""The roles of the standard. Admins change their rights, and add roles, under Einstellungen."""

from django.db import migrations

EVERY = ("view", "create", "change", "delete", "export")
SALES = ("sales", "invoices")
AREAS = ("inbox", "opportunities", "contacts", *SALES, "settings", "administration")


def matrix(role):
    """{(area, action): scope} of a standard role; what is not named is none."""
    if role == "admin":
        return {(area, action): "all" for area in AREAS for action in EVERY}
    if role == "manager":
        return {(area, action): "all" for area in AREAS[:-1] for action in EVERY}
    if role == "rep":
        return {(area, "view"): "team" for area in AREAS[:-2]} | {
            (area, action): "own" for area in AREAS[:-2] for action in ("create", "change", "export")
        }
    if role == "service":
        return {("contacts", action): "all" for action in EVERY} | {
            (area, "view"): "all" for area in ("inbox", "opportunities", *SALES)
        }
    return {(area, "view"): "all" for area in AREAS[:-2]}


def fill(apps, schema_editor):
    Role = apps.get_model("accounts", "Role")
    Right = apps.get_model("accounts", "Right")
    for name in ("admin", "manager", "rep", "service", "readonly"):
        role = Role.objects.create(name=name)
        Right.objects.bulk_create(
            Right(role=role, area=area, action=action, scope=scope)
            for (area, action), scope in matrix(name).items()
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
