"""Activities in words, for templates."""

from django import template

from activities import showing
from crm.accounts.scope import Action, allows

register = template.Library()
register.filter("when", showing.when)
register.filter("due", showing.due)
register.filter("state", showing.state)
register.filter("state_colour", showing.colour)
register.filter("customer", showing.customer)
register.filter("answer_colour", showing.answer_colour)


@register.filter
def may_be_ticked(activity, user) -> bool:
    """May the user say that it is done?"""
    return allows(user, Action.CHANGE, activity)


@register.filter
def place(percent: float) -> str:
    """A place in a chart for an attribute of SVG, whatever the language: 12.857%."""
    return f"{percent:.3f}%"


@register.filter
def px(pixels: float) -> str:
    """Pixels for an attribute of SVG: 18, 28.5."""
    return f"{pixels:g}"
