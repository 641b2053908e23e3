"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "hatobin.content"
    label = "content"
