"""{% load notices %}: the bell of the top bar."""

from django import template

from crm.notices import views

register = template.Library()


@register.inclusion_tag("notices/bell.html")
def bell(user):
    """With the number of what is unread; one query."""
    return {"unread": views.unread(user)}
