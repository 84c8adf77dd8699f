"""Take-next gives nobody a review on which they give, or gave, a second opinion in this round."""

from importlib import import_module

from django.db import migrations

TAKE_NEXT = import_module("reviews.migrations.0011_take_next").TAKE_NEXT.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
ORDER = "            ORDER BY review.priority DESC"
KEPT_AWAY = """                AND NOT EXISTS (
                    SELECT 1 FROM reviews_secondopinion opinion
                    WHERE opinion.review_id = review.id AND opinion.state <> 'called_off'
                        AND who IN (opinion.asked_id, opinion.second_checker_id)
                        AND opinion.asked_at > COALESCE((
                            SELECT max(published_at) FROM reviews_publication public
                            WHERE public.review_id = review.id
                        ), '-infinity')
                )
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0017_talk")]

    operations = [migrations.RunSQL(TAKE_NEXT.replace(ORDER, KEPT_AWAY + ORDER), TAKE_NEXT)]
