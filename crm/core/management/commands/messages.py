from django.core.management.base import BaseCommand

from crm.core import messages


class Command(BaseCommand):
    help = "Collect the texts of the interface into locale/de; prints those that are not translated yet."
    requires_system_checks = ()

    def handle(self, **options):
        number, untranslated = messages.update("de")
        for text in untranslated:
            self.stdout.write(f"- {text}")
        self.stdout.write(f"{number} texts, {len(untranslated)} without translation")
