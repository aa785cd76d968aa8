from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Activities")

    def ready(self):
        import pgtrigger

        from activities import browse, invitations, plans, related, rules, settings_pages, showing
        from activities.views import personal
        from activities.views import plans as plan_pages
        from contacts import tabs as contact_tabs
        from contacts.models import Company, Person
        from crm.accounts.scope import Area
        from crm.core import frame, offers, refusals, timeline
        from crm.mail.models import Message
        from inbox.models import InboxItem
        from opportunities import menu, tabs
        from opportunities.models import Opportunity
        from opportunities.signals import stage_entered

        area = Area.ACTIVITIES
        frame.doors.register(
            frame.Door(
                "activities",
                _("Activities"),
                "calendar-check",
                "activities:list",
                count=browse.overdue_count,
                bad=True,
                area=area,
            )
        )
        frame.quick_create.register(_("Activity"), "calendar-plus", "activities:new", area, dialog=True)
        frame.searchers.register(area, _("Activities"), browse.find_by_term, "activities/hit.html")
        for model, field in (
            (Company, "company"),
            (Person, "person"),
            (Opportunity, "opportunity"),
            (InboxItem, "item"),
        ):
            timeline.register(model, showing.told_by(field))
            offers.register(model, related.offer(field))
        offers.register(Message, related.offer_of_mail)
        for registry, field in ((contact_tabs.companies, "company"), (contact_tabs.persons, "person")):
            registry.register(
                "activities", _("Activities"), f"activities:of-{field}", area=area, count=related.count(field)
            )
        tabs.register(
            tabs.Tab(
                "activities",
                _("Activities"),
                related.opportunity_tab,
                related.opportunity_count,
                area=area,
                position=20,
            )
        )
        tabs.register_part(related.next_step)
        related.register_menu()
        pgtrigger.register(*rules.ITEM_TRIGGERS)(InboxItem)
        refusals.RULES.update(rules.SENTENCES)
        stage_entered.connect(plans.on_stage_entered)
        menu.register(menu.APPLY_PLAN, plan_pages.menu_entry)
        settings_pages.register()
        invitations.register()
        personal.register()
