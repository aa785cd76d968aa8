"""What happened to a document: the history of its data, its steps, deliveries and payments, in one timeline."""

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.core import show, timeline
from crm.core.recordpage import Entry
from crm.sales.models import Invoice, InvoiceStatus, Order, OrderStatus, Quote, QuoteStatus
from crm.sales.views.kinds import kind_of

# What the steps below say better, and what only repeats it.
TOLD = frozenset(
    {
        *("status", "sent_at", "decided_at", "decided_by_name", "decline_reason", "confirmed_at", "delivered_at"),
        *("cancelled_at", "issued_at", "paid_at", "paid_amount", "open_amount", "dunning_level", "is_latest", "seller"),
        *("pdf", "xrechnung", "currency", "vat_total", "gross_total", "number", "revision", "revision_of", "quote"),
        *("order", "kind", "cancels"),
        # The address comes along with the recipient's name.
        *("recipient_contact", "recipient_street", "recipient_postal_code", "recipient_city", "recipient_country"),
        *("recipient_vat_id", "recipient_email"),
    }
)

STEPS = {
    QuoteStatus.SENT: (gettext_lazy("{who} sent it"), "send"),
    QuoteStatus.ACCEPTED: (gettext_lazy("{who} noted that it was accepted"), "circle-check"),
    QuoteStatus.DECLINED: (gettext_lazy("{who} noted that it was declined"), "circle-x"),
    QuoteStatus.EXPIRED: (gettext_lazy("It expired"), "hourglass-empty"),
    OrderStatus.CONFIRMED: (gettext_lazy("{who} confirmed it"), "circle-check"),
    OrderStatus.DELIVERED: (gettext_lazy("All of it is delivered"), "truck-delivery"),
    InvoiceStatus.CANCELLED: (gettext_lazy("{who} cancelled it"), "circle-x"),
    InvoiceStatus.ISSUED: (gettext_lazy("{who} issued it"), "file-invoice"),
    InvoiceStatus.PAID: (gettext_lazy("It is paid in full"), "cash"),
}
# The same steps taken by the customer at the link.
BY_CUSTOMER = {
    QuoteStatus.ACCEPTED: gettext_lazy("{who} accepted it at the link"),
    QuoteStatus.DECLINED: gettext_lazy("{who} declined it at the link"),
}


def of(document, *, user, before=None, limit=timeline.PAGE) -> timeline.Page:
    """The timeline of a document that `user` may see; `before` and `limit` as in crm.core.timeline."""
    kind = kind_of(document)
    files = timeline.Link(
        kind.file_events,
        {f"{kind.key}_id": document.pk},
        "storedfile",
        lambda: _("%(who)s added the file %(what)s"),
        lambda: _("%(who)s removed the file %(what)s"),
        icon="paperclip",
    )
    extra = [*_steps(document)]
    if isinstance(document, Order):
        extra += _deliveries(document)
    if isinstance(document, Invoice):
        extra += _payments(document)
    return timeline.of(document, user=user, before=before, limit=limit, skip=TOLD, links=[files], extra=extra)


def _steps(document) -> list[Entry]:
    """Where the history shows one status after another."""
    fields = ["pgh_created_at", "pgh_context", "status"]
    if isinstance(document, Quote):
        fields += ["decided_by_name", "decline_reason"]
    events = list(document.events.order_by("pgh_created_at", "pgh_id").values(*fields))
    users = {(event["pgh_context"] or {}).get("user") for event in events}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=users - {None})}
    entries, was = [], "draft"
    for event in events:
        status, context = event["status"], event["pgh_context"] or {}
        if status == was:
            continue
        text, icon = STEPS[status]
        who = names.get(context.get("user")) or _("The system")
        if context.get("via") == "quote link" and status in BY_CUSTOMER:
            text, who = BY_CUSTOMER[status], event["decided_by_name"] or _("The customer")
        elif was == OrderStatus.DELIVERED and status == OrderStatus.CONFIRMED:
            text, icon = gettext_lazy("{who} took a delivery back"), "arrow-back-up"
        elif was == InvoiceStatus.PAID and status == InvoiceStatus.ISSUED:
            text, icon = gettext_lazy("It is open again"), "cash-off"
        elif status == InvoiceStatus.PAID and document.is_credit_note:
            text, icon = gettext_lazy("It is settled"), "circle-check"
        text = format_html(text, who=format_html("<b>{}</b>", who))
        entries.append(Entry(event["pgh_created_at"], text, icon, box=_box(event)))
        was = status
    return entries


def _box(event) -> str:
    if event["status"] == QuoteStatus.DECLINED:
        return event["decline_reason"]
    return event.get("decided_by_name", "") if event["status"] == QuoteStatus.ACCEPTED else ""


def _deliveries(order) -> list[Entry]:
    return [
        Entry(
            delivery.created_at,
            format_html(
                _("{who} recorded a delivery of {day}"),
                who=format_html("<b>{}</b>", delivery.created_by or _("The system")),
                day=show.day(delivery.delivered_on),
            ),
            "truck-delivery",
            box=delivery.note,
        )
        for delivery in order.deliveries.select_related("created_by")
    ]


def _payments(invoice) -> list[Entry]:
    entries = []
    for payment in invoice.payments.select_related("created_by"):
        taken_back = payment.reverses_id is not None
        text = _("{who} took back a payment of {amount}") if taken_back else _("{who} recorded a payment of {amount}")
        text = format_html(
            text,
            who=format_html("<b>{}</b>", payment.created_by or _("The system")),
            amount=show.money(abs(payment.amount)),
        )
        entries.append(Entry(payment.created_at, text, "cash-off" if taken_back else "cash"))
    return entries
