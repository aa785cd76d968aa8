"""The list of opportunities, and the filters it shares with the board."""

from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlencode

import django_filters
from django.db.models import Count, DecimalField, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse, reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_safe

from contacts.models import Company
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import http, show
from crm.core.forms import Pick, tidy
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.lists.models import Priority, Source, Tag
from opportunities.models import Kind, Opportunity, Pipeline, Stage, Status

MONEY = DecimalField(max_digits=18, decimal_places=2)
NOTHING = Decimal("0.00")


def of(model):
    """The entries of a list that the person asking may see."""
    return lambda request: model.objects.visible_to(request.user)


def colleagues(request):
    """Those whose opportunities the person asking may see."""
    return User.objects.assignable_by(request.user, Area.OPPORTUNITIES)


def many(label, queryset, **options):
    return django_filters.ModelMultipleChoiceFilter(label=label, queryset=queryset, distinct=False, **options)


class CardFilters(Filters):
    """What the board can be narrowed by; the list can be too."""

    owner = many(gettext_lazy("Responsible"), colleagues, null_label=gettext_lazy("Unassigned"))
    tags = django_filters.ModelMultipleChoiceFilter(label=gettext_lazy("Tags"), queryset=of(Tag))
    source = many(gettext_lazy("Source"), of(Source), null_label=gettext_lazy("none given"))
    priority = many(gettext_lazy("Priority"), of(Priority), null_label=gettext_lazy("none given"))


def dates(label, field):
    return django_filters.DateFromToRangeFilter(
        label=label, field_name=field, widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )


class OpportunityFilters(CardFilters):
    kind = django_filters.MultipleChoiceFilter(label=gettext_lazy("Kind"), choices=Kind.choices, distinct=False)
    pipeline = many(gettext_lazy("Pipeline"), of(Pipeline))
    stage = many(
        gettext_lazy("Stage"), lambda request: Stage.objects.visible_to(request.user).select_related("pipeline")
    )
    created = dates(gettext_lazy("Created"), "created_at")
    closing = dates(gettext_lazy("Closing date"), "close_date")
    company = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Company"),
        queryset=of(Company),
        widget=Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        stage = self.filters["stage"].field
        stage.label_from_instance = lambda stage: f"{stage.pipeline}: {stage}"


def sums(queryset) -> dict:
    """Count, value (EUR) and weighted value (EUR, exact to the cent) of opportunities; one query."""
    return (
        queryset.with_chance()
        .order_by()
        .aggregate(
            count=Count("pk"),
            value=Coalesce(Sum("estimated_value"), NOTHING, output_field=MONEY),
            weighted=Coalesce(Sum("weighted_value"), NOTHING, output_field=MONEY),
            won=Count("pk", filter=Q(status=Status.WON)),
        )
    )


def views_switch(view: ListPage, current: str) -> dict:
    """The context of components/views_switch.html; what both views can be narrowed by goes along."""
    shared = ("q", *CardFilters.base_filters)
    query = urlencode([(k, v) for k, values in view.query.lists() if k in shared for v in values if v])
    views = [("board", _("Board"), "layout-kanban"), ("list", _("List"), "list")]
    entries = [
        {
            "label": label,
            "icon": icon,
            "url": reverse(f"opportunities:{key}") + (f"?{query}" if query else ""),
            "current": key == current,
        }
        for key, label, icon in views
    ]
    return {"views_label": _("Board or list"), "views_switch": entries}


STATUS_COLOUR = {Status.OPEN: "accent", Status.WON: "ok", Status.LOST: "bad"}


class OpportunityList(ListPage):
    """/opportunities/: all of them, open, won and lost."""

    model = Opportunity
    title = gettext_lazy("Opportunities")
    filterset_class = OpportunityFilters
    main_filters = ("kind", "owner", "pipeline")
    default_sort = "-created"
    create_url = "opportunities:new"
    import_url = "/imports/new/?target=opportunities"
    create_label = gettext_lazy("Opportunity")
    nothing_yet = gettext_lazy("No opportunities yet")
    search_hint = gettext_lazy("Number, title, company, person")
    head_template = "components/views_switch.html"
    tabs = (
        Tab("open", pgettext_lazy("opportunities", "Open"), Q(status=Status.OPEN)),
        Tab("won", pgettext_lazy("opportunities", "Won"), Q(status=Status.WON)),
        Tab("lost", pgettext_lazy("opportunities", "Lost"), Q(status=Status.LOST)),
        Tab("all", pgettext_lazy("opportunities", "All")),
    )
    columns = (
        Column(
            "title",
            gettext_lazy("Title and company"),
            kind="link",
            sort="title",
            sub="company",
            phone="title",
        ),
        Column("number", gettext_lazy("Number"), sort="number", width="l", wide=True),
        Column("company", gettext_lazy("Company"), sort="company__sort_name", hidden=True, width="xl"),
        Column("person", gettext_lazy("Person"), sort="person__sort_name", hidden=True, width="l"),
        Column("kind", gettext_lazy("Kind"), sort="kind", value="get_kind_display", hidden=True, width="s"),
        Column(
            "stage",
            gettext_lazy("Stage"),
            sort=("pipeline__position", "stage__position"),
            width="l",
            wide=True,
        ),
        Column("pipeline", gettext_lazy("Pipeline"), sort="pipeline__name", hidden=True, width="l"),
        Column(
            "status",
            gettext_lazy("Status"),
            kind="status",
            sort="status",
            value="get_status_display",
            colour=lambda record: STATUS_COLOUR[record.status],
            width="m",
            phone="right2",
        ),
        Column(
            "value", gettext_lazy("Value"), kind="money", sort="estimated_value", value="estimated_value", phone="right"
        ),
        Column("chance", gettext_lazy("Probability"), kind="percent", sort="chance", hidden=True, width="m"),
        Column(
            "weighted",
            gettext_lazy("Weighted"),
            kind="money",
            sort="weighted_value",
            value="weighted_value",
            hidden=True,
        ),
        Column(
            "budget",
            gettext_lazy("Expected budget"),
            kind="money",
            sort="expected_budget",
            value="expected_budget",
            hidden=True,
        ),
        Column("closing", gettext_lazy("Closing date"), kind="date", sort="close_date", value="close_date"),
        Column("start", gettext_lazy("Start"), kind="date", sort="start_date", value="start_date", hidden=True),
        Column(
            "delivery",
            gettext_lazy("Delivery date"),
            kind="date",
            sort="delivery_date",
            value="delivery_date",
            hidden=True,
        ),
        Column("source", gettext_lazy("Source"), sort=("source__position", "source__name"), hidden=True, width="m"),
        Column(
            "priority",
            gettext_lazy("Priority"),
            kind="status",
            sort=("priority__position", "priority__name"),
            hidden=True,
        ),
        Column("tags", gettext_lazy("Tags"), kind="tags", hidden=True),
        Column("owner", gettext_lazy("Responsible"), kind="owner", sort="owner__name"),
        Column("won", gettext_lazy("Won at"), kind="moment", sort="won_at", value="won_at", hidden=True),
        Column("lost", gettext_lazy("Lost at"), kind="moment", sort="lost_at", value="lost_at", hidden=True),
        Column(
            "reason",
            gettext_lazy("Loss reason"),
            sort="loss_reason__position",
            value="loss_reason",
            hidden=True,
            width="l",
        ),
        Column("created", gettext_lazy("Created"), kind="moment", sort="created_at", value="created_at", wide=True),
    )

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    def dressed(self, queryset):
        return queryset.with_chance().for_display(self.request.user).order_by(*self.ordering())

    def figures(self, queryset):
        """Count, sum and weighted sum of what is listed; of the filtered in all tabs, how many are won."""
        listed = sums(queryset)
        won, total = self.counts["won"], self.counts["all"]
        rate = (Decimal(100 * won) / total).quantize(Decimal("0.01"), ROUND_HALF_UP) if total else None
        text = ngettext("{count} opportunity", "{count} opportunities", listed["count"])
        return format_html(
            '<span data-rows-value="{value}">{count} · <b>{money}</b> · {weighted}</span>'
            ' · <span data-value="{rate}" title="{help}">{won}</span>',
            value=listed["value"],
            count=format_html(text, count=format_html("<b>{}</b>", show.number(listed["count"]))),
            money=show.money(listed["value"], 0),
            weighted=_("weighted %(sum)s") % {"sum": show.money(listed["weighted"], 0)},
            rate="" if rate is None else rate,
            help=_("Won, of all that the filters find, in whichever tab"),
            won=_("won %(won)s of %(total)s = %(rate)s")
            % {"won": show.number(won), "total": show.number(total), "rate": show.percent(rate, 2)},
        )

    def extra(self):
        return views_switch(self, "list")


def find_by_term(user, term: str):
    """For the search over everything: the newest first."""
    return Opportunity.objects.visible_to(user).search(user, term).for_display(user).order_by("-created_at", "-pk")


@require_safe
def pick(request):
    """Opportunities for a picker: ?q= are words of the title, the number or the customer."""
    term = tidy(request.GET.get("q", ""), 200).strip()
    found = Opportunity.objects.visible_to(request.user)
    found = found.search(request.user, term).order_by("-created_at", "-pk") if term else found.none()
    return http.picks(found, hint=lambda opportunity: opportunity.number)
