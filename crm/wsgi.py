"""The door for web servers (gunicorn crm.wsgi)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

if not settings.LOCAL:
    from crm.core.checks import refuse_to_start

    refuse_to_start()
