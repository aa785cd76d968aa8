"""Addresses of the post office: /mail/."""

from django.urls import path

from crm.mail.views import compose, handling, journal, messages, outgoing

app_name = "mail"

urlpatterns = [
    path("", messages.MessageList.as_view(), name="list"),
    path("new/", compose.compose, name="new"),
    path("<int:pk>/", messages.message, name="message"),
    path("<int:pk>/inside/", messages.inside, name="inside"),
    path("<int:pk>/body/", messages.body, name="body"),
    path("<int:pk>/files/<int:attachment_id>/", messages.file, name="attachment"),
    path("<int:pk>/pictures/<int:attachment_id>/", messages.picture, name="picture"),
    path("<int:pk>/confirm/", handling.confirm, name="confirm"),
    path("<int:pk>/file/", handling.file_elsewhere, name="file-elsewhere"),
    path("<int:pk>/take-out/<slug:drawer>/<int:record>/", handling.take_out, name="take-out"),
    path("<int:pk>/make/<slug:purpose>/", handling.have_made, name="make"),
    path("<int:pk>/set-aside/", handling.set_aside, name="set-aside"),
    path("<int:pk>/private/", handling.set_private, name="private"),
    path("<int:pk>/exclude/", handling.exclude, name="exclude"),
    path("outbox/", outgoing.Outbox.as_view(), name="outbox"),
    path("outgoing/<int:pk>/", outgoing.outgoing, name="outgoing"),
    path("outgoing/<int:pk>/files/<int:file>/", outgoing.file, name="file"),
    path("outgoing/<int:pk>/retry/", outgoing.retry, name="retry"),
    path("outgoing/<int:pk>/stop/", outgoing.stop, name="stop"),
    path("journal/", journal.Journal.as_view(), name="journal"),
    path("journal/<int:pk>/", journal.incoming, name="incoming"),
    path("journal/<int:pk>/raw/", journal.raw, name="raw"),
    path("journal/<int:pk>/retry/", journal.retry, name="retry-incoming"),
]
