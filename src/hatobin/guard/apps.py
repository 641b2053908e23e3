"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class GuardConfig(AppConfig):
    name = "hatobin.guard"
    label = "guard"
