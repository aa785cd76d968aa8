"""Leads and deals from a file, with their past: stages, outcomes and dates as they were."""

from django.utils.translation import gettext_lazy

from contacts.models import Company
from crm.accounts.scope import Area
from crm.imports import targets
from crm.imports.targets import Target
from opportunities.imports.customers import still_customers
from opportunities.imports.fields import BUDGET, FIELDS, LINKS, OPTIONS, PRIORITY, SOURCE
from opportunities.imports.write import forget_steps, write
from opportunities.models import Opportunity

__all__ = ["BUDGET", "LINKS", "PRIORITY", "SOURCE", "register"]


def register() -> None:
    """Called when the room opens."""
    targets.register(
        Target(
            "opportunities",
            gettext_lazy("Leads and deals"),
            Opportunity,
            Area.OPPORTUNITIES,
            FIELDS,
            write,
            OPTIONS,
            list_url="opportunities:list",
        )
    )
    targets.belonging("opportunities.OpportunityTag", "opportunities.StageChange")
    targets.guard(Company, still_customers)
    targets.restored(Opportunity, forget_steps)
