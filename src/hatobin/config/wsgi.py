"""The WSGI application that the web process serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from hatobin.config.processes import watch_direct_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hatobin.config.settings")
watch_direct_parent()
application = get_wsgi_application()
