"""The list of activities, and the filters that it shares with calendar and planning."""

import django_filters
from django.db.models import Case, F, Q, When
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from activities import showing
from activities.models import Activity, ActivityType, Status, is_late
from contacts.models import Company
from crm.accounts.models import User
from crm.accounts.scope import Area
from crm.core import http
from crm.core.forms import Pick, tidy
from crm.core.listing import Column, Filters, ListPage, Tab
from crm.lists.models import Priority
from opportunities.models import Opportunity


def of(model):
    """The entries of a list that the person asking may see."""
    return lambda request: model.objects.visible_to(request.user)


def colleagues(request):
    """Those whose activities the person asking may see."""
    return User.objects.assignable_by(request.user, Area.ACTIVITIES)


class PlanFilters(Filters):
    """What list, calendar and planning can be narrowed by."""

    owner = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Responsible"), queryset=colleagues, null_label=gettext_lazy("Unassigned"), distinct=False
    )
    type = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Type"), queryset=of(ActivityType), distinct=False
    )


class ActivityFilters(PlanFilters):
    priority = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Priority"), queryset=of(Priority), null_label=gettext_lazy("none given"), distinct=False
    )
    due = django_filters.DateFromToRangeFilter(
        label=pgettext_lazy("activity", "Due"),
        field_name="due_at",
        widget=django_filters.widgets.DateRangeWidget(attrs={"type": "date"}),
    )
    company = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Company"),
        queryset=of(Company),
        widget=Pick(reverse_lazy("contacts:pick-company"), placeholder=gettext_lazy("Search companies")),
    )
    opportunity = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Opportunity"),
        queryset=of(Opportunity),
        widget=Pick(reverse_lazy("opportunities:pick"), placeholder=gettext_lazy("Search opportunities")),
    )


def states() -> tuple[Tab, ...]:
    """The list's tabs; what is today is so for whoever asks."""
    is_open = Q(status=Status.OPEN)
    today = Q(pk__in=Activity.objects.on(timezone.localdate()).order_by().values("pk"))
    return (
        Tab("open", pgettext_lazy("activities", "Open"), is_open),
        Tab("overdue", gettext_lazy("Overdue"), is_open & is_late()),
        Tab("today", gettext_lazy("Today"), is_open & today),
        Tab("done", pgettext_lazy("activities", "Done"), Q(status=Status.DONE)),
        Tab("all", pgettext_lazy("activities", "All")),
    )


class ActivityList(ListPage):
    """/activities/: what is to be done, the most urgent first."""

    model = Activity
    title = gettext_lazy("Activities")
    panel = True
    filterset_class = ActivityFilters
    main_filters = ("owner", "type")
    default_sort = "due"
    create_url = "activities:new"
    create_label = gettext_lazy("Activity")
    create_dialog = True
    nothing_yet = gettext_lazy("No activities yet")
    search_hint = gettext_lazy("Title, company, person, opportunity")
    nav_template = "activities/views.html"
    columns = (
        Column(
            "tick", pgettext_lazy("activity", "Done"), kind="icon", template="activities/tick_cell.html", export=False
        ),
        Column(
            "title",
            gettext_lazy("Activity and customer"),
            kind="link",
            sort="title",
            sub=showing.customer,
            phone="title",
        ),
        Column("type", gettext_lazy("Type"), sort=("type__position", "type__name"), width="m", wide=True),
        Column(
            "opportunity", gettext_lazy("Opportunity"), sort="opportunity__title", width="xl", wide=True,
            value=lambda record: record.opportunity.title if record.opportunity else "",
        ),
        Column("person", gettext_lazy("Person"), sort="person__sort_name", hidden=True, width="l"),
        Column("company", gettext_lazy("Company"), sort="company__sort_name", hidden=True, width="l"),
        Column(
            "due", pgettext_lazy("activity", "Due"), kind="date", sort="due_at", template="activities/due_cell.html",
            value="due_at", width="m", phone="right",
        ),
        Column("start", gettext_lazy("Start"), kind="moment", sort="start_at", value="start_at", hidden=True),
        Column(
            "priority", gettext_lazy("Priority"), kind="status", sort=("priority__position", "priority__name"),
            width="m", wide=True,
        ),
        Column(
            "status", gettext_lazy("Status"), kind="status", sort="status", value="get_status_display",
            colour=showing.colour, hidden=True, phone="right2",
        ),
        Column("owner", gettext_lazy("Responsible"), kind="owner", sort="owner__name"),
        Column("location", gettext_lazy("Place"), sort="location", hidden=True, width="l"),
        Column("result", gettext_lazy("Result"), hidden=True, width="xl"),
        Column("done", gettext_lazy("Done at"), kind="moment", sort="done_at", value="done_at", hidden=True),
        Column("created", gettext_lazy("Created"), kind="moment", sort="created_at", value="created_at", hidden=True),
    )  # fmt: skip

    def setup(self, request, *args, **kwargs):
        self.tabs = states()
        super().setup(request, *args, **kwargs)
        # What is over is looked for from its end.
        self.default_sort = {"done": "-done", "all": "-due"}.get(self.tab.key, "due")

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    def dressed(self, queryset):
        return queryset.for_display(self.request.user).order_by(*self.ordering())

    def extra(self):
        return {"area_views": area_views(self.request, "list")}


def area_views(request, current: str) -> list[dict]:
    """The tab row of the area's four pages."""
    waiting = Activity.objects.visible_to(request.user).open().count()
    pages = (
        ("list", gettext_lazy("List"), waiting),
        ("calendar", gettext_lazy("Calendar"), None),
        ("planning", gettext_lazy("Planning"), None),
        ("mine", gettext_lazy("My planning"), None),
    )
    return [
        {"label": label, "url": reverse(f"activities:{key}"), "count": count, "current": key == current}
        for key, label, count in pages
    ]


def overdue_count(request) -> int | None:
    """The number beside the door: one's own overdue activities."""
    return Activity.objects.visible_to(request.user).of(request.user).overdue().count() or None


def find_by_term(user, term: str):
    """For the search over everything: what comes next first."""
    return upcoming_first(Activity.objects.visible_to(user).search(user, term)).for_display(user)


def upcoming_first(queryset):
    """What is open and not over yet in its order, then the rest from the latest on."""
    ahead = Case(When(status=Status.OPEN, due_at__gte=timezone.now(), then=F("due_at")))
    return queryset.order_by(ahead.asc(nulls_last=True), "-due_at", "pk")


@require_safe
def pick(request):
    """Activities for a picker: ?q= are words of the title or of what they are about."""
    term = tidy(request.GET.get("q", ""), 200).strip()
    found = Activity.objects.visible_to(request.user).select_related("type")
    found = upcoming_first(found.search(request.user, term)) if term else found.none()
    return http.picks(found, hint=showing.when)
