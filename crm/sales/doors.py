"""What sales documents bring to the frame, to opportunities and to contacts."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.accounts.scope import Action, Area
from crm.core import frame
from crm.core.recordpage import Action as Entry
from crm.sales.models import Invoice, Order, Quote
from crm.sales.views import lists, related, setup
from opportunities import menu

DOORS = (
    ("quotes", gettext_lazy("Quotes"), "file-text", Area.SALES),
    ("orders", gettext_lazy("Orders"), "file-check", Area.SALES),
    ("invoices", gettext_lazy("Invoices"), "file-invoice", Area.INVOICES),
    ("products", gettext_lazy("Products"), "package", Area.SALES),
)


def register() -> None:
    """Doors, the menu "New", the search, the tabs, and the entries of an opportunity's menu."""
    for key, label, icon, area in DOORS:
        frame.doors.register(frame.Door(key, label, icon, f"sales:{key}", area=area))
    frame.quick_create.register(gettext_lazy("Quote"), "file-text", "sales:new-quote", Area.SALES)
    frame.quick_create.register(pgettext_lazy("document", "Order"), "file-check", "sales:new-order", Area.SALES)
    frame.quick_create.register(gettext_lazy("Invoice"), "file-invoice", "sales:new-invoice", Area.INVOICES)
    for model, label in ((Quote, gettext_lazy("Quotes")), (Order, gettext_lazy("Orders"))):
        frame.searchers.register(Area.SALES, label, lists.finder(model), "sales/hit.html")
    frame.searchers.register(Area.INVOICES, gettext_lazy("Invoices"), lists.finder(Invoice), "sales/hit.html")
    related.register()
    setup.register()
    menu.register(menu.NEW_QUOTE, _entry("quote", gettext_lazy("New quote"), "file-text", Area.SALES))
    menu.register(menu.NEW_ORDER, _entry("order", gettext_lazy("New order"), "file-check", Area.SALES))
    menu.register(menu.NEW_INVOICE, _entry("invoice", gettext_lazy("New invoice"), "file-invoice", Area.INVOICES))


def _entry(key: str, label, icon: str, area: str):
    """An entry of an opportunity's menu: a document of it. Also a closed one gets its papers."""

    def build(request, opportunity):
        url = f"{reverse(f'sales:new-{key}')}?opportunity={opportunity.pk}"
        reason = "" if request.user.may(area, Action.CREATE) else _("no right")
        return Entry(str(label), icon, url, reason)

    return build
