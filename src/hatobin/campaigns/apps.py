"""Django app of this room."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "hatobin.campaigns"
    label = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A list stays while a letter to it is on its way."""
        from hatobin.audience.services.lists import add_list_guard
        from hatobin.campaigns.queries import list_on_its_way

        add_list_guard(list_on_its_way)
