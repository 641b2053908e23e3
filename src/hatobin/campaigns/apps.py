"""Django app of this room."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "hatobin.campaigns"
    label = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"
