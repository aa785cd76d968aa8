"""Products, quotes, orders and invoices in the API."""

from crm.api.api import api
from crm.sales.api import invoices, orders, products, quotes

api.add_router("/products", products.router)
api.add_router("/quotes", quotes.router)
api.add_router("/orders", orders.router)
api.add_router("/invoices", invoices.router)
