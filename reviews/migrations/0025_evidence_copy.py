"""What stood at the addresses of evidence, tied to it for good."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations import RunSQL

BEFORE = import_module("reviews.migrations.0020_redaction")


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0016_capture'),
        ('reviews', '0024_page_changed'),
    ]

    operations = [
        migrations.CreateModel(
            name='EvidenceCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('capture', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='claims.capture')),
                ('evidence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='copy', to='reviews.evidence')),
            ],
            options={
                'verbose_name_plural': 'evidence copies',
            },
        ),
        RunSQL(
            BEFORE.SEALED.format(table="reviews_evidencecopy"),
            BEFORE.UNSEALED.format(table="reviews_evidencecopy"),
        ),
    ]
