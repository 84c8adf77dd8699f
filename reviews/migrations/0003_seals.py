"""The database keeps the promises of the record, whoever writes to it.

Sealed rows never change; a verdict that is not its newest version, or a review whose status was not
logged, cannot commit; an approval by a contributor or of a stale version cannot be written.
"""

from django.db import migrations
from django.db.migrations import RunSQL

SEALED_TABLES = (
    "reviews_verdictversion",
    "reviews_decision",
    "reviews_reviewevent",
    "reviews_publication",
)

REFUSE_CHANGE = """
CREATE FUNCTION reviews_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: rows of % are sealed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

SEAL = """
CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""

# A version follows the one before it, number and hash.
VERSION_FITS_THE_CHAIN = """
CREATE FUNCTION reviews_version_fits_the_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last reviews_verdictversion;
BEGIN
    SELECT * INTO last FROM reviews_verdictversion
        WHERE verdict_id = NEW.verdict_id ORDER BY seq DESC LIMIT 1;
    IF NEW.seq <> COALESCE(last.seq, 0) + 1 OR NEW.previous_hash <> COALESCE(last.hash, '') THEN
        RAISE EXCEPTION 'version % does not follow version %', NEW.seq, COALESCE(last.seq, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_version_fits_the_chain BEFORE INSERT ON reviews_verdictversion
    FOR EACH ROW EXECUTE FUNCTION reviews_version_fits_the_chain();
"""

# At commit, a verdict's row says what its newest version says, whichever of the two was written.
VERDICT_IS_SEALED = """
CREATE FUNCTION reviews_verdict_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
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
        OR content->>'explanation' <> verdict.explanation THEN
        RAISE EXCEPTION 'verdict % is not what its newest version says', verdict.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_verdict_is_sealed AFTER INSERT OR UPDATE ON reviews_verdict
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_verdict_is_sealed();
CREATE CONSTRAINT TRIGGER reviews_version_is_the_verdict AFTER INSERT ON reviews_verdictversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_verdict_is_sealed();
CREATE TRIGGER reviews_verdict_not_deleted BEFORE DELETE ON reviews_verdict
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER reviews_verdict_not_truncated BEFORE TRUNCATE ON reviews_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""

# At commit, the status of a review is the one its newest event names, whichever was written.
STATUS_IS_LOGGED = """
CREATE FUNCTION reviews_status_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
    present varchar;
    logged varchar;
BEGIN
    IF TG_TABLE_NAME = 'reviews_review' THEN written := NEW.id;
    ELSE written := NEW.review_id;
    END IF;
    SELECT status INTO present FROM reviews_review WHERE id = written;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT new_status INTO logged FROM reviews_reviewevent
        WHERE review_id = written ORDER BY id DESC LIMIT 1;
    IF logged IS DISTINCT FROM present THEN
        RAISE EXCEPTION 'review % is %, but its newest event says %', written, present, logged
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER reviews_status_is_logged AFTER INSERT OR UPDATE OF status ON reviews_review
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_status_is_logged();
CREATE CONSTRAINT TRIGGER reviews_event_is_the_status AFTER INSERT ON reviews_reviewevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reviews_status_is_logged();
"""

# Evidence is withdrawn once; what it says never changes.
EVIDENCE_IS_KEPT = """
CREATE FUNCTION reviews_evidence_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.withdrawn_at IS NOT NULL
        OR (to_jsonb(NEW) - 'withdrawn_at' - 'withdrawn_by_id' - 'withdrawn_reason')
        <> (to_jsonb(OLD) - 'withdrawn_at' - 'withdrawn_by_id' - 'withdrawn_reason') THEN
        RAISE EXCEPTION '% refused: evidence is withdrawn, never rewritten', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_evidence_is_kept BEFORE UPDATE OR DELETE ON reviews_evidence
    FOR EACH ROW EXECUTE FUNCTION reviews_evidence_is_kept();
CREATE TRIGGER reviews_evidence_not_truncated BEFORE TRUNCATE ON reviews_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""

# An approval is of the newest version, and by nobody who wrote since the last approved one.
FOUR_EYES = """
CREATE FUNCTION reviews_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version reviews_verdictversion;
    verdict reviews_verdict;
    approved_to int;
BEGIN
    SELECT * INTO version FROM reviews_verdictversion WHERE id = NEW.version_id;
    SELECT * INTO verdict FROM reviews_verdict WHERE id = version.verdict_id FOR UPDATE;
    IF version.seq <> verdict.seq OR NEW.content_hash <> verdict.content_hash THEN
        RAISE EXCEPTION 'the decision is not about the newest version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT COALESCE(max(earlier.seq), 0) INTO approved_to FROM reviews_decision decision
        JOIN reviews_verdictversion earlier ON earlier.id = decision.version_id
        WHERE earlier.verdict_id = verdict.id AND decision.kind = 'approved';
    IF NEW.kind = 'approved' AND EXISTS (
        SELECT 1 FROM reviews_verdictversion wrote WHERE wrote.verdict_id = verdict.id
            AND wrote.seq > approved_to AND wrote.actor_id = NEW.by_id
    ) THEN
        RAISE EXCEPTION 'a contributor cannot approve the verdict'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_four_eyes BEFORE INSERT ON reviews_decision
    FOR EACH ROW EXECUTE FUNCTION reviews_four_eyes();
"""

# What is published was approved, in exactly that version, of exactly that review.
PUBLISHED_IS_APPROVED = """
CREATE FUNCTION reviews_published_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM reviews_decision decision
            JOIN reviews_verdictversion version ON version.id = decision.version_id
            JOIN reviews_verdict verdict ON verdict.id = version.verdict_id
        WHERE decision.id = NEW.approval_id AND decision.kind = 'approved'
            AND version.id = NEW.version_id AND verdict.review_id = NEW.review_id
    ) THEN
        RAISE EXCEPTION 'a publication needs an approval of exactly its version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.correction = '' AND EXISTS (
        SELECT 1 FROM reviews_publication WHERE review_id = NEW.review_id
    ) THEN
        RAISE EXCEPTION 'a further publication says what was corrected'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_published_is_approved BEFORE INSERT ON reviews_publication
    FOR EACH ROW EXECUTE FUNCTION reviews_published_is_approved();
"""

# Losing a role waits for what the person is doing with it, and comes before what they do next: a
# write locks its person's row.
ROLE_OUTLASTS_ITS_USE = """
CREATE FUNCTION reviews_role_outlasts_its_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM reviews_user WHERE id = OLD.user_id FOR NO KEY UPDATE;
    RETURN OLD;
END $$;
CREATE TRIGGER reviews_role_outlasts_its_use BEFORE DELETE ON reviews_user_groups
    FOR EACH ROW EXECUTE FUNCTION reviews_role_outlasts_its_use();
CREATE TRIGGER reviews_permission_outlasts_its_use BEFORE DELETE ON reviews_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION reviews_role_outlasts_its_use();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_reviews")]

    operations = [
        RunSQL(REFUSE_CHANGE, "DROP FUNCTION reviews_refuse_change CASCADE;"),
        *(RunSQL(SEAL.format(table=table), RunSQL.noop) for table in SEALED_TABLES),
        RunSQL(VERSION_FITS_THE_CHAIN, "DROP FUNCTION reviews_version_fits_the_chain CASCADE;"),
        RunSQL(VERDICT_IS_SEALED, "DROP FUNCTION reviews_verdict_is_sealed CASCADE;"),
        RunSQL(STATUS_IS_LOGGED, "DROP FUNCTION reviews_status_is_logged CASCADE;"),
        RunSQL(EVIDENCE_IS_KEPT, "DROP FUNCTION reviews_evidence_is_kept CASCADE;"),
        RunSQL(FOUR_EYES, "DROP FUNCTION reviews_four_eyes CASCADE;"),
        RunSQL(PUBLISHED_IS_APPROVED, "DROP FUNCTION reviews_published_is_approved CASCADE;"),
        RunSQL(ROLE_OUTLASTS_ITS_USE, "DROP FUNCTION reviews_role_outlasts_its_use CASCADE;"),
    ]
