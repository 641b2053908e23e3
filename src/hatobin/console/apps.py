"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "hatobin.console"
    label = "console"
