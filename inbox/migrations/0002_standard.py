"""The standard pipeline of the inbox."""

from django.db import migrations

STATUSES = [("Neu", False), ("In Bearbeitung", False), ("Kontaktiert", False), ("Erledigt", True)]


def fill(apps, schema_editor):
    ProcessingStatus = apps.get_model("inbox", "ProcessingStatus")
    for position, (name, is_done) in enumerate(STATUSES, 1):
        ProcessingStatus.objects.create(name=name, is_done=is_done, position=position * 10)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
