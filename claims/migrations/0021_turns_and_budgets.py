"""When an address of an import may be tried again; how many addresses a feed brought of late."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0020_corrected'),
    ]

    operations = [
        migrations.AddField(
            model_name='importitem',
            name='next_try_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddIndex(
            model_name='feeditem',
            index=models.Index(fields=['feed', 'seen_at'], name='claims_feeditem_lately'),
        ),
    ]
