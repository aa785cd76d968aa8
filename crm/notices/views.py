"""The bell in the top bar, its menu, and the list of all notifications. Everybody sees his own, nobody else's."""

from django.core.paginator import Paginator
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from crm.core import http, show
from crm.notices import actions
from crm.notices.models import Notice

IN_MENU, PAGE_SIZE, MOST_SHOWN = 10, 50, 99


def unread(user) -> dict:
    """How many are unread: the number, as it is shown at the bell, and as a screen reader says it."""
    count = Notice.objects.visible_to(user).unread().count()
    said = ngettext("%(number)s unread notification", "%(number)s unread notifications", count)
    return {
        "count": count,
        "text": f"{MOST_SHOWN}+" if count > MOST_SHOWN else str(count),
        "label": said % {"number": show.number(count)} if count else _("Notifications"),
    }


@require_safe
def count(request):
    """What the bell asks for every minute."""
    return JsonResponse(unread(request.user))


@require_safe
def menu(request):
    """The latest, for the menu at the bell; whoever comes without one gets the list."""
    if not http.is_part(request):
        return redirect("notices:list")
    notices = Notice.objects.visible_to(request.user)[:IN_MENU]
    return http.page(request, "notices/menu.html", {"notices": notices, "unread": unread(request.user)})


@require_safe
def all_notices(request):
    """All of them, newest first."""
    page = Paginator(Notice.objects.visible_to(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"title": _("Notifications"), "page": page, "unread": unread(request.user)}
    return http.page(request, "notices/list.html", context)


@require_safe
def open_notice(request, pk):
    """On to what it is about; with that it is read."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    actions.mark_read(notice=notice, by=request.user)
    return HttpResponseRedirect(notice.url)


@require_POST
def read_all(request):
    actions.mark_all_read(by=request.user)
    return trigger_client_event(http.done(request, "notices:list"), "notices:read")
