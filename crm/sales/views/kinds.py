"""Quotes, orders and invoices share their pages; what differs is said here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from crm.accounts.scope import Action
from crm.core import show
from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.forms.heads import InvoiceForm, OrderForm, QuoteForm
from crm.sales.models import Invoice, InvoiceStatus, Order, OrderStatus, Quote
from crm.sales.models.invoice import InvoiceFile
from crm.sales.models.order import OrderFile
from crm.sales.models.quote import QuoteFile

form_view = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True)
class Kind:
    """`key` names its addresses; `create` is the verb that begins one."""

    key: str
    model: type
    form: type
    file_events: type
    create: Callable
    title: str
    new: str
    icon: str

    @property
    def area(self) -> str:
        return self.model.area

    @property
    def list_url(self) -> str:
        return reverse(f"sales:{self.key}s")

    def url(self, name: str, document, *args) -> str:
        """The address of one of its pages: url("lines", quote) is that of sales:lines-quote."""
        return reverse(f"sales:{name}-{self.key}", args=[document.pk, *args])


KINDS = {
    "quote": Kind(
        "quote",
        Quote,
        QuoteForm,
        QuoteFile.pgh_event_model,
        actions.create_quote,
        gettext_lazy("Quotes"),
        gettext_lazy("New quote"),
        "file-text",
    ),
    "order": Kind(
        "order",
        Order,
        OrderForm,
        OrderFile.pgh_event_model,
        actions.create_order,
        gettext_lazy("Orders"),
        gettext_lazy("New order"),
        "file-check",
    ),
    "invoice": Kind(
        "invoice",
        Invoice,
        InvoiceForm,
        InvoiceFile.pgh_event_model,
        actions.create_invoice,
        gettext_lazy("Invoices"),
        gettext_lazy("New invoice"),
        "file-invoice",
    ),
}


def kind_of(document) -> Kind:
    return KINDS[document._meta.model_name]


def find(request, kind: Kind, pk: int, action=Action.VIEW):
    """The document with which the user may do `action`, with what of its surroundings he may see; else 404."""
    found = kind.model.objects.visible_to(request.user, action).for_display(request.user)
    return get_object_or_404(found, pk=pk)


def draft(request, kind: Kind, pk: int):
    """The document to be changed; Refused if it is no draft any more."""
    document = find(request, kind, pk, Action.CHANGE)
    if not document.is_draft:
        raise Refused(lock_sentence(document))
    return document


def lock_sentence(document) -> str:
    """Since when and why it cannot be changed; empty for a draft."""
    if document.is_draft:
        return ""
    if isinstance(document, Quote):
        if not document.is_latest:
            return _("There is a newer revision. This one stays as it was sent on %(day)s.") % {
                "day": show.day(document.sent_at)
            }
        return _("Sent on %(day)s. To change it, make a new revision.") % {"day": show.day(document.sent_at)}
    if isinstance(document, Order):
        if document.status == OrderStatus.CANCELLED:
            return _("Cancelled on %(day)s.") % {"day": show.day(document.cancelled_at)}
        return _("Confirmed on %(day)s. The lines can no longer be changed.") % {"day": show.day(document.confirmed_at)}
    if document.status == InvoiceStatus.CANCELLED:
        return _("Cancelled on %(day)s by a credit note. It can no longer be changed.") % {
            "day": show.day(document.cancelled_at)
        }
    if document.is_credit_note:
        return _("Issued on %(day)s. It can no longer be changed.") % {"day": show.day(document.issued_at)}
    return _("Issued on %(day)s. It can no longer be changed, but it can be cancelled.") % {
        "day": show.day(document.issued_at)
    }
