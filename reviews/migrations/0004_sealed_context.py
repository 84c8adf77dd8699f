"""What readers are told besides the verdict's words is sealed with each version, too.

Versions from before have neither `correction` nor `context` in their content; they stay as they
are, and comparing a missing key with a column says nothing, so they fit their rows as before.
"""

from django.db import migrations, models
from django.db.migrations import RunSQL

VERDICT_IS_SEALED = """
CREATE OR REPLACE FUNCTION reviews_verdict_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
    verdict reviews_verdict;
    last reviews_verdictversion;
    content jsonb;
BEGIN
    IF TG_TABLE_NAME = 'reviews_verdict' THEN written := NEW.id;
    ELSE written := NEW.verdict_id;
    END IF;
    SELECT * INTO verdict FROM reviews_verdict WHERE id = written;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT * INTO last FROM reviews_verdictversion
        WHERE verdict_id = verdict.id ORDER BY seq DESC LIMIT 1;
    content := last.content::jsonb;
    IF last.id IS NULL OR last.seq <> verdict.seq OR last.content_hash <> verdict.content_hash
        OR content->>'rating' <> verdict.rating
        OR (content->>'scale')::int <> verdict.scale_version
        OR content->>'claim' <> verdict.claim_wording
        OR content->>'summary' <> verdict.summary
        OR content->>'explanation' <> verdict.explanation{besides} THEN
        RAISE EXCEPTION 'verdict % is not what its newest version says', verdict.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""
BESIDES = """
        OR content->>'correction' <> verdict.correction
        OR content->'context' <> verdict.context"""

# At commit, a published review says what its newest publication says, its correction apart: no way
# back to `published` leaves other words behind what readers see.
PUBLISHED_IS_PUBLIC = """
CREATE FUNCTION reviews_published_is_public() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present varchar;
    told jsonb;
    kept jsonb;
BEGIN
    SELECT status INTO present FROM reviews_review WHERE id = NEW.id;
    IF present IS DISTINCT FROM 'published' THEN RETURN NULL; END IF;
    SELECT version.content::jsonb INTO told FROM reviews_publication publication
        JOIN reviews_verdictversion version ON version.id = publication.version_id
        WHERE publication.review_id = NEW.id ORDER BY publication.id DESC LIMIT 1;
    SELECT version.content::jsonb INTO kept FROM reviews_verdictversion version
        JOIN reviews_verdict verdict ON verdict.id = version.verdict_id
        WHERE verdict.review_id = NEW.id ORDER BY version.seq DESC LIMIT 1;
    IF told IS NULL OR told - 'schema' - 'correction' <> kept - 'schema' - 'correction' THEN
        RAISE EXCEPTION 'review % is published, but not what readers see', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_published_is_public AFTER INSERT OR UPDATE OF status ON reviews_review
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_published_is_public();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_seals")]

    operations = [
        migrations.AddField(
            model_name="verdict",
            name="context",
            field=models.JSONField(
                default=dict,
                help_text="Language, claimant and appearances that readers are told of.",
            ),
        ),
        migrations.AddField(
            model_name="verdict",
            name="correction",
            field=models.TextField(
                blank=True, help_text="What readers are told was corrected, and why."
            ),
        ),
        migrations.AlterField(
            model_name="reviewevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("open", "opened"),
                    ("take", "took it"),
                    ("release", "released it"),
                    ("expire", "lease ran out"),
                    ("submit", "submitted the verdict"),
                    ("withdraw", "withdrew the verdict"),
                    ("return", "returned the verdict"),
                    ("approve", "approved the verdict"),
                    ("publish", "published"),
                    ("correct", "took it for a correction"),
                    ("keep", "kept what is published"),
                    ("dismiss", "dismissed it"),
                    ("reopen", "reopened it"),
                ],
                max_length=10,
            ),
        ),
        RunSQL(
            VERDICT_IS_SEALED.replace("{besides}", BESIDES),
            VERDICT_IS_SEALED.replace("{besides}", ""),
        ),
        RunSQL(PUBLISHED_IS_PUBLIC, "DROP FUNCTION reviews_published_is_public CASCADE;"),
    ]
