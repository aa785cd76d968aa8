"""Addresses of companies and persons. The same pages for both kinds, under names that say which."""

from django.urls import path

from contacts import views
from contacts.lists import ContactList

app_name = "contacts"


def _of(kind: str, folder: str) -> list:
    """The pages of one kind."""
    pages = [
        ("new/", views.create, "new-{}"),
        ("check/", views.check, "check-{}"),
        ("<int:pk>/", views.record, "{}"),
        ("<int:pk>/edit/", views.edit, "edit-{}"),
        ("<int:pk>/edit/<slug:field>/", views.fact, "fact-{}"),
        ("<int:pk>/active/", views.active, "active-{}"),
        ("<int:pk>/delete/", views.delete, "delete-{}"),
        ("<int:pk>/files/", views.upload, "upload-{}"),
        ("<int:pk>/files/<int:file>/", views.download, "file-{}"),
        ("<int:pk>/files/<int:file>/remove/", views.remove_file, "remove-file-{}"),
    ]
    return [path(f"{folder}/{page}", view, {"kind": kind}, name=name.format(kind)) for page, view, name in pages]


urlpatterns = [
    path("", ContactList.as_view(), name="list"),
    path("companies/pick/", views.pick_company, name="pick-company"),
    path("persons/pick/", views.pick_person, name="pick-person"),
    *_of("company", "companies"),
    *_of("person", "persons"),
]
