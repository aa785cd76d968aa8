"""Reminders of overdue invoices, one level after the other."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core import clock, show
from crm.core.refusals import Refused
from crm.sales.actions.documents import locked
from crm.sales.keeping import keep_later
from crm.sales.models import DunningLevel, DunningNotice


@transaction.atomic
def dun(*, invoice, by, issued_on: datetime.date | None = None) -> DunningNotice:
    """The next reminder of an overdue invoice, with the fee and text of its level as they are now."""
    invoice = locked(invoice, by)
    issued_on = issued_on or clock.today()
    if not invoice.is_overdue:
        raise Refused(_("“%(name)s” is not overdue.") % {"name": invoice})
    last = invoice.dunning_notices.order_by("-level").first()
    if last is not None and last.due_date >= issued_on:
        raise Refused(
            _("The last reminder of %(number)s gave time until %(day)s.")
            % {"number": invoice.number, "day": show.day(last.due_date)}
        )
    level = DunningLevel.objects.filter(level__gt=invoice.dunning_level).first()
    if level is None:
        raise Refused(_("%(number)s has had the last reminder.") % {"number": invoice.number})
    notice = DunningNotice.objects.create(
        invoice=invoice,
        level=level.level,
        open_amount=invoice.open_amount,
        fee=level.fee,
        text=level.text_de if invoice.language == "de" else level.text_en,
        issued_on=issued_on,
        due_date=issued_on + datetime.timedelta(days=level.days_to_pay),
        created_by=by,
    )
    keep_later(notice)
    return notice
