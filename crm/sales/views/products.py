"""The price list: /products/. All may read it; who may change the settings of sales changes it."""

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.accounts.scope import Action, Area, Scope
from crm.core import http
from crm.core.fold import matching
from crm.core.forms import NumberField, RecordForm
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.sales import actions
from crm.sales.actions.products import delete_product
from crm.sales.models import Product, VatRate
from crm.sales.views.kinds import form_view


def may_set(user, action=Action.CHANGE) -> bool:
    return user.scope(Product.area, action) == Scope.ALL


class ProductFilters(Filters):
    price = django_filters.RangeFilter(label=gettext_lazy("Net price"), field_name="net_price")
    vat = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("VAT (%)"),
        field_name="vat_rate",
        distinct=False,
        choices=lambda: [(rate, str(rate)) for rate in VatRate.objects.values_list("rate", flat=True)],
    )


class ProductList(ListPage):
    """/products/"""

    model = Product
    # Who may see quotes may see what can be offered.
    area = Area.SALES
    title = gettext_lazy("Products")
    filterset_class = ProductFilters
    default_sort = "name"
    create_label = gettext_lazy("Product")
    create_dialog = True
    nothing_yet = gettext_lazy("No products yet")
    search_hint = gettext_lazy("Name, item number")
    tabs = (
        Tab("active", pgettext_lazy("products", "Active"), Q(is_active=True)),
        Tab("inactive", pgettext_lazy("products", "Inactive"), Q(is_active=False)),
        Tab("all", pgettext_lazy("products", "All")),
    )
    columns = (
        Column("name", gettext_lazy("Name"), kind="link", sort="name", phone="title"),
        Column("sku", gettext_lazy("Item number"), sort="sku", width="l", phone="subtitle"),
        Column("description", gettext_lazy("Description"), hidden=True),
        Column("unit", gettext_lazy("Unit"), sort="unit", width="s", wide=True),
        Column("price", gettext_lazy("Net price"), kind="money", sort="net_price", value="net_price", phone="right"),
        Column("vat", gettext_lazy("VAT"), kind="percent", sort="vat_rate", value="vat_rate", phone="right2"),
        Column("updated", gettext_lazy("Changed"), kind="moment", sort="updated_at", value="updated_at", hidden=True),
    )

    @property
    def create_url(self):
        return "sales:new-product" if may_set(self.request.user, Action.CREATE) else None

    @property
    def may_export(self) -> bool:
        return may_set(self.request.user, Action.EXPORT)

    def record_url(self, record):
        return reverse("sales:product", args=[record.pk])

    def search(self, queryset, term):
        return matching(queryset, term)


class ProductForm(RecordForm):
    vat_rate = NumberField(suffix="%", max_digits=5, min_value=0, max_value=100, label=gettext_lazy("VAT"))
    spans = {"name": 12, "sku": 6, "unit": 6, "is_active": 12}

    class Meta:
        model = Product
        fields = ["name", "sku", "unit", "net_price", "vat_rate", "description", "is_active"]

    def clean_sku(self):
        sku = " ".join(self.cleaned_data["sku"].split())
        if not sku:
            raise ValidationError(_("Enter an item number."))
        return sku


def _dialog(request, form, product=None):
    context = {
        "title": str(product) if product else _("New product"),
        "form": form,
        "product": product,
        "back": "/products/",
        "may_change": may_set(request.user),
        "may_delete": product is not None and may_set(request.user, Action.DELETE),
        "wide": True,
    }
    return http.dialog(request, "sales/product_form.html", context)


@form_view
def create(request):
    """A new entry of the price list."""
    http.require(may_set(request.user, Action.CREATE))
    rate = VatRate.objects.filter(is_active=True).values_list("rate", flat=True).first()
    form = ProductForm(request.POST if request.method == "POST" else None, initial={"vat_rate": rate})
    if request.method == "POST" and form.is_valid():
        made = actions.create_product(by=request.user, **form.cleaned_data)
        return http.done(request, "sales:products", _("“%(name)s” was created.") % {"name": made})
    return _dialog(request, form)


@form_view
def product(request, pk):
    """An entry: changed by who may, else read."""
    record = get_object_or_404(Product.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        http.require(may_set(request.user))
        form = ProductForm(request.POST, instance=get_object_or_404(Product, pk=pk))
        if form.is_valid():
            actions.update_product(product=record, by=request.user, **form.cleaned_data)
            return http.done(request, "sales:products", _("Saved."))
        return _dialog(request, form, record)
    return _dialog(request, ProductForm(instance=record), record)


@form_view
def delete(request, pk):
    """Delete an entry that no document uses."""
    record = get_object_or_404(Product.objects.visible_to(request.user, Action.DELETE), pk=pk)
    if request.method == "POST":
        delete_product(product=record, by=request.user)
        return http.done(request, "sales:products", _("“%(name)s” was deleted.") % {"name": record})
    context = {
        "title": _("Delete %(name)s?") % {"name": record},
        "lead": _("Documents keep what they say. What a document uses cannot be deleted; set it inactive instead."),
        "submit_label": _("Delete"),
        "submit_level": "danger",
        "back": "/products/",
    }
    return http.dialog(request, "components/dialog.html", context)
