"""What was delivered of an order's line is the sum of its deliveries."""

import pgtrigger

from crm.sales.rules.documents import refuse


def _delivered(rows: str, *, check: str) -> str:
    return f"""
    PERFORM FROM sales_order o
    WHERE o.id IN (SELECT l.order_id FROM {rows} d JOIN sales_orderline l ON l.id = d.order_line_id)
    ORDER BY o.id FOR NO KEY UPDATE;
    {check}
    UPDATE sales_orderline SET delivered_quantity = delivered_quantity
    WHERE id IN (SELECT order_line_id FROM {rows});
    RETURN NULL;
    """  # noqa: S608  our own names


OF_A_CONFIRMED_ORDER = f"""
    IF EXISTS (
        SELECT FROM new_values n
        JOIN sales_delivery d ON d.id = n.delivery_id
        JOIN sales_orderline l ON l.id = n.order_line_id
        JOIN sales_order o ON o.id = l.order_id
        WHERE d.order_id <> o.id OR o.status <> 'confirmed'
    ) THEN
        {refuse("sales_delivery_of_confirmed", "Only lines of the confirmed order can be delivered.")}
    END IF;
"""

DELIVERY_LINE_TRIGGERS = [
    pgtrigger.Trigger(
        name="delivers",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_values"),
        func=_delivered("new_values", check=OF_A_CONFIRMED_ORDER),
    ),
    pgtrigger.Trigger(
        name="takes_back",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="old_values"),
        func=_delivered("old_values", check=""),
    ),
    pgtrigger.Trigger(
        name="no_rewriting",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=refuse("sales_delivery_is_final", "A delivery is taken back, not rewritten."),
    ),
]

DELIVERED_QUANTITY = pgtrigger.Trigger(
    name="delivered_quantity",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("delivered_quantity"),
    func="""
        SELECT coalesce(sum(quantity), 0) INTO NEW.delivered_quantity
        FROM sales_deliveryline WHERE order_line_id = NEW.id;
        RETURN NEW;
    """,
)
