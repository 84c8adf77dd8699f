"""Who may not approve is asked of one function; approvals needed do not fall under a decision.

Contributors are, besides those who wrote a version since the last approved one: who wrote what was
adopted, however often it was handed on; who wrote anything before, where an older version was
restored; and who began the correction, since readers may be told so in their words.
"""

from importlib import import_module

from django.db import migrations

CONTRIBUTORS = """
CREATE FUNCTION reviews_contributors(of_verdict bigint, before int) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE approved (seq) AS (
        SELECT COALESCE(max(version.seq), 0) FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        WHERE version.verdict_id = of_verdict AND version.seq < before
            AND decision.kind = 'approved' AND decision.nth >= decision.needed
    ), words (verdict_id, after, upto) AS (
        SELECT of_verdict, CASE WHEN EXISTS (
            SELECT FROM reviews_verdictversion restored
            WHERE restored.verdict_id = of_verdict AND restored.seq > approved.seq
                AND restored.action = 'restore'
        ) THEN 0 ELSE approved.seq END, 2147483647 FROM approved
        UNION
        SELECT adopted.verdict_id, 0, adopted.seq FROM words
        JOIN reviews_verdictversion sealed ON sealed.verdict_id = words.verdict_id
            AND sealed.seq > words.after AND sealed.seq <= words.upto AND sealed.action = 'adopt'
        JOIN reviews_verdict verdict ON verdict.id = sealed.verdict_id
        JOIN reviews_reviewevent adoption ON adoption.review_id = verdict.review_id
            AND adoption.at = sealed.at
        JOIN reviews_publication checked ON checked.id = adoption.adopted_id
        JOIN reviews_verdictversion adopted ON adopted.id = checked.version_id
    )
    SELECT wrote.actor_id FROM words
    JOIN reviews_verdictversion wrote ON wrote.verdict_id = words.verdict_id
        AND wrote.seq > words.after AND wrote.seq <= words.upto
    UNION
    SELECT begun.actor_id FROM reviews_verdict verdict
    JOIN reviews_reviewevent begun ON begun.review_id = verdict.review_id
        AND begun.action = 'correct'
    WHERE verdict.id = of_verdict AND begun.id > (
        SELECT max(id) FROM reviews_reviewevent
        WHERE review_id = verdict.review_id AND action = 'publish'
    )
$$;
"""
NO_CONTRIBUTORS = "DROP FUNCTION reviews_contributors;"

FOUR_EYES_BEFORE = import_module("reviews.migrations.0023_approvals").FOUR_EYES
FIRST, _, REST = FOUR_EYES_BEFORE.partition("    SELECT COALESCE(max(earlier.seq), 0) INTO")
_, NEXT, LAST = REST.partition("    SELECT max(published_at) INTO published")
ASKED = """    IF NEW.by_id IN (SELECT reviews_contributors(verdict.id, version.seq)) THEN
        RAISE EXCEPTION 'a contributor cannot approve the verdict'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
"""
FOUR_EYES = FIRST.replace("    approved_to int;\n", "") + ASKED + NEXT + LAST

AS_MANY_APPROVALS = """
CREATE FUNCTION reviews_as_many_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT COALESCE(max(approvals), 1) FROM reviews_reviewtopic WHERE slug = ANY(NEW.topics))
        < (SELECT COALESCE(max(approvals), 1) FROM reviews_reviewtopic WHERE slug = ANY(OLD.topics))
    THEN
        RAISE EXCEPTION 'the submitted verdict % needs as many approvals as its topics asked', NEW.ref
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_as_many_approvals BEFORE UPDATE OF topics ON reviews_review
    FOR EACH ROW WHEN (
        OLD.status = 'submitted' AND NEW.status = 'submitted' AND NEW.topics <> OLD.topics
    )
    EXECUTE FUNCTION reviews_as_many_approvals();
"""
FEWER_APPROVALS = "DROP FUNCTION reviews_as_many_approvals CASCADE;"


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0028_permissions'),
    ]

    operations = [
        migrations.RunSQL(CONTRIBUTORS, NO_CONTRIBUTORS),
        migrations.RunSQL(FOUR_EYES, FOUR_EYES_BEFORE),
        migrations.RunSQL(AS_MANY_APPROVALS, FEWER_APPROVALS),
    ]
