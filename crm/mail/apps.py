from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MailConfig(AppConfig):
    name = "crm.mail"
    verbose_name = _("Mail")

    def ready(self):
        from crm.accounts.scope import Area
        from crm.core import frame
        from crm.mail import personal, setup
        from crm.mail.views.frame import waiting_count
        from crm.mail.ways_in import pages

        frame.doors.register(
            frame.Door(
                "mail",
                pgettext_lazy("door", "E-mails"),
                "mail",
                "mail:list",
                count=waiting_count,
                bad=True,
            )
        )
        frame.quick_create.register(pgettext_lazy("new", "E-mail"), "mail", "mail:new", Area.CONTACTS)
        setup.register()
        personal.register()
        pages.register()
