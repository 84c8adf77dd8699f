"""Comments on passages, replies, and who resolved what; both tables are sealed from now on."""

import claims.refs
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL
from django.db.models import F, Q

SEAL = """
CREATE TRIGGER {table}_sealed BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION reviews_refuse_change();
CREATE TRIGGER {table}_not_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_change();
"""
UNSEAL = """
DROP TRIGGER {table}_sealed ON {table};
DROP TRIGGER {table}_not_truncated ON {table};
"""


def give_refs(apps, schema_editor):
    """Comments from before get what new ones have: a ref, and the event that logs them."""
    event = apps.get_model("reviews", "ThreadEvent")
    for comment in apps.get_model("reviews", "Comment").objects.select_related("author"):
        comment.ref = claims.refs.new_ref()
        comment.save(update_fields=["ref"])
        author = comment.author
        name = f"{author.first_name} {author.last_name}".strip() or author.username
        event.objects.create(
            thread=comment, what="said", actor=author, actor_name=name, at=comment.at
        )


class Migration(migrations.Migration):
    dependencies = [("claims", "0009_flags_by_rule"), ("reviews", "0016_first_checklist")]

    operations = [
        migrations.AddField("comment", "ref", models.CharField(editable=False, max_length=10, null=True)),
        migrations.AddField(
            "comment", "thread",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="reviews.comment"),
        ),
        migrations.AddField(
            "comment", "article",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="claims.article"),
        ),
        migrations.AddField(
            "comment", "version",
            models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="reviews.verdictversion"),
        ),
        migrations.AddField(
            "comment", "field",
            models.CharField(blank=True, choices=[("claim_wording", "the claim as checked"), ("summary", "the summary"), ("explanation", "the explanation")], default="", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField("comment", "start", models.PositiveIntegerField(null=True)),
        migrations.AddField("comment", "end", models.PositiveIntegerField(null=True)),
        migrations.AddField(
            "comment", "quote",
            models.TextField(blank=True, default="", help_text="The words of the passage."),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="ThreadEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(choices=[("said", "commented"), ("replied", "replied"), ("resolved", "resolved it"), ("reopened", "opened it again")], max_length=8)),
                ("actor_name", models.CharField(max_length=310)),
                ("at", models.DateTimeField()),
                ("actor", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("thread", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="events", to="reviews.comment")),
            ],
            options={"indexes": [models.Index(fields=["thread", "-id"], name="reviews_threadevent_newest")]},
        ),
        migrations.RunPython(give_refs, migrations.RunPython.noop, elidable=True),
        RunSQL("SET CONSTRAINTS ALL IMMEDIATE", RunSQL.noop),
        migrations.AlterField(
            "comment", "ref",
            models.CharField(default=claims.refs.new_ref, editable=False, max_length=10, unique=True),
        ),
        migrations.AddIndex("comment", models.Index(fields=["review", "id"], name="reviews_comment_of_review")),
        migrations.AddConstraint(
            "comment",
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True, quote="") | (Q(start__lt=F("end")) & ~Q(quote="")),
                name="reviews_comment_passage_has_its_words",
            ),
        ),
        migrations.AddConstraint(
            "comment",
            models.CheckConstraint(
                condition=Q(article__isnull=True, version__isnull=True, start__isnull=True, field="")
                | Q(article__isnull=False, version__isnull=True, start__isnull=False, field="")
                | (Q(article__isnull=True, version__isnull=False) & ~Q(field="")),
                name="reviews_comment_is_about_one_thing",
            ),
        ),
        migrations.AddConstraint(
            "comment",
            models.CheckConstraint(
                condition=Q(thread__isnull=True) | Q(article__isnull=True, version__isnull=True),
                name="reviews_comment_reply_is_about_its_thread",
            ),
        ),
        *(
            RunSQL(SEAL.format(table=table), UNSEAL.format(table=table))
            for table in ("reviews_comment", "reviews_threadevent")
        ),
    ]
