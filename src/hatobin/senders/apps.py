"""Django app of this room."""

from django.apps import AppConfig


class SendersConfig(AppConfig):
    name = "hatobin.senders"
    label = "senders"
    default_auto_field = "django.db.models.BigAutoField"
