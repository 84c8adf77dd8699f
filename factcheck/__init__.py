"""The front door and the fuse box. Celery's application is loaded here so that tasks find it."""

from factcheck.celery import app as celery_app

__all__ = ["celery_app"]
