"""What can be done with bank statements and their entries. See opportunities/actions.py for how verbs answer.

All of it is for those who may change everybody's invoices: LedgerQuerySet.visible_to.
"""

import hashlib
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.accounting.models import BankEntry, BankStatement, Booking, EntryState, StatementStatus, sees_ledger
from crm.accounting.statements import bankcsv, camt, matching
from crm.accounting.statements.entries import Statement, Unreadable, keys
from crm.core.refusals import Refused
from crm.files.models import StoredFile
from crm.sales import actions as sales
from crm.sales.models import Invoice, Payment
from crm.setup.models import Organisation

BOOKED_AT_ONCE = 500


def _asked(by) -> None:
    if not sees_ledger(by):
        raise BankStatement.DoesNotExist


def upload(*, file, by) -> BankStatement:
    """Keep a bank's file (django.core.files.File) and read it; a CSV file whose columns are not clear waits for a hand.

    Raises Unreadable with a sentence for a file that is none, and Refused for one that has been read before.
    """
    _asked(by)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    if earlier := BankStatement.objects.filter(content_hash=digest.hexdigest()).first():
        raise SeenBefore(earlier)
    mapping, read = _understand(file)
    file.seek(0)
    with transaction.atomic():
        statement = BankStatement.objects.create(
            file=StoredFile.keep(file, by=by), content_hash=digest.hexdigest(), mapping=mapping, created_by=by
        )
        if read is not None:
            _keep(statement, read)
    return statement


def _understand(file) -> tuple[dict, Statement | None]:
    """(mapping, what the file says); of a CSV file only if somebody has confirmed such columns before."""
    file.seek(0)
    if camt.looks_like_xml(file.read(64)):
        return {}, camt.read(file)
    mapping = _remembered(bankcsv.inspect(file))
    if not mapping.get("confirmed") or bankcsv.problems(mapping):
        return mapping, None
    try:
        return mapping, bankcsv.read(file, mapping)
    except Unreadable:
        # The bank has changed something: the page of the columns shows what, and lets it be corrected.
        return mapping, None


class SeenBefore(Refused):
    """This very file was read earlier: `statement`. Nothing was booked."""

    def __init__(self, statement: BankStatement):
        self.statement = statement
        super().__init__(_("This file has been imported before; nothing was added."))


def _remembered(found: dict) -> dict:
    """The mapping that was confirmed for the last file with these columns, else the one that was found."""
    earlier = (
        BankStatement.objects.filter(mapping__signature=found["signature"], mapping__confirmed=True)
        .order_by("-pk")
        .values_list("mapping", flat=True)
        .first()
    )
    own = Organisation.objects.values_list("iban", flat=True).first() or ""
    if earlier:
        found |= {name: earlier[name] for name in ("fields", "order", "mark", "confirmed")}
        own = earlier["account"] or own
    found["account"] = found["account"] or bankcsv.iban(own)
    return found


@transaction.atomic
def assign(*, statement, by, fields: dict[str, int], order: str, mark: str, account: str) -> BankStatement:
    """Read a CSV file with the columns that the user confirmed. Raises Refused or Unreadable; then nothing is kept."""
    statement = BankStatement.objects.visible_to(by).select_for_update(of=("self",)).get(pk=statement.pk)
    if statement.status != StatementStatus.COLUMNS:
        raise Refused(_("This bank statement has already been read."))
    mapping = statement.mapping | {
        "fields": fields,
        "order": order,
        "mark": mark,
        "account": bankcsv.iban(account),
        "confirmed": True,
    }
    if wrong := bankcsv.problems(mapping):
        raise Unreadable(wrong[0])
    with statement.file.content.open("rb") as file:
        read = bankcsv.read(file, mapping)
    statement.mapping = mapping
    _keep(statement, read)
    return statement


def _keep(statement: BankStatement, read: Statement) -> None:
    """Write the entries that are not there yet."""
    rows = [
        BankEntry(statement=statement, key=key, **{name: getattr(entry, name) for name in ENTRY_FIELDS})
        for entry, key in zip(read.entries, keys(read.entries), strict=True)
    ]
    BankEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    statement.known = len(rows) - statement.entries.count()
    statement.pending, statement.status = read.pending, StatementStatus.READ
    statement.save()


ENTRY_FIELDS = (
    "account booked_on valued_on amount currency name iban purpose kind end_to_end reference".split()  # noqa: SIM905
)


@transaction.atomic
def discard(*, statement, by) -> None:
    """Throw away a file of which nothing was read."""
    statement = BankStatement.objects.visible_to(by).select_for_update(of=("self",)).get(pk=statement.pk)
    if statement.entries.exists():
        raise Refused(_("Entries of this bank statement are there already; it stays."))
    file = statement.file
    statement.delete()
    file.discard()


# ── entries ─────────────────────────────────────────────────────────────────────────────────────────
def _open(entry, by) -> BankEntry:
    entry = BankEntry.objects.visible_to(by).select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.state != EntryState.OPEN:
        raise Refused(_("This entry has been dealt with in the meantime."))
    return entry


def _decide(entry, by, state: str, note: str = "") -> BankEntry:
    entry.state, entry.note = state, note
    entry.decided_by, entry.decided_at = (None, None) if state == EntryState.OPEN else (by, timezone.now())
    entry.save(update_fields=["state", "note", "decided_by", "decided_at"])
    return entry


@transaction.atomic
def book(*, entry, shares: list[tuple[Invoice, Decimal]], by) -> BankEntry:
    """Make payments of an entry: `shares` are invoices and amounts, which add up to the entry's amount.

    Money that came in pays invoices; money that left pays credit notes out. More than what is open is an overpayment.
    """
    entry = _open(entry, by)
    if not shares or any(amount <= 0 for _invoice, amount in shares):
        raise Refused(_("Say which invoices the entry pays, and how much of each."))
    if sum(amount for _invoice, amount in shares) != abs(entry.amount):
        raise Refused(_("The amounts do not add up to the amount of the entry."))
    # Locked in the order of their ids, as every writer does.
    for invoice, amount in sorted(shares, key=lambda share: share[0].pk):
        if invoice.currency != entry.currency:
            raise Refused(_("%(number)s is in another currency than the entry.") % {"number": invoice})
        if invoice.is_credit_note == (entry.amount > 0):
            raise Refused(_("Money that came in pays invoices, money that left pays out credit notes."))
        payment = sales.add_payment(
            invoice=invoice,
            by=by,
            amount=amount,
            paid_on=entry.booked_on,
            method="transfer",
            reference=entry.purpose[:140],
        )
        Booking.objects.create(entry=entry, payment=payment)
    return _decide(entry, by, EntryState.BOOKED)


def book_sure(*, entries, by) -> int:
    """Book the entries whose proposal is sure; how many. Each is weighed anew, so that what has been paid stays so."""
    pks = list(entries.open().order_by("booked_on", "pk").values_list("pk", flat=True)[:BOOKED_AT_ONCE])
    done = 0
    for start in range(0, len(pks), 50):
        found = BankEntry.objects.visible_to(by).with_twins().filter(pk__in=pks[start : start + 50])
        found = list(found.order_by("booked_on", "pk"))
        proposals = matching.propose(found, by)
        taken: set[int] = set()
        for entry in found:
            best = next(iter(proposals[entry.pk]), None)
            # Two transfers for one invoice: the second is no longer sure once the first is booked.
            if best is None or not best.sure or taken & {c.pk for c, _amount in best.shares}:
                continue
            taken |= {c.pk for c, _amount in best.shares}
            invoices = Invoice.objects.in_bulk([c.pk for c, _amount in best.shares])
            try:
                book(entry=entry, shares=[(invoices[c.pk], amount) for c, amount in best.shares], by=by)
            except Refused:
                # Somebody was faster, or the bank is ahead of the calendar: it stays open and can be looked at.
                continue
            done += 1
    return done


@transaction.atomic
def ignore(*, entry, by, note: str = "") -> BankEntry:
    """The entry pays no invoice of ours."""
    return _decide(_open(entry, by), by, EntryState.IGNORED, note)


@transaction.atomic
def ignore_all(*, entries, by) -> int:
    """The same for many; how many."""
    pks = list(entries.open().select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    return (
        BankEntry.objects.visible_to(by)
        .filter(pk__in=pks)
        .update(state=EntryState.IGNORED, decided_by=by, decided_at=timezone.now())
    )


@transaction.atomic
def undo(*, entry, by) -> BankEntry:
    """Back to open: payments made of the entry are taken back by reversals."""
    entry = BankEntry.objects.visible_to(by).select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.state == EntryState.OPEN:
        raise Refused(_("This entry is open."))
    for booking in entry.bookings.filter(undone_at=None).select_related("payment").order_by("payment__invoice_id"):
        # Somebody may have taken the payment back on the invoice's page.
        if booking.payment.pk in _standing(entry):
            sales.reverse_payment(payment=booking.payment, by=by)
        booking.undone_at = timezone.now()
        booking.save(update_fields=["undone_at"])
    return _decide(entry, by, EntryState.OPEN)


def _standing(entry) -> set[int]:
    return set(Payment.objects.standing().filter(booking__entry=entry).values_list("pk", flat=True))
