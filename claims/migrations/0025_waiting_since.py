"""Since when an article waits to be analysed; those that wait now do since they were received."""

import django.db.models.functions.datetime
from django.db import migrations, models

SINCE_RECEIVED = """
UPDATE claims_analysis SET waiting_since = received_at FROM claims_article
WHERE claims_article.id = article_id AND status IN ('received', 'analysing')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0024_names_of_sources'),
    ]

    operations = [
        migrations.AddField(
            model_name='analysis',
            name='waiting_since',
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text='When it was last put on the list, by whoever did.',
            ),
        ),
        migrations.RunSQL(SINCE_RECEIVED, migrations.RunSQL.noop),
    ]
