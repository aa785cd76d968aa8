"""The rows of a file become opportunities: new ones as the file says, open ones updated, closed ones never touched."""

from django.db.models import Max
from django.utils.translation import gettext as _

from contacts import imports as contacts
from crm.accounts.scope import Area
from crm.imports import links, writing
from crm.imports.batch import CHANGED, UNCHANGED, Context, Row
from opportunities.imports.customers import customers_since, note_customers
from opportunities.imports.fields import FIELD
from opportunities.imports.outcome import read_outcome, read_reason
from opportunities.imports.places import Pipelines
from opportunities.models import Kind, Opportunity, OpportunityTag, StageChange, Status

PLAIN = (
    "title",
    "probability",
    "estimated_value",
    "expected_budget",
    "start_date",
    "close_date",
    "delivery_date",
    "description",
)
PICKS = ("source", "priority")
TAGS = links.tags(OpportunityTag, "opportunity_id")


def write(rows: list[Row], context: Context) -> None:
    """The opportunities of a batch: new ones as the file says, open ones updated, closed ones never touched."""
    by_id = writing.by_external_id(rows, Opportunity)
    for row in rows:
        row.found["known"] = by_id.get(row.get("external_id")) or row.found.get("opportunity") or row.found.get("same")
    writing.hold(rows, Opportunity, context, "loss_reason")
    pipelines = Pipelines()
    old, new = [], []
    for row in rows:
        read_outcome(row, context)
        writing.lookup(row, FIELD, context, "source", "priority", "tags")
        if row.ok and row.found["known"]:
            _known_owner(row, context)
            old.append(row)
        elif row.ok:
            _prepare_new(row, context, pipelines)
            new.append(row)
    contacts.find_companies(old + new, context, FIELD)
    contacts.find_persons(old + new, context, FIELD)
    TAGS.compare([row for row in old if row.ok], lambda row: _how(row, context))
    _create([row for row in new if row.ok], context)
    _update([row for row in old if row.ok], context, pipelines)


def _how(row: Row, context: Context) -> str:
    """A closed one is not changed, but all that the file says otherwise of it is a contradiction."""
    return "update" if row.found["known"].is_closed else context.option("existing", "update")


def _known_owner(row: Row, context: Context) -> None:
    if row.get("owner"):
        writing.owner_of(row, FIELD, context, Area.OPPORTUNITIES, None)


def _prepare_new(row: Row, context: Context, pipelines: Pipelines) -> None:
    default_owner = row.found.get("defaults", {}).get("owner") or context.by
    writing.owner_of(row, FIELD, context, Area.OPPORTUNITIES, default_owner)
    pipelines.place(row, context, Kind.DEAL if row.get("converted_at") else Kind.LEAD)
    if row.get("converted_at") and row.found.get("kind") == Kind.LEAD:
        row.reject(_("The row has the date at which it became a deal, but says it is a lead."))
    if row.ok:
        read_reason(row, context)


def _create(rows: list[Row], context: Context) -> None:
    pairs, late = [], []
    for row in rows:
        record = _new_record(row, context)
        if record is None:
            continue
        if row.found.get("tags") and record.status != Status.OPEN:
            # A closed one takes no tags any more: it is closed after it got them.
            late.append(
                (record, {k: getattr(record, k) for k in ("status", "won_at", "lost_at", "loss_reason", "loss_note")})
            )
            record.status, record.won_at, record.lost_at = Status.OPEN, None, None
            record.loss_reason, record.loss_note = None, ""
        writing.created(row, record)
        pairs.append((row, record))
    note_customers([(row, record, row.found.get("outcome", {})) for row, record in pairs], context)
    context.save_all(pairs)
    TAGS.give(pairs, context)
    if late and not context.dry:
        for record, outcome in late:
            for name, value in outcome.items():
                setattr(record, name, value)
        Opportunity.objects.bulk_update([record for record, _o in late], list(late[0][1]))
    customers_since(pairs, context)


def _new_record(row: Row, context: Context) -> Opportunity | None:
    defaults = row.found.get("defaults", {})
    values = {key: row.values[key] for key in PLAIN if key in row.values}
    for key in (*PICKS, "company", "person"):
        values[key] = row.found.get(key) or defaults.get(key)
    outcome = dict(row.found.get("outcome", {}))
    company = values["company"]
    title = values.get("title") or defaults.get("title") or (company and company.name) or row.get("person")
    title = title or (row.get("external_id") and _("Lead %(id)s") % {"id": row.get("external_id")})
    if not title:
        row.reject(_("Title is missing."))
        return None
    values["title"] = title[:200]
    if not values.get("expected_budget"):
        values["expected_budget"] = defaults.get("expected_budget")
    closed_at = (outcome.get("won_at") or outcome.get("lost_at")) if row.found.get("dated") else None
    created_at = row.get("created_at") or defaults.get("created_at") or row.get("converted_at") or closed_at
    return Opportunity(
        **values,
        **outcome,
        kind=row.found["kind"],
        entered_as=Kind.LEAD if row.get("converted_at") else row.found["kind"],
        converted_at=row.get("converted_at"),
        pipeline=row.found["pipeline"],
        stage=row.found["stage"],
        owner=row.found["owner"],
        external_id=row.get("external_id"),
        import_run=context.run,
        created_at=created_at or context.now,
    )


def _wanted(row: Row, known: Opportunity) -> dict:
    """{attribute: value} of what the row says about an opportunity that is there."""
    values = {key: row.values[key] for key in PLAIN if key in row.values}
    values |= {key: row.found[key] for key in (*PICKS, "company", "person") if row.found.get(key)}
    if row.get("owner"):
        values["owner"] = row.found["owner"]
    return values


def _update(rows: list[Row], context: Context, pipelines: Pipelines) -> None:
    changes = []
    for row in rows:
        known = row.found["known"]
        if not context.sees(known):
            row.reject(writing.hidden(known))
        elif known.is_closed:
            _closed(row, known)
        elif context.option("existing", "update") == "leave":
            row.record, row.outcome = known, UNCHANGED
        else:
            _open(row, known, context, pipelines, changes)
    note_customers([(row, record, {"status": record.status}) for row, record, _before in changes], context)
    # A closed one takes no tags any more: they come before the outcome.
    TAGS.add([(row, record) for row, record, _before in changes], context)
    writing.save_changes(changes, context)
    customers_since([(row, record) for row, record, _before in changes], context)


def _closed(row: Row, known: Opportunity) -> None:
    """A won or lost one stays as it is; a row that says something else is told so."""
    said = _wanted(row, known)
    outcome = dict(row.found.get("outcome", {}))
    if not row.found.get("dated"):
        outcome.pop("won_at", None)
        outcome.pop("lost_at", None)
    if not row.get("loss_note"):
        outcome.pop("loss_note", None)
    said |= outcome
    if row.get("kind"):
        said["kind"] = row.get("kind")
    names = []
    for name, value in said.items():
        column = known._meta.get_field(name).attname
        if getattr(known, column) != (getattr(value, "pk", value) if column != name else value):
            names.append(str(known._meta.get_field(name).verbose_name))
    reason = known.loss_reason.name if known.loss_reason else ""
    if outcome.get("status") == Status.LOST and row.get("loss_reason", reason).casefold() != reason.casefold():
        names.append(str(FIELD["loss_reason"].label))
    if row.found.get(links.FOUND):
        names.append(str(FIELD["tags"].label))
    if names:
        row.reject(
            _("%(number)s is won or lost and cannot be changed; the file says something else about: %(fields)s.")
            % {"number": known.number, "fields": ", ".join(names)}
        )
    else:
        row.record, row.outcome = known, UNCHANGED


def _open(row: Row, known: Opportunity, context: Context, pipelines: Pipelines, changes: list) -> None:
    values = _wanted(row, known)
    outcome = {k: v for k, v in row.found.get("outcome", {}).items() if row.found["outcome"]["status"] != Status.OPEN}
    becomes_deal = row.get("kind") == Kind.DEAL and known.kind == Kind.LEAD
    if row.get("kind") == Kind.LEAD and known.kind == Kind.DEAL:
        row.reject(_("%(number)s is a deal; it cannot become a lead again.") % {"number": known.number})
    elif becomes_deal or row.get("pipeline") or (row.get("stage") and not row.found.get("no_stage")):
        pipelines.place(row, context, known.kind)
        if row.ok and not becomes_deal and row.found["kind"] != known.kind:
            row.reject(_("This stage belongs to a pipeline for the other kind of opportunity."))
        elif row.ok:
            values |= {"pipeline": row.found["pipeline"], "stage": row.found["stage"]}
    if row.ok:
        read_reason(row, context)
        outcome |= {k: v for k, v in row.found.get("outcome", {}).items() if k == "loss_reason" and outcome}
    if not row.ok:
        return
    if becomes_deal:
        moment = row.get("converted_at") or outcome.get("won_at") or outcome.get("lost_at") or context.now
        values |= {"kind": Kind.DEAL, "converted_at": moment}
    if not known.external_id and row.get("external_id"):
        values["external_id"] = row.get("external_id")
    may = context.may_change(known)
    stage_before = known.stage_id
    before = writing.apply(row, known, values, how=context.option("existing", "update"))
    before |= writing.apply(row, known, outcome, how="update")
    changed = before or row.found.get(links.FOUND)
    if changed and not may:
        row.reject(writing.hidden(known))
    elif changed:
        row.outcome = CHANGED
        if known.stage_id != stage_before and not context.dry:
            last = StageChange.objects.filter(opportunity=known).aggregate(last=Max("pk"))["last"]
            context.changed(row, known, {"_last_stage_change": last or 0})
        changes.append((row, known, before))


def forget_steps(before: dict, opportunity: Opportunity) -> None:
    """The steps on the pipeline that an undone change had left behind."""
    if "_last_stage_change" in before:
        StageChange.objects.filter(opportunity=opportunity, pk__gt=before["_last_stage_change"]).delete()
