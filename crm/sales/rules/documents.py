"""Totals follow from the lines, and a document that left the house keeps them.

The lines' triggers work on whole statements: they lock the documents concerned in the order of their ids, refuse if
one of them is no draft, and touch them; the document's own trigger then adds up its lines. So a thousand lines that
come in one statement are added up once, two writers cannot lock each other, and nobody can write a total of his own.
"""

import pgtrigger


def refuse(constraint: str, text: str, *values: str) -> str:
    """SQL: raise a violation of `constraint`; its sentence for people is in sentences.py."""
    arguments = "".join(f", {value}" for value in values)
    return f"RAISE EXCEPTION '{text}'{arguments} USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}';"


# EN 16931: VAT for each rate on the sum of the nets. × 0.01 is exact, ÷ 100 would be cut.
def _totals(name: str) -> str:
    return f"""
    SELECT coalesce(sum(rate.net), 0), coalesce(sum(round(rate.net * rate.vat_rate * 0.01, 2)), 0)
    INTO NEW.net_total, NEW.vat_total
    FROM (
        SELECT vat_rate, sum(net_amount) AS net FROM sales_{name}line WHERE {name}_id = NEW.id GROUP BY vat_rate
    ) AS rate;
    NEW.gross_total := NEW.net_total + NEW.vat_total;
    IF NEW.tax_treatment <> 'domestic' AND NEW.vat_total <> 0 THEN
        {refuse("sales_no_vat", "No VAT is charged with the tax treatment %.", "NEW.tax_treatment")}
    END IF;
    RETURN NEW;
    """  # noqa: S608  our own names


def document_triggers(name: str) -> list[pgtrigger.Trigger]:
    """For the table of documents `name` (quote, order, invoice)."""
    return [
        pgtrigger.Trigger(
            name="begins_as_draft",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=pgtrigger.Condition("NEW.status <> 'draft'"),
            func=refuse(f"sales_{name}_begins_as_draft", "A document begins as a draft."),
        ),
        # Named so that it runs before the rules on leaving the house: triggers run in the order of their names.
        pgtrigger.Trigger(
            name="add_up",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func=_totals(name),
        ),
        pgtrigger.Trigger(
            name="add_up_again",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition("OLD.status = 'draft'"),
            func=_totals(name),
        ),
    ]


# What of a line may change although its document is final.
ASIDE = {"quote": "", "invoice": "", "order": "'delivered_quantity'"}
CHANGED = {
    "insert": "SELECT {key} AS id FROM new_values",
    "delete": "SELECT {key} AS id FROM old_values",
    "update": """
        SELECT unnest(ARRAY[o.{key}, n.{key}]) AS id FROM old_values o JOIN new_values n USING (id)
        WHERE to_jsonb(o) - ARRAY[{aside}]::text[] <> to_jsonb(n) - ARRAY[{aside}]::text[]""",
}
TABLES = {
    "insert": pgtrigger.Referencing(new="new_values"),
    "delete": pgtrigger.Referencing(old="old_values"),
    "update": pgtrigger.Referencing(old="old_values", new="new_values"),
}
OPERATIONS = {"insert": pgtrigger.Insert, "delete": pgtrigger.Delete, "update": pgtrigger.Update}


def _lines_changed(name: str, event: str) -> str:
    changed = CHANGED[event].format(key=f"{name}_id", aside=ASIDE[name])
    return f"""
    SELECT array_agg(DISTINCT id) INTO touched FROM ({changed}) AS changed;
    IF touched IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM sales_{name} WHERE id = ANY (touched) ORDER BY id FOR NO KEY UPDATE;
    -- Asked in a statement of its own: it sees what others have committed while we waited for the lock.
    IF EXISTS (SELECT FROM sales_{name} WHERE id = ANY (touched) AND status <> 'draft') THEN
        {refuse(f"sales_{name}_is_final", "The document has left the house; its lines cannot change.")}
    END IF;
    UPDATE sales_{name} SET updated_at = clock_timestamp() WHERE id = ANY (touched);
    RETURN NULL;
    """  # noqa: S608  our own names


def line_triggers(name: str) -> list[pgtrigger.Trigger]:
    """For the lines of the documents `name`."""
    return [
        pgtrigger.Trigger(
            name=f"lines_{event}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=OPERATIONS[event],
            referencing=TABLES[event],
            declare=[("touched", "bigint[]")],
            func=_lines_changed(name, event),
        )
        for event in OPERATIONS
    ]


def final(name: str, free: str, *, more: str = "") -> str:
    """SQL of a BEFORE UPDATE OR DELETE trigger on a document that left the house: only the columns `free` change.

    The PDF is added once. A merge of contacts (crm.core.audit.door) may re-point company and person: the recipient
    is on the paper. `more` is checked last.
    """
    said = refuse(f"sales_{name}_is_final", "The document has left the house; it cannot be changed or deleted.")
    return f"""
    IF TG_OP = 'DELETE' THEN
        {said}
    END IF;
    was := to_jsonb(OLD) - ARRAY[{free}, 'pdf_id', 'updated_at', 'search_text'];
    will := to_jsonb(NEW) - ARRAY[{free}, 'pdf_id', 'updated_at', 'search_text'];
    IF coalesce(current_setting('crm.door', true), '') = 'merge'
       AND (OLD.company_id IS NULL) = (NEW.company_id IS NULL)
       AND (OLD.person_id IS NULL) = (NEW.person_id IS NULL) THEN
        was := was - ARRAY['company_id', 'person_id'];
        will := will - ARRAY['company_id', 'person_id'];
    END IF;
    IF was <> will OR (OLD.pdf_id IS NOT NULL AND OLD.pdf_id IS DISTINCT FROM NEW.pdf_id) THEN
        {said}
    END IF;
    {more}
    RETURN NEW;
    """


def final_trigger(func: str, *declare: tuple[str, str]) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="is_final",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Condition("OLD.status <> 'draft'"),
        declare=[("was", "jsonb"), ("will", "jsonb"), *declare],
        func=func,
    )


def leaves_trigger(func: str, *declare: tuple[str, str]) -> pgtrigger.Trigger:
    """A draft becomes something else. Runs after the totals were added up."""
    return pgtrigger.Trigger(
        name="leaves_the_house",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("OLD.status = 'draft' AND NEW.status <> 'draft'"),
        declare=list(declare),
        func=func,
    )


def has_an_item(name: str) -> str:
    """SQL: a document without a single item does not leave the house."""
    return f"""
    IF NOT EXISTS (SELECT FROM sales_{name}line WHERE {name}_id = NEW.id AND kind = 'item') THEN
        {refuse("sales_document_is_empty", "A document without lines cannot leave the house.")}
    END IF;
    """


def steps(name: str, *allowed: str) -> str:
    """SQL: the status changes only along `allowed` ("sent > accepted")."""
    pairs = ", ".join("('{}', '{}')".format(*pair.split(" > ")) for pair in allowed)
    return f"""
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN ({pairs}) THEN
        {refuse(f"sales_{name}_steps", "From % to % is no step.", "OLD.status", "NEW.status")}
    END IF;
    """
