"""The counters of the invoices' numbers: only issuing moves them, by one.

The function sales_next_number (migration 0002) adds one to the counter's row and keeps its lock until the commit;
whoever issues next waits for it. A rollback takes the number back with everything else: no gap, no double.
"""

import pgtrigger

from crm.sales.rules.documents import refuse

# Depth 1 is a statement of somebody's own; issuing comes from the invoice's trigger, one deeper.
COUNTER_TRIGGERS = [
    pgtrigger.Trigger(
        name="only_by_issuing",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
                RETURN NEW;
            END IF;
            {refuse("sales_counter_is_final", "Numbers of invoices are counted by issuing, and by nothing else.")}
        """,
    )
]
