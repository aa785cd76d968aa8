"""Addresses below /activities/."""

from django.urls import path

from activities import browse, feed, related
from activities.views import calendar, guests, planning, plans, records, series

app_name = "activities"

urlpatterns = [
    # ── activities ──
    path("", browse.ActivityList.as_view(), name="list"),
    path("new/", records.create, name="new"),
    path("pick/", browse.pick, name="pick"),
    path("of-company/<int:pk>/", related.of_company, name="of-company"),
    path("of-person/<int:pk>/", related.of_person, name="of-person"),
    path("<int:pk>/", records.activity, name="activity"),
    path("<int:pk>/edit/", records.edit, name="edit"),
    path("<int:pk>/fact/<slug:field>/", records.fact, name="fact"),
    path("<int:pk>/complete/", records.complete, name="complete"),
    path("<int:pk>/reopen/", records.reopen, name="reopen"),
    path("<int:pk>/cancel/", records.cancel, name="cancel"),
    path("<int:pk>/delete/", records.delete, name="delete"),
    path("<int:pk>/move/", records.move, name="move"),
    path("<int:pk>/depend/", records.depend, name="depend"),
    path("<int:pk>/free/<int:predecessor>/", records.free, name="free"),
    # ── calendar ──
    path("calendar/", calendar.Calendar.as_view(), name="calendar"),
    # ── planning ──
    path("planning/", planning.Planning.as_view(), name="planning"),
    path("planning/mine/", planning.MyPlanning.as_view(), name="mine"),
    # ── plans ──
    path("plans/apply/", plans.apply, name="apply-plan"),
    path("plans/preview/<int:pk>/", plans.preview, name="preview-plan"),
    path("plans/undo/<str:receipt>/", plans.undo, name="undo-plan"),
    # ── series, invitations, feed ──
    path("<int:pk>/invite/", guests.invite, name="invite"),
    path("<int:pk>/participants/<int:participant>/take-out/", guests.take_out, name="take-out"),
    path("series/preview/", series.preview, name="series-preview"),
    path("feed/<str:key>.ics", feed.show, name="feed"),
]
