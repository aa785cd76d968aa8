"""What is always true of an opportunity, whoever writes it: page, API, admin, import, bulk or SQL.

A won or lost opportunity is final. Its lock has three doors (crm.core.audit.door), each as narrow as it can be:
"reopen" takes the outcome back and nothing else; "merge" re-points company and person, and never leaves them empty;
"undo_import" deletes what an import made, or gives it back its earlier values: only while that import is being undone.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# What is said when a trigger refuses, by the name that it gives its rule.
SENTENCES = {
    "opportunities_closed_is_final": _("This opportunity is won or lost; its data can no longer be changed."),
    "opportunities_stage_in_pipeline": _("This stage belongs to another pipeline."),
    "opportunities_pipeline_fits_kind": _("This pipeline is for the other kind of opportunity."),
}
OUTCOME = "'status', 'won_at', 'lost_at', 'loss_reason_id', 'loss_note'"
# Computed after the trigger has run (search_text), bookkeeping (updated_at), or said by other records (next_step_at).
ASIDE = "'search_text', 'updated_at', 'next_step_at'"


def _being_undone(opportunity: str, only: str = "true") -> str:
    """SQL: an import being undone made or changed this opportunity, by an effect `e` for which `only` holds."""
    return f"""
        EXISTS (
            SELECT 1 FROM imports_importeffect e
            JOIN imports_importrun r ON r.id = e.run_id
            JOIN django_content_type t ON t.id = e.record_type_id
            WHERE r.status = 'undoing' AND t.app_label = 'opportunities' AND t.model = 'opportunity'
              AND e.record_id = {opportunity} AND {only}
        )"""  # noqa: S608  our own constants


# What an import made (before: null) may be deleted; what it changed may only be changed back.
MADE_OR_UPDATE = "(e.before IS NULL OR TG_OP = 'UPDATE')"

CLOSED_IS_FINAL = f"""
    door := coalesce(current_setting('crm.door', true), '');
    IF door = 'undo_import' AND {_being_undone("OLD.id", MADE_OR_UPDATE)} THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD) - ARRAY[{ASIDE}];
        will := to_jsonb(NEW) - ARRAY[{ASIDE}];
        IF was = will THEN
            NEW.updated_at := OLD.updated_at;
            RETURN NEW;
        END IF;
        IF door = 'reopen' AND NEW.status = 'open' AND was - ARRAY[{OUTCOME}] = will - ARRAY[{OUTCOME}] THEN
            RETURN NEW;
        END IF;
        IF door = 'merge' AND was - ARRAY['company_id', 'person_id'] = will - ARRAY['company_id', 'person_id']
           AND (OLD.company_id IS NULL) = (NEW.company_id IS NULL)
           AND (OLD.person_id IS NULL) = (NEW.person_id IS NULL) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Opportunity % is % and cannot be changed or deleted.', OLD.number, OLD.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'opportunities_closed_is_final';
"""

# The parent is locked before it is asked: else a tag could slip in while another transaction is closing it.
CLOSED_CHILD_IS_FINAL = f"""
    FOR parent IN
        SELECT id, status FROM opportunities_opportunity
        WHERE id IN (CASE TG_OP WHEN 'INSERT' THEN NEW.opportunity_id ELSE OLD.opportunity_id END,
                     CASE TG_OP WHEN 'DELETE' THEN OLD.opportunity_id ELSE NEW.opportunity_id END)
        ORDER BY id FOR SHARE
    LOOP
        IF parent.status <> 'open' AND NOT (
            coalesce(current_setting('crm.door', true), '') = 'undo_import' AND {_being_undone("parent.id")}
        ) THEN
            RAISE EXCEPTION 'The opportunity is won or lost and cannot be changed.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'opportunities_closed_is_final';
        END IF;
    END LOOP;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
"""  # noqa: S608  our own constants

# Not again when a won opportunity is saved unchanged: the company may have become a former customer since.
WON_MAKES_CUSTOMER = """
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status = 'won' AND OLD.company_id = NEW.company_id THEN
            RETURN NULL;
        END IF;
    END IF;
    UPDATE contacts_company
    SET status = 'customer',
        customer_since = coalesce(customer_since, (NEW.won_at AT TIME ZONE 'Europe/Berlin')::date),
        updated_at = now()
    WHERE id = NEW.company_id AND (status <> 'customer' OR customer_since IS NULL);
    RETURN NULL;
"""

# clock_timestamp(): now() is when the transaction began, which may be before the row itself was made.
NOTE_STAGE_CHANGE = """
    INSERT INTO opportunities_stagechange (opportunity_id, from_stage_id, to_stage_id, changed_by_id, changed_at)
    VALUES (
        NEW.id,
        CASE TG_OP WHEN 'UPDATE' THEN OLD.stage_id END,
        NEW.stage_id,
        (nullif(current_setting('pghistory.context_metadata', true), '')::jsonb ->> 'user')::bigint,
        CASE TG_OP WHEN 'INSERT' THEN NEW.created_at ELSE clock_timestamp() END
    );
    RETURN NULL;
"""

OPPORTUNITY_TRIGGERS = [
    pgtrigger.Trigger(
        name="closed_is_final",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=pgtrigger.Condition("OLD.status <> 'open'"),
        declare=[("door", "text"), ("was", "jsonb"), ("will", "jsonb")],
        func=CLOSED_IS_FINAL,
    ),
    pgtrigger.Trigger(
        name="won_makes_customer",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("status", "company_id"),
        condition=pgtrigger.Condition("NEW.status = 'won' AND NEW.company_id IS NOT NULL"),
        func=WON_MAKES_CUSTOMER,
    ),
    pgtrigger.Trigger(
        name="note_entry_stage",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=NOTE_STAGE_CHANGE,
    ),
    pgtrigger.Trigger(
        name="note_stage_change",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("stage_id"),
        condition=pgtrigger.Condition("OLD.stage_id IS DISTINCT FROM NEW.stage_id"),
        func=NOTE_STAGE_CHANGE,
    ),
]

# For the rows that belong to an opportunity's business data (tags).
CHILD_TRIGGERS = [
    pgtrigger.Trigger(
        name="closed_is_final",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("parent", "record")],
        func=CLOSED_CHILD_IS_FINAL,
    )
]

# For the stage history: what happened cannot be rewritten.
APPEND_ONLY = [
    pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="RAISE EXCEPTION 'Stage changes are history and cannot be rewritten.' USING ERRCODE = 'check_violation';",
    ),
    pgtrigger.Trigger(
        name="closed_is_final",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        declare=[("parent", "record")],
        func=CLOSED_CHILD_IS_FINAL,
    ),
]

OPPORTUNITY_CONSTRAINTS = [
    models.CheckConstraint(
        condition=(
            Q(status="open", won_at=None, lost_at=None, loss_reason=None, loss_note="")
            | Q(status="won", won_at__isnull=False, lost_at=None, loss_reason=None, loss_note="")
            | Q(status="lost", won_at=None, lost_at__isnull=False, loss_reason__isnull=False)
        ),
        name="opportunities_outcome",
        violation_error_message=_("Won needs its moment; lost needs its moment and a loss reason; open has neither."),
    ),
    models.CheckConstraint(
        condition=(
            Q(kind="lead", entered_as="lead", converted_at=None)
            | Q(kind="deal", entered_as="deal", converted_at=None)
            | Q(kind="deal", entered_as="lead", converted_at__isnull=False)
        ),
        name="opportunities_conversion",
        violation_error_message=_("A lead that became a deal carries the moment at which it did."),
    ),
    models.CheckConstraint(
        condition=Q(probability=None) | Q(probability__lte=100),
        name="opportunities_probability",
        violation_error_message=_("A probability lies between 0 and 100 percent."),
    ),
    models.CheckConstraint(
        condition=(Q(estimated_value=None) | Q(estimated_value__gte=0))
        & (Q(expected_budget=None) | Q(expected_budget__gte=0)),
        name="opportunities_amounts",
        violation_error_message=_("An amount is zero or more."),
    ),
]
