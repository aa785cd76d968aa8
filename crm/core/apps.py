from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "crm.core"
    label = "core"

    def ready(self):
        from crm.core import checks, triggers  # noqa: F401 checks registers the production refusals

        # Django sends the signal only for apps that have models; this one has none.
        post_migrate.connect(triggers.install, sender=apps.get_app_config("pgtrigger"))
