"""Addresses of web forms: /forms/<key>/."""

from django.urls import path

from inbox import public

urlpatterns = [
    path("<slug:key>/", public.show, name="public-form"),
    path("<slug:key>/thanks/", public.thanks, name="public-form-thanks"),
]
