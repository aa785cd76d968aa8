"""Opportunities as the post office sees them: their IDs stand in subjects."""

from django.utils.translation import gettext_lazy as _

from contacts import mailing as contacts
from crm.accounts.scope import Action, allows
from crm.mail import filing
from crm.mail.filing import Place
from opportunities.models import Opportunity, OpportunityMessage


class OpportunityDrawer(filing.Drawer):
    key, label, icon = "opportunity", _("Opportunity"), "target-arrow"
    link, field, prefix = OpportunityMessage, "opportunity", "OPP"
    pick_url = "opportunities:pick"

    def beside(self, record_ids) -> list[Place]:
        parties = Opportunity.objects.filter(pk__in=record_ids).order_by("pk").values_list("person", "company")
        return [
            (key, pk) for pair in parties for key, pk in zip(("person", "company"), pair, strict=True) if pk is not None
        ]

    def recipients(self, record, user):
        found: dict[str, str] = {}
        for who, drawer in ((record.person, contacts.PERSONS), (record.company, contacts.COMPANIES)):
            if who is not None and allows(user, Action.VIEW, who):
                for name, email in drawer.recipients(who, user):
                    found.setdefault(email, name)
        return [(name, email) for email, name in found.items()]

    def words(self, record, user):
        found = contacts.words(record.company, record.person, user)
        return found | {"number": record.number, "title": record.title}

    def trusts(self, record_id, senders) -> bool:
        company, person = Opportunity.objects.values_list("company", "person").get(pk=record_id)
        return contacts.belongs(senders, company=company, person=person)


def register() -> None:
    """Called when the applications are ready."""
    filing.register(OpportunityDrawer())
