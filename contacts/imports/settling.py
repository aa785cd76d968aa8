"""What becomes of a row whose company or person is there already, and of one that is new."""

from django.utils.translation import gettext as _

from contacts.duplicates import Match
from contacts.models import Contact
from crm.imports import writing
from crm.imports.batch import CHANGED, UNCHANGED, Context, Row
from crm.imports.links import Links


def mark_doubles(rows: list[Row], find, context: Context, probe) -> None:
    """Puts the record that a row means into row.found["double"]: what the duplicate check finds equal.

    A record that the user may not see is only said to exist. Another external ID is another record, however alike.
    """
    if context.option("duplicates", "fill") == "create":
        return
    for row, matches in zip(rows, find([probe(row) for row in rows], user=context.by, alike=False), strict=True):
        for match in matches:
            if match.visible and _is_meant(row, match, context):
                row.found["double"] = match.record
                break
            if not match.visible and match.score >= 98:
                row.reject(
                    _("This contact is already there and belongs to %(owner)s; you may not see it.")
                    % {"owner": match.owner or _("nobody")}
                )
                break


def _is_meant(row: Row, match: Match, context: Context) -> bool:
    if row.get("external_id") and match.record.external_id:
        return False
    # Companies of one file that have only their web domain in common are branches, each with a row of its own.
    branch = match.exact == {"domain"} and match.record.import_run_id == context.run.pk
    return bool(match.exact) and not branch


def find_known(rows: list[Row], model, by_id: dict, context: Context) -> None:
    """The record that each row means, into row.found["known"], locked: by its ID, by how the row stood in an earlier
    file, or ("duplicate") by the duplicate check."""
    for row in rows:
        known = by_id.get(row.get("external_id")) or row.found.get("same")
        row.found["duplicate"] = known is None
        row.found["known"] = known or row.found.get("double")
    writing.hold(rows, model, context)


def how(row: Row, context: Context) -> str:
    """What is to become of the record that is there for this row: leave, fill, update or reject."""
    choice = context.option("duplicates" if row.found["duplicate"] else "existing", "fill")
    return "leave" if choice == "take" else choice


def takes_owner(row: Row, context: Context) -> bool:
    """Does it matter whom the row names as responsible? Not for a record that keeps its own."""
    known = row.found["known"]
    if known is None:
        return True
    choice = how(row, context)
    return bool(row.get("owner")) and (choice == "update" or (choice == "fill" and known.owner_id is None))


def settle(row: Row, values: dict, context: Context, changes: list) -> None:
    """What becomes of a row whose record is there already."""
    record, choice = row.found["known"], how(row, context)
    if row.get("owner") and takes_owner(row, context):
        values["owner"] = row.found["owner"]
    if row.found["duplicate"] and row.get("external_id") and not record.external_id:
        values["external_id"] = row.get("external_id")
    if choice == "reject":
        row.reject(_("%(record)s is already there.") % {"record": record})
    elif not context.sees(record):
        row.reject(writing.hidden(record))
    elif choice == "leave" or context.may_change(record):
        before = writing.apply(row, record, values, how=choice)
        if row.outcome == CHANGED:
            changes.append((row, record, before))
    else:
        row.record, row.outcome = record, UNCHANGED


def start(row: Row, record: Contact, new: list, context: Context) -> None:
    """A record that is not there yet joins `new`."""
    record.owner, record.external_id = row.found.get("owner"), row.get("external_id")
    record.import_run = context.run
    record.created_at = row.get("created_at") or context.now
    writing.created(row, record)
    new.append((row, record))


def finish(new: list, changes: list, context: Context, *beside: Links) -> None:
    """Write the batch: what is new, what changed, and what stands `beside` them."""
    context.save_all(new)
    writing.save_changes(changes, context)
    for links in beside:
        links.give(new, context)
        links.add([(row, record) for row, record, _before in changes], context)
