"""The page of a quote, order or invoice: facts, steps, menu, and the tabs."""

import datetime

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from crm.accounts.scope import Action, allows
from crm.core import http, recordpage, show
from crm.sales import arithmetic
from crm.sales.models import Invoice, InvoiceStatus, Order, OrderStatus, Quote, QuoteStatus
from crm.sales.views import files, menu, story
from crm.sales.views.kinds import KINDS, find, kind_of, lock_sentence
from crm.sales.views.lists import status_colour, status_word

PILL = {"open": "", "grey": ""}


@require_safe
def record(request, pk, kind):
    """The record page; ?tab= chooses the tab."""
    kind = KINDS[kind]
    document = find(request, kind, pk)
    shown = tabs(request, document)
    current = next((t for t in shown if t["key"] == request.GET.get("tab")), shown[0])
    address = document.get_absolute_url()
    colour = status_colour(document)
    may_change = allows(request.user, Action.CHANGE, document)
    context = {
        "title": document.subject or str(customer_of(document) or ""),
        "bar_title": str(document),
        "document": document,
        "kind": kind,
        "status": status_word(document),
        "pill": PILL.get(colour, colour),
        "lock": lock_sentence(document),
        "may_edit": document.is_draft and may_change,
        "edit": fact_addresses(kind, document) if may_change else {},
        "actions": menu.of(request, document),
        "steps": steps(document),
        "customer": customer_of(document),
        "hidden": hidden(document),
        "related": related(request, document),
        "head_url": kind.url("edit", document),
        "pdf_url": kind.url("pdf", document),
        "tabs": [
            {
                "label": tab["label"],
                "url": address if tab is shown[0] else f"{address}?tab={tab['key']}",
                "current": tab is current,
                "count": tab["count"],
            }
            for tab in shown
        ],
        "content": current["render"](request, document),
    }
    return http.page(request, f"sales/{kind.key}.html", context)


def customer_of(document):
    """Company or person, whichever the paper is for and the user may see."""
    return document.company or document.person


def hidden(document) -> set[str]:
    """The parties that are there, but not for this user."""
    return {name for name in ("company", "person", "opportunity") if _hidden(document, name)}


def _hidden(document, name) -> bool:
    return getattr(document, f"{name}_id") is not None and getattr(document, name) is None


def fact_addresses(kind, document) -> dict[str, str]:
    """Where each fact is edited in place; of a confirmed order only the day of delivery."""
    names = list(kind.form.Meta.fields)
    if not document.is_draft:
        confirmed = isinstance(document, Order) and document.status == OrderStatus.CONFIRMED
        names = ["delivery_date"] if confirmed else []
    return {name: kind.url("fact", document, name) for name in names}


# ── steps ───────────────────────────────────────────────────────────────────────────────────────────
def steps(document) -> list[recordpage.Step]:
    """The way of such a paper, and how far this one has come."""
    if isinstance(document, Quote):
        end = document.status if document.status in ("declined", "expired") else QuoteStatus.ACCEPTED
        way = [QuoteStatus.DRAFT, QuoteStatus.SENT, QuoteStatus(end)]
        moments = {"sent": document.sent_at, "accepted": document.decided_at, "declined": document.decided_at}
        moments["expired"] = document.valid_until
    elif isinstance(document, Order):
        end = OrderStatus.CANCELLED if document.status == "cancelled" else OrderStatus.DELIVERED
        way = [OrderStatus.DRAFT, OrderStatus.CONFIRMED, end]
        moments = {"confirmed": document.confirmed_at, "delivered": document.delivered_at}
        moments["cancelled"] = document.cancelled_at
    else:
        end = InvoiceStatus.CANCELLED if document.status == "cancelled" else InvoiceStatus.PAID
        way = [InvoiceStatus.DRAFT, InvoiceStatus.ISSUED, end]
        moments = {"issued": document.invoice_date, "paid": document.paid_at, "cancelled": document.cancelled_at}
    place = [status.value for status in way].index(document.status)
    return [
        recordpage.Step(
            status_word(document) if status.value == document.status == InvoiceStatus.PAID else str(status.label),
            "done" if i < place else "current" if i == place else "next",
            show.day(moments.get(status.value)) if i <= place and moments.get(status.value) else "",
        )
        for i, status in enumerate(way)
    ]


# ── what it came from, and what came of it ──────────────────────────────────────────────────────────
def related(request, document) -> list[dict]:
    """Other papers around this one, as far as the user may see them: [{"label", "record", "note"}]."""
    user, found = request.user, []

    def add(label, queryset):
        found.extend({"label": label, "record": other, "note": status_word(other)} for other in queryset[:20])

    if isinstance(document, Quote):
        add(pgettext("document", "Order"), Order.objects.visible_to(user).filter(quote=document).order_by("pk"))
    elif isinstance(document, Order):
        add(_("Quote"), Quote.objects.visible_to(user).filter(pk=document.quote_id))
        add(_("Invoice"), Invoice.objects.visible_to(user).filter(order=document).order_by("pk"))
    else:
        add(pgettext("document", "Order"), Order.objects.visible_to(user).filter(pk=document.order_id))
        invoices = Invoice.objects.visible_to(user)
        add(_("Cancels"), invoices.filter(pk=document.cancels_id))
        add(_("Cancelled by"), invoices.filter(cancels=document))
    return found


# ── tabs ────────────────────────────────────────────────────────────────────────────────────────────
def tabs(request, document) -> list[dict]:
    """The tabs of this kind of paper, in order."""

    def tab(key, label, render, count=None):
        return {"key": key, "label": label, "render": render, "count": count}

    shown = [tab("lines", pgettext("tab", "Lines"), lines_tab, document.lines.items().count())]
    if isinstance(document, Quote):
        count = Quote.objects.visible_to(request.user).filter(number=document.number).count()
        if count > 1:
            shown.append(tab("revisions", _("Revisions"), revisions_tab, count))
        if not document.is_draft:
            shown.append(tab("link", _("Link for the customer"), link_tab))
    elif isinstance(document, Order):
        shown.append(tab("deliveries", _("Deliveries"), deliveries_tab, document.deliveries.count()))
    elif not document.is_draft:
        shown.append(tab("payments", _("Payments"), payments_tab, document.payments.count()))
    shown.append(tab("files", _("Files"), files.tab, document.files.count()))
    shown.append(tab("history", _("History"), history_tab))
    return shown


def lines_tab(request, document) -> str:
    """The lines as they stand, with the sums; of an order also what was delivered and is still to invoice."""
    kind = kind_of(document)
    queryset = document.lines.select_related("product")
    if isinstance(document, Order):
        queryset = queryset.with_invoiced()
    lines = list(queryset)
    items = [line for line in lines if line.kind == "item"]
    is_order = isinstance(document, Order) and not document.is_draft
    has_discount = any(line.discount_percent for line in items)
    context = {
        "document": document,
        "kind": kind,
        "lines": lines,
        "totals": arithmetic.totals((line.vat_rate, line.net_amount) for line in items),
        "has_discount": has_discount,
        "is_order": is_order,
        # The columns beside the number, for a text between the items.
        "span": 5 + has_discount + 2 * is_order,
        "edit_url": kind.url("lines", document)
        if document.is_draft and allows(request.user, Action.CHANGE, document)
        else "",
    }
    return render_to_string("sales/tab_lines.html", context, request)


def revisions_tab(request, quote) -> str:
    revisions = Quote.objects.visible_to(request.user).filter(number=quote.number).order_by("-revision")
    rows = [{"record": r, "status": status_word(r), "colour": status_colour(r), "here": r == quote} for r in revisions]
    return render_to_string("sales/tab_revisions.html", {"rows": rows}, request)


def link_tab(request, quote) -> str:
    """The private link: there is one at a time; its address is shown only when it is made."""
    link = quote.links.order_by("-created_at", "-pk").first()
    context = {
        "quote": quote,
        "link": link,
        "is_valid": link is not None and link.revoked_at is None and link.expires_at > timezone.now(),
        "may_change": allows(request.user, Action.CHANGE, quote),
    }
    return render_to_string("sales/tab_link.html", context, request)


def deliveries_tab(request, order) -> str:
    deliveries = order.deliveries.select_related("created_by").prefetch_related("lines__order_line")
    context = {
        "order": order,
        "deliveries": deliveries.order_by("-delivered_on", "-pk"),
        "may_change": allows(request.user, Action.CHANGE, order) and order.status != OrderStatus.CANCELLED,
    }
    return render_to_string("sales/tab_deliveries.html", context, request)


def payments_tab(request, invoice) -> str:
    payments = list(invoice.payments.select_related("created_by").order_by("paid_on", "pk"))
    taken_back = {payment.reverses_id for payment in payments}
    context = {
        "invoice": invoice,
        "rows": [{"payment": p, "taken_back": p.pk in taken_back} for p in payments],
        "notices": invoice.dunning_notices.order_by("issued_on", "pk"),
        "may_change": allows(request.user, Action.CHANGE, invoice),
    }
    return render_to_string("sales/tab_payments.html", context, request)


def history_tab(request, document) -> str:
    """Who changed what when, page by page; ?before= is where a page begins."""
    page = story.of(document, user=request.user, before=_moment(request.GET.get("before", "")))
    context = {"document": document, "page": page}
    return render_to_string("sales/tab_history.html", context, request)


def _moment(text: str):
    """The moment of ?before=; None if it makes no sense."""
    try:
        moment = datetime.datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) and 1900 <= moment.year <= 2200 else None
