"""The menu "Choose action" of a document: always in the same order; what cannot be done now says why."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.accounts.scope import Action, Area, allows
from crm.core.recordpage import Action as Entry
from crm.sales.models import Invoice, InvoiceStatus, Order, OrderStatus, Quote, QuoteStatus
from crm.sales.views.kinds import kind_of

# What upper rooms add to an invoice's menu: functions of request and invoice that give a group of entries.
of_invoice: list = []


def of(request, document) -> list[Entry | None]:
    """The entries for this user and document, with None for a line between groups."""
    kind = kind_of(document)
    build = {"quote": _of_quote, "order": _of_order, "invoice": _of_invoice}[kind.key]
    groups = [*build(request, document)]
    if kind.key == "invoice":
        groups += [more(request, document) for more in of_invoice]
    groups += [_papers(kind, document), [_delete(request, kind, document)]]
    menu = []
    for group in groups:
        if shown := [entry for entry in group if entry is not None]:
            menu += [None, *shown] if menu else shown
    return menu


def entry(request, document, name, label, icon, *, reason="", right=Action.CHANGE, **how) -> Entry:
    """One line; grey without the right, or for `reason`."""
    if not reason and not allows(request.user, right, document):
        reason = _("no right")
    return Entry(label, icon, kind_of(document).url(name, document), reason, **how)


def _empty(document) -> str:
    return "" if document.lines.items().exists() else _("no lines yet")


def _not_draft(document) -> str:
    return "" if document.is_draft else _("no longer a draft")


def _no_right(request, area) -> str:
    return "" if request.user.may(area, Action.CREATE) else _("no right")


def _mail(request, document) -> Entry:
    label = _("Send again by mail …") if _left(document) else _("Send by mail …")
    reason = _empty(document) if isinstance(document, Quote) else _("is a draft") if document.is_draft else ""
    if isinstance(document, Order | Quote) and document.status in ("cancelled", "declined"):
        reason = document.get_status_display().lower()
    return entry(request, document, "mail", label, "send", reason=reason, dialog=True)


def _left(document) -> bool:
    return isinstance(document, Quote) and not document.is_draft


# ── quotes ──────────────────────────────────────────────────────────────────────────────────────────
def _of_quote(request, quote) -> list[list[Entry]]:
    replaced = "" if quote.is_latest else _("there is a newer revision")
    status = quote.status
    undecided = replaced or ("" if status == QuoteStatus.SENT else _status_reason(quote))
    acceptable = replaced or ("" if status in (QuoteStatus.SENT, QuoteStatus.EXPIRED) else _status_reason(quote))
    ordered = quote.orders.exclude(status=OrderStatus.CANCELLED).exists()
    revisable = replaced or {QuoteStatus.DRAFT: _("is a draft"), QuoteStatus.ACCEPTED: _("is accepted")}.get(status, "")
    orderable = "" if status == QuoteStatus.ACCEPTED else _("not accepted yet")
    return [
        [
            _mail(request, quote),
            entry(
                request,
                quote,
                "sent",
                _("Mark as sent …"),
                "checks",
                reason=_not_draft(quote) or _empty(quote),
                dialog=True,
            ),
        ],
        [
            entry(request, quote, "accept", _("Accepted by the customer …"), "circle-check", reason=acceptable,
                  dialog=True, css="ok"),
            entry(request, quote, "decline", _("Declined by the customer …"), "circle-x", reason=undecided,
                  dialog=True, css="bad"),
        ],
        [
            entry(
                request,
                quote,
                "order",
                _("Create order"),
                "file-check",
                reason=_no_right(request, Area.SALES) or orderable or (_("there is one") if ordered else ""),
                right=Action.VIEW,
                post=True,
            ),
            entry(
                request,
                quote,
                "revise",
                _("New revision"),
                "versions",
                reason=_no_right(request, Area.SALES) or revisable,
                post=True,
            ),
        ],
    ]  # fmt: skip


def _status_reason(document) -> str:
    """ "is accepted" and the like, for a line that does not fit the status."""
    if document.is_draft:
        return _("is a draft")
    return _("is %(status)s") % {"status": document.get_status_display().lower()}


# ── orders ──────────────────────────────────────────────────────────────────────────────────────────
def _of_order(request, order) -> list[list[Entry]]:
    confirmed = "" if order.status == OrderStatus.CONFIRMED else _status_reason(order)
    live = "" if order.status in (OrderStatus.CONFIRMED, OrderStatus.DELIVERED) else _status_reason(order)
    if not live and not order.lines.with_invoiced().filter(kind="item", to_invoice__gt=0).exists():
        live = _("all is invoiced")
    return [
        [
            entry(request, order, "confirm", _("Confirm …"), "circle-check", dialog=True, css="ok",
                  reason=_not_draft(order) or _empty(order)),
            _mail(request, order),
        ],
        [
            entry(request, order, "deliver", _("Record a delivery …"), "truck-delivery", reason=confirmed, dialog=True),
            entry(request, order, "invoice", _("Create invoice …"), "file-invoice", right=Action.VIEW,
                  reason=_no_right(request, Area.INVOICES) or live, dialog=True),
        ],
        [entry(request, order, "cancel", _("Cancel …"), "circle-x", reason=confirmed, dialog=True, css="bad")],
    ]  # fmt: skip


# ── invoices ────────────────────────────────────────────────────────────────────────────────────────
def _of_invoice(request, invoice) -> list[list[Entry]]:
    cancellable = "" if invoice.status in (InvoiceStatus.ISSUED, InvoiceStatus.PAID) else _status_reason(invoice)
    if invoice.is_credit_note:
        cancellable = _("is a credit note")
    payable = _("is a draft") if invoice.is_draft else ""
    paid = payable or ("" if invoice.open_amount > 0 else _("nothing is open"))
    return [
        [
            entry(request, invoice, "issue", _("Issue …"), "file-invoice", dialog=True, css="ok",
                  reason=_not_draft(invoice) or _empty(invoice)),
            _mail(request, invoice),
        ],
        [
            entry(request, invoice, "pay", _("Add payment …"), "cash", reason=payable, dialog=True),
            entry(request, invoice, "paid", _("Mark as paid …"), "circle-check", reason=paid, dialog=True),
        ],
        [entry(request, invoice, "cancel", _("Cancel by a credit note …"), "receipt-refund", reason=cancellable,
               dialog=True, css="bad")],
    ]  # fmt: skip


# ── papers, delete ──────────────────────────────────────────────────────────────────────────────────
def _papers(kind, document) -> list[Entry]:
    entries = [Entry(pgettext("menu", "PDF"), "file-type-pdf", kind.url("pdf", document))]
    if isinstance(document, Invoice):
        reason = _("is a draft") if document.is_draft else ""
        entries.append(Entry("XRechnung", "file-code", reverse("sales:xrechnung", args=[document.pk]), reason))
    return entries


def _delete(request, kind, document) -> Entry | None:
    if not document.is_draft:
        return None
    return entry(request, document, "delete", _("Delete draft …"), "trash", dialog=True, css="bad")
