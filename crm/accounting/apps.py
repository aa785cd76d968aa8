from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountingConfig(AppConfig):
    name = "crm.accounting"
    verbose_name = _("Accounting")

    def ready(self):
        from crm.accounting.datev import views as datev
        from crm.accounting.dunning import mails, views
        from crm.mail import kinds
        from crm.sales.views import menu
        from crm.sales.views.lists import InvoiceList

        InvoiceList.head_template = "accounting/invoice_tools.html"
        menu.of_invoice.append(views.entries)
        datev.register()
        views.register()
        kinds.register(mails.REMINDER)
