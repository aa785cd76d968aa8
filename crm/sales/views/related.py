"""The tabs "Quotes", "Orders", "Invoices" on the pages of opportunities, companies and persons."""

from functools import partial

from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from contacts.models import Company, Person
from crm.accounts.scope import Action
from crm.core import http
from crm.sales.models import Invoice, Quote
from crm.sales.views.kinds import KINDS, Kind
from crm.sales.views.lists import signed, status_colour, status_word, sum_of

# More are shown by the list, filtered by the company.
SHOWN = 100


def documents_of(user, kind: Kind, **of):
    """The documents of this kind of an opportunity, company or person, as far as `user` may see them."""
    found = kind.model.objects.visible_to(user).filter(**of)
    return found.latest_revisions() if kind.model is Quote else found


def context_of(request, kind: Kind, field: str, record) -> dict:
    found = documents_of(request.user, kind, **{field: record})
    rows = found.for_display(request.user).order_by("-created_at", "-pk")[:SHOWN]
    net = signed("net_total") if kind.model is Invoice else "net_total"
    may_create = request.user.may(kind.area, Action.CREATE)
    return {
        "kind": kind,
        "title": kind.title,
        "record": record,
        "rows": [{"record": row, "status": status_word(row), "colour": status_colour(row)} for row in rows],
        "all": found.order_by().aggregate(count=Count("pk"), net=sum_of(net)),
        "new_url": f"{reverse(f'sales:new-{kind.key}')}?{field}={record.pk}" if may_create else "",
        "list_url": f"{kind.list_url}?company={record.pk}" if field == "company" else "",
    }


@require_safe
def of_contact(request, pk, kind, field):
    """The documents of a company or person: the content of a tab on its page."""
    model = {"company": Company, "person": Person}[field]
    record = get_object_or_404(model.objects.visible_to(request.user), pk=pk)
    http.require(request.user.may(KINDS[kind].area))
    return http.page(request, "sales/related.html", context_of(request, KINDS[kind], field, record))


def render_tab(request, opportunity, *, key: str) -> str:
    """The content of a tab on an opportunity's page."""
    return render_to_string("sales/_related.html", context_of(request, KINDS[key], "opportunity", opportunity), request)


def count_of(user, record, *, key: str, field: str) -> int:
    return documents_of(user, KINDS[key], **{field: record}).count()


def register() -> None:
    """The tabs of all three; called once, when the application starts."""
    from contacts import tabs as contact_tabs
    from opportunities import tabs

    for position, (key, kind) in enumerate(KINDS.items(), 50):
        tabs.register(
            tabs.Tab(
                f"{key}s",
                kind.title,
                partial(render_tab, key=key),
                lambda request, record, key=key: count_of(request.user, record, key=key, field="opportunity"),
                area=kind.area,
                position=position,
            )
        )
        for field, registry in (("company", contact_tabs.companies), ("person", contact_tabs.persons)):
            registry.register(
                f"{key}s",
                kind.title,
                f"sales:{key}s-of-{field}",
                area=kind.area,
                count=partial(count_of, key=key, field=field),
            )
