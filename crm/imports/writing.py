"""What all targets share: existing records by their ID, filling and updating them, who becomes responsible."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from crm.imports.batch import CHANGED, CREATED, UNCHANGED, Context, Row
from crm.imports.links import FOUND
from crm.imports.targets import Field, Option
from crm.imports.values import Bad


def existing_option(default: str) -> Option:
    from django.utils.translation import gettext_lazy

    return Option(
        "existing",
        gettext_lazy("Records that are already there (same external ID)"),
        (
            ("leave", gettext_lazy("Leave as they are")),
            ("fill", gettext_lazy("Fill their empty fields")),
            ("update", gettext_lazy("Update them from the file")),
        ),
        default,
        gettext_lazy("Tags and further addresses are added; what the file does not name stays."),
    )


def missing_option() -> Option:
    from django.utils.translation import gettext_lazy

    return Option(
        "missing",
        gettext_lazy("Sources, tags and other list entries that are missing"),
        (("create", gettext_lazy("Add them to the list")), ("reject", gettext_lazy("Reject the row"))),
        "create",
    )


def by_external_id(rows: Iterable[Row], model, key: str = "external_id", related: tuple = ()) -> dict:
    """{external ID: record} for the rows' IDs, of all records; what the user may not see is to be asked for."""
    ids = {row.get(key) for row in rows} - {None}
    found = model.objects.filter(external_id__in=ids).select_related("owner", *related) if ids else ()
    return {record.external_id: record for record in found}


def hold(rows: list[Row], model, context: Context, *related: str) -> None:
    """Lock the record that is there for each row (row.found["known"]), and read it anew.

    Between finding it and writing it somebody may have edited it: what is decided and written builds on what is there
    now. A record that is gone is None. A preview locks nothing.
    """
    ids = {row.found["known"].pk for row in rows if row.found.get("known")}
    if not ids or context.dry:
        return
    there = lock(model.objects.filter(pk__in=ids))
    now = model.objects.select_related("owner", *related).in_bulk(there)
    for row in rows:
        if known := row.found.get("known"):
            row.found["known"] = now.get(known.pk)


def lock(records) -> list[int]:
    """Lock these records, in the order that all keep; their ids. Read them afterwards: a join in the locking query
    would still show what they pointed at before."""
    return list(records.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def hidden(record) -> str:
    """What is said of a record that is there, but not for this user: that it exists, and whose it is."""
    if record.owner:
        return _("This record is already there and belongs to %(owner)s; you may not change it.") % {
            "owner": record.owner
        }
    return _("This record is already there; you may not change it.")


def owner_of(row: Row, fields: dict[str, Field], context: Context, area: str, default):
    """Who becomes responsible for a new record. Rejects the row if the importing user may not give it to them."""
    owner = default
    if row.get("owner"):
        try:
            owner = context.user(fields["owner"], row.get("owner"))
        except Bad as bad:
            row.reject(str(bad))
            return None
    if not context.may_own(area, owner):
        row.reject(_("You may not create records for %(owner)s.") % {"owner": owner or _("nobody")})
        return None
    row.found["owner"] = owner
    return owner


def lookup(row: Row, fields: dict[str, Field], context: Context, *keys: str) -> None:
    """Turn the names in the row's pick-list fields into entries, in row.found. Rejects the row where that fails."""
    for key in keys:
        if name := row.get(key):
            try:
                if isinstance(name, list):
                    row.found[key] = [context.entry(row, fields[key], one) for one in name]
                else:
                    row.found[key] = context.entry(row, fields[key], name)
            except Bad as bad:
                row.reject(str(bad))


def apply(row: Row, record, values: dict, *, how: str) -> dict:
    """Set `values` (attribute → value) on an existing record: all of them ("update"), only where it is empty ("fill").

    Gives {column: old value} of what differs; says what becomes of the row. The caller saves.
    """
    before = {}
    if how != "leave":
        for name, value in values.items():
            column = record._meta.get_field(name).attname
            old = getattr(record, column)
            new = getattr(value, "pk", value) if column != name else value
            if old == new or (how == "fill" and old not in (None, "")):
                continue
            before[column] = old
            setattr(record, column, new)
    row.record = record
    row.outcome = CHANGED if before or row.found.get(FOUND) else UNCHANGED
    return before


def save_changes(changes: list[tuple[Row, object, dict]], context: Context) -> None:
    """Save changed records and note what they were. `changes`: (row, record, {column: old value}).

    Of each record only what its own row changes is written; what was changed beside it may be nothing of its columns.
    """
    if context.dry:
        return
    alike: dict[frozenset, list] = {}
    for row, record, before in changes:
        context.changed(row, record, {**before, "updated_at": record.updated_at})
        record.updated_at = context.now
        alike.setdefault(frozenset(before), []).append(record)
    for columns, records in alike.items():
        model = type(records[0])
        names = sorted(model._meta.get_field(column).name for column in columns)
        model.objects.bulk_update(records, [*names, "updated_at"])


def created(row: Row, record) -> None:
    """The row makes this record."""
    row.record, row.outcome = record, CREATED
