"""Pictures of cited pages, and their copies in public archives; once kept, such a row never changes."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.migrations import RunSQL

# The function is the one that keeps captures.
KEPT = """
CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION claims_capture_is_kept();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION claims_capture_is_kept();
"""
FREE = """
DROP TRIGGER {table}_is_kept ON {table};
DROP TRIGGER {table}_not_truncated ON {table};
"""
TABLES = ("claims_deposit", "claims_picture")


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0018_read_by_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Deposit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'To be done'), ('kept', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('why', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('address', models.CharField(blank=True, help_text='Where it was found in the end, after redirects.', max_length=2000)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('asked', models.CharField(max_length=8000, verbose_name='address asked for')),
                ('capture', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='deposit', to='claims.capture')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='claims_deposit_to_do')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'kept'), ('taken_at__isnull', False), models.Q(('address', ''), _negated=True)), models.Q(models.Q(('state', 'kept'), _negated=True), ('address', ''), ('taken_at__isnull', True)), _connector='OR'), name='claims_deposit_kept_says_where'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='claims_deposit_failed_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'To be done'), ('kept', 'Done'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('why', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('address', models.CharField(blank=True, help_text='Where it was found in the end, after redirects.', max_length=2000)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the image')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='size in bytes')),
                ('print_sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the print')),
                ('print_size', models.PositiveBigIntegerField(default=0, verbose_name='size of the print in bytes')),
                ('browser', models.CharField(blank=True, max_length=100)),
                ('missing', models.PositiveIntegerField(default=0, help_text='Parts of the page, such as images, that the browser did not get.')),
                ('capture', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='picture', to='claims.capture')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='claims_picture_to_do'), models.Index(fields=['sha256'], name='claims_picture_bytes'), models.Index(fields=['print_sha256'], name='claims_picture_print_bytes')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('print_sha256__regex', '^[0-9a-f]{64}$'), ('sha256__regex', '^[0-9a-f]{64}$'), ('state', 'kept'), ('taken_at__isnull', False)), models.Q(models.Q(('state', 'kept'), _negated=True), ('print_sha256', ''), ('sha256', ''), ('taken_at__isnull', True)), _connector='OR'), name='claims_picture_kept_has_its_hashes'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='claims_picture_failed_says_why')],
            },
        ),
        *[RunSQL(KEPT.format(table=table), FREE.format(table=table)) for table in TABLES],
    ]
