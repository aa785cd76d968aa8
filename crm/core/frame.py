"""The frame around every page: doors, the menu "New", the search. Rooms register theirs in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# What the page of the search shows of each room.
HITS = 8


@dataclass(frozen=True)
class Door:
    """One entry of the sidebar.

    `count(request)` gives the number beside the name (one cheap query) or None; `bad` paints it red.
    `area` is the area of the role's matrix; who has no right to view it does not see the door. None: everyone.
    """

    key: str
    label: str
    icon: str
    url_name: str
    count: Callable | None = None
    bad: bool = False
    area: str | None = None
    group: str = "areas"


@dataclass(frozen=True)
class Quick:
    label: str
    icon: str
    url_name: str
    area: str
    dialog: bool = False


@dataclass(frozen=True)
class Searcher:
    """`find(user, term)` gives a scoped queryset (the page takes eight); `template` renders one `record`."""

    area: str
    label: str
    find: Callable
    template: str


def _later(key, label, icon, group="areas"):
    return Door(key, label, icon, f"later:{key}", group=group)


class Doors:
    """The sidebar, in the specification's order. A room takes its place by registering a door with the same key."""

    def __init__(self):
        self._doors = {
            door.key: door
            for door in (
                _later("dashboard", _("Dashboard"), "layout-dashboard"),
                _later("board", _("My board"), "layout-kanban"),
                _later("inbox", _("Inbox"), "inbox"),
                _later("opportunities", _("Opportunities"), "target-arrow"),
                _later("contacts", _("Contacts"), "address-book"),
                _later("settings", _("Settings"), "settings"),
                _later("activities", _("Activities"), "calendar-check"),
                _later("budget", _("Budget"), "coins"),
                _later("reporting", _("Reporting"), "chart-bar"),
                _later("servicetickets", _("Service tickets"), "lifebuoy"),
                _later("quotes", _("Quotes"), "file-text", "documents"),
                _later("orders", _("Orders"), "file-check", "documents"),
                _later("invoices", _("Invoices"), "file-invoice", "documents"),
                _later("products", _("Products"), "package", "documents"),
                _later("mail", pgettext_lazy("door", "E-mails"), "mail", "documents"),
            )
        }

    def register(self, door: Door) -> None:
        """Open a door; its place in the order is that of its key."""
        place = self._doors[door.key]
        self._doors[door.key] = replace(door, group=place.group)

    def __getitem__(self, key: str) -> Door:
        return self._doors[key]

    def __iter__(self):
        return iter(self._doors.values())

    def later(self):
        """The doors behind which nothing is built yet."""
        return [door for door in self if door.url_name.startswith("later:")]

    def seen_by(self, request) -> list[dict]:
        """The doors of this user, ready to be drawn: address, count, whether one stands in it."""
        path = request.path
        shown = []
        for door in self:
            if door.area and not request.user.may(door.area):
                continue
            url = reverse(door.url_name)
            shown.append(
                {
                    "door": door,
                    "url": url,
                    "current": path == url or path.startswith(fixed_path(door, url)),
                    "count": door.count(request) if door.count else None,
                }
            )
        return shown


def fixed_path(door: Door, url: str) -> str:
    """All pages below a door's first path segment belong to it: /contacts/ and /contacts/companies/7/."""
    return "/" + url.strip("/").split("/")[0] + "/"


@dataclass
class QuickCreate:
    entries: list[Quick] = field(default_factory=list)

    def register(self, label, icon: str, url_name: str, area: str, *, dialog: bool = False) -> None:
        """An entry of the menu "New", shown to those who may create in `area`."""
        self.entries.append(Quick(label, icon, url_name, area, dialog))

    def seen_by(self, user) -> list[dict]:
        return [
            {"entry": entry, "url": reverse(entry.url_name)} for entry in self.entries if user.may(entry.area, "create")
        ]


@dataclass
class Searchers:
    entries: list[Searcher] = field(default_factory=list)

    def register(self, area: str, label, find: Callable, template: str) -> None:
        """Let the search find records of a room."""
        self.entries.append(Searcher(area, label, find, template))

    def find(self, user, term: str) -> list[dict]:
        """The groups with hits, in the order of registration."""
        groups = []
        for searcher in self.entries:
            if not user.may(searcher.area):
                continue
            hits = list(searcher.find(user, term)[: HITS + 1])
            if hits:
                shown = {"hits": hits[:HITS], "more": len(hits) > HITS}
                groups.append({"label": searcher.label, "template": searcher.template, **shown})
        return groups


doors = Doors()
quick_create = QuickCreate()
searchers = Searchers()


def company_name() -> str:
    """Whose CRM it is. The room that keeps the name puts its own function here."""
    return settings.COMPANY_NAME


def _frame(request) -> dict:
    name, _space, rest = company_name().partition(" ")
    shown = doors.seen_by(request)
    return {
        "areas": [d for d in shown if d["door"].group == "areas"],
        "documents": [d for d in shown if d["door"].group == "documents"],
        "quick": quick_create.seen_by(request.user),
        "small": request.COOKIES.get("sidebar") == "small",
        "company": name,
        "company_rest": rest,
    }


def context(request) -> dict:
    """Context processor. Lazy: a part swapped by htmx draws no frame and pays for none."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {
        "frame": SimpleLazyObject(lambda: _frame(request)),
        # A record shown beside its list says so: its heading is then not the page's.
        "in_panel": request.headers.get("X-Panel") == "1",
    }
