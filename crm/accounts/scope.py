"""Who may see and do what: the only place that says so.

A role gives for each area and action one of the scopes none / own / team / all. Records have one owner; the scope
says whose records count. A record without an owner belongs to whoever may work in its area: it counts as own, so
that an unassigned inbox item is seen by all who may take it.

`owners()` is the one rule; a query (`visible_to`) and a single record (`allows`) both ask it.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Area(models.TextChoices):
    INBOX = "inbox", _("Inbox")
    OPPORTUNITIES = "opportunities", _("Opportunities")
    CONTACTS = "contacts", _("Contacts")
    SALES = "sales", _("Quotes and orders")
    INVOICES = "invoices", _("Invoices and payments")
    ACTIVITIES = "activities", _("Activities")
    SETTINGS = "settings", _("Sales settings")
    ADMINISTRATION = "administration", _("Administration")


class Action(models.TextChoices):
    VIEW = "view", _("View")
    CREATE = "create", pgettext_lazy("right", "Create")
    CHANGE = "change", _("Change")
    DELETE = "delete", _("Delete")
    EXPORT = "export", _("Export")


class Scope(models.TextChoices):
    NONE = "none", pgettext_lazy("scope", "None")
    OWN = "own", pgettext_lazy("scope", "Own")
    TEAM = "team", pgettext_lazy("scope", "Team")
    ALL = "all", pgettext_lazy("scope", "All")


EVERYONE = object()


def owners(user, area: str, action: str):
    """Whose records `user` may reach: EVERYONE, or a set of owner ids (None in it: unassigned; empty: none)."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    scope = user.scope(area, action)
    if scope == Scope.ALL:
        return EVERYONE
    if scope == Scope.TEAM:
        return user.colleague_ids | {None}
    if scope == Scope.OWN:
        return frozenset({user.pk, None})
    return frozenset()


def allows(user, action: str, record) -> bool:
    """May `user` do `action` with this record? The same answer as `visible_to`, without a query."""
    reach = owners(user, record.area, action)
    return reach is EVERYONE or record.owner_id in reach


class ScopedQuerySet(models.QuerySet):
    """The beginning of every query that a user causes. The model says its `area` and has an `owner`."""

    def visible_to(self, user, action: str = Action.VIEW):
        """The records with which `user` may do `action`; none for whoever is signed out or deactivated."""
        reach = owners(user, self.model.area, action)
        if reach is EVERYONE:
            return self
        if not reach:
            return self.none()
        return self.filter(Q(owner__in=reach - {None}) | Q(owner=None))


class SettingQuerySet(models.QuerySet):
    """Pick-lists: all who are signed in may read them; changing asks for the area of the settings."""

    def visible_to(self, user, action: str = Action.VIEW):
        if action == Action.VIEW:
            return self if user.is_authenticated and user.is_active else self.none()
        return self if user.scope(self.model.area, action) == Scope.ALL else self.none()
