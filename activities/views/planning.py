"""The Gantt chart: all that one may see, or one's own; by opportunity, person or type."""

import datetime

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from activities import chart
from activities.browse import PlanFilters, area_views
from activities.models import Activity, Status
from crm.accounts.scope import Action
from crm.core import http, show
from crm.core.forms import believable
from crm.core.listing import ListPage
from crm.setup.models import working_days

# Rows that come at once, and the most that a refreshed chart brings again.
ROWS, MOST = 80, 2_000


class Planning(ListPage):
    """/activities/planning/. What is shown is in the address: day, zoom, grouping, filters, search.

    Only the window in sight is loaded, and of that the first rows; further ones come as one scrolls.
    """

    model = Activity
    title = gettext_lazy("Activities")
    template = "activities/planning.html"
    filterset_class = PlanFilters
    main_filters = ("owner", "type")
    search_hint = gettext_lazy("Title, company, person, opportunity")
    current = "planning"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.zoom = chart.ZOOMS.get(self.query.get("zoom"), chart.ZOOMS["week"])
        self.grouping = self.query.get("group", "")
        if self.grouping not in chart.GROUPINGS:
            self.grouping = "opportunity"
        self.axis = chart.Axis(self._first_day(), self.zoom, working_days())

    def _first_day(self) -> datetime.date:
        """The day of ?from=; else this week, with the week before it where weeks are shown."""
        try:
            day = datetime.date.fromisoformat(self.query.get("from", "")[:10])
            believable(day)
            # Room for what the widest zoom shows.
            return min(day, datetime.date(2200, 1, 1))
        except (ValueError, ValidationError):
            back = {"day": 0, "week": 7, "month": 28}[self.zoom.key]
            return timezone.localdate() - datetime.timedelta(days=back)

    def base(self, action="view"):
        """What is planned or done; what was cancelled is in nobody's way."""
        return super().base(action).exclude(status=Status.CANCELLED)

    def search(self, queryset, term):
        return queryset.search(self.request.user, term)

    # ── the answer ──────────────────────────────────────────────────────────────────────────────────
    def get(self, request, *args, **kwargs):
        """The page, its part, or with ?skip= the next rows alone."""
        if request.user.may(self.model.area) and "skip" in request.GET:
            return http.page(request, "activities/chart_rows.html", self.rows() | {"title": self.title})
        return super().get(request, *args, **kwargs)

    def rows(self) -> dict:
        """The rows from ?skip= on, as many as ?rows= says (what was in sight before a change)."""
        user = self.request.user
        skip = min(http.number(self.query.get("skip", "")) or 0, 100_000)
        limit = min(max(http.number(self.query.get("rows", "")) or ROWS, ROWS), MOST)
        found = self.narrowed(self.base()).for_display(user)
        activities, more = chart.rows(found, self.grouping, self.axis, skip=skip, limit=limit)
        groups = chart.groups(activities, self.grouping, self.axis, user, previous=self.query.get("previous"))
        more_url = ""
        if more:
            last = groups[-1].key
            more_url = self._with(skip=str(skip + limit), previous="" if last is None else str(last), rows=None)
        return {
            "groups": groups,
            "axis": self.axis,
            "more_url": more_url,
            "skip": skip,
            "loaded": skip + len(activities),
            "grouping": self.grouping,
        }

    def _with(self, **changes) -> str:
        """This page with something changed; what only belongs to the loading of rows is left behind."""
        return self.address(**({"skip": None, "rows": None, "previous": None} | changes))

    def context(self):
        rows = self.rows()
        main, more, chips = self.filters()
        keys = [key for entry in main + more for key in entry["keys"]]
        step = datetime.timedelta(days=self.zoom.step)
        narrowed = self.narrowed(self.base()).between(self.axis.start, self.axis.end)
        may_create = self.request.user.may(self.model.area, Action.CREATE)
        return rows | {
            "view": self,
            "title": self.title,
            "area_views": area_views(self.request, self.current),
            "total": narrowed.count(),
            "group_total": narrowed.order_by().values(self.grouping).distinct().count(),
            "zone": str(timezone.get_current_timezone()),
            "range": show.days(self.axis.first, self.axis.last),
            "earlier": self._with(**{"from": (self.axis.first - step).isoformat()}),
            "later": self._with(**{"from": (self.axis.first + step).isoformat()}),
            "today": self._with(**{"from": None}),
            "zooms": [
                {"label": zoom.label, "url": self._with(zoom=zoom.key), "current": zoom == self.zoom}
                for zoom in chart.ZOOMS.values()
            ],
            "groupings": [
                {"label": label, "url": self._with(group=key), "current": key == self.grouping}
                for key, label in chart.GROUPINGS.items()
            ],
            "grouping_label": chart.GROUPINGS[self.grouping],
            "main_filters": main,
            "more_filters": more,
            "more_on": any(entry["on"] for entry in more),
            "chips": chips,
            "term": self.term,
            "reset_url": self._with(q=None, **dict.fromkeys(keys)),
            "narrowed": bool(chips or self.term),
            "kept": self._kept("skip", "rows", "previous"),
            "kept_plain": self._kept("q", "skip", "rows", "previous", *keys),
            "create": reverse("activities:new") if may_create else None,
            "self_url": self._with(),
        }


class MyPlanning(Planning):
    """/activities/planning/mine/: the same for oneself."""

    main_filters = ("type",)
    current = "mine"

    def base(self, action="view"):
        return super().base(action).of(self.request.user)
