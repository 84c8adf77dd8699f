"""What colleagues say to each other about a review. Rows only; `comments.py` writes them.

Both tables are sealed by triggers: what was said stays as it was said, and whether a thread is
resolved is what its newest event says.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from claims.models import Article, new_ref


class CommentQuerySet(models.QuerySet["Comment"]):
    def threads(self) -> Self:
        """The first comment of each thread, with `is_resolved` and who did so, oldest first."""
        newest = ThreadEvent.objects.filter(thread=models.OuterRef("pk")).order_by("-pk")
        return (
            self.filter(thread=None)
            .annotate(
                what_last=models.Subquery(newest.values("what")[:1]),
                by_last=models.Subquery(newest.values("actor_name")[:1]),
                at_last=models.Subquery(newest.values("at")[:1]),
            )
            .annotate(
                is_resolved=models.Case(
                    models.When(what_last=ThreadEvent.What.RESOLVED, then=True), default=False
                )
            )
            .order_by("pk")
        )


class Comment(models.Model):
    """Something a colleague said, about a passage or the review as a whole, or in reply.

    A passage is of an article's stored text, or of a field of a sealed version of the verdict:
    half-open characters into it, and the words that stand there. A field alone has no passage.
    """

    class Field(models.TextChoices):
        CLAIM_WORDING = "claim_wording", "the claim as checked"
        SUMMARY = "summary", "the summary"
        EXPLANATION = "explanation", "the explanation"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    review = models.ForeignKey("reviews.Review", models.PROTECT, related_name="comments")
    thread = models.ForeignKey("self", models.PROTECT, null=True, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    body = models.TextField()
    at = models.DateTimeField()
    article = models.ForeignKey(Article, models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(
        "reviews.VerdictVersion", models.PROTECT, null=True, related_name="+"
    )
    field = models.CharField(max_length=20, choices=Field, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    quote = models.TextField(blank=True, help_text="The words of the passage.")

    is_resolved: bool  # told of a thread by `threads()`

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True, quote="")
                | (Q(start__lt=F("end")) & ~Q(quote="")),
                name="reviews_comment_passage_has_its_words",
            ),
            models.CheckConstraint(
                condition=Q(
                    article__isnull=True, version__isnull=True, start__isnull=True, field=""
                )
                | Q(article__isnull=False, version__isnull=True, start__isnull=False, field="")
                | (Q(article__isnull=True, version__isnull=False) & ~Q(field="")),
                name="reviews_comment_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(thread__isnull=True) | Q(article__isnull=True, version__isnull=True),
                name="reviews_comment_reply_is_about_its_thread",
            ),
        ]
        indexes = [models.Index(fields=["review", "id"], name="reviews_comment_of_review")]

    def __str__(self) -> str:
        return self.body


class ThreadEvent(models.Model):
    """Somebody said something in a thread, resolved it or opened it again. Append-only."""

    class What(models.TextChoices):
        SAID = "said", "commented"
        REPLIED = "replied", "replied"
        RESOLVED = "resolved", "resolved it"
        REOPENED = "reopened", "opened it again"

    thread = models.ForeignKey(Comment, models.PROTECT, related_name="events")
    what = models.CharField(max_length=8, choices=What)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=310)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["thread", "-id"], name="reviews_threadevent_newest")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_what_display()}"
