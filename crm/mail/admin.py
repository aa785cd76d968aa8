"""Outgoing mail to look into; the templates as a raw table."""

from django.contrib import admin

from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin
from crm.mail.models import MailTemplate, OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "to", "subject", "state", "attempts", "sent_at")
    list_filter = ("state",)


@admin.register(MailTemplate)
class MailTemplateAdmin(RuledAdmin):
    list_display = ("kind", "language", "subject")
