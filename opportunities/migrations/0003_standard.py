"""What a new installation begins with: one pipeline for leads, one for deals, the usual loss reasons."""

from django.db import migrations

PIPELINES = {
    ("lead", "Leads"): [("Neu", 5), ("Kontaktiert", 10), ("Bedarf geklärt", 20), ("Qualifiziert", 35)],
    ("deal", "Vertrieb"): [
        ("Bedarf geklärt", 20),
        ("Angebot erstellt", 40),
        ("Angebot besprochen", 55),
        ("Verhandlung", 70),
        ("Mündliche Zusage", 90),
    ],
}
LOSS_REASONS = ["Preis", "Wettbewerber", "Kein Bedarf", "Kein Budget", "Zeitpunkt", "Nicht erreicht", "Sonstiges"]


def fill(apps, schema_editor):
    Pipeline = apps.get_model("opportunities", "Pipeline")
    Stage = apps.get_model("opportunities", "Stage")
    LossReason = apps.get_model("opportunities", "LossReason")
    for number, ((kind, name), stages) in enumerate(PIPELINES.items(), 1):
        pipeline = Pipeline.objects.create(name=name, kind=kind, is_default=True, position=number * 10)
        for position, (stage, probability) in enumerate(stages, 1):
            Stage.objects.create(
                pipeline=pipeline, name=stage, probability=probability, position=position * 10
            )
    for position, name in enumerate(LOSS_REASONS, 1):
        LossReason.objects.create(name=name, position=position * 10)


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0002_rules")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
