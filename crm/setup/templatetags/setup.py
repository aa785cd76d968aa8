"""{% load setup %}: the navigation of the settings."""

from django import template

from crm.setup import pages

register = template.Library()


@register.simple_tag(takes_context=True)
def settings_nav(context):
    """The groups and entries this user may see."""
    return pages.seen_by(context["request"])
