"""All addresses. A room's pages are in its own urls.py; a door behind which nothing is built yet says so."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from crm.core import frame, health, views

# Fixed addresses of doors whose key is not their address.
ADDRESSES = {"board": "board/"}

later = [
    path(ADDRESSES.get(door.key, f"{door.key}/"), views.later, {"key": door.key}, name=door.key)
    for door in frame.doors.later()
]

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/password/", views.PasswordChange.as_view(), name="password_change"),
    path("account/theme/", views.theme, name="theme"),
    path("account/language/", views.language, name="language"),
    path("inbox/", include("inbox.urls")),
    path("forms/", include("inbox.public_urls")),
    path("opportunities/", include("opportunities.urls")),
    path("contacts/", include("contacts.urls")),
    path("settings/", include("crm.setup.urls")),
    path("activities/", include("activities.urls")),
    path("notices/", include("crm.notices.urls")),
    path("imports/", include("crm.imports.urls")),
    path("mail/", include("crm.mail.urls")),
    path("invoices/", include("crm.accounting.urls")),
    path("", include("crm.sales.urls")),
    path("q/", include("crm.sales.link_urls")),
    path("api/v1/", include("crm.api.urls")),
    path("admin/", admin.site.urls),
    path("", include((later, "later"))),
]

handler400 = "crm.core.views.bad_request"
