"""What can be done about invoices that are due. See opportunities/actions.py for how verbs answer."""

import datetime
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from contacts.salutation import salutation
from crm.accounting.dunning import due
from crm.accounting.models import DunningBlock
from crm.accounts.scope import Action, Scope
from crm.core import frame, show
from crm.core.refusals import Refused
from crm.mail import actions as mail
from crm.mail import kinds
from crm.sales import actions as sales
from crm.sales import pdf
from crm.sales.actions.documents import locked
from crm.sales.keeping import MAKERS
from crm.sales.models import DunningLevel, DunningNotice, Invoice

AT_ONCE = 200


@transaction.atomic
def remind(*, invoice, by, today: datetime.date | None = None) -> tuple[DunningNotice, bool]:
    """The next reminder of an invoice, if it is ripe; by mail where there is an address. (notice, was it mailed?)

    Refused for what is paid, blocked, or had its reminder less than the level's days ago.
    """
    locked(invoice, by)
    found = due.with_next_reminder(Invoice.objects.filter(pk=invoice.pk), today).first()
    if found is None:
        raise Refused(_("“%(name)s” is not overdue.") % {"name": invoice})
    if block := DunningBlock.objects.filter(invoice=invoice).first():
        raise Refused(
            _("%(number)s is not reminded of: %(reason)s") % {"number": invoice.number, "reason": block.reason}
        )
    if found.ripe_on and not found.is_ripe:
        raise Refused(
            _("The next reminder of %(number)s is due on %(day)s.")
            % {"number": invoice.number, "day": show.day(found.ripe_on)}
        )
    notice = sales.dun(invoice=invoice, by=by, issued_on=today)
    return notice, bool(_send(notice, by))


def address(invoice) -> str:
    """Where a reminder goes: as the invoice did."""
    return invoice.recipient_email


def _send(notice: DunningNotice, by):
    invoice = notice.invoice
    to = address(invoice)
    if not to:
        return None
    with override(invoice.language):
        values = {
            "salutation": salutation(invoice.person),
            "title": pdf.title(notice),
            "number": invoice.number,
            "invoice_date": show.day(invoice.invoice_date),
            "open": pdf.amount(notice.open_amount, invoice.currency),
            "fee": pdf.amount(notice.fee, invoice.currency),
            "total": pdf.amount(notice.open_amount + notice.fee, invoice.currency),
            "due_date": show.day(notice.due_date),
            "text": notice.text,
            "sender": str(by),
            "company": frame.company_name(),
        }
    subject, text = kinds.compose("reminder", invoice.language, values)
    return mail.send(by=by, to=to, subject=subject, text=text, maker=MAKERS[DunningNotice], made_of=notice.pk)


@dataclass
class Run:
    """What a dunning run did: the notices, those of them without a mail address, and why others were left out."""

    notices: list = field(default_factory=list)
    to_print: list = field(default_factory=list)
    refused: list = field(default_factory=list)


def remind_all(*, invoices, by) -> Run:
    """The next reminder of each of `invoices` that is ripe; each in a transaction of its own."""
    run = Run()
    for invoice in invoices.order_by("pk")[:AT_ONCE]:
        try:
            notice, mailed = remind(invoice=invoice, by=by)
        except Refused as refused:
            run.refused.append(str(refused))
            continue
        run.notices.append(notice)
        if not mailed:
            run.to_print.append(notice)
    return run


@transaction.atomic
def block(*, invoice, reason: str, by) -> DunningBlock:
    """Do not remind of this invoice until somebody takes the block away: it is disputed, deferred, …"""
    invoice = locked(invoice, by)
    if not reason.strip():
        raise Refused(_("Why is it not to be reminded of?"))
    return DunningBlock.objects.update_or_create(invoice=invoice, defaults={"reason": reason, "created_by": by})[0]


@transaction.atomic
def unblock(*, invoice, by) -> None:
    """Remind again."""
    invoice = locked(invoice, by)
    DunningBlock.objects.filter(invoice=invoice).delete()


@transaction.atomic
def save_levels(*, levels: list[dict], by) -> None:
    """The levels' new words and days: [{"level": 1, "name": …}, …]."""
    if by.scope(DunningLevel.area, Action.CHANGE) != Scope.ALL:
        raise DunningLevel.DoesNotExist
    for fields in levels:
        level = DunningLevel.objects.select_for_update(of=("self",)).get(level=fields["level"])
        for name, value in fields.items():
            setattr(level, name, value)
        level.save()
