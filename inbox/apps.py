from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "inbox"
    verbose_name = _("Inbox")

    def ready(self):
        from contacts import tabs
        from crm.accounts.scope import Area
        from crm.core import frame
        from inbox import imports, lists, mailing, related, setup

        frame.doors.register(
            frame.Door("inbox", _("Inbox"), "inbox", "inbox:list", count=lists.waiting_count, area=Area.INBOX)
        )
        frame.quick_create.register(_("Lead"), "inbox", "inbox:create", Area.INBOX, dialog=True)
        frame.searchers.register(Area.INBOX, _("Inbox"), lists.find, "inbox/hit.html")
        tabs.companies.register(
            "inbox", _("Inbox"), "inbox:of-company", area=Area.INBOX, count=related.count_of_company
        )
        tabs.persons.register("inbox", _("Inbox"), "inbox:of-person", area=Area.INBOX, count=related.count_of_person)
        setup.register()
        imports.register()
        mailing.register()
