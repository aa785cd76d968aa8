from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = _("Contacts")

    def ready(self):
        from contacts import imports, lists, mailing
        from crm.accounts.scope import Area
        from crm.core import frame

        area = Area.CONTACTS
        frame.doors.register(frame.Door("contacts", _("Contacts"), "address-book", "contacts:list", area=area))
        frame.quick_create.register(_("Company"), "building", "contacts:new-company", area, dialog=True)
        frame.quick_create.register(_("Person"), "user", "contacts:new-person", area, dialog=True)
        frame.searchers.register(area, _("Contacts"), lists.find_by_term, "contacts/hit.html")
        imports.register()
        mailing.register()
