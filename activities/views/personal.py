"""The settings page of one's own calendar: the feed for other programs, reminders and the digest by mail."""

from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from activities import actions, feed
from activities.models import CalendarFeed, Preference
from crm.core import http, seal
from crm.core.forms import RecordForm
from crm.setup import pages

PAGE = "settings:activities"


class PreferenceForm(RecordForm):
    spans = {"remind_by_mail": 12, "wants_digest": 12, "digest_at": 3}

    class Meta:
        model = Preference
        fields = ["remind_by_mail", "wants_digest", "digest_at"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["digest_at"].widget.input_type = "time"
        self.fields["digest_at"].widget.format = "%H:%M"


def _address(found: CalendarFeed | None) -> str:
    """The feed's address; empty if there is none, or if it cannot be read any more."""
    try:
        return feed.address(found) if found else ""
    except seal.Unsealable:
        return ""


@require_http_methods(["GET", "HEAD", "POST"])
def show(request):
    """The feed's address with how to use it, and how one is reminded."""
    preference = Preference.objects.filter(user=request.user).first() or Preference(user=request.user)
    form = PreferenceForm(request.POST or None, instance=preference)
    if request.method == "POST" and form.is_valid():
        actions.set_preference(by=request.user, **form.cleaned_data)
        http.announce(request, _("Saved."))
        return http.redirect(request, PAGE)
    found = CalendarFeed.objects.filter(user=request.user).first()
    context = {
        "title": _("Calendar and reminders"),
        "lead": _("Your activities in other calendars, and how the CRM reminds you."),
        "form": form,
        "feed": found,
        "address": _address(found),
    }
    return pages.page(request, "activities/personal.html", context, status=422 if form.errors else 200)


@require_POST
def make(request):
    """A first address."""
    if not CalendarFeed.objects.filter(user=request.user).exists():
        feed.make(by=request.user)
        http.announce(request, _("The calendar feed is ready. Copy its address into your calendar program."))
    return http.redirect(request, PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def renew(request):
    """Asks first: calendars that use the old address are no longer filled."""
    http.require(CalendarFeed.objects.filter(user=request.user).exists())
    if request.method == "POST":
        feed.make(by=request.user)
        return http.done(request, PAGE, _("The calendar feed has a new address."))
    context = {
        "title": _("New address for the calendar feed?"),
        "lead": _("The old address ends at once. Calendars that use it need the new one."),
        "submit_label": _("Make a new address"),
    }
    return http.dialog(request, "activities/feed_question.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request):
    """Asks first, as well."""
    http.require(CalendarFeed.objects.filter(user=request.user).exists())
    if request.method == "POST":
        feed.revoke(by=request.user)
        return http.done(request, PAGE, _("The calendar feed was revoked."))
    context = {
        "title": _("Revoke the calendar feed?"),
        "lead": _("Its address ends at once, and your activities disappear from calendars that use it."),
        "submit_label": _("Revoke"),
        "submit_level": "danger",
    }
    return http.dialog(request, "activities/feed_question.html", context)


def register() -> None:
    """Called when the applications are ready."""
    pages.add_urls(
        [
            path("calendar/", show, name="activities"),
            path("calendar/feed/", make, name="calendar-feed"),
            path("calendar/feed/renew/", renew, name="calendar-feed-renew"),
            path("calendar/feed/revoke/", revoke, name="calendar-feed-revoke"),
        ]
    )
    pages.register(
        pages.PERSONAL,
        gettext_lazy("Calendar and reminders"),
        PAGE,
        position=40,
        help=gettext_lazy("Your activities in Outlook, Google or Apple, reminders and the morning's digest."),
    )
