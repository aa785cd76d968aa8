"""Addresses of products and documents: /products/, /quotes/, /orders/, /invoices/."""

from django.urls import path

from crm.sales.views import (
    editor,
    files,
    heads,
    invoices,
    lists,
    mailing,
    orders,
    papers,
    products,
    quotes,
    record,
    related,
)

app_name = "sales"


def documents(key: str, list_view, *more) -> list:
    """The addresses that the three kinds of documents share, and `more` of (address, view, name) of one of them."""
    base, own = f"{key}s/", {"kind": key}
    shared = [
        ("", record.record, key),
        ("edit/", heads.edit, f"edit-{key}"),
        ("fact/<slug:field>/", heads.fact, f"fact-{key}"),
        ("delete/", heads.delete, f"delete-{key}"),
        ("lines/", editor.lines, f"lines-{key}"),
        ("lines/preview/", editor.preview, f"preview-{key}"),
        ("mail/", mailing.mail, f"mail-{key}"),
        ("pdf/", papers.pdf, f"pdf-{key}"),
        ("files/", files.upload, f"upload-{key}"),
        ("files/<int:file>/", files.file, f"file-{key}"),
        ("files/<int:file>/remove/", files.remove, f"remove-file-{key}"),
    ]
    return [
        path(base, list_view.as_view(), name=f"{key}s"),
        path(f"{base}new/", heads.create, own, name=f"new-{key}"),
        *(
            path(f"{base}of-{field}/<int:pk>/", related.of_contact, own | {"field": field}, name=f"{key}s-of-{field}")
            for field in ("company", "person")
        ),
        *(path(f"{base}<int:pk>/{address}", view, own, name=name) for address, view, name in shared),
        *(path(f"{base}<int:pk>/{address}", view, name=name) for address, view, name in more),
    ]


urlpatterns = [
    path("products/", products.ProductList.as_view(), name="products"),
    path("products/new/", products.create, name="new-product"),
    path("products/pick/", editor.pick_product, name="pick-product"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/<int:pk>/delete/", products.delete, name="delete-product"),
    *documents(
        "quote",
        lists.QuoteList,
        ("sent/", quotes.sent, "sent-quote"),
        ("accept/", quotes.accept, "accept-quote"),
        ("decline/", quotes.decline, "decline-quote"),
        ("revise/", quotes.revise, "revise-quote"),
        ("order/", quotes.order, "order-quote"),
        ("link/", quotes.new_link, "link-quote"),
        ("link/revoke/", quotes.revoke, "revoke-quote"),
    ),
    *documents(
        "order",
        lists.OrderList,
        ("confirm/", orders.confirm, "confirm-order"),
        ("deliver/", orders.deliver, "deliver-order"),
        ("deliveries/<int:delivery>/undo/", orders.undo_delivery, "undo-delivery"),
        ("invoice/", orders.invoice, "invoice-order"),
        ("cancel/", orders.cancel, "cancel-order"),
    ),
    *documents(
        "invoice",
        lists.InvoiceList,
        ("issue/", invoices.issue, "issue-invoice"),
        ("pay/", invoices.pay, "pay-invoice"),
        ("paid/", invoices.paid, "paid-invoice"),
        ("payments/<int:payment>/take-back/", invoices.take_back, "take-back-payment"),
        ("cancel/", invoices.cancel, "cancel-invoice"),
        ("xrechnung/", papers.xrechnung, "xrechnung"),
    ),
]
