"""The list of companies and persons, and how contacts are found elsewhere: pickers, the search."""

import re

import django_filters
from django.db.models import OuterRef, Q, Subquery, Value
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from contacts.models import Company, CompanyStatus, Listed, Person
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import normalise
from crm.core.fold import Fold, matching
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.lists.models import Tag

STATUS_COLOUR = {
    CompanyStatus.PROSPECT: "grey",
    CompanyStatus.CUSTOMER: "ok",
    CompanyStatus.PARTNER: "accent",
    CompanyStatus.SUPPLIER: "accent",
    CompanyStatus.FORMER: "warn",
}


def find(queryset, term: str):
    """The contacts of `queryset` that `term` finds: words of name, number, mail, place; phones in any notation."""
    if re.fullmatch(r"[+(]?[\d\s()/.-]{5,30}", term):
        number = normalise.phone(term)
        if number.startswith("+"):
            typed = Q(search_text__contains=Fold(Value(term)))
            return queryset.filter(typed | Q(search_text__contains=number[1:]))
    return matching(queryset, term)


def find_by_term(user, term: str):
    """For the search over everything."""
    return find(Listed.objects.visible_to(user), term).order_by("sort_name", "pk")


def with_company_name(queryset, user):
    """Adds `company_name`: the person's company, if the user may see that one."""
    company = Company.objects.visible_to(user).filter(pk=OuterRef("company_id"))
    return queryset.annotate(company_name=Subquery(company.values("name")[:1]))


def _people(request):
    return User.objects.assignable_by(request.user, Area.CONTACTS) if request else User.objects.none()


class ContactFilters(Filters):
    # No filter joins a table, so no row comes twice; asking for distinct rows would cost the index its order.
    status = django_filters.MultipleChoiceFilter(label=gettext_lazy("Status"), choices=CompanyStatus, distinct=False)
    owner = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Responsible"), queryset=_people, distinct=False
    )
    tag = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Tag"),
        queryset=lambda request: Tag.objects.filter(is_active=True),
        method="tagged",
        distinct=False,
    )
    city = django_filters.CharFilter(label=gettext_lazy("City"), lookup_expr="istartswith")
    postal_code = django_filters.CharFilter(label=gettext_lazy("Postal code"), lookup_expr="startswith")
    country = django_filters.ChoiceFilter(label=gettext_lazy("Country"), choices=lambda: list(countries))
    is_active = django_filters.ChoiceFilter(
        label=gettext_lazy("Active"),
        choices=[("1", gettext_lazy("active")), ("0", gettext_lazy("inactive"))],
        method="active",
    )
    created_at = django_filters.DateFromToRangeFilter(label=gettext_lazy("Created"))

    def tagged(self, queryset, name, tags):
        if not tags:
            return queryset
        keys = [tag.pk for tag in tags]
        return queryset.filter(
            Q(
                kind=Listed.Kind.COMPANY,
                record_id__in=Company.tags.through.objects.filter(tag__in=keys).values("company"),
            )
            | Q(
                kind=Listed.Kind.PERSON, record_id__in=Person.tags.through.objects.filter(tag__in=keys).values("person")
            )
        )

    def active(self, queryset, name, value):
        return queryset.filter(is_active=value == "1")


def _below(listed) -> str:
    """The quieter line below the name."""
    if listed.kind == Listed.Kind.COMPANY:
        parts = [listed.number]
    else:
        parts = [listed.function, listed.company_name]
    if not listed.is_active:
        parts.append(_("inactive"))
    return " · ".join(filter(None, parts))


class ContactList(ListPage):
    """Companies and persons in one table."""

    model = Listed
    title = gettext_lazy("Contacts")
    search_hint = gettext_lazy("Search contacts")
    nothing_yet = gettext_lazy("No contacts yet")
    head_template = "contacts/list_tools.html"
    create_url = "contacts:new-company"
    import_url = "/imports/new/?target=companies"
    create_label = gettext_lazy("Company")
    create_dialog = True
    default_sort = "name"
    filterset_class = ContactFilters
    main_filters = ("status", "owner", "tag")
    tabs = (
        Tab("all", gettext_lazy("All")),
        Tab("companies", gettext_lazy("Companies"), Q(kind=Listed.Kind.COMPANY)),
        Tab("persons", gettext_lazy("Persons"), Q(kind=Listed.Kind.PERSON)),
    )
    columns = (
        Column("kind", gettext_lazy("Kind"), kind="icon", template="contacts/kind_icon.html"),
        Column(
            "name",
            gettext_lazy("Name"),
            sort="sort_name",
            kind="link",
            sub=_below,
            phone="title",
        ),
        Column(
            "kind_name",
            gettext_lazy("Kind"),
            sort="kind",
            value="get_kind_display",
            hidden=True,
        ),
        Column("number", gettext_lazy("Number"), sort="number", hidden=True, width="s"),
        Column("company", gettext_lazy("Company"), value="company_name", hidden=True),
        Column("function", gettext_lazy("Function"), sort="function", hidden=True),
        Column(
            "email", gettext_lazy("E-mail"), sort="email", template="contacts/email_cell.html", wide=True, width="xl"
        ),
        Column("phone", gettext_lazy("Phone"), template="contacts/phone_cell.html", width="l", wide=True),
        Column("mobile", gettext_lazy("Mobile"), hidden=True, width="l"),
        Column("city", gettext_lazy("City"), sort=("city", "sort_name"), phone="right2", width="l"),
        Column("postal_code", gettext_lazy("Postal code"), sort="postal_code", hidden=True, width="m"),
        Column("street", gettext_lazy("Street"), hidden=True),
        Column("country", gettext_lazy("Country"), sort="country", value="country.name", hidden=True, width="l"),
        Column("website", gettext_lazy("Website"), hidden=True),
        Column("vat_id", gettext_lazy("VAT ID"), hidden=True),
        Column(
            "status",
            gettext_lazy("Status"),
            sort="status",
            kind="status",
            value=lambda listed: listed.get_status_display(),
            colour=lambda listed: STATUS_COLOUR.get(listed.status, "grey"),
        ),
        Column("owner", gettext_lazy("Responsible"), sort="owner__name", kind="owner", phone="right"),
        Column("created_at", gettext_lazy("Created"), sort="created_at", kind="moment"),
        Column("updated_at", gettext_lazy("Changed"), sort="updated_at", kind="moment", hidden=True),
    )
    select_related = ("owner",)

    def search(self, queryset, term: str):
        return find(queryset, term)

    def dressed(self, queryset):
        return with_company_name(super().dressed(queryset), self.request.user)

    def extra(self) -> dict:
        may_create = self.request.user.may(Area.CONTACTS, "create")
        return {"new_person": reverse("contacts:new-person") if may_create else None}
