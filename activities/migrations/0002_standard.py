"""The activity types of the standard."""

from django.db import migrations

TYPES = [("Anruf", "phone"), ("E-Mail", "mail"), ("Meeting", "users"), ("Aufgabe", "checkbox")]


def fill(apps, schema_editor):
    ActivityType = apps.get_model("activities", "ActivityType")
    for position, (name, icon) in enumerate(TYPES, 1):
        ActivityType.objects.create(name=name, icon=icon, position=position * 10)


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
