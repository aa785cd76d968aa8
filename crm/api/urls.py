"""Addresses below /api/v1/. Each room's `api.py` has registered its records by then."""

from functools import wraps

from django.utils.module_loading import autodiscover_modules

from crm.api.api import api, problem


def _explained(view):
    """`view`, whose "method not allowed" is a problem document like every other error."""

    @wraps(view)
    def explained(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        answer = problem(405, f"{request.method} is not offered here, by anyone and for any record.")
        answer["Allow"] = response["Allow"]
        return answer

    # Signing in is the API's own business: it answers 401, and does not send a program to a form.
    explained.login_required = False
    return explained


autodiscover_modules("api")
urlpatterns, _ninja, app_name = api.urls
for pattern in urlpatterns:
    pattern.callback = _explained(pattern.callback)
