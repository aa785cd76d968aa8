"""Outgoing mail to look into; the templates as a raw table."""

from django.contrib import admin

from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin
from crm.mail.models import (
    Address,
    ExcludedAddress,
    IncomingMail,
    MailAccount,
    MailTemplate,
    Message,
    OutgoingMail,
    TextTemplate,
)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "to", "subject", "state", "attempts", "sent_at")
    list_filter = ("state",)


@admin.register(MailTemplate)
class MailTemplateAdmin(RuledAdmin):
    list_display = ("kind", "language", "subject")


@admin.register(TextTemplate)
class TextTemplateAdmin(RuledAdmin):
    list_display = ("name", "subject", "is_active")


@admin.register(Address)
class AddressAdmin(RuledAdmin):
    list_display = ("email", "purpose", "is_active")


@admin.register(MailAccount)
class MailAccountAdmin(ReadOnlyAdmin):
    """Changed on its page alone: there a password is asked for again before it is sent to another server."""

    list_display = ("user", "host", "folder", "is_active", "fetched_at", "error")
    exclude = ("password",)
    search_fields = ()


@admin.register(ExcludedAddress)
class ExcludedAddressAdmin(RuledAdmin):
    list_display = ("email", "user", "created_at")


@admin.register(IncomingMail)
class IncomingMailAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "route", "sender", "subject", "state", "reason", "attempts")
    list_filter = ("state", "route")
    exclude = ("raw",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("sent_at", "direction", "sender_email", "subject", "review", "reason")
    list_filter = ("direction", "review")
    exclude = ("text", "reply", "html", "forwarded")

    def get_queryset(self, request):
        # What somebody keeps private is nobody's reading, here neither.
        return super().get_queryset(request).filter(is_private=False)
