"""VAT rates, number ranges, dunning levels and texts of the standard."""

from django.db import migrations

RATES = [("Regelsteuersatz", "19"), ("Ermäßigter Steuersatz", "7"), ("Ohne Umsatzsteuer", "0")]
RANGES = [("invoice", "RE-{year}-{number}"), ("credit_note", "ST-{year}-{number}")]
LEVELS = [
    (
        "Zahlungserinnerung",
        7,
        7,
        "0",
        "sicher ist es Ihrer Aufmerksamkeit entgangen: Die folgende Rechnung ist noch offen. Bitte überweisen Sie "
        "den Betrag bis zum genannten Tag. Haben Sie inzwischen gezahlt, betrachten Sie dieses Schreiben als erledigt.",
        "this may have escaped your attention: the following invoice is still open. Please transfer the amount by "
        "the day given below. If you have paid in the meantime, please disregard this letter.",
    ),
    (
        "1. Mahnung",
        14,
        7,
        "5",
        "auf unsere Zahlungserinnerung haben wir noch keinen Zahlungseingang festgestellt. Bitte überweisen Sie den "
        "offenen Betrag zuzüglich der Mahngebühr bis zum genannten Tag.",
        "we have not received your payment since our reminder. Please transfer the open amount and the fee by the "
        "day given below.",
    ),
    (
        "Letzte Mahnung",
        14,
        7,
        "10",
        "trotz unserer Mahnungen ist die folgende Rechnung noch offen. Wir fordern Sie letztmals auf, den Betrag "
        "zuzüglich der Mahngebühr bis zum genannten Tag zu zahlen; danach übergeben wir die Forderung.",
        "the following invoice is still open in spite of our reminders. This is our last request to pay the amount "
        "and the fee by the day given below; after that we will hand over the claim.",
    ),
]
TEXTS = {
    ("quote", "de"): (
        "vielen Dank für Ihre Anfrage. Gern bieten wir Ihnen an:",
        "Wir freuen uns auf Ihren Auftrag. Fragen beantworten wir Ihnen gern.",
    ),
    ("quote", "en"): (
        "thank you for your inquiry. We are pleased to offer:",
        "We look forward to your order and are happy to answer any question.",
    ),
    ("order", "de"): ("vielen Dank für Ihren Auftrag, den wir wie folgt bestätigen:", ""),
    ("order", "en"): ("thank you for your order, which we confirm as follows:", ""),
    ("invoice", "de"): ("für unsere Lieferungen und Leistungen berechnen wir Ihnen:", "Vielen Dank für Ihren Auftrag."),
    ("invoice", "en"): ("for our supplies and services we charge you:", "Thank you for your order."),
    ("credit_note", "de"): ("hiermit stornieren wir die unten genannte Rechnung in voller Höhe:", ""),
    ("credit_note", "en"): ("we hereby cancel the invoice named below in full:", ""),
}


def fill(apps, schema_editor):
    def model(name):
        return apps.get_model("sales", name).objects

    for position, (name, rate) in enumerate(RATES, 1):
        model("VatRate").create(name=name, rate=rate, position=position * 10)
    for kind, pattern in RANGES:
        model("NumberRange").create(kind=kind, pattern=pattern)
    for level, (name, after, to_pay, fee, german, english) in enumerate(LEVELS, 1):
        model("DunningLevel").create(
            level=level, name=name, days_after_due=after, days_to_pay=to_pay, fee=fee, text_de=german, text_en=english
        )
    for (kind, language), (intro, closing) in TEXTS.items():
        model("StandardText").create(kind=kind, language=language, intro=intro, closing=closing)


class Migration(migrations.Migration):
    dependencies = [("sales", "0002_rules")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
