"""Every address of the web process, door by door."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("hatobin.public.urls")),
    path("api/", include("hatobin.api.urls")),
    path("", include("hatobin.console.urls")),
]

handler400 = "hatobin.config.refusals.bad_request"
