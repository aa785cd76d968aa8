from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalesConfig(AppConfig):
    name = "crm.sales"
    verbose_name = _("Sales documents")

    def ready(self):
        from crm.core import refusals
        from crm.mail import kinds
        from crm.sales import customer, doors, keeping, mailing
        from crm.sales.rules import SENTENCES

        refusals.RULES.update(SENTENCES)
        doors.register()
        keeping.register()
        for kind in (*mailing.KINDS, customer.ACCEPTED, customer.DECLINED):
            kinds.register(kind)
