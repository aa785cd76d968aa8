"""The pages under Settings. Rooms register theirs in AppConfig.ready(); an entry is shown to those who may use it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core import http

PERSONAL, SALES, SERVICE, ADMINISTRATION = "personal", "sales", "service", "administration"
GROUPS = {
    PERSONAL: _("Personal"),
    SALES: _("Sales"),
    SERVICE: _("Service"),
    ADMINISTRATION: _("Administration"),
}


@dataclass(frozen=True)
class Page:
    group: str
    label: str
    url_name: str
    area: str | None
    action: str
    position: int
    help: str
    also: tuple = ()


_pages: list[Page] = []
_patterns: list = []


def register(
    group: str,
    label,
    url_name: str,
    area: str | None = None,
    action: str = "view",
    *,
    position: int = 100,
    help="",
    also: tuple = (),
) -> None:
    """An entry of the settings' navigation.

    `group`: PERSONAL, SALES, SERVICE or ADMINISTRATION. It is shown to those who may do `action` in `area` (None: to
    everyone). `help` is one sentence for the overview. `also`: names of further addresses that belong to the entry.
    The page itself still has to ask for the right.
    """
    if group not in GROUPS:
        raise ValueError(f"{group!r} is no group of the settings: {', '.join(GROUPS)}.")
    _pages.append(Page(group, label, url_name, area, action, position, help, also))


def add_urls(patterns: list) -> None:
    """Addresses below /settings/, in the namespace "settings"; to be called in AppConfig.ready()."""
    _patterns.extend(patterns)


def urls() -> list:
    """All addresses that rooms have added."""
    return list(_patterns)


def seen_by(request) -> list[dict]:
    """The navigation for this user: groups with their entries, ready to be drawn."""
    groups = []
    for key, title in GROUPS.items():
        entries = []
        for page in sorted(_pages, key=lambda p: p.position):
            if page.group != key or (page.area and not request.user.may(page.area, page.action)):
                continue
            urls = [reverse(name) for name in (page.url_name, *page.also)]
            here = any(request.path.startswith(url) for url in urls)
            entries.append({"label": page.label, "help": page.help, "url": urls[0], "current": here})
        if entries:
            groups.append({"title": title, "entries": entries})
    return groups


def page(request, template: str, context: dict | None = None, *, status: int = 200):
    """A settings page: like crm.core.http.page, inside the settings' navigation.

    A room writes only the part "room/_thing.html"; `title` in the context is the page's title.
    """
    return http.page(request, template, context, status=status, frame="setup/base.html")
