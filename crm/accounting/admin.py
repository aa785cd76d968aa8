"""Bank entries to look into; settings as raw tables."""

from django.contrib import admin

from crm.accounting.models import BankEntry, DatevSettings, RevenueAccount
from crm.core.adminsite import ReadOnlyAdmin, RuledAdmin


@admin.register(BankEntry)
class BankEntryAdmin(ReadOnlyAdmin):
    list_display = ("booked_on", "name", "amount", "currency", "purpose", "state")
    list_filter = ("state",)


@admin.register(DatevSettings)
class DatevSettingsAdmin(RuledAdmin):
    list_display = ("consultant_number", "client_number", "chart")


@admin.register(RevenueAccount)
class RevenueAccountAdmin(RuledAdmin):
    list_display = ("tax_treatment", "vat_rate", "account", "tax_key")
