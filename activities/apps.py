from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = _("Activities")

    def ready(self):
        from activities import digest, invitations, reminders, rules, settings_pages
        from activities.views import personal
        from crm.core import refusals
        from crm.mail import kinds

        _open_doors()
        _tell_elsewhere()
        _watch()
        settings_pages.register()
        invitations.register()
        personal.register()
        kinds.register(reminders.REMINDER)
        kinds.register(digest.DIGEST)
        refusals.RULES.update(rules.SENTENCES)


def _open_doors() -> None:
    """The sidebar, the menu "New", the search over everything."""
    from activities import browse
    from crm.accounts.scope import Area
    from crm.core import frame

    area = Area.ACTIVITIES
    door = {"count": browse.overdue_count, "bad": True, "area": area}
    frame.doors.register(frame.Door("activities", _("Activities"), "calendar-check", "activities:list", **door))
    frame.quick_create.register(_("Activity"), "calendar-plus", "activities:new", area, dialog=True)
    frame.searchers.register(area, _("Activities"), browse.find_by_term, "activities/hit.html")


def _tell_elsewhere() -> None:
    """Timelines, buttons, tabs and menu entries on the pages of what activities are about."""
    from activities import related, showing
    from activities.views import plans as plan_pages
    from contacts import tabs as contact_tabs
    from contacts.models import Company, Person
    from crm.accounts.scope import Area
    from crm.core import offers, timeline
    from crm.mail.models import Message
    from inbox.models import InboxItem
    from opportunities import menu, tabs
    from opportunities.models import Opportunity

    area, label = Area.ACTIVITIES, _("Activities")
    about = ((Company, "company"), (Person, "person"), (Opportunity, "opportunity"), (InboxItem, "item"))
    for model, field in about:
        timeline.register(model, showing.told_by(field))
        offers.register(model, related.offer(field))
    offers.register(Message, related.offer_of_mail)
    for registry, field in ((contact_tabs.companies, "company"), (contact_tabs.persons, "person")):
        registry.register("activities", label, f"activities:of-{field}", area=area, count=related.count(field))
    tab, count = related.opportunity_tab, related.opportunity_count
    tabs.register(tabs.Tab("activities", label, tab, count, area=area, position=20))
    tabs.register_part(related.next_step)
    menu.register(menu.NEW_ACTIVITY, related.menu_entry)
    menu.register(menu.APPLY_PLAN, plan_pages.menu_entry)


def _watch() -> None:
    """What happens in the rooms below and concerns activities."""
    import pgtrigger

    from activities import plans, rules
    from inbox.models import InboxItem
    from opportunities.signals import stage_entered

    pgtrigger.register(*rules.ITEM_TRIGGERS)(InboxItem)
    stage_entered.connect(plans.on_stage_entered)
