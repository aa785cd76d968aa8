"""Companies and persons, to look into."""

from django.contrib import admin

from contacts.models import Company, Person
from crm.core.adminsite import ReadOnlyAdmin


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("number", "name", "city", "status", "owner", "created_at")
    list_filter = ("status", "is_active")
    list_select_related = ("owner",)


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "company", "email", "owner", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("company", "owner")
