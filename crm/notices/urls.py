"""Addresses below /notices/."""

from django.urls import path

from crm.notices import views

app_name = "notices"

urlpatterns = [
    path("", views.all_notices, name="list"),
    path("menu/", views.menu, name="menu"),
    path("count/", views.count, name="count"),
    path("<int:pk>/open/", views.open_notice, name="open"),
    path("read-all/", views.read_all, name="read-all"),
]
