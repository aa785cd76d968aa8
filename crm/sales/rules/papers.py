"""Quotes and orders that left the house: what of them may still change, and in which steps."""

from crm.sales.rules.documents import final, final_trigger, has_an_item, leaves_trigger, refuse, steps

# The decision is written with the step that decides, and stays.
DECISION_STAYS = f"""
    IF OLD.status = NEW.status AND (OLD.decided_at, OLD.decided_by_name, OLD.decline_reason)
       IS DISTINCT FROM (NEW.decided_at, NEW.decided_by_name, NEW.decline_reason) THEN
        {refuse("sales_quote_is_final", "The decision on a quote stays.")}
    END IF;
"""

QUOTE_RULES = [
    leaves_trigger(has_an_item("quote") + steps("quote", "draft > sent") + "RETURN NEW;"),
    final_trigger(
        final(
            "quote",
            "'status', 'is_latest', 'decided_at', 'decided_by_name', 'decline_reason'",
            more=steps("quote", "sent > accepted", "sent > declined", "sent > expired", "expired > accepted")
            + DECISION_STAYS,
        )
    ),
]

ORDER_RULES = [
    leaves_trigger(has_an_item("order") + steps("order", "draft > confirmed") + "RETURN NEW;"),
    final_trigger(
        final(
            "order",
            "'status', 'delivery_date', 'delivered_at', 'cancelled_at'",
            more=steps("order", "confirmed > delivered", "delivered > confirmed", "confirmed > cancelled"),
        )
    ),
]
