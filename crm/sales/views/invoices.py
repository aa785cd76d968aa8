"""What can be done with an invoice, from its menu."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from crm.accounts.scope import Action, Area
from crm.core import clock, http, show
from crm.core.refusals import Refused
from crm.sales import actions
from crm.sales.forms.dialogs import PaidForm, PaymentForm, ReverseForm
from crm.sales.models import PaymentMethod
from crm.sales.views.asking import ask
from crm.sales.views.kinds import KINDS, draft, find, form_view
from crm.sales.views.missing import missing_of

INVOICE = KINDS["invoice"]


@form_view
def issue(request, pk):
    """The draft gets its number and is final. What is missing is named before."""
    invoice = draft(request, INVOICE, pk)
    if request.method == "POST":
        issued = actions.issue_invoice(invoice=invoice, by=request.user)
        return http.done(request, invoice.get_absolute_url(), _("%(number)s is issued.") % {"number": issued})
    return ask(
        request,
        invoice,
        title=_("Issue the invoice?"),
        label=_("Issue"),
        template="sales/issue.html",
        missing=missing_of(invoice, request.user),
        form=None,
    )


def _payable(request, pk):
    invoice = find(request, INVOICE, pk, Action.CHANGE)
    if invoice.is_draft:
        raise Refused(_("A draft cannot be paid; issue the invoice first."))
    return invoice


@form_view
def pay(request, pk):
    """Money came in, also in part or too much."""
    invoice = _payable(request, pk)
    initial = {"paid_on": clock.today(), "method": PaymentMethod.TRANSFER}
    if invoice.open_amount > 0:
        initial["amount"] = invoice.open_amount
    form = PaymentForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        payment = actions.add_payment(invoice=invoice, by=request.user, **form.cleaned_data)
        return http.done(request, invoice.get_absolute_url(), _said(payment.invoice))
    return ask(
        request,
        invoice,
        title=_("Add payment"),
        lead=_("%(open)s of %(gross)s are open.")
        % {"open": show.money(invoice.open_amount), "gross": show.money(invoice.gross_total)},
        label=_("Add"),
        form=form,
    )


def _said(invoice) -> str:
    if invoice.overpaid_amount:
        return _("%(number)s is paid, %(over)s too much.") % {
            "number": invoice,
            "over": show.money(invoice.overpaid_amount),
        }
    if invoice.open_amount:
        return _("The payment was recorded; %(open)s are still open.") % {"open": show.money(invoice.open_amount)}
    return _("%(number)s is paid.") % {"number": invoice}


@form_view
def paid(request, pk):
    """All that is open was paid."""
    invoice = _payable(request, pk)
    if invoice.open_amount <= 0:
        raise Refused(_("Nothing is open."))
    initial = {"paid_on": clock.today(), "method": PaymentMethod.TRANSFER}
    form = PaidForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        payment = actions.add_payment(invoice=invoice, by=request.user, amount=invoice.open_amount, **form.cleaned_data)
        return http.done(request, invoice.get_absolute_url(), _said(payment.invoice))
    return ask(
        request,
        invoice,
        title=_("Mark as paid"),
        lead=_("A payment of %(open)s is recorded.") % {"open": show.money(invoice.open_amount)},
        label=_("Mark as paid"),
        form=form,
    )


@form_view
def take_back(request, pk, payment):
    """A payment was recorded wrongly, or the debit came back: it is booked back."""
    invoice = find(request, INVOICE, pk, Action.CHANGE)
    payment = get_object_or_404(invoice.payments, pk=payment)
    form = ReverseForm(request.POST if request.method == "POST" else None, initial={"paid_on": clock.today()})
    if request.method == "POST" and form.is_valid():
        actions.reverse_payment(payment=payment, by=request.user, **form.cleaned_data)
        return http.done(request, f"{invoice.get_absolute_url()}?tab=payments", _("The payment was taken back."))
    return ask(
        request,
        invoice,
        title=_("Take back the payment?"),
        lead=_("%(amount)s of %(day)s are booked back; both entries stay visible.")
        % {"amount": show.money(payment.amount), "day": show.day(payment.paid_on)},
        label=_("Take back"),
        form=form,
        level="danger",
    )


@form_view
def cancel(request, pk):
    """A credit note over the same lines is issued."""
    http.require(request.user.may(Area.INVOICES, Action.CREATE))
    invoice = find(request, INVOICE, pk, Action.CHANGE)
    if request.method == "POST":
        note = actions.cancel_invoice(invoice=invoice, by=request.user)
        http.announce(request, _("%(number)s is cancelled by %(note)s.") % {"number": invoice, "note": note})
        return http.redirect(request, note)
    return ask(
        request,
        invoice,
        title=_("Cancel %(number)s?") % {"number": invoice},
        lead=_("A credit note over %(gross)s is issued with a number of its own. Both papers are kept.")
        % {"gross": show.money(invoice.gross_total)},
        label=_("Cancel by a credit note"),
        level="danger",
    )
