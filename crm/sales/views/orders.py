"""What can be done with an order, from its menu."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from crm.accounts.scope import Action, Area
from crm.core import http
from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.forms.dialogs import DeliverForm, InvoiceOfOrderForm
from crm.sales.models import OrderStatus
from crm.sales.views.asking import ask
from crm.sales.views.kinds import KINDS, draft, find, form_view, lock_sentence

ORDER = KINDS["order"]


@form_view
def confirm(request, pk):
    """We promise to deliver."""
    order = draft(request, ORDER, pk)
    if request.method == "POST":
        actions.confirm_order(order=order, by=request.user)
        return http.done(request, order.get_absolute_url(), _("%(number)s is confirmed.") % {"number": order})
    return ask(
        request,
        order,
        title=_("Confirm %(number)s?") % {"number": order},
        lead=_("After that the lines can no longer be changed. The confirmation can be sent by mail next."),
        label=_("Confirm"),
    )


@form_view
def deliver(request, pk):
    """Record a delivery: all that is left, or less of it."""
    order = find(request, ORDER, pk, Action.CHANGE)
    if order.status != OrderStatus.CONFIRMED:
        raise Refused(lock_sentence(order) or _("Confirm the order first."))
    form = DeliverForm(request.POST if request.method == "POST" else None, order=order)
    if request.method == "POST" and form.is_valid():
        actions.deliver_order(
            order=order,
            by=request.user,
            quantities=form.quantities(),
            delivered_on=form.cleaned_data["delivered_on"],
            note=form.cleaned_data["note"],
        )
        order.refresh_from_db()
        done = order.status == OrderStatus.DELIVERED
        text = (
            _("%(number)s is delivered.") if done else _("The delivery was recorded; %(number)s is not complete yet.")
        )
        return http.done(request, order.get_absolute_url(), text % {"number": order})
    return ask(
        request,
        order,
        title=_("Record a delivery"),
        label=_("Record delivery"),
        form=form,
        template="sales/deliver.html",
        wide=True,
    )


@form_view
def undo_delivery(request, pk, delivery):
    """Take back a delivery that was recorded wrongly."""
    order = find(request, ORDER, pk, Action.CHANGE)
    delivery = get_object_or_404(order.deliveries, pk=delivery)
    if request.method == "POST":
        actions.undo_delivery(delivery=delivery, by=request.user)
        return http.done(request, f"{order.get_absolute_url()}?tab=deliveries", _("The delivery was taken back."))
    return ask(
        request,
        order,
        title=_("Take back the delivery?"),
        lead=_("Its quantities are open again."),
        label=_("Take back"),
        level="danger",
    )


@form_view
def invoice(request, pk):
    """An invoice of what is left of the order, or of what was delivered."""
    http.require(request.user.may(Area.INVOICES, Action.CREATE))
    order = find(request, ORDER, pk)
    delivered = order.lines.with_invoiced().filter(delivered_to_invoice__gt=0).exists()
    initial = {"what": InvoiceOfOrderForm.DELIVERED if delivered else InvoiceOfOrderForm.ALL}
    form = InvoiceOfOrderForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = actions.create_invoice(
            by=request.user,
            order=order,
            delivered_only=form.cleaned_data["what"] == InvoiceOfOrderForm.DELIVERED,
        )
        http.announce(request, _("%(name)s was created.") % {"name": made})
        return http.redirect(request, made)
    return ask(
        request,
        order,
        title=_("Create invoice"),
        lead=_("The draft gets the lines of %(number)s with the quantities that are left.") % {"number": order},
        label=_("Create invoice"),
        form=form,
    )


@form_view
def cancel(request, pk):
    """Call off a confirmed order."""
    order = find(request, ORDER, pk, Action.CHANGE)
    if request.method == "POST":
        actions.cancel_order(order=order, by=request.user)
        return http.done(request, order.get_absolute_url(), _("%(number)s is cancelled.") % {"number": order})
    return ask(
        request,
        order,
        title=_("Cancel %(number)s?") % {"number": order},
        lead=_("The order is called off. This cannot be undone."),
        label=_("Cancel order"),
        level="danger",
    )
