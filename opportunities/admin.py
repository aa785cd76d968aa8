"""Pipelines, stages and loss reasons as raw tables; opportunities to look into, and to reopen."""

from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin
from crm.core.refusals import Refused
from opportunities import actions
from opportunities.models import LossReason, Opportunity, Pipeline, Stage


class StageInline(admin.TabularInline):
    """A stage is deleted on its own page, where it can be said what stands in it."""

    model = Stage
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ("position", "pk")


@admin.register(Pipeline)
class PipelineAdmin(RuledAdmin):
    list_display = ("name", "kind", "is_default", "position", "is_active")
    list_filter = ("kind", "is_active")
    inlines = (StageInline,)
    hint = gettext_lazy("Archive it instead: take away “active”.")


@admin.register(Stage)
class StageAdmin(RuledAdmin):
    list_display = ("name", "pipeline", "position", "probability")
    list_filter = ("pipeline",)
    list_select_related = ("pipeline",)
    hint = gettext_lazy("Move its opportunities to another stage first, under Settings → Pipelines.")


@admin.register(LossReason)
class LossReasonAdmin(RuledAdmin):
    list_display = ("name", "position", "is_active")
    list_editable = ("position", "is_active")
    hint = gettext_lazy("Archive it instead: take away “active”.")


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyAdmin):
    list_display = ("number", "title", "kind", "status", "company", "stage", "estimated_value", "owner", "created_at")
    list_filter = ("kind", "status", "pipeline")
    list_select_related = ("company", "stage", "owner")
    actions = ("reopen",)

    @admin.action(description=gettext_lazy("Reopen the chosen opportunities"), permissions=["view"])
    def reopen(self, request, queryset):
        """The one way out of the lock, by the verb that pages use."""
        done = 0
        for opportunity in queryset:
            try:
                actions.reopen(opportunity=opportunity, by=request.user)
                done += 1
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        if done:
            self.message_user(request, _("Reopened: %(n)s") % {"n": done}, messages.SUCCESS)
