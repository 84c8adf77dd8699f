"""The WSGI entrance for gunicorn."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factcheck.settings")
application = get_wsgi_application()
if not settings.PUBLIC_URL:
    raise ImproperlyConfigured(settings.NO_PUBLIC_URL)
