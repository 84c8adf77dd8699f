import hashlib

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import migrations, models

from claims.reading import canonical


def to_the_shelf(apps, schema_editor):
    """Bytes move from the database to the shelf: first all files, then the column goes.

    Interrupted, it leaves files that the next run finds there already.
    """
    Article = apps.get_model("claims", "Article")
    Snapshot = apps.get_model("claims", "Snapshot")
    Sighting = apps.get_model("claims", "Sighting")
    shelf = storages["snapshots"]
    for snapshot in Snapshot.objects.order_by("pk").iterator(chunk_size=50):
        content = bytes(snapshot.content)
        if hashlib.sha256(content).hexdigest() != snapshot.sha256:
            raise ValueError(
                f"Snapshot {snapshot.pk} ({snapshot.location}): its bytes are not those that were"
                " received. Restore it from a backup or remove the row, then migrate again."
            )
        name = f"{snapshot.sha256[:2]}/{snapshot.sha256[2:4]}/{snapshot.sha256}"
        if not shelf.exists(name) or shelf.size(name) != len(content):
            shelf.save(name, ContentFile(content))
        Snapshot.objects.filter(pk=snapshot.pk).update(size=len(content))
    rows = Snapshot.objects.order_by("pk").values_list("article", "pk", "location", "received_at")
    Sighting.objects.bulk_create(
        (
            Sighting(article_id=article, snapshot_id=pk, location=location, at=at)
            for article, pk, location, at in rows.iterator(chunk_size=1000)
        ),
        batch_size=1000,
    )
    with_address = Article.objects.exclude(url="").values_list("pk", "url")
    for pk, url in with_address.iterator(chunk_size=1000):
        Article.objects.filter(pk=pk).update(canonical_url=canonical(url))


def from_the_shelf(apps, schema_editor):
    """Back again: the bytes return to the database; the files stay where they are."""
    Snapshot = apps.get_model("claims", "Snapshot")
    shelf = storages["snapshots"]
    for snapshot in Snapshot.objects.order_by("pk").iterator(chunk_size=50):
        name = f"{snapshot.sha256[:2]}/{snapshot.sha256[2:4]}/{snapshot.sha256}"
        with shelf.open(name) as file:
            Snapshot.objects.filter(pk=snapshot.pk).update(content=file.read())


class Migration(migrations.Migration):
    dependencies = [("claims", "0009_flags_by_rule")]

    operations = [
        migrations.AddField(
            model_name="article",
            name="author",
            field=models.CharField(blank=True, max_length=300, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="article",
            name="licence",
            field=models.CharField(blank=True, max_length=300, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="article",
            name="canonical_url",
            field=models.CharField(
                "canonical address", max_length=2000, blank=True, editable=False, default="",
                help_text="The one spelling by which the same article is recognised.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="article",
            name="guessed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), blank=True, default=list,
                editable=False, size=None,
                help_text="Fields worked out when it was read, that nobody declared or corrected since.",
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="revises",
            field=models.ForeignKey(
                blank=True, editable=False, null=True,
                help_text="The article that stood at its address before, with other words.",
                on_delete=django.db.models.deletion.PROTECT, related_name="revisions",
                to="claims.article",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="size",
            field=models.PositiveBigIntegerField("size in bytes", default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="snapshot",
            name="address",
            field=models.CharField(
                blank=True, max_length=2000, default="",
                help_text="Where it was found in the end, after redirects.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="snapshot",
            name="request_headers",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="response_headers",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="taken_at",
            field=models.DateTimeField(
                blank=True, null=True,
                help_text="When the bytes were fetched, if that was told.",
            ),
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("location", models.CharField(
                    help_text="The file or address it came from.", max_length=2000)),
                ("at", models.DateTimeField()),
                ("article", models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE, related_name="sightings",
                    to="claims.article")),
                ("snapshot", models.ForeignKey(
                    blank=True, null=True, on_delete=django.db.models.deletion.CASCADE,
                    related_name="sightings", to="claims.snapshot")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["article", "-at"], name="claims_sighting_newest")
                ],
            },
        ),
        migrations.AlterField(
            model_name="snapshot", name="content", field=models.BinaryField(default=b"")
        ),
        migrations.RunPython(to_the_shelf, from_the_shelf),
        migrations.RemoveField(model_name="snapshot", name="content"),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(sha256__regex="^[0-9a-f]{64}$"),
                name="claims_snapshot_hash_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(revises__isnull=True)
                | ~models.Q(revises=django.db.models.expressions.F("pk")),
                name="claims_article_not_revising_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["canonical_url"], name="claims_article_at_address"
            ),
        ),
    ]
