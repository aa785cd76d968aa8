import ctypes.util

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

# What WeasyPrint loads, and the Debian packages that bring it.
LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


class PapersConfig(AppConfig):
    name = "crm.papers"
    verbose_name = _("Letters")

    def ready(self):
        checks.register(can_draw, deploy=True)


def can_draw(**kwargs) -> list[checks.CheckMessage]:
    """`check --deploy`: an Error when the libraries that draw PDFs are missing."""
    missing = [package for library, package in LIBRARIES.items() if not ctypes.util.find_library(library)]
    if not missing:
        return []
    hint = f"Install them, on Debian with: apt-get install --yes {' '.join(missing)}"
    return [checks.Error("PDFs cannot be drawn: libraries are missing.", hint=hint, id="crm.E002")]
