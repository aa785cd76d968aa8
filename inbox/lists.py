"""The list of the inbox: what it shows, by what it can be narrowed."""

from decimal import ROUND_HALF_UP, Decimal

import django_filters
from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.accounts.models import User
from crm.core import show
from crm.core.fold import matching
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.lists.models import Priority, Source
from inbox.models import InboxItem, LeadKind, ProcessingStatus
from opportunities.models import Opportunity


def of(model):
    """The entries of a list that the person asking may see."""
    return lambda request: model.objects.visible_to(request.user)


class InboxFilters(Filters):
    source = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Source"), queryset=of(Source), null_label=gettext_lazy("none given"), distinct=False
    )
    priority = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Priority"), queryset=of(Priority), null_label=gettext_lazy("none given"), distinct=False
    )
    owner = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Responsible"),
        queryset=lambda request: User.objects.visible_to(request.user).order_by("name", "pk"),
        null_label=gettext_lazy("Unassigned"),
        distinct=False,
    )
    status = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Processing status"), queryset=of(ProcessingStatus), distinct=False
    )
    kind = django_filters.MultipleChoiceFilter(label=gettext_lazy("Kind"), choices=LeadKind.choices, distinct=False)
    created = django_filters.DateFromToRangeFilter(
        label=gettext_lazy("Created"),
        field_name="created_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )


class InboxList(ListPage):
    """/inbox/: new leads, and what became of the others."""

    model = InboxItem
    title = gettext_lazy("Inbox")
    panel = True
    default_sort = "-created"
    create_url = "inbox:create"
    import_url = "/imports/new/?target=inbox"
    create_label = gettext_lazy("Add lead")
    create_dialog = True
    nothing_yet = gettext_lazy("No leads yet")
    select_related = ("source", "priority", "status", "owner", "opportunity")
    filterset_class = InboxFilters
    main_filters = ("source", "priority", "owner")
    tabs = (
        Tab("open", pgettext_lazy("inbox", "Open"), Q(opportunity=None, archived_at=None)),
        Tab("converted", gettext_lazy("Converted"), Q(opportunity__isnull=False)),
        Tab("archived", gettext_lazy("Archived"), Q(archived_at__isnull=False)),
        Tab("all", pgettext_lazy("inbox", "All")),
    )
    columns = (
        Column("link", gettext_lazy("Link to the opportunity"), kind="icon", template="inbox/link_mark.html"),
        Column(
            "title",
            gettext_lazy("Title and company"),
            kind="link",
            sort="title",
            sub=lambda item: item.company_name or item.contact_name,
            phone="title",
        ),
        Column("source", gettext_lazy("Source"), sort=("source__position", "source__name"), width="m"),
        Column(
            "priority",
            gettext_lazy("Priority"),
            kind="status",
            sort=("priority__position", "priority__name"),
            hidden=True,
            width="m",
        ),
        Column("kind", gettext_lazy("Kind"), sort="kind", value="get_kind_display", hidden=True, width="m"),
        Column(
            "status",
            gettext_lazy("Status"),
            kind="status",
            sort=("status__position", "status__name"),
            colour="status.colour",
            width="m",
            phone="right2",
        ),
        Column("owner", gettext_lazy("Responsible"), kind="owner", sort="owner__name"),
        Column("company_name", gettext_lazy("Company"), sort="company_name", hidden=True),
        Column(
            "last_name",
            gettext_lazy("Contact person"),
            sort=("last_name", "first_name"),
            value="contact_name",
            hidden=True,
        ),
        Column("email", gettext_lazy("E-mail"), sort="email", hidden=True),
        Column("phone", gettext_lazy("Phone"), sort="phone", hidden=True, width="m"),
        Column("street", gettext_lazy("Street"), sort="street", hidden=True, width="m"),
        Column("postal_code", gettext_lazy("Postal code"), sort="postal_code", hidden=True, width="s"),
        Column("city", gettext_lazy("City"), sort="city", hidden=True, width="m"),
        Column("country", gettext_lazy("Country"), sort="country", value="country.name", hidden=True, width="m"),
        Column("expected_budget", gettext_lazy("Expected budget"), kind="money", sort="expected_budget", hidden=True),
        Column(
            "qualified",
            gettext_lazy("Qualified"),
            kind="moment",
            sort="qualified_at",
            value="qualified_at",
            hidden=True,
        ),
        Column(
            "archived", gettext_lazy("Archived"), kind="moment", sort="archived_at", value="archived_at", hidden=True
        ),
        Column("archive_reason", gettext_lazy("Reason for archiving"), sort="archive_reason", hidden=True),
        Column(
            "created",
            gettext_lazy("Created"),
            kind="moment",
            sort="created_at",
            value="created_at",
            phone="right",
        ),
    )

    def search(self, queryset, term):
        return matching(queryset, term)

    def figures(self, queryset):
        """How many of the filtered leads, in whichever tab, have been won."""
        total = sum(self.counts[tab.key] for tab in self.tabs if tab.key == "all")
        won = Opportunity.objects.visible_to(self.request.user).won()
        number = self.narrowed(self.base()).filter(opportunity__in=won).count() if total else 0
        rate = (Decimal(100 * number) / total).quantize(Decimal("0.01"), ROUND_HALF_UP) if total else None
        share = format_html(
            _("{won} won of {total} = {rate}"),
            won=show.number(number),
            total=format_html('<span data-kpi="inbox.total" data-value="{}">{}</span>', total, show.number(total)),
            rate=format_html("<b>{}</b>", show.percent(rate, 2)),
        )
        return format_html(
            '<span data-kpi="inbox.conversion_rate" data-value="{}" title="{}">{}: {}</span>',
            "" if rate is None else rate,
            _("Share of leads whose opportunity is won, among all leads that the filters find"),
            _("Conversion rate"),
            share,
        )


def waiting_count(request) -> int:
    """How many items wait that this user may see: the number beside the door."""
    return InboxItem.objects.visible_to(request.user).waiting().count()


def find(user, term: str):
    """For the search over everything: the newest first."""
    return matching(InboxItem.objects.visible_to(user), term).select_related("status").order_by("-created_at", "-pk")
