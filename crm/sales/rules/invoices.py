"""How an invoice gets its number and is final, and what is derived from payments, credit notes and reminders.

Issuing is one UPDATE of the status, by whomever: the trigger takes the next number as its very last step, so that
the lock on the range is held only until the commit. From then on every write of the row derives anew what follows
from other tables; a payment, a credit note, a reminder only has to touch the invoice.
"""

import pgtrigger

from crm.sales.rules.documents import final, final_trigger, has_an_item, leaves_trigger, refuse

TODAY = "(now() AT TIME ZONE 'Europe/Berlin')::date"

# Of an invoice its gross is due; of a credit note what had been paid for the invoice that it cancels.
# Taken back payments and their reversals do not decide on which day the invoice was paid.
DERIVE = """
    due := NEW.gross_total;
    IF NEW.cancels_id IS NOT NULL THEN
        SELECT paid_amount INTO due FROM sales_invoice WHERE id = NEW.cancels_id;
    END IF;
    SELECT coalesce(sum(amount), 0) INTO NEW.paid_amount FROM sales_payment WHERE invoice_id = NEW.id;
    SELECT coalesce(max(level), 0) INTO NEW.dunning_level FROM sales_dunningnotice WHERE invoice_id = NEW.id;
    NEW.paid_at := NULL;
    NEW.cancelled_at := NULL;
    NEW.open_amount := due - NEW.paid_amount;
    NEW.status := 'issued';
    IF EXISTS (SELECT FROM sales_invoice WHERE cancels_id = NEW.id AND status <> 'draft') THEN
        NEW.status := 'cancelled';
        NEW.open_amount := 0;
        NEW.cancelled_at := coalesce(OLD.cancelled_at, now());
    ELSIF NEW.open_amount <= 0 THEN
        NEW.status := 'paid';
        SELECT coalesce(min(paid_on), NEW.invoice_date)::timestamp AT TIME ZONE 'Europe/Berlin' INTO NEW.paid_at
        FROM (
            SELECT paid_on, sum(amount) OVER (ORDER BY paid_on, id) AS running FROM sales_payment p
            WHERE invoice_id = NEW.id AND reverses_id IS NULL
              AND NOT EXISTS (SELECT FROM sales_payment r WHERE r.reverses_id = p.id)
        ) AS standing
        WHERE running >= due;
    END IF;
"""
DERIVED = ("status", "paid_amount", "open_amount", "paid_at", "cancelled_at", "dunning_level")
FREE = ", ".join(f"'{column}'" for column in ("xrechnung_id", *DERIVED))


def _of(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in DERIVED)


ISSUE = f"""
    IF NEW.status <> 'issued' THEN
        {refuse("sales_invoice_steps", "A draft can only be issued.")}
    END IF;
    {has_an_item("invoice")}
    NEW.invoice_date := coalesce(NEW.invoice_date, {TODAY});
    IF NEW.invoice_date > {TODAY} THEN
        {refuse("sales_invoice_in_future", "An invoice cannot be issued ahead of its date.")}
    END IF;
    IF NEW.cancels_id IS NOT NULL THEN
        SELECT * INTO original FROM sales_invoice WHERE id = NEW.cancels_id FOR NO KEY UPDATE;
        IF original.status NOT IN ('issued', 'paid') OR original.kind <> 'invoice'
           OR original.gross_total <> NEW.gross_total OR original.currency <> NEW.currency THEN
            {refuse("sales_credit_note_fits", "A credit note cancels one issued invoice, to the cent.")}
        END IF;
    END IF;
    {DERIVE}
    NEW.issued_at := now();
    NEW.number := sales_next_number(NEW.kind, NEW.invoice_date);
    RETURN NEW;
"""  # noqa: S608  our own names

STAYS = f"""
    IF OLD.xrechnung_id IS NOT NULL AND OLD.xrechnung_id IS DISTINCT FROM NEW.xrechnung_id THEN
        {refuse("sales_invoice_is_final", "The XRechnung of an invoice stays.")}
    END IF;
    claimed := NEW;
    {DERIVE}
    IF ({_of("claimed")}) IS DISTINCT FROM ({_of("OLD")})
       AND ({_of("claimed")}) IS DISTINCT FROM ({_of("NEW")}) THEN
        {refuse("sales_invoice_is_derived", "Whether an invoice is paid follows from its payments.")}
    END IF;
"""

INVOICE_RULES = [
    leaves_trigger(ISSUE, ("due", "numeric"), ("original", "sales_invoice")),
    final_trigger(
        final("invoice", FREE, more=STAYS),
        ("due", "numeric"),
        ("claimed", "sales_invoice"),
    ),
    # A draft has nothing of what follows from payments.
    pgtrigger.Trigger(
        name="nothing_derived",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.status = 'draft'"),
        func="""
            NEW.paid_amount := 0;
            NEW.open_amount := 0;
            NEW.paid_at := NULL;
            NEW.cancelled_at := NULL;
            NEW.dunning_level := 0;
            RETURN NEW;
        """,
    ),
    pgtrigger.Trigger(
        name="cancels_the_original",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.cancels_id IS NOT NULL AND OLD.status = 'draft' AND NEW.status <> 'draft'"),
        func="""
            UPDATE sales_invoice SET updated_at = clock_timestamp() WHERE id = NEW.cancels_id;
            RETURN NULL;
        """,
    ),
]

# The invoices that the new rows belong to, locked in the order of their ids, and what they may be.
LOCKED = """
    PERFORM FROM sales_invoice WHERE id IN (SELECT invoice_id FROM new_values) ORDER BY id FOR NO KEY UPDATE;
"""

PAID = f"""
    {LOCKED}
    IF EXISTS (
        SELECT FROM sales_invoice WHERE id IN (SELECT invoice_id FROM new_values) AND status = 'draft'
    ) THEN
        {refuse("sales_payment_of_draft", "A draft cannot be paid.")}
    END IF;
    IF EXISTS (
        SELECT FROM new_values n JOIN sales_payment p ON p.id = n.reverses_id
        WHERE p.invoice_id <> n.invoice_id OR p.amount <> -n.amount OR p.reverses_id IS NOT NULL
    ) THEN
        {refuse("sales_payment_reversal_fits", "A reversal takes back one payment, to the cent.")}
    END IF;
    UPDATE sales_invoice SET updated_at = clock_timestamp()
    WHERE id IN (SELECT invoice_id FROM new_values);
    -- What is to be paid out with a credit note follows from what was paid for the invoice.
    UPDATE sales_invoice SET updated_at = clock_timestamp()
    WHERE cancels_id IN (SELECT invoice_id FROM new_values) AND status <> 'draft';
    RETURN NULL;
"""  # noqa: S608  our own names

REMINDED = f"""
    {LOCKED}
    IF EXISTS (
        SELECT FROM sales_invoice
        WHERE id IN (SELECT invoice_id FROM new_values) AND (status <> 'issued' OR kind <> 'invoice')
    ) THEN
        {refuse("sales_dunning_of_open", "Only an issued invoice that is not paid can be reminded of.")}
    END IF;
    UPDATE sales_invoice SET updated_at = clock_timestamp() WHERE id IN (SELECT invoice_id FROM new_values);
    RETURN NULL;
"""  # noqa: S608  our own names


def _after_insert(name: str, func: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_values"),
        func=func,
    )


PAYMENT_TRIGGERS = [
    _after_insert("pays", PAID),
    pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=refuse("sales_payment_is_final", "A payment stays; it can be taken back by a reversal."),
    ),
]

DUNNING_NOTICE_TRIGGERS = [
    _after_insert("reminds", REMINDED),
    pgtrigger.Trigger(
        name="append_only",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' THEN
                IF OLD.pdf_id IS NULL AND to_jsonb(OLD) - 'pdf_id' = to_jsonb(NEW) - 'pdf_id' THEN
                    RETURN NEW;
                END IF;
            END IF;
            {refuse("sales_dunning_is_final", "A reminder that went out stays.")}
        """,
    ),
]
