"""The menu "Choose action" of an opportunity. Rooms above register their entries in AppConfig.ready()."""

from collections.abc import Callable

from crm.core.recordpage import Action

# The order is the specification's. A line is drawn between the tens.
CONVERT = 10
NEW_ACTIVITY, NEW_QUOTE, NEW_ORDER, NEW_INVOICE, APPLY_PLAN = 21, 22, 23, 24, 25
SUBSCRIBE = 30
WON, LOST = 40, 41
REOPEN, DELETE = 50, 51

_entries: list[tuple[int, Callable]] = []


def register(position: int, build: Callable) -> None:
    """An entry at `position`. `build(request, opportunity)` gives a recordpage.Action, or None for nobody to see."""
    _entries.append((position, build))


def of(request, opportunity) -> list[Action | None]:
    """The entries for this user and opportunity, with None for a line between groups."""
    menu, group = [], None
    for position, build in sorted(_entries, key=lambda entry: entry[0]):
        action = build(request, opportunity)
        if action is None:
            continue
        if group is not None and position // 10 != group:
            menu.append(None)
        group = position // 10
        menu.append(action)
    return menu
