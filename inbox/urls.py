"""Addresses of the inbox."""

from django.urls import path

from inbox import related, views
from inbox.lists import InboxList

app_name = "inbox"

urlpatterns = [
    path("", InboxList.as_view(), name="list"),
    path("new/", views.create, name="create"),
    path("of-company/<int:pk>/", related.of_company, name="of-company"),
    path("of-person/<int:pk>/", related.of_person, name="of-person"),
    path("<int:pk>/", views.item, name="item"),
    path("<int:pk>/history/", views.history, name="history"),
    path("<int:pk>/link/", views.link_mark, name="link-mark"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/edit/<slug:field>/", views.edit_one, name="edit-fact"),
    path("<int:pk>/status/<int:status>/", views.set_status, name="status"),
    path("<int:pk>/create/<slug:what>/", views.create_contact, name="create-contact"),
    path("<int:pk>/link/<slug:what>/<int:contact>/", views.link_contact, name="link"),
    path("<int:pk>/unlink/<slug:what>/", views.unlink_contact, name="unlink"),
    path("<int:pk>/compare/<slug:what>/<int:contact>/", views.compare, name="compare"),
    path("<int:pk>/convert/", views.convert, name="convert"),
    path("<int:pk>/archive/", views.archive, name="archive"),
    path("<int:pk>/unarchive/", views.unarchive, name="unarchive"),
    path("<int:pk>/files/", views.upload, name="upload"),
    path("<int:pk>/files/<int:file>/", views.download, name="file"),
    path("<int:pk>/files/<int:file>/remove/", views.remove_file, name="remove-file"),
]
