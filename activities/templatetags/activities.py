"""Activities in words, for templates."""

from django import template

from activities import showing

register = template.Library()
register.filter("when", showing.when)
register.filter("due", showing.due)
register.filter("state", showing.state)
register.filter("state_colour", showing.colour)
register.filter("customer", showing.customer)
register.filter("answer_colour", showing.answer_colour)


@register.filter
def place(percent: float) -> str:
    """A place in a chart for an attribute of SVG, whatever the language: 12.857%."""
    return f"{percent:.3f}%"


@register.filter
def px(pixels: float) -> str:
    """Pixels for an attribute of SVG: 18, 28.5."""
    return f"{pixels:g}"
