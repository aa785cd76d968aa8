"""A small list of companies for the tests of the list page: the frame's own addresses and one room."""

import django_filters
from django.db.models import Q
from django.urls import path

from contacts.models import Company, CompanyStatus
from crm.core.fold import matching
from crm.core.listing import BulkAction, Column, Filters, ListPage, Tab
from crm.lists.models import Tag
from crm.urls import urlpatterns as frame_urls


class CompanyFilters(Filters):
    status = django_filters.MultipleChoiceFilter(choices=CompanyStatus.choices)
    tags = django_filters.ModelMultipleChoiceFilter(queryset=Tag.objects.all())
    parent = django_filters.ModelChoiceFilter(queryset=Company.objects.all())
    created = django_filters.DateFromToRangeFilter(field_name="created_at")
    terms = django_filters.RangeFilter(field_name="payment_terms_days")
    city = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Company
        fields = []


class Companies(ListPage):
    model = Company
    title = "Companies"
    columns = (
        Column("name", "Name", sort="sort_name", kind="link", sub="city", phone="title"),
        Column("number", "Number"),
        Column("status", "Status", kind="status", value="get_status_display", sort="status"),
        Column("owner", "Owner", kind="owner", value="owner"),
        Column("tags", "Tags", kind="tags"),
        Column("terms", "Terms", kind="number", value="payment_terms_days", sort="payment_terms_days"),
        Column("since", "Since", kind="date", value="customer_since", sort="customer_since"),
        Column("created", "Created", kind="moment", value="created_at", sort="created_at"),
        Column("parent", "Parent", value="parent.name", hidden=True),
    )
    tabs = (Tab("all", "All"), Tab("customers", "Customers", Q(status="customer")))
    filterset_class = CompanyFilters
    default_sort = "name"
    select_related = ("owner", "parent")
    prefetch_related = ("tags",)
    panel = True
    bulk_actions = (BulkAction("x", "Do", "check", "companies"),)

    def search(self, queryset, term):
        return matching(queryset, term)

    def record_url(self, record):
        return f"/companies/{record.pk}/"


urlpatterns = [path("companies/", Companies.as_view(), name="companies"), *frame_urls]
