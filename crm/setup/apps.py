from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SetupConfig(AppConfig):
    name = "crm.setup"
    verbose_name = _("Settings")

    def ready(self):
        from crm.core import frame
        from crm.setup import models, pages

        frame.company_name = models.company_name
        frame.doors.register(frame.Door("settings", _("Settings"), "settings", "settings:index"))
        pages.register(
            pages.PERSONAL,
            _("Profile and language"),
            "settings:profile",
            position=10,
            help=_("Your name, the language and the appearance of the pages."),
        )
        pages.register(
            pages.ADMINISTRATION,
            _("Own company"),
            "settings:organisation",
            "administration",
            position=10,
            help=_("Name, address, tax numbers, bank and logo of the company that works with this CRM."),
        )
        pages.register(
            pages.PERSONAL,
            _("API tokens"),
            "settings:tokens",
            position=90,
            help=_("Keys with which other programs read and write in your name."),
        )
