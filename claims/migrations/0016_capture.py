"""Bytes of pages that are cited; once kept, such a row never changes."""

import claims.refs
import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.migrations import RunSQL

KEPT = """
CREATE FUNCTION claims_capture_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'kept' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% refused: rows of % are kept', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER claims_capture_is_kept BEFORE UPDATE OR DELETE ON claims_capture
    FOR EACH ROW EXECUTE FUNCTION claims_capture_is_kept();
CREATE TRIGGER claims_capture_not_truncated BEFORE TRUNCATE ON claims_capture
    FOR EACH STATEMENT EXECUTE FUNCTION claims_capture_is_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0015_exchange'),
    ]

    operations = [
        migrations.CreateModel(
            name='Capture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=claims.refs.new_ref, editable=False, max_length=10, unique=True)),
                ('asked', models.CharField(max_length=2000, verbose_name='address asked for')),
                ('state', models.CharField(choices=[('waiting', 'To be archived'), ('kept', 'Archived'), ('failed', 'Not archived')], default='waiting', max_length=8)),
                ('why', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('hinted_at', models.DateTimeField(blank=True, null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='size in bytes')),
                ('media_type', models.CharField(blank=True, max_length=100)),
                ('address', models.CharField(blank=True, help_text='Where it was found in the end, after redirects.', max_length=2000)),
                ('request_headers', models.JSONField(blank=True, default=list)),
                ('response_headers', models.JSONField(blank=True, default=list)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='claims_capture_to_do'), models.Index(fields=['sha256'], name='claims_capture_bytes')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('sha256__regex', '^[0-9a-f]{64}$'), ('state', 'kept'), ('taken_at__isnull', False)), models.Q(models.Q(('state', 'kept'), _negated=True), ('sha256', ''), ('taken_at__isnull', True)), _connector='OR'), name='claims_capture_kept_has_its_hash'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('why', ''), _negated=True), _connector='OR'), name='claims_capture_failed_says_why')],
            },
        ),
        RunSQL(KEPT, "DROP FUNCTION claims_capture_is_kept CASCADE;"),
    ]
