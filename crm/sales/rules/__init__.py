"""What is always true of sales documents, whoever writes them: page, API, admin, import, bulk or SQL.

documents.py: totals follow from the lines; what left the house is final. invoices.py: how an invoice gets its number,
and what is derived from payments. deliveries.py: what was delivered of an order. numbers.py: the counters.
"""

from crm.sales.rules.deliveries import DELIVERED_QUANTITY, DELIVERY_LINE_TRIGGERS
from crm.sales.rules.documents import document_triggers, line_triggers
from crm.sales.rules.invoices import DUNNING_NOTICE_TRIGGERS, INVOICE_RULES, PAYMENT_TRIGGERS
from crm.sales.rules.numbers import COUNTER_TRIGGERS
from crm.sales.rules.papers import ORDER_RULES, QUOTE_RULES
from crm.sales.rules.sentences import SENTENCES

QUOTE_TRIGGERS = [*document_triggers("quote"), *QUOTE_RULES]
QUOTE_LINE_TRIGGERS = line_triggers("quote")
ORDER_TRIGGERS = [*document_triggers("order"), *ORDER_RULES]
ORDER_LINE_TRIGGERS = [*line_triggers("order"), DELIVERED_QUANTITY]
INVOICE_TRIGGERS = [*document_triggers("invoice"), *INVOICE_RULES]
INVOICE_LINE_TRIGGERS = line_triggers("invoice")

__all__ = [
    "COUNTER_TRIGGERS",
    "DELIVERY_LINE_TRIGGERS",
    "DUNNING_NOTICE_TRIGGERS",
    "INVOICE_LINE_TRIGGERS",
    "INVOICE_TRIGGERS",
    "ORDER_LINE_TRIGGERS",
    "ORDER_TRIGGERS",
    "PAYMENT_TRIGGERS",
    "QUOTE_LINE_TRIGGERS",
    "QUOTE_TRIGGERS",
    "SENTENCES",
]
