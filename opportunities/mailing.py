"""Opportunities as the post office sees them: their IDs stand in subjects."""

from django.utils.translation import gettext_lazy as _

from contacts import mailing as contacts
from crm.mail import filing
from crm.mail.filing import Place
from opportunities.models import Opportunity, OpportunityMessage


class OpportunityDrawer(filing.Drawer):
    key, label, icon = "opportunity", _("Opportunity"), "target-arrow"
    link, field, prefix = OpportunityMessage, "opportunity", "OPP"

    def beside(self, record_ids) -> list[Place]:
        parties = Opportunity.objects.filter(pk__in=record_ids).order_by("pk").values_list("person", "company")
        return [
            (key, pk) for pair in parties for key, pk in zip(("person", "company"), pair, strict=True) if pk is not None
        ]

    def trusts(self, record_id, senders) -> bool:
        company, person = Opportunity.objects.values_list("company", "person").get(pk=record_id)
        return contacts.belongs(senders, company=company, person=person)


def register() -> None:
    """Called when the applications are ready."""
    filing.register(OpportunityDrawer())
