"""The tabs of an opportunity's page. Rooms above register theirs in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tab:
    """One tab. `render(request, opportunity)` gives its content as safe HTML; it scopes what it shows.

    `count(request, opportunity)` gives the number beside the label (one cheap query) or None. `area`: who has no
    right to view it does not see the tab.
    """

    key: str
    label: str
    render: Callable
    count: Callable | None = None
    area: str | None = None
    position: int = 100


_tabs: list[Tab] = []
# What stands at the top of the overview: functions of request and opportunity that give safe HTML, or "".
_parts: list[Callable] = []


def register(tab: Tab) -> None:
    """Add a tab; its place is its `position` (Overview 10, E-mails 70, Files 80, History 90)."""
    _tabs.append(tab)


def seen_by(request) -> list[Tab]:
    """The tabs this user may open, in order."""
    return sorted((t for t in _tabs if t.area is None or request.user.may(t.area)), key=lambda t: t.position)


def register_part(render: Callable) -> None:
    """Add a part to the top of the overview; it scopes what it shows."""
    _parts.append(render)


def parts(request, opportunity) -> list[str]:
    return [html for render in _parts if (html := render(request, opportunity))]
