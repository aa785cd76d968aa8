"""The history of what was loaded, as the triggers would have written it at the time; few statements for all rows."""

from django.apps import apps
from django.db import connection

from activities.models import Activity, Dependency
from contacts.models import Company, CompanyTag, Person
from crm.demo.load import quoted
from crm.sales.models import Invoice, Order, Payment, Quote
from inbox.models import InboxItem
from opportunities.models import Opportunity, OpportunityTag, StageChange

USER = "jsonb_build_object('user', {})"


def event_model(model):
    """The table of the history of a model."""
    return next(event for event in apps.get_models() if getattr(event, "pgh_tracked_model", None) is model)


def _write(model, label: str, *, at: str, context: str, where: str, joins: str = "", **values: str) -> None:
    """One event for each row `r` of `model` with `where`. `values`: SQL for columns that were different then."""
    event = event_model(model)
    columns = [f.column for f in event._meta.concrete_fields if not f.name.startswith("pgh_")]
    if any(f.name == "pgh_obj" for f in event._meta.concrete_fields):
        columns.append("pgh_obj_id")
        values["pgh_obj_id"] = "r.id"
    chosen = [f"{values.get(column, 'r.' + quoted(column))} AS {quoted(column)}" for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quoted(event._meta.db_table)} "
            f"(pgh_label, pgh_created_at, pgh_context, {', '.join(map(quoted, columns))}) "
            f"SELECT '{label}', {at}, {context}, {', '.join(chosen)} "
            f"FROM {quoted(model._meta.db_table)} r {joins} WHERE {where}"
        )


def write(*, first: dict, admin: int, sources: dict[str, int], statuses: list[int]) -> None:
    """`first`: {model: the lowest id that was loaded}; `admin`: who imported the firms of the beginning;
    `sources`: {name: id} of the sources; `statuses`: ids of the processing statuses in order."""
    contacts(first, admin)
    opportunities(first)
    inbox(first, sources, statuses)
    papers(first)
    agenda(first)


def contacts(first: dict, admin: int) -> None:
    loaded = f"r.id >= {first[Company]}"
    begun = f"r.created_at < (SELECT min(created_at) FROM {quoted(Company._meta.db_table)}) + interval '6 days'"
    context = (
        f"CASE WHEN {begun} THEN jsonb_build_object('user', {admin}, 'via', 'import') "
        "ELSE jsonb_build_object('user', r.owner_id) END"
    )
    grew = "r.customer_since >= r.created_at::date"
    _write(
        Company,
        "insert",
        at="r.created_at",
        context=context,
        where=loaded,
        status=f"CASE WHEN {grew} THEN 'prospect' ELSE r.status END",
        customer_since=f"CASE WHEN {grew} THEN NULL ELSE r.customer_since END",
        updated_at="r.created_at",
    )
    won = (
        f"JOIN LATERAL (SELECT won_at, owner_id AS by FROM {quoted(Opportunity._meta.db_table)} o "
        "WHERE o.company_id = r.id AND o.status = 'won' ORDER BY won_at LIMIT 1) w ON true"
    )
    if first.get("bare"):
        # Without an index on the company a sort is faster than a million look-ups.
        won = (
            "JOIN (SELECT DISTINCT ON (company_id) company_id, won_at, owner_id AS by "
            f"FROM {quoted(Opportunity._meta.db_table)} WHERE status = 'won' ORDER BY company_id, won_at) w "
            "ON w.company_id = r.id"
        )
    _write(
        Company,
        "update",
        at="w.won_at",
        context=USER.format("w.by"),
        joins=won,
        where=f"{loaded} AND {grew}",
        updated_at="w.won_at",
    )
    _write(
        CompanyTag,
        "insert",
        at="o.created_at",
        context=USER.format("o.owner_id"),
        joins=f"JOIN {quoted(Company._meta.db_table)} o ON o.id = r.company_id",
        where=f"r.company_id >= {first[Company]}",
    )
    _write(Person, "insert", at="r.created_at", context=context, where=f"r.id >= {first[Person]}")


def opportunities(first: dict) -> None:
    loaded = f"r.id >= {first[Opportunity]}"
    steps = (
        f"JOIN {quoted(StageChange._meta.db_table)} c ON c.opportunity_id = r.id "
        "JOIN opportunities_stage s ON s.id = c.to_stage_id JOIN opportunities_pipeline p ON p.id = s.pipeline_id"
    )
    then = {
        "kind": "p.kind",
        "status": "'open'",
        "pipeline_id": "p.id",
        "stage_id": "s.id",
        "probability": "CASE WHEN s.id = r.stage_id THEN r.probability END",
        "estimated_value": "CASE WHEN p.kind = r.kind THEN r.estimated_value END",
        "converted_at": "CASE WHEN p.kind = 'deal' THEN r.converted_at END",
        "won_at": "NULL",
        "lost_at": "NULL",
        "loss_reason_id": "NULL",
        "loss_note": "''",
        "updated_at": "c.changed_at",
    }
    for label, kind in (("insert", "c.from_stage_id IS NULL"), ("update", "c.from_stage_id IS NOT NULL")):
        _write(
            Opportunity,
            label,
            at="c.changed_at",
            context=USER.format("c.changed_by_id"),
            joins=steps,
            where=f"{loaded} AND {kind}",
            **then,
        )
    _write(
        Opportunity,
        "update",
        at="coalesce(r.won_at, r.lost_at)",
        context=USER.format("r.owner_id"),
        where=f"{loaded} AND r.status <> 'open'",
    )
    _write(
        OpportunityTag,
        "insert",
        at="o.created_at",
        context=USER.format("o.owner_id"),
        joins=f"JOIN {quoted(Opportunity._meta.db_table)} o ON o.id = r.opportunity_id",
        where=f"r.opportunity_id >= {first[Opportunity]}",
    )


def inbox(first: dict, sources: dict[str, int], statuses: list[int]) -> None:
    loaded = f"r.id >= {first[InboxItem]}"
    via = " ".join(
        f"WHEN {sources[name]} THEN jsonb_build_object('via', '{way}')"
        for name, way in (("Webformular", "form"), ("Lead Agentur", "api"), ("E-Mail", "mail"), ("csv Datei", "import"))
    )
    before = {
        "company_id": "NULL",
        "person_id": "NULL",
        "opportunity_id": "NULL",
        "qualified_at": "NULL",
        "archived_at": "NULL",
        "archive_reason": "''",
    }
    _write(
        InboxItem,
        "insert",
        at="r.created_at",
        context=f"CASE r.source_id {via} ELSE jsonb_build_object('user', r.owner_id) END",
        where=loaded,
        status_id=str(statuses[0]),
        owner_id=f"CASE WHEN r.source_id IN ({sources['Kaltakquise']}, {sources['Messe']}) THEN r.owner_id END",
        updated_at="r.created_at",
        **before,
    )
    decided = "coalesce(r.qualified_at, r.archived_at)"
    taken = f"r.created_at + coalesce({decided} - r.created_at, interval '50 minutes') * 0.4"
    _write(
        InboxItem,
        "update",
        at=f"least({taken}, now())",
        context=USER.format("r.owner_id"),
        where=f"{loaded} AND r.owner_id IS NOT NULL",
        status_id=f"CASE WHEN {decided} IS NULL THEN r.status_id ELSE {statuses[1]} END",
        **before,
    )
    _write(
        InboxItem,
        "update",
        at=decided,
        context=USER.format("r.owner_id"),
        where=f"{loaded} AND {decided} IS NOT NULL",
    )


def papers(first: dict) -> None:
    """Quotes, orders and invoices with their steps, and the payments; what their lines were is on the documents."""
    owner = USER.format("r.owner_id")
    undecided = {"decided_at": "NULL", "decided_by_name": "''", "decline_reason": "''"}
    undelivered = {"delivered_at": "NULL"}
    unpaid = {"paid_amount": "0", "paid_at": "NULL", "cancelled_at": "NULL", "dunning_level": "0"}
    unissued = unpaid | {"number": "NULL", "issued_at": "NULL", "open_amount": "0", "seller": "'{}'"}
    steps = [
        (Quote, "r.created_at", "true", {"status": "'draft'", "sent_at": "NULL"} | undecided),
        (Quote, "r.sent_at", "r.sent_at IS NOT NULL", {"status": "'sent'"} | undecided),
        (Quote, "r.decided_at", "r.decided_at IS NOT NULL", {}),
        (Quote, "r.valid_until + interval '1 day 5 minutes'", "r.status = 'expired'", {}),
        (Order, "r.created_at", "true", {"status": "'draft'", "confirmed_at": "NULL"} | undelivered),
        (Order, "r.confirmed_at", "r.confirmed_at IS NOT NULL", {"status": "'confirmed'"} | undelivered),
        (Order, "r.delivered_at", "r.delivered_at IS NOT NULL", {}),
        (Invoice, "r.created_at", "true", {"status": "'draft'"} | unissued),
        (
            Invoice,
            "r.issued_at",
            "r.status <> 'draft'",
            {"status": "'issued'", "open_amount": "r.gross_total"} | unpaid,
        ),
        (Invoice, "r.updated_at", "r.status IN ('paid', 'cancelled')", {}),
    ]
    for model, at, where, values in steps:
        _write(
            model,
            "insert" if where == "true" else "update",
            at=at,
            context="jsonb_build_object('via', 'clock')" if "expired" in where else owner,
            where=f"r.id >= {first[model]} AND {where}",
            updated_at=at,
            **values,
        )
    by = USER.format("r.created_by_id")
    _write(Payment, "insert", at="r.created_at", context=by, where=f"r.id >= {first[Payment]}")


def agenda(first: dict) -> None:
    """Activities: planned, and done."""
    loaded = f"r.id >= {first[Activity]}"
    owner = USER.format("r.owner_id")
    planned = {"status": "'open'", "done_at": "NULL", "result": "''", "updated_at": "r.created_at"}
    _write(Activity, "insert", at="r.created_at", context=owner, where=loaded, **planned)
    _write(Activity, "update", at="r.done_at", context=owner, where=f"{loaded} AND r.status = 'done'")
    _write(
        Dependency,
        "insert",
        at="a.created_at",
        context=USER.format("a.owner_id"),
        joins=f"JOIN {quoted(Activity._meta.db_table)} a ON a.id = r.activity_id",
        where=f"r.id >= {first[Dependency]}",
    )
