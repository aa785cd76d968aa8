"""What can be done with sales documents. Page, admin, API, import and test call the same verbs.

See opportunities/actions.py for how verbs answer. Rows are locked in one order, so that no two wait for each other:
opportunity, quote, order, invoice, and the counter of the numbers last.
"""

from crm.sales.actions.documents import delete_draft, save_lines, update_document, version
from crm.sales.actions.dunning import dun
from crm.sales.actions.invoices import cancel_invoice, create_invoice, issue_invoice
from crm.sales.actions.links import create_link, revoke_links
from crm.sales.actions.orders import (
    cancel_order,
    confirm_order,
    create_order,
    deliver_order,
    undo_delivery,
    update_delivery_date,
)
from crm.sales.actions.payments import add_payment, reverse_payment
from crm.sales.actions.products import create_product, delete_product, update_product
from crm.sales.actions.quotes import (
    accept_by_customer,
    accept_quote,
    create_quote,
    decline_by_customer,
    decline_quote,
    expire_quotes,
    revise_quote,
    send_quote,
)
from crm.sales.actions.ranges import change_range, start_range
from crm.sales.actions.texts import change_text

__all__ = [
    "accept_by_customer",
    "accept_quote",
    "add_payment",
    "cancel_invoice",
    "cancel_order",
    "change_range",
    "change_text",
    "confirm_order",
    "create_invoice",
    "create_link",
    "create_order",
    "create_product",
    "create_quote",
    "decline_by_customer",
    "decline_quote",
    "delete_draft",
    "delete_product",
    "deliver_order",
    "dun",
    "expire_quotes",
    "issue_invoice",
    "reverse_payment",
    "revise_quote",
    "revoke_links",
    "save_lines",
    "send_quote",
    "start_range",
    "undo_delivery",
    "update_delivery_date",
    "update_document",
    "update_product",
    "version",
]
