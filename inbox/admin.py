"""Processing statuses and web forms as raw tables; inbox items to look into."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin
from crm.core.refusals import Refused
from inbox.models import InboxItem, ProcessingStatus, WebForm


@admin.register(ProcessingStatus)
class ProcessingStatusAdmin(RuledAdmin):
    list_display = ("name", "position", "is_done", "is_active")
    list_editable = ("position", "is_done", "is_active")
    hint = gettext_lazy("Archive it instead: take away “active”.")

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not ProcessingStatus.objects.filter(is_active=True).exists():
            raise Refused(_("The inbox needs at least one active processing status. Nothing was saved."))


class WebFormForm(forms.ModelForm):
    class Meta:
        model = WebForm
        fields = (
            "name",
            "heading",
            "introduction",
            "language",
            "fields",
            "consent_text",
            "thanks",
            "source",
            "owner",
            "embed_origins",
            "is_active",
        )

    def clean_fields(self):
        """A list of {"name": one of the known fields, "required": yes or no}, each once."""
        fields = self.cleaned_data["fields"]
        listed = fields if isinstance(fields, list) else [None]
        names = [field.get("name") if isinstance(field, dict) else None for field in listed]
        if set(names) - set(WebForm.FIELDS) or len(set(names)) < len(names):
            raise ValidationError(
                _("A list such as %(example)s; names: %(names)s"),
                params={
                    "example": '[{"name": "email", "required": true}]',
                    "names": ", ".join(WebForm.FIELDS),
                },
            )
        return [{"name": field["name"], "required": bool(field.get("required"))} for field in fields]


@admin.register(WebForm)
class WebFormAdmin(RuledAdmin):
    form = WebFormForm
    list_display = ("name", "source", "owner", "is_active", "key")
    list_select_related = ("source", "owner")
    readonly_fields = ("key",)
    hint = gettext_lazy("Switch it off instead: take away “active”.")


@admin.register(InboxItem)
class InboxItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "company_name", "source", "status", "owner", "created_at", "qualified_at", "archived_at")
    list_filter = ("source", "status", "kind")
    list_select_related = ("source", "status", "owner")
