"""Several people may have to approve; what is asked before a verdict is submitted is a policy.

A version with some of the approvals it needs is not approved: it neither becomes public nor begins
a new round of contributors. The database counts them itself, whoever writes an approval.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

FOUR_EYES = """
CREATE OR REPLACE FUNCTION reviews_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version reviews_verdictversion;
    verdict reviews_verdict;
    state varchar;
    approved_to int;
    returned bigint;
    published timestamptz;
BEGIN
    SELECT * INTO version FROM reviews_verdictversion WHERE id = NEW.version_id;
    SELECT * INTO verdict FROM reviews_verdict WHERE id = version.verdict_id FOR UPDATE;
    IF version.seq <> verdict.seq OR NEW.content_hash <> verdict.content_hash THEN
        RAISE EXCEPTION 'the decision is not about the newest version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT status INTO state FROM reviews_review WHERE id = verdict.review_id;
    IF state <> 'submitted' THEN
        RAISE EXCEPTION 'the verdict is %, not submitted: nothing is decided', state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind <> 'approved' THEN RETURN NEW; END IF;

    SELECT COALESCE(max(earlier.seq), 0) INTO approved_to FROM reviews_decision decision
        JOIN reviews_verdictversion earlier ON earlier.id = decision.version_id
        WHERE earlier.verdict_id = verdict.id AND earlier.seq < version.seq
            AND decision.kind = 'approved' AND decision.nth >= decision.needed;
    IF EXISTS (
        SELECT FROM reviews_verdictversion wrote WHERE wrote.verdict_id = verdict.id
            AND wrote.seq > approved_to AND wrote.actor_id = NEW.by_id
    ) THEN
        RAISE EXCEPTION 'a contributor cannot approve the verdict'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (
        SELECT FROM reviews_reviewevent adoption
            JOIN reviews_verdictversion sealed ON sealed.verdict_id = verdict.id
                AND sealed.seq > approved_to AND sealed.action = 'adopt'
                AND sealed.at = adoption.at
            JOIN reviews_publication checked ON checked.id = adoption.adopted_id
            JOIN reviews_verdictversion adopted ON adopted.id = checked.version_id
            JOIN reviews_verdictversion wrote ON wrote.verdict_id = adopted.verdict_id
                AND wrote.seq <= adopted.seq
            WHERE adoption.review_id = verdict.review_id AND wrote.actor_id = NEW.by_id
    ) THEN
        RAISE EXCEPTION 'an author of what was adopted cannot approve the verdict'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT max(published_at) INTO published FROM reviews_publication
        WHERE review_id = verdict.review_id;
    IF EXISTS (
        SELECT FROM reviews_secondopinion opinion WHERE opinion.review_id = verdict.review_id
            AND NEW.by_id IN (opinion.asked_id, opinion.second_checker_id)
            AND opinion.state <> 'called_off'
            AND (published IS NULL OR opinion.asked_at > published)
    ) THEN
        RAISE EXCEPTION 'whose second opinion it is cannot approve the verdict'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    -- A return makes void what was approved before it.
    SELECT COALESCE(max(id), 0) INTO returned FROM reviews_decision
        WHERE version_id = NEW.version_id AND kind = 'returned';
    IF EXISTS (
        SELECT FROM reviews_decision WHERE version_id = NEW.version_id AND kind = 'approved'
            AND id > returned AND (by_id = NEW.by_id OR nth >= needed)
    ) THEN
        RAISE EXCEPTION 'the version is approved already, or by this person'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT count(*) + 1 INTO NEW.nth FROM reviews_decision
        WHERE version_id = NEW.version_id AND kind = 'approved' AND id > returned;
    SELECT GREATEST(1, max(topic.approvals)) INTO NEW.needed FROM reviews_review review
        LEFT JOIN reviews_reviewtopic topic ON topic.slug = ANY(review.topics)
        WHERE review.id = verdict.review_id;
    RETURN NEW;
END $$;
"""
FOUR_EYES_BEFORE = import_module("reviews.migrations.0007_adoptions").AFTER

PUBLISHED_IS_APPROVED_BEFORE = (
    import_module("reviews.migrations.0003_seals")
    .PUBLISHED_IS_APPROVED.partition("CREATE TRIGGER")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
)
PUBLISHED_IS_APPROVED = PUBLISHED_IS_APPROVED_BEFORE.replace(
    "decision.kind = 'approved'\n",
    "decision.kind = 'approved' AND decision.nth >= decision.needed\n",
)

# A review becomes approved only by the last approval that its newest version needed.
APPROVED_BY_ENOUGH = """
CREATE FUNCTION reviews_approved_by_enough() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM reviews_verdict verdict
            JOIN reviews_verdictversion version ON version.verdict_id = verdict.id
                AND version.seq = verdict.seq
            JOIN reviews_decision decision ON decision.version_id = version.id
        WHERE verdict.review_id = NEW.review_id AND decision.kind = 'approved'
            AND decision.nth >= decision.needed
    ) THEN
        RAISE EXCEPTION 'review % has not as many approvals as it needs', NEW.review_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reviews_approved_by_enough BEFORE INSERT ON reviews_reviewevent
    FOR EACH ROW WHEN (NEW.new_status = 'approved' AND NEW.old_status <> 'approved')
    EXECUTE FUNCTION reviews_approved_by_enough();
"""
NOT_BY_ENOUGH = "DROP FUNCTION reviews_approved_by_enough CASCADE;"

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


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0022_checkpoints'),
    ]

    operations = [
        migrations.CreateModel(
            name='Exemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requirement', models.CharField(choices=[('checklist', 'every required point of the checklist ticked'), ('sources', 'independent named sources'), ('contact', 'the claimant asked, as the contact log tells'), ('both_sides', 'evidence for and against'), ('primary', 'a primary source')], max_length=12)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('by_name', models.CharField(max_length=310)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField(unique=True)),
                ('terms', models.JSONField()),
                ('why', models.CharField(max_length=500)),
                ('by_name', models.CharField(max_length=310)),
                ('at', models.DateTimeField()),
            ],
            options={
                'permissions': [('edit_policy', 'Can edit what a verdict needs before it is submitted')],
            },
        ),
        migrations.AddField(
            model_name='decision',
            name='needed',
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='decision',
            name='nth',
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='reviewtopic',
            name='approvals',
            field=models.PositiveSmallIntegerField(default=1, help_text='How many people must approve a verdict under it.'),
        ),
        migrations.AlterField(
            model_name='reviewevent',
            name='action',
            field=models.CharField(choices=[('open', 'opened'), ('take', 'took it'), ('release', 'released it'), ('hand_over', 'handed it over'), ('take_over', 'took it over'), ('expire', 'lease ran out'), ('submit', 'submitted the verdict'), ('withdraw', 'withdrew the verdict'), ('return', 'returned the verdict'), ('approve', 'approved the verdict'), ('co_approve', 'gave one of the approvals it needs'), ('publish', 'published'), ('correct', 'took it for a correction'), ('keep', 'kept what is published'), ('dismiss', 'dismissed it'), ('reopen', 'reopened it'), ('adopt', 'adopted an earlier verdict'), ('merge', 'merged the claim into another'), ('unmerge', 'undid the merge of the claim'), ('resume', 'undid the merge of the claim: held as before'), ('hand_back', 'undid the merge of the claim: returned as before'), ('wait_again', 'undid the merge of the claim: waits for a reply as before'), ('snooze', 'waits for a reply'), ('unsnooze', 'went on with it'), ('wake', 'the wait is over'), ('due', 'set the due date'), ('put_under', 'put it under topics'), ('overdue', 'became overdue'), ('remind', 'is due for a re-check'), ('recheck', 'looked again: still unproven'), ('redact', 'redacted a version'), ('ask_opinion', 'asked for a second opinion'), ('take_opinion', 'began a second opinion'), ('decline_opinion', 'gave a second opinion back'), ('give_opinion', 'gave a second opinion'), ('call_off', 'called the second opinion off'), ('adjudicate', 'adjudicated between the two')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='reviewtopic',
            constraint=models.CheckConstraint(condition=models.Q(('approvals__gte', 1), ('approvals__lte', 5)), name='reviews_topic_needs_one_to_five_approvals'),
        ),
        migrations.AddField(
            model_name='exemption',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='exemption',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemptions', to='reviews.review'),
        ),
        migrations.AddField(
            model_name='policyversion',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='exemption',
            index=models.Index(fields=['review', 'id'], name='reviews_exemption_of_a_review'),
        ),
        migrations.AddConstraint(
            model_name='exemption',
            constraint=models.CheckConstraint(condition=models.Q(('requirement', 'checklist'), _negated=True), name='reviews_exemption_is_not_of_the_checklist'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='reviews_policy_version_says_why'),
        ),
        RunSQL(FOUR_EYES, FOUR_EYES_BEFORE),
        RunSQL(PUBLISHED_IS_APPROVED, PUBLISHED_IS_APPROVED_BEFORE),
        RunSQL(APPROVED_BY_ENOUGH, NOT_BY_ENOUGH),
        *(
            RunSQL(SEALED.format(table=table), UNSEALED.format(table=table))
            for table in ("reviews_policyversion", "reviews_exemption")
        ),
    ]
