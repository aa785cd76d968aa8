"""The customers that imported won opportunities make, and what becomes of them when the import is undone."""

import datetime
from collections import Counter

from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Company, CompanyStatus
from crm.imports.batch import Context
from crm.imports.models import ImportEffect
from opportunities.models import Opportunity, Status


def note_customers(rows: list[tuple], context: Context) -> None:
    """Winning makes the company a customer (the database does it): note before what it was, for the way back."""
    won = {r.company_id: row for row, r, outcome in rows if r.company_id and outcome.get("status") == Status.WON}
    if context.dry or not won:
        return
    for company in Company.objects.filter(pk__in=won).select_for_update(of=("self",)).order_by("pk"):
        if company.status != CompanyStatus.CUSTOMER or company.customer_since is None:
            context.changed(
                won[company.pk],
                company,
                {
                    "status": company.status,
                    "customer_since": company.customer_since,
                    "updated_at": company.updated_at,
                },
            )


def customers_since(pairs: list[tuple], context: Context) -> None:
    """A file is not sorted by date: who became a customer by this import has been one since the earliest won."""
    first: dict[int, datetime.date] = {}
    for _row, record in pairs:
        if record.company_id and record.status == Status.WON:
            day = timezone.localdate(record.won_at)
            first[record.company_id] = min(day, first.get(record.company_id, day))
    if context.dry or not first:
        return
    late = [c for c in Company.objects.filter(pk__in=first) if c.customer_since and c.customer_since > first[c.pk]]
    noted = {(e.record_id, e.record_type.model) for e in context.effects}
    ids = [c.pk for c in late]
    earlier = ImportEffect.objects.filter(run=context.run, record_id__in=ids, record_type__model="company")
    mine = set(earlier.values_list("record_id", flat=True))
    for company in late:
        if company.pk in mine or (company.pk, "company") in noted:
            Company.objects.filter(pk=company.pk).update(customer_since=first[company.pk])


def still_customers(run, companies: list[Company]) -> dict[int, str]:
    """Companies that stay customers when `run` is undone: something else was won with them."""
    won = Opportunity.objects.won().filter(company__in=[c.pk for c in companies])
    counts = Counter(won.values_list("company_id", flat=True))
    return {pk: _("It stays a customer: another opportunity is won.") for pk in counts}
