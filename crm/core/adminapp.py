"""Django's admin with our own site (crm/core/adminsite.py). On its own, because it is read before any model."""

from django.contrib.admin.apps import AdminConfig


class Admin(AdminConfig):
    default_site = "crm.core.adminsite.Site"
