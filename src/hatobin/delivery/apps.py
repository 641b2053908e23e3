"""Django app of this room."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "hatobin.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every workspace has the sandbox from its first moment."""
        from hatobin.accounts.services.workspaces import furnish_with
        from hatobin.delivery.services.egress import ensure_sandbox

        furnish_with(ensure_sandbox)
