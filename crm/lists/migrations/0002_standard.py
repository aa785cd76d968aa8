"""The sources and priorities of the standard."""

from django.db import migrations

SOURCES = [
    ("Facebook", "blue"),
    ("Webformular", "teal"),
    ("Lead Agentur", "violet"),
    ("csv Datei", "grey"),
    ("Kaltakquise", "amber"),
]
PRIORITIES = [("Hoch", "red"), ("Mittel", "amber"), ("Niedrig", "grey")]


def fill(apps, schema_editor):
    for model, rows in (("Source", SOURCES), ("Priority", PRIORITIES)):
        for position, (name, colour) in enumerate(rows, 1):
            apps.get_model("lists", model).objects.create(name=name, colour=colour, position=position * 10)


class Migration(migrations.Migration):
    dependencies = [("lists", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
