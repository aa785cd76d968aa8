"""What a series will be, while it is typed."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from activities.forms_series import SeriesForm


@require_safe
def preview(request):
    """The rule in words, with the first days; or what is wrong with it."""
    form = SeriesForm(request.GET)
    return render(request, "activities/_series_preview.html", {"series": form, "checked": form.is_valid()})
