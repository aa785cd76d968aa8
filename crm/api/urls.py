"""Addresses below /api/v1/. Each room's `api.py` has registered its records by then."""

from django.utils.module_loading import autodiscover_modules

from crm.api.api import api

autodiscover_modules("api")
urlpatterns, _ninja, app_name = api.urls
for pattern in urlpatterns:
    # Signing in is the API's own business: it answers 401, and does not send a program to a form.
    pattern.callback.login_required = False
