from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MailConfig(AppConfig):
    name = "crm.mail"
    verbose_name = _("Mail")

    def ready(self):
        from crm.accounts.scope import Area
        from crm.core import frame
        from crm.mail import setup, views

        frame.doors.register(
            frame.Door(
                "mail",
                pgettext_lazy("door", "E-mails"),
                "mail",
                "mail:list",
                count=views.failed_count,
                bad=True,
                area=Area.SALES,
            )
        )
        setup.register()
