"""The tab "Opportunities" on the pages of companies and persons."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from contacts.models import Company, Person
from crm.accounts.scope import Action, Area
from crm.core import http
from opportunities.browse import STATUS_COLOUR, sums
from opportunities.models import Opportunity, Status

# More are shown by the list, filtered by the company.
SHOWN = 100


def _of(request, model, pk, field):
    record = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    found = Opportunity.objects.visible_to(request.user).filter(**{field: record})
    rows = found.with_chance().for_display(request.user).order_by("-created_at", "-pk")[:SHOWN]
    context = {
        "title": _("Opportunities"),
        "record": record,
        "rows": [{"record": row, "colour": STATUS_COLOUR[row.status]} for row in rows],
        "all": sums(found),
        "open": sums(found.filter(status=Status.OPEN)),
        "new_url": f"{reverse('opportunities:new')}?{field}={record.pk}"
        if request.user.may(Area.OPPORTUNITIES, Action.CREATE)
        else "",
        "list_url": f"{reverse('opportunities:list')}?tab=all&company={record.pk}" if field == "company" else "",
    }
    return http.page(request, "opportunities/related.html", context)


@require_safe
def of_company(request, pk):
    """The opportunities with a company, as far as the user may see them."""
    return _of(request, Company, pk, "company")


@require_safe
def of_person(request, pk):
    """The opportunities with a person, as far as the user may see them."""
    return _of(request, Person, pk, "person")


def count_of_company(user, company) -> int:
    return Opportunity.objects.visible_to(user).filter(company=company).count()


def count_of_person(user, person) -> int:
    return Opportunity.objects.visible_to(user).filter(person=person).count()
