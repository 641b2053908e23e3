"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "hatobin.analytics"
    label = "analytics"
