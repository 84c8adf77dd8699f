from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    name = "reviews"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Reviews: what we decided"

    def ready(self) -> None:
        from reviews import beginning, roles  # noqa: PLC0415  models are ready only now

        post_migrate.connect(roles.sync, sender=self, dispatch_uid="reviews.roles.sync")
        post_migrate.connect(beginning.begin, sender=self, dispatch_uid="reviews.beginning.begin")
