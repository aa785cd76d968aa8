"""The tab "Inbox" on the pages of companies and persons: the leads that came from there."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from contacts.models import Company, Person
from crm.core import http
from inbox.models import InboxItem

SHOWN = 100


def _of(request, model, pk, field):
    record = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    found = InboxItem.objects.visible_to(request.user).filter(**{field: record})
    rows = found.select_related("source", "status", "owner").order_by("-created_at", "-pk")[:SHOWN]
    return http.page(request, "inbox/related.html", {"title": _("Inbox"), "record": record, "rows": rows})


@require_safe
def of_company(request, pk):
    """The leads of a company, as far as the user may see them."""
    return _of(request, Company, pk, "company")


@require_safe
def of_person(request, pk):
    """The leads of a person, as far as the user may see them."""
    return _of(request, Person, pk, "person")


def count_of_company(user, company) -> int:
    return InboxItem.objects.visible_to(user).filter(company=company).count()


def count_of_person(user, person) -> int:
    return InboxItem.objects.visible_to(user).filter(person=person).count()
