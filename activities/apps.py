from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Activities")

    def ready(self):
        import pgtrigger

        from activities import rules
        from crm.core import refusals
        from inbox.models import InboxItem

        pgtrigger.register(*rules.ITEM_TRIGGERS)(InboxItem)
        refusals.RULES.update(rules.SENTENCES)
