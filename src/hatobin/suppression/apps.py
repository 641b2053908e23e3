"""Django app of this room."""

from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    name = "hatobin.suppression"
    label = "suppression"
    default_auto_field = "django.db.models.BigAutoField"
