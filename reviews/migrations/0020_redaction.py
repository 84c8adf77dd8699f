
"""What one sealed version said can be blanked, with a reason; that it stood there cannot.

Until now sealed rows never changed. From now on a version, its revision and an older publication of
it may lose their words, and nothing else, once a row of `Redaction` says who blanked them and why.
The revisions of django-reversion are sealed like the rest.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

# As before, but an older version may be empty.
PUBLISHED_IS_PUBLIC = (
    import_module("reviews.migrations.0004_sealed_context")
    .PUBLISHED_IS_PUBLIC.partition("CREATE CONSTRAINT TRIGGER")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("version.content::jsonb", "NULLIF(version.content, '')::jsonb")
)

REFUSE = """
    RAISE EXCEPTION '% refused: rows of % are sealed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
"""

VERSION_IS_SEALED = """
CREATE FUNCTION reviews_version_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.content = ''
        AND to_jsonb(NEW) - 'content' = to_jsonb(OLD) - 'content'
        AND EXISTS (SELECT FROM reviews_redaction WHERE version_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    {refuse}
END $$;
DROP TRIGGER reviews_verdictversion_sealed ON reviews_verdictversion;
CREATE TRIGGER reviews_verdictversion_sealed BEFORE UPDATE OR DELETE ON reviews_verdictversion
    FOR EACH ROW EXECUTE FUNCTION reviews_version_is_sealed();
""".replace("{refuse}", REFUSE)

# Of an older publication the words go with those of its version.
PUBLICATION_IS_SEALED = """
CREATE FUNCTION reviews_publication_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE words text[] := ARRAY[
    'claim', 'summary', 'explanation', 'evidence', 'appearances', 'claimant'
];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'document' = to_jsonb(OLD) - 'document'
        AND NEW.document - words = OLD.document - words
        AND NEW.document @> '{"claim": "", "summary": "", "explanation": "", "claimant": null}'
        AND NEW.document->'evidence' = '[]' AND NEW.document->'appearances' = '[]'
        AND EXISTS (SELECT FROM reviews_redaction WHERE version_id = OLD.version_id) THEN
        RETURN NEW;
    END IF;
    {refuse}
END $$;
DROP TRIGGER reviews_publication_sealed ON reviews_publication;
CREATE TRIGGER reviews_publication_sealed BEFORE UPDATE OR DELETE ON reviews_publication
    FOR EACH ROW EXECUTE FUNCTION reviews_publication_is_sealed();
""".replace("{refuse}", REFUSE)

# Neither what stands now nor what readers see now is redacted, and by the end of the transaction
# the content is gone.
REDACTION_FITS = """
CREATE FUNCTION reviews_redaction_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE version reviews_verdictversion;
BEGIN
    SELECT * INTO version FROM reviews_verdictversion WHERE id = NEW.version_id;
    IF version.content = '' OR version.content_hash <> NEW.content_hash OR EXISTS (
        SELECT FROM reviews_verdict WHERE id = version.verdict_id AND seq = version.seq
    ) OR EXISTS (
        SELECT FROM reviews_publication publication WHERE publication.version_id = version.id
            AND NOT EXISTS (
                SELECT FROM reviews_publication later
                WHERE later.review_id = publication.review_id AND later.id > publication.id
            )
    ) THEN
        RAISE EXCEPTION 'version % of verdict % cannot be redacted', version.seq, version.verdict_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_redaction_fits BEFORE INSERT ON reviews_redaction
    FOR EACH ROW EXECUTE FUNCTION reviews_redaction_fits();
CREATE FUNCTION reviews_redaction_is_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM reviews_verdictversion WHERE id = NEW.version_id AND content <> ''
    ) THEN
        RAISE EXCEPTION 'version % is said to be redacted, but is not', NEW.version_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_redaction_is_done AFTER INSERT ON reviews_redaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_redaction_is_done();
"""

SEALED = """
CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""
UNSEALED = """
DROP TRIGGER {table}_sealed ON {table};
DROP TRIGGER {table}_not_truncated ON {table};
"""

# The revision of a redacted version may lose its words, and keeps its place.
REVISION_IS_SEALED = """
CREATE FUNCTION reviews_revised_row_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
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
        IF was - 'rating' - 'claim_wording' - 'summary' - 'explanation' - 'correction' - 'context'
            = is_now - 'rating' - 'claim_wording' - 'summary' - 'explanation' - 'correction'
                - 'context'
            AND is_now @> '{"claim_wording": "", "summary": "", "explanation": "", "rating": ""}'
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
CREATE TRIGGER reversion_version_sealed BEFORE UPDATE OR DELETE ON reversion_version
    FOR EACH ROW EXECUTE FUNCTION reviews_revised_row_is_sealed();
CREATE TRIGGER reversion_version_not_truncated BEFORE TRUNCATE ON reversion_version
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
""".replace("{refuse}", REFUSE)


class Migration(migrations.Migration):

    dependencies = [
        ("reversion", "0002_add_index_on_version_for_content_type_and_db"),
        ('reviews', '0019_put_under'),
    ]

    operations = [
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField()),
                ('verdicts', models.PositiveIntegerField()),
                ('versions', models.PositiveIntegerField()),
                ('problem_count', models.PositiveIntegerField()),
                ('problems', models.JSONField(default=list, help_text='The first hundred, as sentences.')),
            ],
        ),
        migrations.AlterModelOptions(
            name='review',
            options={'permissions': [('check_review', 'Can take reviews, write verdicts and submit them'), ('approve_verdict', 'Can return and approve verdicts of others'), ('redact_version', 'Can blank what an older version of a verdict said')]},
        ),
        migrations.AlterField(
            model_name='reviewevent',
            name='action',
            field=models.CharField(choices=[('open', 'opened'), ('take', 'took it'), ('release', 'released it'), ('hand_over', 'handed it over'), ('take_over', 'took it over'), ('expire', 'lease ran out'), ('submit', 'submitted the verdict'), ('withdraw', 'withdrew the verdict'), ('return', 'returned the verdict'), ('approve', 'approved the verdict'), ('publish', 'published'), ('correct', 'took it for a correction'), ('keep', 'kept what is published'), ('dismiss', 'dismissed it'), ('reopen', 'reopened it'), ('adopt', 'adopted an earlier verdict'), ('merge', 'merged the claim into another'), ('unmerge', 'undid the merge of the claim'), ('resume', 'undid the merge of the claim: held as before'), ('hand_back', 'undid the merge of the claim: returned as before'), ('wait_again', 'undid the merge of the claim: waits for a reply as before'), ('snooze', 'waits for a reply'), ('unsnooze', 'went on with it'), ('wake', 'the wait is over'), ('due', 'set the due date'), ('put_under', 'put it under topics'), ('overdue', 'became overdue'), ('remind', 'is due for a re-check'), ('recheck', 'looked again: still unproven'), ('redact', 'redacted a version'), ('ask_opinion', 'asked for a second opinion'), ('take_opinion', 'began a second opinion'), ('decline_opinion', 'gave a second opinion back'), ('give_opinion', 'gave a second opinion'), ('call_off', 'called the second opinion off'), ('adjudicate', 'adjudicated between the two')], max_length=16),
        ),
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_hash', models.CharField(help_text='Of what stood there.', max_length=64)),
                ('by_name', models.CharField(max_length=310)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='redaction', to='reviews.verdictversion')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='reviews_redaction_says_why')],
            },
        ),
        *(
            RunSQL(SEALED.format(table=table), UNSEALED.format(table=table))
            for table in ("reviews_redaction", "reviews_verification", "reversion_revision")
        ),
        RunSQL(PUBLISHED_IS_PUBLIC, RunSQL.noop),
        RunSQL(REDACTION_FITS, RunSQL.noop),
        RunSQL(VERSION_IS_SEALED, RunSQL.noop),
        RunSQL(PUBLICATION_IS_SEALED, RunSQL.noop),
        RunSQL(REVISION_IS_SEALED, RunSQL.noop),
    ]
