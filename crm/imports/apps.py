from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "crm.imports"
    verbose_name = _("Imports")

    def ready(self):
        from crm.setup import pages

        pages.register(
            pages.SALES,
            _("Imports"),
            "imports:overview",
            position=200,
            help=_("CSV and Excel files, what became of their rows, and the way back."),
        )
