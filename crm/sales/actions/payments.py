"""Payments of invoices, in parts or too much, and their reversal. That an invoice is paid, the database derives."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core import clock
from crm.core.refusals import Refused
from crm.sales.actions.documents import locked
from crm.sales.models import Payment, PaymentMethod

LARGEST = Decimal("999999999999.99")


@transaction.atomic
def add_payment(
    *,
    invoice,
    by,
    amount: Decimal,
    paid_on: datetime.date | None = None,
    method: str = PaymentMethod.TRANSFER,
    reference: str = "",
    currency: str | None = None,
) -> Payment:
    """Money came in for an invoice (or went out for a credit note); more than is open is allowed and shown.

    `amount` above zero, two places, in `currency`, which has to be the invoice's. `paid_on`: today unless given.
    """
    invoice = locked(invoice, by)
    if invoice.is_draft:
        raise Refused(_("A draft cannot be paid; issue the invoice first."))
    if (currency or invoice.currency) != invoice.currency:
        raise Refused(
            _("The payment is in %(paid)s, the invoice in %(billed)s.") % {"paid": currency, "billed": invoice.currency}
        )
    if not amount.is_finite() or amount <= 0 or amount > LARGEST or amount != round(amount, 2):
        raise Refused(_("The amount of a payment is above zero and has at most two decimal places."))
    paid_on = paid_on or clock.today()
    if paid_on > clock.today():
        raise Refused(_("The day of payment lies in the future."))
    payment = Payment.objects.create(
        invoice=invoice,
        amount=amount,
        currency=invoice.currency,
        paid_on=paid_on,
        method=method,
        reference=reference,
        created_by=by,
    )
    payment.invoice.refresh_from_db()
    return payment


@transaction.atomic
def reverse_payment(*, payment, by, paid_on: datetime.date | None = None) -> Payment:
    """Take back a payment (a wrong entry, a returned debit): a second row with the amount negative; gives it."""
    invoice = locked(payment.invoice, by)
    payment = invoice.payments.get(pk=payment.pk)
    if payment.reverses_id or Payment.objects.filter(reverses=payment).exists():
        raise Refused(_("This payment has already been taken back."))
    paid_on = paid_on or clock.today()
    if paid_on < payment.paid_on or paid_on > clock.today():
        raise Refused(_("A payment is taken back on its day or later, and not in the future."))
    reversal = Payment.objects.create(
        invoice=invoice,
        amount=-payment.amount,
        currency=payment.currency,
        paid_on=paid_on,
        method=payment.method,
        reference=payment.reference,
        reverses=payment,
        created_by=by,
    )
    reversal.invoice.refresh_from_db()
    return reversal
