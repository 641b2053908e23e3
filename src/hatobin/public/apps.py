"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "hatobin.public"
    label = "public"
