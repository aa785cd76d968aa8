"""Whether a row is open, won or lost, since when and why."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.normalise import plain
from crm.imports.batch import Context, Row
from crm.imports.values import Bad
from opportunities.imports.fields import FIELD, LOST_WORDS, WON_WORDS
from opportunities.models import Status

UNKNOWN_REASON = "Unbekannt (Import)"


def _moment(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def read_outcome(row: Row, context: Context) -> None:
    """Puts status, won_at, lost_at and loss_note into row.found: from the status, the stage's name, or the dates."""
    status, stage = row.get("status"), plain(row.get("stage", ""))
    if stage and stage in {plain(word) for word in WON_WORDS if len(word) > 2}:
        status, row.found["no_stage"] = status or Status.WON, True
    elif stage and stage in {plain(word) for word in LOST_WORDS}:
        status, row.found["no_stage"] = status or Status.LOST, True
    won_at, lost_at = row.get("won_at"), row.get("lost_at")
    if won_at and lost_at and not status:
        row.reject(_("The row has both a date won and a date lost."))
        return
    implied = Status.WON if won_at else Status.LOST if lost_at or row.get("loss_reason") else None
    status = status or implied
    if status == Status.OPEN and (won_at or lost_at):
        row.reject(_("The row says open, but has the date at which it was won or lost."))
    elif (status == Status.WON and lost_at) or (status == Status.LOST and won_at):
        row.reject(_("The outcome and the date contradict each other: won with a date lost, or the other way round."))
    elif status in (Status.WON, Status.LOST):
        _close(row, context, status, won_at or lost_at)
    elif status:
        row.found["outcome"] = {"status": Status.OPEN}


def _close(row: Row, context: Context, status: str, moment) -> None:
    if moment is None and row.get("close_date"):
        moment = _moment(row.get("close_date"))
    row.found["dated"] = moment is not None
    if moment is None and context.option("undated", "reject") == "now":
        moment = context.now
    if moment is None:
        row.reject(_("The row says won or lost, but not when: a date won, a date lost or a closing date is missing."))
        return
    if moment > context.now + datetime.timedelta(days=1) and (row.get("won_at") or row.get("lost_at")):
        row.reject(_("The date at which it was won or lost lies in the future."))
        return
    row.found["outcome"] = {"status": status, "won_at" if status == Status.WON else "lost_at": moment}
    if status == Status.LOST:
        row.found["outcome"]["loss_note"] = row.get("loss_note", "")


def read_reason(row: Row, context: Context) -> None:
    """The loss reason of a lost one; a missing one is the user's decision."""
    outcome = row.found.get("outcome", {})
    if outcome.get("status") != Status.LOST or not row.ok:
        return
    name = row.get("loss_reason")
    try:
        if name:
            outcome["loss_reason"] = context.entry(row, FIELD["loss_reason"], name)
        elif context.option("no_reason", "reject") == "unknown":
            outcome["loss_reason"] = context.entry(row, FIELD["loss_reason"], UNKNOWN_REASON)
        else:
            row.reject(_("The row says lost, but names no loss reason."))
    except Bad as bad:
        row.reject(str(bad))
