"""Addresses of the post office: /mail/."""

from django.urls import path

from crm.mail import views

app_name = "mail"

urlpatterns = [
    path("", views.MailList.as_view(), name="list"),
    path("outgoing/<int:pk>/", views.outgoing, name="outgoing"),
    path("outgoing/<int:pk>/files/<int:file>/", views.file, name="file"),
    path("outgoing/<int:pk>/retry/", views.retry, name="retry"),
    path("outgoing/<int:pk>/stop/", views.stop, name="stop"),
]
