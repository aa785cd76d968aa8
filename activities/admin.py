"""Activity types and plans as raw tables."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from activities.models import ActivityPlan, ActivityType, PlanStep
from crm.core.adminsite import RuledAdmin


class StepInline(admin.TabularInline):
    model = PlanStep
    extra = 0
    ordering = ("position", "pk")


@admin.register(ActivityPlan)
class ActivityPlanAdmin(RuledAdmin):
    list_display = ("name", "pipeline", "is_automatic", "is_active")
    list_filter = ("pipeline", "is_active")
    list_select_related = ("pipeline",)
    inlines = (StepInline,)
    hint = gettext_lazy("Archive it instead: take away “active”.")


@admin.register(ActivityType)
class ActivityTypeAdmin(RuledAdmin):
    list_display = ("name", "icon", "position", "is_active")
    list_editable = ("position", "is_active")
    hint = gettext_lazy("Archive it instead: take away “active”.")
