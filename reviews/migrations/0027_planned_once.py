"""A connection plans how to take the next review once, not each time: planning was half of it."""

from django.db import migrations

ONCE = "ALTER FUNCTION reviews_take_next SET plan_cache_mode = force_generic_plan;"
EACH_TIME = "ALTER FUNCTION reviews_take_next RESET plan_cache_mode;"


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0026_sealed_checklist'),
    ]

    operations = [
        migrations.RunSQL(ONCE, EACH_TIME),
    ]
