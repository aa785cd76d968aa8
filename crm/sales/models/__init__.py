"""Products, quotes, orders, invoices, payments. What must always be true is said in the database: crm/sales/rules/."""

from crm.sales.models.document import Document, Line, LineKind, TaxTreatment
from crm.sales.models.dunning import DunningLevel, DunningNotice
from crm.sales.models.invoice import Invoice, InvoiceFile, InvoiceKind, InvoiceLine, InvoiceStatus
from crm.sales.models.numbers import NumberCounter, NumberRange
from crm.sales.models.order import Delivery, DeliveryLine, Order, OrderFile, OrderLine, OrderStatus
from crm.sales.models.payment import Payment, PaymentMethod
from crm.sales.models.product import Product, VatRate
from crm.sales.models.quote import Quote, QuoteFile, QuoteLine, QuoteLink, QuoteStatus
from crm.sales.models.texts import PaperKind, StandardText

__all__ = [
    "Delivery",
    "DeliveryLine",
    "Document",
    "DunningLevel",
    "DunningNotice",
    "Invoice",
    "InvoiceFile",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceStatus",
    "Line",
    "LineKind",
    "NumberCounter",
    "NumberRange",
    "Order",
    "OrderFile",
    "OrderLine",
    "OrderStatus",
    "PaperKind",
    "Payment",
    "PaymentMethod",
    "Product",
    "Quote",
    "QuoteFile",
    "QuoteLine",
    "QuoteLink",
    "QuoteStatus",
    "StandardText",
    "TaxTreatment",
    "VatRate",
]
