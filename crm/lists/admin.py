"""Sources, priorities and tags as raw tables."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from crm.core.adminsite import RuledAdmin
from crm.lists.models import Priority, Source, Tag


@admin.register(Source, Priority, Tag)
class PickListAdmin(RuledAdmin):
    list_display = ("name", "position", "colour", "is_active")
    list_editable = ("position", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)
    hint = gettext_lazy("Archive it instead: take away “active”.")
