"""The house's template tags; builtins, no {% load %} needed."""

import re
from functools import lru_cache

from django import template
from django.conf import settings
from django.forms import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crm.core import normalise, offers, recordpage, show

register = template.Library()

register.filter("money", show.money)
register.filter("percent", show.percent)
register.filter("day", show.day)
register.filter("clock", show.clock)
register.filter("moment", show.time_tag)
register.filter("exact", show.exact)
register.filter("number", show.number)
register.filter("as_it_is", show.as_it_is)
register.filter("rate", show.rate)
register.filter("phone", normalise.phone_shown)


@register.filter
def money0(value):
    """Whole euros, for figures and cards."""
    return show.money(value, 0)


@lru_cache(maxsize=1024)
def _drawing(name: str, filled: bool) -> str:
    folder = settings.BASE_DIR / "node_modules/@tabler/icons/icons" / ("filled" if filled else "outline")
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"{name!r} is not the name of an icon.")
    try:
        source = (folder / f"{name}.svg").read_text()
    except FileNotFoundError:
        raise ValueError(f"There is no icon {name!r} in {folder}.") from None
    inner = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    return re.sub(r"\s+", " ", inner.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")).strip()


@lru_cache(maxsize=1024)
def draw_icon(name: str, size: int = 16, css: str = "", label: str = "", filled: bool = False) -> SafeString:
    """An icon of Tabler as inline SVG. With `label` it has a name for screen readers, else it is decoration.

    Raises ValueError for a name that does not exist.
    """
    size_class = "" if size == 16 else f" icon-{size}"
    paint = (
        'fill="currentColor"'
        if filled
        else ('fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"')
    )
    return format_html(
        '<svg class="icon{}{}" width="{}" height="{}" viewBox="0 0 24 24" {} {}>{}{}</svg>',
        size_class,
        f" {css}" if css else "",
        size,
        size,
        mark_safe(paint),  # noqa: S308 our own constant
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        format_html("<title>{}</title>", label) if label else "",
        mark_safe(_drawing(name, filled)),  # noqa: S308 a file of the icon package
    )


@register.simple_tag
def icon(name, size=16, css="", *, label="", filled=False):
    """{% icon "inbox" %}, {% icon "bell" 18 "accent" filled=True label=_("Subscribed") %}"""
    return draw_icon(str(name), int(size), str(css), str(label), bool(filled))


@register.simple_tag(takes_context=True)
def avatar(context, user, size=24):
    """The initials of a user in a circle, the name in the title; a dashed circle for nobody."""
    request = context.get("request")
    return face(user, me=getattr(request, "user", None), size=size)


def face(user, *, me=None, size: int = 24):
    size_class = "" if size == 24 else f" face-{size}"
    if user is None or not getattr(user, "pk", None):
        name = _("Nobody responsible")
        return format_html(
            '<span class="face face-none{}" role="img" aria-label="{}" title="{}"></span>',
            size_class,
            name,
            name,
        )
    mine = " face-me" if me is not None and me.pk == user.pk else ""
    return format_html(
        '<span class="face{}{}" role="img" aria-label="{}" title="{}">{}</span>',
        size_class,
        mine,
        user,
        user,
        user.initials,
    )


@register.simple_tag
def status_dot(label, colour="grey"):
    """A status: its word and its colour (a meaning: ok, warn, bad, accent, open; or a colour of the palette)."""
    return dot(label, colour)


def dot(label, colour="grey"):
    meaning = colour in {"ok", "warn", "bad", "accent", "open"}
    css = colour if meaning else f"colour-{colour or 'grey'}"
    return format_html('<span class="state {}"><span class="cut">{}</span></span>', css, label)


@register.simple_tag
def mark(label, colour="grey"):
    """A tag with its colour."""
    return format_html('<span class="mark colour-{}">{}</span>', colour or "grey", label)


@register.filter
def control(field):
    """The widget of a bound field with the classes of the stylesheet."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return field.as_widget()
    if isinstance(widget, CheckboxInput):
        css = "form-check-input"
    elif isinstance(widget, Select):
        css = "form-select"
    else:
        css = "form-control"
    own = widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{own} {css}".strip()})


@register.filter
def filter_control(field, place: str):
    """The input of a filter. It stands in more than one menu of the page: `place` keeps the ids apart."""
    css = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    attrs = {"class": css, "id": f"{place}-{field.html_name}-input", "data-plain": "", "aria-label": field.label}
    return field.as_widget(attrs=attrs)


@register.filter
def is_checkbox(field) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_choices(field) -> bool:
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.filter
def span_of(form, name) -> int:
    """The width of a field in twelfths."""
    return form.span(name)


@register.filter
def field_errors(errors) -> int:
    """How many fields are in error."""
    return sum(1 for name in errors if name != "__all__")


@register.simple_block_tag
def fact(content, label, edit=None, phone=True):
    """{% fact _("Source") edit=url %}{{ value }}{% endfact %}: a label and its value.

    `edit` is the address of a one-field form (crm.core.recordpage.edit_fact); then a click on the value opens it.
    """
    content = content.strip()
    value = content or format_html('<span class="fact-none">{}</span>', "–")
    if not edit:
        return format_html('<div class="fact"><dt>{}</dt><dd>{}</dd></div>', label, mark_safe(value))  # noqa: S308
    return format_html(
        '<div class="fact"><dt>{}</dt><dd class="can-edit">{}<button type="button" class="fact-edit" hx-get="{}" '
        'hx-target="closest .fact" hx-swap="outerHTML" aria-label="{}">{}</button></dd></div>',
        label,
        mark_safe(value),  # noqa: S308 rendered by the template, escaped there
        edit,
        _("Edit: %(field)s") % {"field": label},
        draw_icon("pencil"),
    )


@register.inclusion_tag("components/action_menu.html")
def action_menu(actions, label=None):
    """The menu of what can be done with a record: a list of recordpage.Action, None for a line between."""
    return {"actions": actions, "label": label or _("Choose action")}


@register.inclusion_tag("components/timeline.html")
def timeline(entries):
    """What happened: recordpage.Entry objects, newest first, grouped by day."""
    return {"days": recordpage.by_day(entries)}


@register.inclusion_tag("components/stages.html")
def stages(steps):
    """The stages of a record page: a list of recordpage.Step."""
    steps = list(steps)
    place = next((i for i, step in enumerate(steps, 1) if step.state == "current"), None)
    return {"steps": steps, "place": place, "current": steps[place - 1] if place else None}


@register.inclusion_tag("components/segments.html")
def segments(steps, label=""):
    """The status steps of a panel: a list of recordpage.Step, those with a url can be clicked."""
    return {"steps": steps, "label": label}


@register.inclusion_tag("components/offers.html", takes_context=True, name="offers")
def offers_tag(context, record, css="btn"):
    """Buttons for what rooms further up offer for `record` (crm.core.offers); with css="tool …" icons alone."""
    return {"offers": offers.of(context["request"], record), "css": css, "is_tool": css.startswith("tool")}
