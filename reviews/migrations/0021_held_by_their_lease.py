"""What a person holds is asked for by its lease.

Asked for by status, the planner took any index that begins with it and went through all that
anybody holds, whenever the statistics were from a time when nobody held any.
"""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("reviews.migrations.0018_take_next_keeps_away")
TAKE_NEXT = BEFORE.TAKE_NEXT.replace(BEFORE.ORDER, BEFORE.KEPT_AWAY + BEFORE.ORDER)
BY_STATUS = "WHERE checker_id = who AND status = 'in_progress'"
BY_LEASE = "WHERE checker_id = who AND lease_acquired_at IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("reviews", "0020_redaction")]

    operations = [
        migrations.RemoveIndex(model_name="review", name="reviews_review_held"),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("lease_acquired_at__isnull", False)),
                fields=["checker"],
                name="reviews_review_held",
            ),
        ),
        migrations.RunSQL(TAKE_NEXT.replace(BY_STATUS, BY_LEASE), TAKE_NEXT),
    ]
