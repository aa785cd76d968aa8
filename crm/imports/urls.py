"""Addresses below /imports/."""

from django.urls import path

from crm.imports import views

app_name = "imports"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/mapping/", views.mapping, name="mapping"),
    path("<int:pk>/read/", views.read_again, name="read-again"),
    path("<int:pk>/preview/", views.preview, name="preview"),
    path("<int:pk>/start/", views.start, name="start"),
    path("<int:pk>/continue/", views.go_on, name="continue"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/rejected.csv", views.rejected, name="rejected"),
    path("<int:pk>/file/", views.file, name="file"),
    path("<int:pk>/records/", views.records, name="records"),
]
