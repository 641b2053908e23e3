"""Django app of this room: it has templates or texts, no tables."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "hatobin.feedback"
    label = "feedback"
