"""The heads of all chains, signed, and how each such checkpoint gets to its witnesses.

Rows of checkpoints are sealed like the rest of the record, and each follows the one before.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations import RunSQL

BEFORE = import_module("reviews.migrations.0020_redaction")

CHECKPOINT_FITS = """
CREATE FUNCTION reviews_checkpoint_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest reviews_checkpoint;
    told jsonb := NEW.statement::jsonb;
BEGIN
    SELECT * INTO newest FROM reviews_checkpoint ORDER BY number DESC LIMIT 1;
    IF NEW.number <> COALESCE(newest.number, 0) + 1
        OR (told->>'number')::int <> NEW.number
        OR told->>'previous' <> COALESCE(newest.hash, '')
        OR NEW.hash <> encode(sha256(convert_to(NEW.statement, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'checkpoint % does not follow checkpoint %',
            NEW.number, COALESCE(newest.number, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_checkpoint_fits BEFORE INSERT ON reviews_checkpoint
    FOR EACH ROW EXECUTE FUNCTION reviews_checkpoint_fits();
"""
CHECKPOINT_FITS_NO_MORE = """
DROP TRIGGER reviews_checkpoint_fits ON reviews_checkpoint;
DROP FUNCTION reviews_checkpoint_fits;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0021_held_by_their_lease'),
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('day', models.DateField(blank=True, help_text='Of a daily one; none if it was asked for.', null=True, unique=True)),
                ('taken_at', models.DateTimeField()),
                ('complete_to', models.DateTimeField(help_text='Every version saved before this moment is surely in it.')),
                ('statement', models.TextField(help_text='What was signed, letter for letter.')),
                ('hash', models.CharField(help_text='SHA-256 of the statement.', max_length=64)),
                ('signature', models.CharField(max_length=128)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='reviews_checkpoint_number_starts_at_1')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(choices=[('folder', 'Folder'), ('mail', 'Mail'), ('webhook', 'Webhook')], max_length=8)),
                ('to', models.CharField(help_text='A folder, an address, or the host of a webhook.', max_length=1000)),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be delivered'), ('sending', 'Being delivered'), ('done', 'Delivered'), ('called_off', 'Called off: the site names this witness no more')], default='waiting', max_length=10)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('written_at', models.DateTimeField()),
                ('next_try_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, help_text='What the last try met.', max_length=300)),
                ('checkpoint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='reviews.checkpoint')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('waiting', 'sending'))), fields=['next_try_at'], name='reviews_delivery_unfinished')],
                'constraints': [models.UniqueConstraint(fields=('checkpoint', 'way', 'to'), name='reviews_delivery_once_for_a_witness')],
            },
        ),
        RunSQL(
            BEFORE.SEALED.format(table="reviews_checkpoint"),
            BEFORE.UNSEALED.format(table="reviews_checkpoint"),
        ),
        RunSQL(CHECKPOINT_FITS, CHECKPOINT_FITS_NO_MORE),
    ]
