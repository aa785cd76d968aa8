"""The switch between the lists that are about invoices."""

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.accounting.datev.views import may_export
from crm.accounting.models import sees_ledger
from crm.accounts.scope import Area

register = template.Library()


@register.inclusion_tag("accounting/invoice_views.html", takes_context=True)
def invoice_views(context):
    """Invoices, what is due, the bank, the export: those that this user may see."""
    request = context["request"]
    views = [
        (_("Invoices"), "sales:invoices", request.user.may(Area.INVOICES)),
        (_("Due"), "accounting:due", request.user.may(Area.INVOICES)),
        (_("Bank"), "accounting:entries", sees_ledger(request.user)),
        (_("DATEV"), "accounting:datev", may_export(request.user)),
    ]
    urls = [(label, reverse(name)) for label, name, may in views if may]
    return {"views": [{"label": label, "url": url, "current": url == request.path} for label, url in urls]}
