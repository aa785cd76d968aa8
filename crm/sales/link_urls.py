"""The customer's addresses: /q/<token>/."""

from django.urls import path

from crm.sales.views import link

urlpatterns = [
    path("<slug:token>/", link.show, name="quote-link"),
    path("<slug:token>/accept/", link.accept, name="quote-link-accept"),
    path("<slug:token>/decline/", link.decline, name="quote-link-decline"),
    path("<slug:token>/pdf/", link.paper, name="quote-link-pdf"),
]
