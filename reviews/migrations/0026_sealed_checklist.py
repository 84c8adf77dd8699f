"""The answers of the checklist are sealed with the verdict; of what readers see they are no part."""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("reviews.migrations.0020_redaction")

PUBLISHED_IS_PUBLIC = BEFORE.PUBLISHED_IS_PUBLIC.replace(
    "- 'schema' - 'correction'", "- 'schema' - 'correction' - 'checklist'"
)

# As 0020 had it, but for the answers of the checklist, that may say something to redact; and what
# readers are told of the claim has to go as well.
REVISION_IS_SEALED = """
CREATE OR REPLACE FUNCTION reviews_revised_row_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said text[] := ARRAY[
        'rating', 'claim_wording', 'summary', 'explanation', 'correction', 'context', 'checklist'
    ];
    was jsonb;
    is_now jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'serialized_data' - 'object_repr'
        = to_jsonb(OLD) - 'serialized_data' - 'object_repr' AND EXISTS (
        SELECT FROM django_content_type WHERE id = OLD.content_type_id
            AND app_label = 'reviews' AND model = 'verdict'
    ) THEN
        was := OLD.serialized_data::jsonb->0->'fields';
        is_now := NEW.serialized_data::jsonb->0->'fields';
        IF was - said = is_now - said
            AND is_now @> '{"claim_wording": "", "summary": "", "explanation": "", "rating": ""}'
            AND COALESCE(is_now->>'correction', '') = ''
            AND COALESCE(is_now->'context', '{}') = '{}'
            AND COALESCE(is_now->'checklist', '{}') = '{}'
            AND EXISTS (
                SELECT FROM reviews_redaction redaction
                JOIN reviews_verdictversion version ON version.id = redaction.version_id
                WHERE version.verdict_id = OLD.object_id::bigint
                    AND version.seq = (was->>'seq')::int
            ) THEN
            RETURN NEW;
        END IF;
    END IF;
    {refuse}
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0025_evidence_copy'),
    ]

    operations = [
        migrations.AddField(
            model_name='verdict',
            name='checklist',
            field=models.JSONField(default=dict, help_text='Which version of the checklist, and what was answered.'),
        ),
        migrations.AlterField(
            model_name='verdictversion',
            name='action',
            field=models.CharField(choices=[('edit', 'Edited'), ('evidence', 'Changed the evidence'), ('restore', 'Restored an earlier version'), ('adopt', 'Adopted the verdict on another claim'), ('complete', 'Completed for approval: claimant, appearances, checklist')], max_length=10),
        ),
        migrations.RunSQL(PUBLISHED_IS_PUBLIC, BEFORE.PUBLISHED_IS_PUBLIC),
        # Backwards the wider function stays: what it lets through more is blank.
        migrations.RunSQL(
            REVISION_IS_SEALED.replace("{refuse}", BEFORE.REFUSE), migrations.RunSQL.noop
        ),
    ]
