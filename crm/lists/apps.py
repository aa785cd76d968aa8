from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ListsConfig(AppConfig):
    name = "crm.lists"
    verbose_name = _("Pick-lists")
