"""Inbox items from a file, and the link between imported opportunities and the items that they came from."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import imports as contacts
from crm.accounts.scope import Area
from crm.core import normalise
from crm.core.normalise import plain
from crm.imports import targets, writing
from crm.imports.batch import UNCHANGED, Context, Row
from crm.imports.targets import Extension, Field, Target
from crm.imports.values import Bad, words_of
from inbox.models import InboxItem, LeadKind, ProcessingStatus
from opportunities import imports as opportunities

FIELDS = (
    Field("title", gettext_lazy("title"), limit=200, aliases="titel betreff subject thema anfrage"),
    Field(
        "external_id",
        gettext_lazy("external ID"),
        limit=100,
        aliases="externeid id leadid uuid prospectid",
    ),
    opportunities.SOURCE,
    opportunities.PRIORITY,
    Field("kind", gettext_lazy("kind"), "choice", words=words_of(LeadKind), aliases="art leadart"),
    Field(
        "status",
        gettext_lazy("processing status"),
        "pick",
        model=ProcessingStatus,
        aliases="status bearbeitungsstatus leadstatus",
    ),
    next(f for f in contacts.RECORD if f.key == "owner"),
    Field(
        "company_name",
        gettext_lazy("company name"),
        limit=200,
        aliases="firma firmenname company unternehmen organisation organization account",
    ),
    *contacts.ADDRESS,
    next(f for f in contacts.PERSON_FIELDS if f.key == "first_name"),
    next(f for f in contacts.PERSON_FIELDS if f.key == "last_name"),
    next(f for f in contacts.PERSON_FIELDS if f.key == "full_name"),
    contacts.EMAIL,
    contacts.PHONE,
    Field(
        "message",
        gettext_lazy("message"),
        "long",
        aliases="nachricht anfragetext notizen notes kommentar comment bemerkung text description beschreibung",
    ),
    opportunities.BUDGET,
    *(f for f in opportunities.LINKS if f.key in {"company_external_id", "person_external_id"}),
    Field(
        "created_at",
        gettext_lazy("created at"),
        "moment",
        aliases="eingang eingegangenam erstelltam createddate created firstcontactdate datum date "
        "erstkontakt timestamp submittedat",
    ),
    Field("qualified_at", gettext_lazy("qualified at"), "moment", aliases="qualifiziertam qualifieddate"),
    Field("archived_at", gettext_lazy("archived at"), "moment", aliases="archiviertam"),
    Field("archive_reason", gettext_lazy("reason for archiving"), limit=200, aliases="archivierungsgrund"),
)
FIELD = {f.key: f for f in FIELDS}
PLAIN = (
    "kind",
    "company_name",
    "street",
    "postal_code",
    "city",
    "country",
    "first_name",
    "last_name",
    "email",
    "phone",
    "message",
    "expected_budget",
)
# What other systems call the steps of the standard.
STEPS = {
    0: ("new", "neu", "open", "offen", "eingang", "unread"),
    1: ("working", "inprogress", "inbearbeitung", "bearbeitung", "assigned", "active"),
    2: ("contacted", "kontaktiert", "attemptedtocontact", "nurturing"),
    -1: ("qualified", "qualifiziert", "converted", "lost", "verloren", "closed", "done", "erledigt", "unqualified"),
}
LINK = Field(
    "inbox_external_id",
    gettext_lazy("external ID of the inbox item"),
    limit=100,
    aliases="inboxid inboxexternalid leadid",
    help=gettext_lazy("Links the opportunity with the inbox item that it came from."),
)
QUALIFIED = Field(
    "qualified_at", gettext_lazy("inbox item qualified at"), "moment", aliases="qualifiziertam qualifieddate"
)


# ── inbox items ─────────────────────────────────────────────────────────────────────────────────────


def _status(row: Row, context: Context, steps: list[ProcessingStatus]) -> None:
    """The processing status by its name, or by what other systems call such a step; the first without one."""
    name = row.get("status")
    row.found["status"] = steps[0]
    if name:
        named = next((step for step in steps if plain(step.name) == plain(name)), None)
        place = next((place for place, words in STEPS.items() if plain(name) in words), None)
        if named is None and place == -1:
            named = next((step for step in steps if step.is_done), None)
        elif named is None and place is not None and place < len(steps):
            named = steps[place]
        try:
            row.found["status"] = named or context.entry(row, FIELD["status"], name)
        except Bad as bad:
            row.reject(str(bad))


def _title(row: Row, values: dict) -> str:
    person = " ".join(filter(None, [values.get("first_name"), values.get("last_name")]))
    title = row.get("title") or values.get("company_name") or person or values.get("email")
    external = row.get("external_id")
    return (title or (external and _("Lead %(id)s") % {"id": external}) or "")[:200]


def write(rows: list[Row], context: Context) -> None:
    """The inbox items of a batch. One that is there already (same source and external ID) is left or filled."""
    steps = list(ProcessingStatus.objects.filter(is_active=True).order_by("position", "pk"))
    for row in rows:
        writing.lookup(row, FIELD, context, "source", "priority")
        _status(row, context, steps)
        writing.owner_of(row, FIELD, context, Area.INBOX, None)
    contacts.find_companies(rows, context, FIELD, create=False)
    contacts.find_persons(rows, context, FIELD)
    _find_known(rows, context)
    new, changes = [], []
    for row in rows:
        if not row.ok:
            continue
        values = _values(row, context)
        if item := row.found["known"]:
            _settle(row, item, values, context, changes)
        else:
            _start(row, values, new, context)
    context.save_all(new)
    writing.save_changes(changes, context)


def _find_known(rows: list[Row], context: Context) -> None:
    """The item that is there for each row, into row.found["known"]: of the same source and with the same ID."""
    ids = {row.get("external_id") for row in rows if row.ok} - {None}
    items = InboxItem.objects.filter(external_id__in=ids) if ids else ()
    known = {(item.source_id, item.external_id): item for item in items}
    for row in rows:
        source = row.found.get("source")
        row.found["known"] = known.get((source and source.pk, row.get("external_id"))) or row.found.get("same")
    writing.hold(rows, InboxItem, context)


def _values(row: Row, context: Context) -> dict:
    names = contacts.split_name(row.get("full_name", ""))
    values = {key: names[key] for key in ("first_name", "last_name") if names[key]}
    values |= {key: row.values[key] for key in PLAIN if key in row.values}
    if "phone" in values:
        values["phone"] = normalise.phone(values["phone"], values.get("country", ""))
    if person := row.found.get("person"):
        values["person"] = person
        if not row.found.get("company") and person.company and context.sees(person.company):
            row.found["company"] = person.company
        for key in ("first_name", "last_name", "email", "phone"):
            values.setdefault(key, getattr(person, key))
    if company := row.found.get("company"):
        values["company"] = company
        values.setdefault("company_name", company.name)
    values |= {key: row.found[key] for key in ("priority",) if row.found.get(key)}
    return values


def _settle(row: Row, item: InboxItem, values: dict, context: Context, changes: list) -> None:
    how = context.option("existing", "leave")
    values |= {key: row.found[key] for key in ("owner", "status") if row.get(key)}
    values |= {"title": row.get("title")} if row.get("title") else {}
    if not context.sees(item):
        row.reject(writing.hidden(item))
    elif how == "leave" or not item.is_waiting:
        row.record, row.outcome = item, UNCHANGED
    elif before := writing.apply(row, item, values, how=how):
        if context.may_change(item):
            changes.append((row, item, before))
        else:
            row.reject(writing.hidden(item))


def _start(row: Row, values: dict, new: list, context: Context) -> None:
    title = _title(row, values)
    archived_at, reason = row.get("archived_at"), row.get("archive_reason", "")
    if not title:
        row.reject(_("Title is missing, and there is no name, e-mail address or ID to take its place."))
        return
    if bool(archived_at) != bool(reason):
        archived_at, reason = archived_at or context.now, reason or _("Import")
    item = InboxItem(
        **values,
        title=title,
        source=row.found.get("source"),
        status=row.found["status"],
        owner=row.found.get("owner"),
        external_id=row.get("external_id"),
        created_at=row.get("created_at") or context.now,
        qualified_at=row.get("qualified_at"),
        archived_at=archived_at,
        archive_reason=reason,
        import_run=context.run,
    )
    writing.created(row, item)
    new.append((row, item))


# ── the way from an item to its opportunity ─────────────────────────────────────────────────────────


def find_items(rows: list[Row], context: Context) -> None:
    """The inbox item of each opportunity's row, with what the opportunity takes over from it."""
    wanted = [row for row in rows if row.get(LINK.key)]
    found: dict[str, list[InboxItem]] = {}
    ids = {row.get(LINK.key) for row in wanted}
    related = ("source", "priority", "company", "person", "owner", "opportunity")
    items = InboxItem.objects.filter(external_id__in=ids)
    if ids and not context.dry:
        # From here to the link nobody converts them.
        writing.lock(items)
    for item in items.select_related(*related) if ids else ():
        found.setdefault(item.external_id, []).append(item)
    for row in wanted:
        items = found.get(row.get(LINK.key), [])
        named = [i for i in items if i.source and i.source.name.casefold() == row.get("source", "").casefold()]
        _take_item(row, named or items, context)


def _take_item(row: Row, items: list[InboxItem], context: Context) -> None:
    name = {"id": row.get(LINK.key)}
    if not items:
        row.reject(_("Inbox: there is no item with the external ID “%(id)s”.") % name)
    elif len(items) > 1:
        row.reject(_("Inbox: several items have the external ID “%(id)s”, of different sources.") % name)
    elif not context.sees(items[0]):
        row.reject(_("Inbox: %(reason)s") % {"reason": writing.hidden(items[0])})
    elif items[0].archived_at:
        row.reject(_("Inbox: the item “%(id)s” is archived.") % name)
    elif items[0].opportunity_id:
        _linked_already(row, items[0])
    elif not context.may_change(items[0]):
        row.reject(_("Inbox: %(reason)s") % {"reason": writing.hidden(items[0])})
    else:
        item = row.found["item"] = items[0]
        row.found["defaults"] = {
            key: getattr(item, key)
            for key in ("title", "source", "priority", "company", "person", "owner", "expected_budget", "created_at")
        }


def _linked_already(row: Row, item: InboxItem) -> None:
    """The item has its opportunity: that is the one the row means, unless its ID says otherwise."""
    opportunity = item.opportunity
    if row.get("external_id") and opportunity.external_id not in (None, row.get("external_id")):
        row.reject(
            _("Inbox: the item “%(id)s” is already linked with another opportunity (%(number)s).")
            % {"id": item.external_id, "number": opportunity.number}
        )
    else:
        row.found["opportunity"] = opportunity


def _item_key(row: Row) -> tuple:
    return (("item", row.get(LINK.key)),) if row.get(LINK.key) else ()


def link_items(rows: list[Row], context: Context) -> None:
    """Link items with the opportunities that the rows made; qualified at is the file's, and only here."""
    items = []
    for row in rows:
        item = row.found.get("item")
        if item is None or row.record is None or context.dry:
            continue
        context.changed(
            row,
            item,
            {
                "opportunity_id": item.opportunity_id,
                "qualified_at": item.qualified_at,
                "updated_at": item.updated_at,
            },
        )
        item.opportunity = row.record
        item.qualified_at = row.get(QUALIFIED.key) or item.qualified_at or row.record.won_at or row.record.created_at
        item.updated_at = context.now
        items.append(item)
    InboxItem.objects.bulk_update(items, ["opportunity", "qualified_at", "updated_at"])


def register() -> None:
    """Called when the room opens."""
    targets.register(
        Target(
            "inbox",
            gettext_lazy("Inbox"),
            InboxItem,
            Area.INBOX,
            FIELDS,
            write,
            (writing.existing_option("leave"), writing.missing_option()),
            list_url="inbox:list",
        )
    )
    targets.extend("opportunities", Extension((LINK, QUALIFIED), find_items, link_items, _item_key))
