"""Addresses of this door: short, because they stand in letters."""

from __future__ import annotations

from django.urls import path

from hatobin.public import views
from hatobin.public.metrics import metrics

app_name = "public"
urlpatterns = [
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("favicon.ico", views.icon, name="icon"),
    path("healthz", views.health, name="health"),
    path("metrics", metrics, name="metrics"),
]
