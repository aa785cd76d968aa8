"""Tabs of company and person pages that rooms further up bring along, from AppConfig.ready().

    contacts.tabs.companies.register("inbox", _("Inbox"), "inbox:of-company", area="inbox")

The tab's content is fetched from `url_name` (with the record's id as its one argument) when the tab is opened: the
room that owns it also checks who may see what.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.urls import reverse


@dataclass(frozen=True)
class RecordTab:
    key: str
    label: str
    url_name: str
    area: str
    count: Callable | None = None

    def url(self, record) -> str:
        return reverse(self.url_name, args=[record.pk])


@dataclass
class Tabs:
    entries: list[RecordTab] = field(default_factory=list)

    def register(self, key: str, label, url_name: str, *, area: str, count: Callable | None = None) -> None:
        """Add a tab, shown to those who may view `area`. `count(user, record)` gives its number (one cheap query)."""
        self.entries.append(RecordTab(key, label, url_name, area, count))

    def seen_by(self, user) -> list[RecordTab]:
        return [tab for tab in self.entries if user.may(tab.area)]


companies = Tabs()
persons = Tabs()
