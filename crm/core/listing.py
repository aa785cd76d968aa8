"""The one shape of every list: tabs with counts, search, filters, sorting, pages, selection, panel, export.

A room declares what it shows; everything it can be told is in the address, and nothing in the address can break it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from inspect import ismethod

import django_filters
from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, F, Q
from django.http import QueryDict
from django.template.loader import get_template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views import View

from crm.core import export, http, show
from crm.core.forms import DateInput, NumberField, NumberText, PlainForm, believable, tidy
from crm.core.templatetags.crm import dot, face, mark

PAGE_SIZE = 50
NUMERIC = {"money", "number", "percent"}
RIGHT = NUMERIC | {"date", "moment"}
WIDTHS = {
    "money": "m",
    "number": "s",
    "percent": "s",
    "date": "m",
    "moment": "m",
    "status": "m",
    "owner": "face",
    "tags": "l",
}


@dataclass(frozen=True)
class Column:
    """One column.

    `value`: a dotted path on the record ("company.name") or a callable(record); `key` unless said. `sort`: the ORM
    path(s) to sort by. `sub`: a second, quieter line below (path or callable). `template` draws the cell itself with
    `record`. `colour`: for kind "status", path or callable giving the dot's colour. `phone`: its place in the two-line
    row. `hidden`: shown only when chosen. `wide`: dropped while the panel leaves no room. `width`: s, m, l, xl.
    Kinds: text, link, money, date, moment, percent, number, status, owner, tags, icon.
    """

    key: str
    label: str
    sort: str | tuple | None = None
    kind: str = "text"
    value: Callable | str | None = None
    sub: Callable | str | None = None
    template: str | None = None
    colour: Callable | str | None = None
    phone: str | None = None
    hidden: bool = False
    wide: bool = False
    width: str | None = None
    export: bool = True

    def of(self, record):
        """The plain value, as the export has it."""
        return pick(record, self.value or self.key)


@dataclass(frozen=True)
class Tab:
    key: str
    label: str
    where: Q = field(default_factory=Q)


@dataclass(frozen=True)
class BulkAction:
    """Something done with all selected records; `action` is the right it needs in the list's area."""

    key: str
    label: str
    icon: str
    url_name: str
    action: str = "change"


class Filters(django_filters.FilterSet):
    """The base of a room's filters: fields with the house's inputs, and their bounds."""

    def get_form_class(self):
        fields = {name: _bounded(item.field) for name, item in self.filters.items()}
        return type(f"{type(self).__name__}Form", (PlainForm,), fields)


def _bounded(field: forms.Field) -> forms.Field:
    """From–to fields get the house's inputs as well, and the bounds that keep their values computable."""
    if isinstance(field, django_filters.fields.DateRangeField):
        field.widget.widgets = [DateInput(), DateInput()]
        for end in field.fields:
            end.validators = [*end.validators, believable]
    elif isinstance(field, django_filters.fields.RangeField) and hasattr(field.widget, "widgets"):
        field.fields = tuple(NumberField(required=False, widget=NumberText()) for _end in field.fields)
        field.widget.widgets = [NumberText(), NumberText()]
    return field


def pick(record, path):
    """The value at a dotted path, or of a callable; None where the path breaks off."""
    if callable(path):
        return path(record)
    for name in path.split("."):
        record = getattr(record, name, None)
        if record is None:
            return None
        if ismethod(record) or isinstance(record, partial):  # get_…_display is a partial
            record = record()
    return record


def clean_query(query: QueryDict) -> QueryDict:
    """The address' parameters without control characters, none longer than 200 characters, at most 40 of them."""
    clean = QueryDict(mutable=True)
    for key, values in list(query.lists())[:40]:
        clean.setlist(tidy(key, 60), [tidy(v, 200) for v in values[:100]])
    return clean


class ListPage(View):
    """A list of records of `model` that the user may see. Rooms set the attributes and override what they must."""

    http_method_names = ("get", "head", "options")
    model = None
    area: str | None = None
    title = ""
    template = "components/list.html"
    columns: tuple[Column, ...] = ()
    tabs: tuple[Tab, ...] = ()
    filterset_class = None
    main_filters: tuple[str, ...] = ()
    default_sort = "-pk"
    select_related: tuple[str, ...] = ()
    prefetch_related: tuple = ()
    panel = False
    create_url: str | None = None
    create_label = ""
    create_dialog = False
    # Where a file with such records is imported; shown to those who may create them.
    import_url = ""
    bulk_actions: tuple[BulkAction, ...] = ()
    search_hint = ""
    # Further templates in the head's tools and at the left of the bar, for a switch between views and the like.
    head_template: str | None = None
    bar_template: str | None = None
    # Where an area has several pages, their tabs stand in the place of the list's own, which move into the bar.
    nav_template: str | None = None
    nothing_yet = ""

    # ── what a room may override ────────────────────────────────────────────────────────────────────
    def record_url(self, record) -> str:
        """The record's own page; with `panel` its part is shown beside the list."""
        return record.get_absolute_url()

    def search(self, queryset, term: str):
        """The records that `term` finds."""
        return queryset

    def figures(self, queryset):
        """One line at the right of the head about the filtered records: text or safe HTML; one query at most."""
        return ""

    def strip(self):
        """A line above the table (new entries have arrived): {"text", "url"} or None."""
        return None

    def extra(self) -> dict:
        """More context for a room's own template."""
        return {}

    # ── the address ─────────────────────────────────────────────────────────────────────────────────
    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.query = clean_query(request.GET)
        self.term = self.query.get("q", "").strip()
        self.tab = next((t for t in self.tabs if t.key == self.query.get("tab")), self.tabs[0] if self.tabs else None)

    def address(self, **changes) -> str:
        """This list with some parameters changed; None removes one. Leads to page 1 unless `page` is given."""
        query = self.query.copy()
        for gone in ("page", "export", "open"):
            query.pop(gone, None)
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
            elif isinstance(value, list):
                query.setlist(key, value)
            else:
                query[key] = value
        for key in [k for k in query if query.getlist(k) == [""]]:
            del query[key]
        text = query.urlencode()
        return f"{self.request.path}?{text}" if text else self.request.path

    # ── the records ─────────────────────────────────────────────────────────────────────────────────
    def base(self, action: str = "view"):
        """Where every query of this list begins."""
        return self.model.objects.visible_to(self.request.user, action)

    @cached_property
    def filterset(self):
        if self.filterset_class is None:
            return None
        return self.filterset_class(data=self.query, queryset=self.base(), request=self.request)

    def narrowed(self, queryset):
        """Filters and search applied, but not the tab. Values that make no sense are left out."""
        if self.filterset is not None:
            self.filterset.form.is_valid()
            queryset = self.filterset.filter_queryset(queryset)
        if self.term:
            queryset = self.search(queryset, self.term)
        if queryset.query.distinct:
            # A join may double rows; counting and sorting want each once.
            queryset = self.model.objects.filter(pk__in=queryset.order_by().values("pk"))
        return queryset

    def chosen(self, action: str = "view"):
        """The records of the list as it stands: rights, filters, search and tab."""
        queryset = self.narrowed(self.base(action))
        return queryset.filter(self.tab.where) if self.tab else queryset

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many records each tab has; one query for all of them."""
        queryset = self.narrowed(self.base()).order_by()
        if not self.tabs:
            return {"": queryset.count()}
        return queryset.aggregate(**{tab.key: Count("pk", filter=tab.where) for tab in self.tabs})

    @property
    def total(self) -> int:
        return self.counts[self.tab.key if self.tab else ""]

    # ── sorting ─────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def sort(self) -> str:
        wish = self.query.get("sort", "")
        return wish if any(c.sort and c.key == wish.removeprefix("-") for c in self.columns) else self.default_sort

    def ordering(self) -> list:
        """The ORM ordering; the key of the table breaks ties, so that pages never show a record twice."""
        falling, key = self.sort.startswith("-"), self.sort.removeprefix("-")
        column = next((c for c in self.columns if c.key == key and c.sort), None)
        paths = (column.sort,) if column and isinstance(column.sort, str) else column.sort if column else (key,)
        order = [self._by(path, falling) for path in paths]
        return [*order, "-pk" if falling else "pk"]

    def _by(self, path: str, falling: bool):
        falling ^= path.startswith("-")
        path = path.removeprefix("-")
        # What has no value comes last either way; said only where it can happen, so that an index can be used.
        if not self._nullable(path):
            return f"-{path}" if falling else path
        return F(path).desc(nulls_last=True) if falling else F(path).asc(nulls_last=True)

    def _nullable(self, path: str) -> bool:
        model = self.model
        for name in path.split("__"):
            if model is None or name == "pk":
                return False
            try:
                found = model._meta.get_field(name)
            except FieldDoesNotExist:
                return True
            if getattr(found, "null", False):
                return True
            model = found.related_model
        return False

    # ── pages ───────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def pages(self) -> int:
        return max(1, math.ceil(self.total / PAGE_SIZE))

    @cached_property
    def page(self) -> int:
        return min(max(1, http.number(self.query.get("page", "")) or 1), self.pages)

    def records(self) -> list:
        start = (self.page - 1) * PAGE_SIZE
        return list(self.dressed(self.chosen())[start : start + PAGE_SIZE])

    def dressed(self, queryset):
        """Sorted, with what the cells need."""
        return (
            queryset.select_related(*self.select_related)
            .prefetch_related(*self.prefetch_related)
            .order_by(*self.ordering())
        )

    # ── columns, rows ───────────────────────────────────────────────────────────────────────────────
    @cached_property
    def shown(self) -> list[Column]:
        wish = self.query.getlist("col")
        chosen = [c for c in self.columns if c.key in wish]
        return chosen or [c for c in self.columns if not c.hidden]

    def heads(self) -> list[dict]:
        key, falling = self.sort.removeprefix("-"), self.sort.startswith("-")
        heads = []
        for column in self.shown:
            now = column.sort and column.key == key
            # Dates, amounts and counts are first wanted with the greatest on top.
            first_falling = column.kind in RIGHT
            turned = not falling if now else first_falling
            heads.append(
                {
                    "column": column,
                    "url": self.address(sort=f"-{column.key}" if turned else column.key) if column.sort else None,
                    "sorted": ("descending" if falling else "ascending") if now else None,
                    "css": self._css(column),
                    "col": self._col(column),
                }
            )
        return heads

    def _css(self, column: Column) -> str:
        parts = [f"cell-{column.kind}"]
        if column.kind in RIGHT:
            parts.append("cell-right")
        if column.wide:
            parts.append("cell-wide")
        if column.kind == "icon":
            parts.append("cell-mark")
        if column.phone:
            parts.append(f"phone-{column.phone}")
        return " ".join(parts)

    def _col(self, column: Column) -> str:
        width = column.width or ("icon" if column.kind == "icon" else WIDTHS.get(column.kind))
        return " ".join(filter(None, [f"col-{width}" if width else "", "col-wide" if column.wide else ""]))

    def rows(self, records) -> list[dict]:
        """The rows ready to be drawn: address, cells, place in the list."""
        opened = self.query.get("open", "")
        # What is the same in every row is made once: a list is the page that is opened most.
        columns = [(c, self._css(c), i == self.link_column) for i, c in enumerate(self.shown)]
        place_of = _("%(place)s of %(total)s") % {"place": "{}", "total": show.number(self.total)}
        rows = []
        for place, record in enumerate(records, (self.page - 1) * PAGE_SIZE + 1):
            url = self.record_url(record)
            key = str(record.pk)
            rows.append(
                {
                    "id": key,
                    "url": url,
                    "record": record,
                    "open": self.panel and key == opened,
                    "place": place_of.format(show.number(place)),
                    "cells": [
                        {"css": css, "html": self.cell(column, record, url, first=first)}
                        for column, css, first in columns
                    ],
                }
            )
        return rows

    @cached_property
    def link_column(self) -> int:
        """The column whose text is the row's link."""
        kinds = [c.kind for c in self.shown]
        if "link" in kinds:
            return kinds.index("link")
        return next((i for i, c in enumerate(self.shown) if c.kind == "text"), 0)

    def cell(self, column: Column, record, url: str, *, first: bool):
        """One cell as HTML."""
        if column.template:
            html = mark_safe(get_template(column.template).render({"record": record, "url": url}, self.request))  # noqa: S308
        else:
            html = self._plain(column, record)
        if not first:
            return html
        label = html or "–"
        sub = pick(record, column.sub) if column.sub else None
        return format_html(
            '<a class="row-link row-title" href="{}" title="{}">{}</a>{}',
            url,
            column.of(record) if not column.template else "",
            label,
            format_html('<span class="row-sub" title="{}">{}</span>', sub, sub) if sub else "",
        )

    def _plain(self, column: Column, record):
        value = column.of(record)
        kind = column.kind
        if kind == "owner":
            return face(value, me=self.request.user)
        if kind == "tags":
            tags = list(value.all()) if hasattr(value, "all") else list(value or ())
            return format_html("{}{}", *_marks(tags))
        if value is None or value == "":
            return ""
        if kind == "status":
            return dot(value, pick(record, column.colour) if column.colour else getattr(value, "colour", "grey"))
        if kind == "money":
            return show.money(value)
        if kind == "percent":
            return show.percent(value)
        if kind == "number":
            return show.number(value)
        if kind == "date":
            return show.day(value)
        if kind == "moment":
            return show.time_tag(value)
        text = str(value)
        if kind == "text" and column.sub:
            return text
        return format_html('<span title="{}">{}</span>', text, text) if len(text) > 18 and kind == "text" else text

    # ── filters ─────────────────────────────────────────────────────────────────────────────────────
    def filters(self) -> tuple[list[dict], list[dict], list[dict]]:
        """The visible dropdowns, the others (behind "+ Filter"), and the chips of those that are set."""
        if self.filterset is None:
            return [], [], []
        form = self.filterset.form
        names = list(form.fields)
        main = [n for n in (self.main_filters or names[:3]) if n in names]
        fields = {name: self._filter(form[name]) for name in names}
        chips = [chip for name in names for chip in fields[name]["chips"]]
        return [fields[n] for n in main], [fields[n] for n in names if n not in main], chips

    def _filter(self, bound) -> dict:
        """One filter: its options (a menu) or its input, and the chips of what is set."""
        name, form_field = bound.name, bound.field
        widget = form_field.widget
        keys = [name] if not hasattr(widget, "suffixes") else [f"{name}_{s}" for s in widget.suffixes]
        given = [v for k in keys for v in self.query.getlist(k) if v != ""]
        invalid = name in bound.form.errors
        many = isinstance(widget, forms.SelectMultiple)
        options = []
        if hasattr(form_field, "choices") and not getattr(widget, "url", None):
            for value, label in form_field.choices:
                if isinstance(label, list | tuple):
                    continue
                text = str(value) if not isinstance(value, Promise) else ""
                if text:
                    options.append({"value": text, "label": label, "on": text in given})
        chips = []
        if given and not invalid:
            if options:
                for option in (o for o in options if o["on"]):
                    rest = [v for v in self.query.getlist(name) if v != option["value"]]
                    chips.append({"label": bound.label, "text": option["label"], "url": self.address(**{name: rest})})
            else:
                chips.append(
                    {
                        "label": bound.label,
                        "text": self._said(bound),
                        "url": self.address(**dict.fromkeys(keys)),
                    }
                )
        return {
            "field": bound,
            "label": bound.label,
            "options": options,
            "many": many,
            "on": bool(chips),
            "chips": chips,
            "keys": keys,
        }

    def _said(self, bound) -> str:
        """What an input filter is set to, in words."""
        value = bound.form.cleaned_data.get(bound.name)
        if isinstance(value, slice):
            ends = [(_("from %s"), value.start), (_("to %s"), value.stop)]
            return " ".join(text % _word(end) for text, end in ends if end is not None)
        if hasattr(value, "__iter__") and not isinstance(value, str):
            return ", ".join(str(v) for v in value)
        return _word(value)

    # ── the answer ──────────────────────────────────────────────────────────────────────────────────
    def get(self, request, *args, **kwargs):
        """The page, its part, or the export."""
        area = self.area or self.model.area
        if not request.user.may(area, "view"):
            return http.page(request, "components/no_right.html", {"title": self.title}, status=404)
        form = self.query.get("export")
        if form in export.FORMS:
            return self.export(form)
        return http.page(request, self.template, self.context())

    def export(self, form: str):
        """Exactly what is filtered, in the list's order, of the records this user may export."""
        http.require(self.may_export)
        columns = [c for c in self.columns if c.export and c.kind != "icon"]
        queryset = self.dressed(self.chosen("export").filter(pk__in=self.base().values("pk")))
        return export.answer(form, str(self.title), columns, queryset)

    @cached_property
    def may_export(self) -> bool:
        return self.request.user.may(self.area or self.model.area, "export")

    def context(self) -> dict:
        """All that the list's template needs."""
        user, area = self.request.user, self.area or self.model.area
        records = self.records()
        main, more, chips = self.filters()
        may_create = self.create_url and user.may(area, "create")
        start = (self.page - 1) * PAGE_SIZE
        opened = self.query.get("open", "")
        return {
            "view": self,
            "title": self.title,
            "rows": self.rows(records),
            "heads": self.heads(),
            "two_line": any(c.sub for c in self.shown),
            "tabs": [
                {"tab": t, "url": self.address(tab=t.key if t != self.tabs[0] else None), "count": self.counts[t.key]}
                for t in self.tabs
            ],
            "tab": self.tab,
            "total": self.total,
            "first": start + 1,
            "last": start + len(records),
            "previous": self.address(page=str(self.page - 1)) if self.page > 1 else None,
            "next": self.address(page=str(self.page + 1)) if self.page < self.pages else None,
            "main_filters": main,
            "more_filters": more,
            "more_on": any(f["on"] for f in more),
            "chips": chips,
            "term": self.term,
            "reset_url": self.address(q=None, **{k: None for f in main + more for k in f["keys"]}),
            "narrowed": bool(chips or self.term),
            "kept": self._kept(),
            "kept_plain": self._kept("q", *(k for f in main + more for k in f["keys"])),
            "columns_menu": [{"column": c, "on": c in self.shown} for c in self.columns if c.kind != "icon"],
            "export_csv": self.address(export="csv") if self.may_export else None,
            "export_xlsx": self.address(export="xlsx") if self.may_export else None,
            "create": self._url(self.create_url) if may_create else None,
            "import_url": self.import_url if user.may(area, "create") else "",
            "bulk": [{"action": b, "url": reverse(b.url_name)} for b in self.bulk_actions if user.may(area, b.action)],
            "list_query": self.query.urlencode(),
            "figures": self.figures(self.chosen()),
            "strip": self.strip(),
            "self_url": self.address(page=str(self.page) if self.page > 1 else None),
            "panel_url": self._panel_url(opened),
            **self.extra(),
        }

    def _kept(self, *without: str) -> list[tuple[str, str]]:
        """The parameters that a form of the list carries along: all but the page, and those it asks for itself."""
        without += ("page", "export", "open")
        return [(k, v) for k, values in self.query.lists() for v in values if k not in without and v]

    def _panel_url(self, opened: str) -> str | None:
        """The record that ?open= names, whichever page of the list it is on; nothing for what is not visible."""
        if not self.panel or (key := http.number(opened)) is None:
            return None
        record = self.base().filter(pk=key).first()
        return self.record_url(record) if record else None

    @staticmethod
    def _url(name: str) -> str:
        return name if name.startswith("/") else reverse(name)


def _word(value) -> str:
    if hasattr(value, "year"):
        return show.day(value)
    return str(value)


def _marks(tags):
    first = mark(tags[0], getattr(tags[0], "colour", "grey")) if tags else ""
    more = format_html(' <span class="quiet small" title="{}">+{}</span>', ", ".join(map(str, tags[1:])), len(tags) - 1)
    return first, more if len(tags) > 1 else ""


def selected(request, list_page: type[ListPage], action: str = "change"):
    """The records that the selection bar of a list posted: the ticked ones, or all that the list's filters find.

    The queryset begins at `visible_to(user, action)`: what the user may not change is simply not in it.
    """
    view = list_page()
    view.setup(request)
    if request.POST.get("all") != "1":
        keys = [key for text in request.POST.getlist("ids")[:1000] if (key := http.number(text)) is not None]
        return view.base(action).filter(pk__in=keys)
    view.query = clean_query(QueryDict(request.POST.get("query", "")[:4000]))
    view.term = view.query.get("q", "").strip()
    view.tab = next((t for t in view.tabs if t.key == view.query.get("tab")), view.tabs[0] if view.tabs else None)
    return view.chosen(action)


def selection_fields(request) -> list[tuple[str, str]]:
    """What a list's selection bar posted, to be posted once more by a dialog (components/bulk_fields.html).

    The dialog's own form is bound only if "confirmed" is among the fields: that is how its view tells the two apart.
    """
    kept = [("ids", key) for key in request.POST.getlist("ids")[:1000] if key.isascii() and key.isdigit()]
    kept += [("all", request.POST.get("all", "")[:1]), ("query", request.POST.get("query", "")[:4000])]
    return [*kept, ("confirmed", "1")]
