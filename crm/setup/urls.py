"""Addresses below /settings/: those of this room, and those that other rooms have added."""

from django.urls import path

from crm.setup import organisation, pages, views

app_name = "settings"

urlpatterns = [
    path("", views.index, name="index"),
    path("company/", organisation.organisation, name="organisation"),
    path("profile/", views.profile, name="profile"),
    path("api-tokens/", views.tokens, name="tokens"),
    path("api-tokens/new/", views.new_token, name="new-token"),
    path("api-tokens/<int:pk>/revoke/", views.revoke_token, name="revoke-token"),
    *pages.urls(),
]
