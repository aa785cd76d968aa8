from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    verbose_name = _("Opportunities")

    def ready(self):
        from contacts import tabs as contact_tabs
        from crm.accounts.scope import Area
        from crm.core import frame, refusals
        from opportunities import browse, imports, mailing, related, rules, settings_pages, tabs, views

        area = Area.OPPORTUNITIES
        frame.doors.register(
            frame.Door("opportunities", _("Opportunities"), "target-arrow", "opportunities:board", area=area)
        )
        frame.quick_create.register(_("Opportunity"), "target-arrow", "opportunities:new", area)
        frame.searchers.register(area, _("Opportunities"), browse.find_by_term, "opportunities/hit.html")
        views.register_menu()
        tabs.register(tabs.Tab("overview", _("Overview"), views.overview_tab, position=10))
        tabs.register(tabs.Tab("mails", _("E-mails"), views.mails_tab, views.mails_count, position=70))
        tabs.register(tabs.Tab("files", _("Files"), views.files_tab, lambda r, o: o.files.count(), position=80))
        tabs.register(tabs.Tab("history", _("History"), views.history_tab, position=90))
        for registry, url_name, count in (
            (contact_tabs.companies, "opportunities:of-company", related.count_of_company),
            (contact_tabs.persons, "opportunities:of-person", related.count_of_person),
        ):
            registry.register("opportunities", _("Opportunities"), url_name, area=area, count=count)
        refusals.RULES.update(rules.SENTENCES)
        settings_pages.register()
        imports.register()
        mailing.register()
