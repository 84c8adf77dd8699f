"""Taking the next review in one call: it is asked for all day, by everybody at once.

It knows what `workflow.take` knows: the right to check, the cap, languages, topics, conflicts; it
writes the same lease and the same event. The person's row is locked first; the review is never
waited for (SKIP LOCKED), so that the order review before person is not broken. In PL/pgSQL each
statement sees what was committed before it began, so the cap counts what the lock waited for.
"""

from django.db import migrations
from django.db.migrations import RunSQL

TAKE_NEXT = """
CREATE FUNCTION reviews_take_next(who bigint, lease interval, at_most int)
RETURNS SETOF reviews_review LANGUAGE plpgsql AS $$
DECLARE
    person reviews_user;
    chosen reviews_review;
    moment timestamptz;
    avoided_sources bigint[];
    avoided_claimants bigint[];
    avoided_topics text[];
BEGIN
    SELECT * INTO person FROM reviews_user WHERE id = who AND is_active FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT (person.is_superuser OR EXISTS (
        SELECT 1 FROM auth_permission permission
            JOIN django_content_type kind ON kind.id = permission.content_type_id
        WHERE permission.codename = 'check_review' AND kind.app_label = 'reviews' AND (
            EXISTS (
                SELECT 1 FROM reviews_user_groups member
                    JOIN auth_group_permissions held ON held.group_id = member.group_id
                WHERE member.user_id = who AND held.permission_id = permission.id
            ) OR EXISTS (
                SELECT 1 FROM reviews_user_user_permissions own
                WHERE own.user_id = who AND own.permission_id = permission.id
            )
        )
    )) THEN
        RETURN;
    END IF;
    IF (
        SELECT count(*) FROM reviews_review WHERE checker_id = who AND status = 'in_progress'
    ) >= at_most THEN
        RETURN;
    END IF;
    SELECT array_agg(source_id) FILTER (WHERE source_id IS NOT NULL),
        array_agg(claimant_id) FILTER (WHERE claimant_id IS NOT NULL),
        array_agg(topic.slug::text) FILTER (WHERE topic_id IS NOT NULL)
        INTO avoided_sources, avoided_claimants, avoided_topics
        FROM reviews_conflict conflict
            LEFT JOIN reviews_reviewtopic topic ON topic.id = conflict.topic_id
        WHERE conflict.person_id = who AND conflict.ended_at IS NULL;
    -- One language has an index of its own; all the others walk that of every language.
    IF cardinality(person.languages) = 1 THEN
        SELECT * INTO chosen FROM reviews_review review
            WHERE review.status = 'queued' AND review.language = person.languages[1]
                AND reviews_is_for(
                    review.topics, person.topics, review.sources, avoided_sources,
                    review.claimant_id, avoided_claimants, avoided_topics
                )
            ORDER BY review.priority DESC, review.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    ELSE
        SELECT * INTO chosen FROM reviews_review review
            WHERE review.status = 'queued'
                AND (person.languages = '{}' OR review.language = ANY (person.languages))
                AND reviews_is_for(
                    review.topics, person.topics, review.sources, avoided_sources,
                    review.claimant_id, avoided_claimants, avoided_topics
                )
            ORDER BY review.priority DESC, review.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF chosen.id IS NULL THEN
        RETURN;
    END IF;
    moment := clock_timestamp();
    UPDATE reviews_review SET status = 'in_progress', checker_id = who,
            lease_token = lease_token + 1, lease_acquired_at = moment,
            lease_expires_at = moment + lease, waits_for = ''
        WHERE id = chosen.id RETURNING * INTO chosen;
    INSERT INTO reviews_reviewevent
        (review_id, action, old_status, new_status, actor_id, actor_name, at, note)
        VALUES (chosen.id, 'take', 'queued', 'in_progress', who,
            COALESCE(NULLIF(trim(person.first_name || ' ' || person.last_name), ''),
                person.username),
            moment, '');
    RETURN NEXT chosen;
END $$;
"""

IS_FOR = """
CREATE FUNCTION reviews_is_for(
    topics varchar[], checks varchar[], sources bigint[], avoided_sources bigint[],
    claimant bigint, avoided_claimants bigint[], avoided_topics text[]
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (checks = '{}' OR topics = '{}' OR topics && checks)
        AND (avoided_sources IS NULL OR NOT sources && avoided_sources)
        AND (avoided_claimants IS NULL OR claimant IS NULL OR NOT claimant = ANY (avoided_claimants))
        AND (avoided_topics IS NULL OR NOT topics::text[] && avoided_topics)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_notifications")]

    operations = [
        RunSQL(IS_FOR, "DROP FUNCTION reviews_is_for CASCADE;"),
        RunSQL(TAKE_NEXT, "DROP FUNCTION reviews_take_next;"),
    ]
