"""The desk's own settings, for a desk whose workers a test may make meet something worse.

Named by DJANGO_SETTINGS_MODULE in the environment of that desk alone.
"""

from __future__ import annotations

from factcheck.settings import *  # noqa: F403

CELERY_IMPORTS = ["tests.faults.harsh"]
