"""What a series will be, while it is typed."""

from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities.forms_series import SeriesForm
from crm.core import http


@require_safe
def preview(request):
    """The rule in words, with the first days; or what is wrong with it."""
    form = SeriesForm(request.GET)
    context = {"title": _("Series"), "series": form, "checked": form.is_valid()}
    return http.page(request, "activities/series_preview.html", context)
