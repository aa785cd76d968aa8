"""The timeline of a record out of its history: who changed what when, in words.

    page = timeline.of(company, user=request.user)
    {% timeline page.entries %}   and, while page.more is not None, the next page with before=page.more

History holds whole rows; what changed is the difference to the row before. Names of related records are looked up
once for each model, and only those that the viewer may see are said.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django_countries.fields import Country

from crm.core import show
from crm.core.recordpage import Entry

PAGE = 50
# Bookkeeping of the system, which would only repeat what the entry itself says.
QUIET = frozenset({"id", "updated_at", "created_at", "import_run", "fingerprint"})
LONG = 80


@dataclass(frozen=True)
class Page:
    """`entries` newest first; `more` is the moment before which the next page begins, None at the end."""

    entries: list[Entry]
    more: datetime.datetime | None


@dataclass(frozen=True)
class Link:
    """Tags, files and the like: the event model of a many-to-many table, and the words for made and removed.

    `words` take %(who)s and %(what)s. `where` are the filters that find the record's rows, `to` the field that names
    the other side.
    """

    events: type[models.Model]
    where: dict
    to: str
    made: Callable[[], str]
    removed: Callable[[], str]
    icon: str = "tag"


_sources: list[tuple[type[models.Model], Callable]] = []


def register(model: type[models.Model], source: Callable) -> None:
    """Let a room further up tell of its own records in the timeline of a record of `model`.

    `source(record, user=…, before=…, limit=…)` gives entries, newest first: those before `before` (None: all), about
    `limit` of them.
    """
    _sources.append((model, source))


def of(
    record,
    *,
    user,
    before: datetime.datetime | None = None,
    limit: int = PAGE,
    skip: Iterable[str] = (),
    links: Iterable[Link] = (),
    extra: Iterable[Entry] = (),
) -> Page:
    """The latest `limit` entries before `before`.

    `skip` are fields not to be told (the room says it better itself); `links` histories of many-to-many tables;
    `extra` further entries of the room, merged by time. What the viewer `user` may not see is not named.
    """
    words = _Words(user)
    events, older = _latest(record.events.all(), before, limit)
    floors = [events[-1].pgh_created_at] if older else []
    drafts = []
    for link in links:
        rows, more = _latest(link.events.objects.filter(**link.where), before, limit)
        floors += [rows[-1].pgh_created_at] if more else []
        drafts += [_link_draft(link, row, words) for row in rows]
    # Links are made after the record they hang on: of one moment they stand above it.
    drafts += _changes(record, events, older, QUIET | set(skip), words)
    words.look_up()
    entries = [draft() for draft in drafts]
    told = [source for model, source in _sources if isinstance(record, model)]
    extra = [*extra, *(entry for source in told for entry in source(record, user=user, before=before, limit=limit))]
    entries += [entry for entry in extra if before is None or entry.at < before]
    entries = sorted((e for e in entries if e is not None), key=lambda e: e.at, reverse=True)
    if len(entries) > limit:
        floors.append(entries[limit - 1].at)
    if not floors:
        return Page(entries, None)
    # Down to here every source is complete; what is older comes with the next page.
    end = max(floors)
    return Page([entry for entry in entries if entry.at >= end], end)


def _latest(events, before, limit: int) -> tuple[list, models.Model | None]:
    """The latest events before that moment, about `limit` of them, and the one that comes next (None at the end).

    What happened in one transaction bears one moment: it stays together, or the next page would miss some of it.
    """
    if before is not None:
        events = events.filter(pgh_created_at__lt=before)
    events = events.order_by("-pgh_created_at", "-pgh_id")
    edge = models.Subquery(events.values("pgh_created_at")[limit : limit + 1])
    beyond = events.filter(pgh_created_at__lt=edge).values("pgh_id")[:1]
    ages = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    rows = list(
        events.filter(models.Q(pgh_created_at__gte=Coalesce(edge, models.Value(ages))) | models.Q(pgh_id=beyond))
    )
    if len(rows) <= limit:
        return rows, None
    edge = rows[limit].pgh_created_at
    # Where more of one moment is there than fits on a page, all of that moment.
    shown = [row for row in rows if row.pgh_created_at > edge] or [row for row in rows if row.pgh_created_at == edge]
    return shown, rows[len(shown)] if len(rows) > len(shown) else None


class _Words:
    """Values in words. Ids are collected first and looked up once for each model."""

    def __init__(self, user):
        self.viewer = user
        self.wanted: dict[type, set] = defaultdict(set)
        self.names: dict[tuple, str] = {}

    def want(self, model, key) -> None:
        if key is not None:
            self.wanted[model].add(key)

    def look_up(self) -> None:
        for model, keys in self.wanted.items():
            found = model._default_manager.all()
            # Users are named to everyone, as they are beside each record; what has a scope keeps to it.
            if model is not get_user_model() and hasattr(found, "visible_to"):
                found = found.visible_to(self.viewer)
            for record in found.filter(pk__in=keys):
                self.names[model, record.pk] = str(record)

    def name(self, model, key) -> str:
        return show.NONE if key is None else self.names.get((model, key), show.NONE)

    def actor(self, context: dict) -> str:
        key = context.get("user")
        if key is None:
            return _("The system")
        return self.names.get((get_user_model(), key), _("A former user"))

    def value(self, field, value) -> str:
        """A value of a model field as people read it."""
        if field.is_relation:
            return self.name(field.related_model, value)
        if value is None or value == "":
            return show.NONE
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, Country):
            return str(value.name or value.code)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime.datetime):
            return show.exact(value)
        if isinstance(value, datetime.date):
            return date_format(value, "DATE_FORMAT")
        if isinstance(field, models.DecimalField):
            return show.money(value) if field.decimal_places == 2 else show.number(value, field.decimal_places)
        return Truncator(str(value)).chars(LONG)


def _changes(record, events, before_them, skip, words) -> list[Callable]:
    """One draft for each event; a draft gives its Entry when called. `before_them`: the event before all of them."""
    kept = {f.name for f in record.events.model._meta.fields}
    fields = [f for f in record._meta.concrete_fields if f.name in kept and f.name not in skip]
    drafts = []
    for event, older in zip(events, [*events[1:], before_them], strict=False):
        context = event.pgh_context or {}
        words.want(get_user_model(), context.get("user"))
        changed = []
        if event.pgh_label == "update" and older is not None:
            changed = [f for f in fields if getattr(event, f.attname) != getattr(older, f.attname)]
            for field in (f for f in changed if f.is_relation):
                for row in (event, older):
                    words.want(field.related_model, getattr(row, field.attname))
        drafts.append(_draft(event, older, changed, context, words))
    return drafts


def _draft(event, older, changed, context, words) -> Callable:
    def entry():
        who = on_behalf(words.actor(context), context)
        if event.pgh_label == "insert":
            imported = context.get("via") == "import"
            text = _("%(who)s imported this") if imported else _("%(who)s created this")
            return Entry(event.pgh_created_at, _sentence(text, who), "file-import" if imported else "plus")
        if event.pgh_label == "delete":
            return Entry(event.pgh_created_at, _sentence(_("%(who)s deleted this"), who), "trash")
        if not changed:
            return None
        parts = [_part(field, event, older, words) for field in changed]
        lines = format_html_join("; ", "{}", ((part,) for part in parts))
        text = _sentence(_("%(who)s changed %(what)s"), who, lines)
        icon = "user" if {f.name for f in changed} == {"owner"} else "pencil"
        return Entry(event.pgh_created_at, text, icon)

    return entry


def _part(field, event, older, words):
    """ "City: Ulm → Backnang"; of long texts only that they changed."""
    label = str(field.verbose_name)
    if isinstance(field, models.TextField | models.JSONField):
        return label
    old = words.value(field, getattr(older, field.attname))
    new = words.value(field, getattr(event, field.attname))
    return format_html("{}: {} → {}", label, old, new)


def _link_draft(link, row, words) -> Callable:
    field = row._meta.get_field(link.to)
    key = getattr(row, field.attname)
    context = row.pgh_context or {}
    words.want(field.related_model, key)
    words.want(get_user_model(), context.get("user"))

    def entry():
        text = link.made() if row.pgh_label == "insert" else link.removed()
        what = words.name(field.related_model, key)
        return Entry(row.pgh_created_at, _sentence(text, words.actor(context), what), link.icon)

    return entry


def on_behalf(who: str, context: dict) -> str:
    """Whoever brought a file has not done by hand what stands in it."""
    return _("%(who)s (import)") % {"who": who} if context.get("via") == "import" else who


def _sentence(text: str, who: str, what="") -> str:
    """A translated sentence with %(who)s in bold and %(what)s, as safe HTML whatever the values hold."""
    text = text.replace("%(who)s", "{who}").replace("%(what)s", "{what}")
    return format_html(text, who=format_html("<b>{}</b>", who), what=what)
