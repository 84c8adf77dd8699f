"""What we decided: people, reviews, verdicts and their sealed history, publications.

Content (`Verdict`, `Evidence`) is written through `history.py` and `evidence.py`; workflow rows
(`Review`, `ReviewEvent`, `Decision`, `Publication`) are moved through `workflow.py` and
`publication.py`. Triggers in the migrations keep sealed rows from changing, whoever asks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models import Claim, Claimant, new_ref
from reviews import ratings
from reviews.cited import EvidenceCopy
from reviews.decisions import Decision
from reviews.inbox import Letter, MailChoice, Notification
from reviews.ledger import Checkpoint, Delivery, Redaction, Verification
from reviews.ordering import ReviewTopic, Reweighing, Weights
from reviews.personal import Conflict, SavedView
from reviews.second import OpinionRule, SecondOpinion
from reviews.standards import Exemption, PolicyVersion
from reviews.states import MOVES, UNDECIDED, Action, Status
from reviews.talk import Comment, ThreadEvent
from reviews.worksheet import ChecklistEvent, ChecklistVersion, Contact

__all__ = [
    "ChecklistEvent", "ChecklistVersion", "Checkpoint", "Comment", "Conflict", "Contact",
    "Decision", "Delivery", "Evidence", "EvidenceCopy", "Exemption", "Letter", "MailChoice",
    "Notification", "OpinionRule", "PolicyVersion", "Publication", "Redaction", "Review",
    "ReviewEvent", "ReviewTopic", "Reweighing", "SavedView", "SecondOpinion", "ThreadEvent", "User",
    "Verdict", "VerdictVersion", "Verification", "Weights",
]  # fmt: skip

SYSTEM_USERNAME = "system"


class DeskUserManager(UserManager["User"]):
    def system(self) -> User:
        """The named actor for what the desk does by itself; it can never sign in."""
        user, _ = self.get_or_create(
            username=SYSTEM_USERNAME,
            defaults={"is_active": False, "first_name": "The desk", "password": "!"},
        )
        return user

    def checkers(self) -> models.QuerySet[User]:
        """Those who may hold a review, by name."""
        may_check = Q(groups__permissions__codename="check_review") | Q(is_superuser=True)
        people = self.filter(may_check, is_active=True).distinct()
        return people.order_by("first_name", "last_name", "username")


class User(AbstractUser):
    """A person at the desk. People who have written anything are deactivated, never deleted."""

    languages = ArrayField(
        models.CharField(max_length=8),
        default=list,
        blank=True,
        help_text="Languages you check in, as codes (en, de, …). Empty: all.",
    )
    topics = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text="Topics you check. Empty: all.",
    )

    objects = DeskUserManager()  # type: ignore[misc]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def is_system(self) -> bool:
        return self.username == SYSTEM_USERNAME


class ReviewQuerySet(models.QuerySet["Review"]):
    def queued(self) -> Self:
        return self.filter(status=Status.QUEUED)

    def available_to(self, user: User) -> Self:
        """What the queue may offer `user`: waiting, in languages and topics that they check.

        What nobody has put under a topic is offered to all; what they declared a conflict with, to
        none of them. `reviews_take_next` asks the same in the database.
        """
        waiting = self.queued()
        if user.languages:
            waiting = waiting.filter(language__in=user.languages)
        if user.topics:
            waiting = waiting.filter(Q(topics__overlap=user.topics) | Q(topics=[]))
        for conflict in Conflict.objects.standing().filter(person=user).select_related("topic"):
            if conflict.source_id:
                waiting = waiting.exclude(sources__contains=[conflict.source_id])
            elif conflict.topic:
                waiting = waiting.exclude(topics__contains=[conflict.topic.slug])
            else:
                waiting = waiting.exclude(claimant__isnull=False, claimant=conflict.claimant_id)
        return waiting.exclude(pk__in=SecondOpinion.objects.of(user).values("review"))

    def held_by(self, user: User) -> Self:
        """Those in progress, asked for by their lease, which each of them and no other has.

        Asked for by status, they would be looked for among all that anybody holds, as long as the
        statistics of the table say that nobody holds any.
        """
        return self.filter(checker=user, lease_acquired_at__isnull=False)

    def turn_of(self, user: User) -> Self:
        """What waits for `user`: held now, returned to them, or due for their re-check."""
        return self.filter(
            Q(status__in=[Status.IN_PROGRESS, Status.RETURNED])
            | Q(status=Status.PUBLISHED, reminded_at__isnull=False),
            checker=user,
        )

    def to_recheck(self) -> Self:
        """Published as unproven, and due to be looked at again."""
        return self.filter(status=Status.PUBLISHED, reminded_at__isnull=False)

    def submitted(self) -> Self:
        return self.filter(status=Status.SUBMITTED)

    def awaiting_publication(self) -> Self:
        return self.filter(status=Status.APPROVED)

    def by_priority(self) -> Self:
        return self.order_by("-priority", "pk")

    def with_news_for(self, user: User) -> Self:
        """Those about which copies bring news, and whose verdict `user` submitted last."""
        submitted = ReviewEvent.objects.filter(review=models.OuterRef("pk"), action=Action.SUBMIT)
        last = models.Subquery(submitted.order_by("-pk").values("actor")[:1])
        return self.exclude(news=[]).annotate(submitted_by=last).filter(submitted_by=user.pk)


class Review(models.Model):
    """One check of one claim, from queue to publication, and who holds it now."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    claim = models.OneToOneField(Claim, models.PROTECT, related_name="review")
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    language = models.CharField(max_length=8)
    priority = models.FloatField(default=0, help_text="0 to 100; higher comes first.")
    reasons = models.JSONField(default=list, help_text="Why it has this priority, in words.")
    copies = models.PositiveIntegerField(default=0)
    origins = models.PositiveIntegerField(default=0)
    dropped = models.PositiveIntegerField(
        default=0, help_text="Copies that dropped or contradicted the caution."
    )
    news = models.JSONField(
        default=list, help_text="What copies did since its checker found no conclusion, in words."
    )
    facts = models.JSONField(
        default=dict, help_text="What its priority rests on (`priority.Facts`), weights apart."
    )
    kinds = ArrayField(
        models.CharField(max_length=24), default=list, help_text="Kinds of flags that stand."
    )
    sources = ArrayField(
        models.BigIntegerField(), default=list, help_text="Keys of the sources it appears in."
    )
    claimant = models.ForeignKey(Claimant, models.PROTECT, null=True, blank=True, related_name="+")
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    topics_by_hand = models.BooleanField(
        default=False, help_text="A person chose the topics; the words of topics leave them alone."
    )
    rating = models.CharField(
        max_length=20, blank=True, editable=False, help_text="Of its verdict; kept by a trigger."
    )
    prioritised_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    due_by_hand = models.BooleanField(default=False)
    overdue_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was noted that the due date had passed."
    )
    waits_until = models.DateTimeField(null=True, blank=True)
    waits_for = models.CharField(max_length=300, blank=True)
    recheck_at = models.DateTimeField(
        null=True, blank=True, help_text="When a published “Unproven” is looked at again."
    )
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was noted that the re-check is due."
    )
    checker = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="reviews_checked"
    )
    lease_token = models.PositiveIntegerField(default=0)
    lease_acquired_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        permissions = [
            ("check_review", "Can take reviews, write verdicts and submit them"),
            ("approve_verdict", "Can return and approve verdicts of others"),
            ("redact_version", "Can blank what an older version of a verdict said"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status=Status.IN_PROGRESS,
                    checker__isnull=False,
                    lease_acquired_at__isnull=False,
                    lease_expires_at__isnull=False,
                )
                | (
                    ~Q(status=Status.IN_PROGRESS)
                    & Q(lease_acquired_at__isnull=True, lease_expires_at__isnull=True)
                ),
                name="reviews_review_leased_while_in_progress",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.QUEUED) | Q(checker__isnull=True),
                name="reviews_review_queued_has_no_checker",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.WAITING, waits_until__isnull=False)
                | (~Q(status=Status.WAITING) & Q(waits_until__isnull=True)),
                name="reviews_review_waits_until_a_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["language", "-priority", "id"],
                condition=Q(status=Status.QUEUED),
                name="reviews_review_to_take",
            ),
            models.Index(
                fields=["-priority", "id"],
                condition=Q(status=Status.QUEUED),
                name="reviews_review_by_priority",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(status=Status.IN_PROGRESS),
                name="reviews_review_leased",
            ),
            models.Index(
                fields=["checker"],
                condition=Q(lease_acquired_at__isnull=False),
                name="reviews_review_held",
            ),
            models.Index(
                fields=["-prioritised_at"], condition=~Q(news=[]), name="reviews_review_with_news"
            ),
            # One for each order of a list; the key makes every place in it unique.
            models.Index(F("status"), F("priority") * -1, F("id"), name="reviews_review_order"),
            models.Index(fields=["status", "due_at", "id"], name="reviews_review_by_due"),
            models.Index(fields=["status", "opened_at", "id"], name="reviews_review_by_age"),
            models.Index(fields=["status", "copies", "id"], name="reviews_review_by_spread"),
            GinIndex(fields=["kinds", "sources", "topics"], name="reviews_review_facets"),
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=sorted(UNDECIDED), overdue_at__isnull=True),
                name="reviews_review_to_be_late",
            ),
            models.Index(
                fields=["waits_until"],
                condition=Q(status=Status.WAITING),
                name="reviews_review_waiting",
            ),
            models.Index(
                fields=["recheck_at"],
                condition=Q(recheck_at__isnull=False),
                name="reviews_review_recheck",
            ),
        ]

    def __str__(self) -> str:
        return self.claim.wording

    def get_absolute_url(self) -> str:
        return reverse("reviews:detail", args=[self.ref])

    def hold(self, by: User, *, at: datetime, until: datetime) -> None:
        """Give `by` a new lease: a new token, so that writes under an older one are refused."""
        self.checker = by
        self.lease_token += 1
        self.lease_acquired_at = at
        self.lease_expires_at = until
        self.waits_until, self.waits_for = None, ""

    def hold_again(
        self, checker_id: int, *, since: datetime | None, until: datetime | None
    ) -> None:
        """Give a person back what a merge took, under the same token: a page left open still saves.

        Without times it is theirs to go on with, but not held.
        """
        self.checker_id = checker_id
        self.lease_acquired_at, self.lease_expires_at = since, until

    def end_lease(self, *, keep_checker: bool) -> None:
        """End the lease; `keep_checker` remembers who worked on it."""
        self.lease_acquired_at = self.lease_expires_at = None
        self.waits_until, self.waits_for = None, ""
        if not keep_checker:
            self.checker = None

    def move(
        self,
        action: Action,
        *,
        by: User,
        at: datetime,
        note: str = "",
        adopted: Publication | None = None,
    ) -> None:
        """Change the status and the dates, and log who did it. Nothing else writes `status`.

        The caller holds the row lock and has asked `gate.refusal` first.

        :raises ValueError: if `action` does not start from the present status.
        """
        step = MOVES[action]
        if self.status not in step.sources:
            raise ValueError(f"{action} from {self.status}")
        old, self.status = self.status, step.leads(Status(self.status))
        self.save(
            update_fields=[
                "status", "checker", "lease_token", "lease_acquired_at", "lease_expires_at",
                "due_at", "due_by_hand", "overdue_at", "waits_until", "waits_for", "recheck_at",
                "reminded_at", "topics", "topics_by_hand",
            ]
        )  # fmt: skip
        ReviewEvent.objects.create(
            review=self, action=action, old_status=old, new_status=self.status,
            actor=by, actor_name=str(by), at=at, note=note, adopted=adopted,
        )  # fmt: skip

    @property
    def is_published(self) -> bool:
        """Whether readers can see it, also while a correction is being worked on."""
        return self.publications.exists()


class ReviewEvent(models.Model):
    """One step in the life of a review. Append-only."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="events")
    action = models.CharField(max_length=16, choices=Action)
    old_status = models.CharField(max_length=12, choices=Status, blank=True)
    new_status = models.CharField(max_length=12, choices=Status)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=310)
    at = models.DateTimeField()
    note = models.TextField(blank=True)
    adopted = models.ForeignKey(
        "reviews.Publication", models.PROTECT, null=True, blank=True, related_name="adoptions",
        help_text="The published check whose verdict was adopted.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(action="adopt") | Q(adopted__isnull=True),
                name="reviews_event_adopted_by_adopting",
            ),
        ]
        indexes = [models.Index(fields=["review", "-id"], name="reviews_event_newest")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_action_display()}"


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def standing(self) -> Self:
        """What counts now: attached and not withdrawn, oldest first."""
        return self.filter(withdrawn_at__isnull=True).order_by("pk")


class Evidence(models.Model):
    """A cited document with a stance. It is withdrawn, never deleted or rewritten."""

    class Stance(models.TextChoices):
        SUPPORTS = "supports", "Supports the claim"
        REFUTES = "refutes", "Refutes the claim"
        CONTEXT = "context", "Gives context"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    review = models.ForeignKey(Review, models.PROTECT, related_name="evidence")
    url = models.URLField("address", max_length=2000, blank=True)
    title = models.CharField(max_length=300)
    publisher = models.CharField(max_length=200)
    quote = models.TextField(help_text="The words that matter, as they stand there.")
    stance = models.CharField(max_length=10, choices=Stance)
    is_primary = models.BooleanField(
        "primary source", default=False, help_text="First-hand: a document, data, a witness."
    )
    interest = models.CharField(
        max_length=300, blank=True, help_text="What the publisher has at stake, if anything."
    )
    sha256 = models.CharField(max_length=64, editable=False)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)
                | (
                    Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                    & ~Q(withdrawn_reason="")
                ),
                name="reviews_evidence_withdrawn_all_or_none",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Verdict(models.Model):
    """Rating and explanation for one claim, as they stand now. Only `history.py` writes it.

    `seq` and `content_hash` are those of its newest `VerdictVersion`; a trigger refuses to commit
    anything else.
    """

    review = models.OneToOneField(Review, models.PROTECT, related_name="verdict")
    rating = models.CharField(max_length=20, blank=True)
    scale_version = models.PositiveSmallIntegerField(default=ratings.CURRENT_SCALE)
    claim_wording = models.TextField()
    summary = models.TextField(blank=True)
    explanation = models.TextField(blank=True)
    correction = models.TextField(
        blank=True, help_text="What readers are told was corrected, and why."
    )
    context = models.JSONField(
        default=dict, help_text="Language, claimant and appearances that readers are told of."
    )
    checklist = models.JSONField(
        default=dict, help_text="Which version of the checklist, and what was answered."
    )
    seq = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"Verdict on {self.claim_wording}"

    @property
    def evidence(self) -> models.QuerySet[Evidence]:
        """The evidence it cites now."""
        return self.review.evidence.standing()

    @property
    def rating_label(self) -> str:
        return (
            ratings.rating(self.rating, scale=self.scale_version).label
            if self.rating
            else "No rating yet"
        )


class VerdictVersion(models.Model):
    """One saved edit of a verdict, sealed: triggers refuse UPDATE, DELETE and TRUNCATE."""

    class Action(models.TextChoices):
        EDIT = "edit", "Edited"
        EVIDENCE = "evidence", "Changed the evidence"
        RESTORE = "restore", "Restored an earlier version"
        ADOPT = "adopt", "Adopted the verdict on another claim"
        COMPLETE = "complete", "Completed for approval: claimant, appearances, checklist"

    verdict = models.ForeignKey(Verdict, models.PROTECT, related_name="versions")
    seq = models.PositiveIntegerField()
    content = models.TextField(help_text="Canonical JSON, exactly the bytes that were hashed.")
    content_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=310)
    action = models.CharField(max_length=10, choices=Action)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["verdict", "seq"], name="reviews_version_seq_once_per_verdict"
            ),
            models.CheckConstraint(condition=Q(seq__gte=1), name="reviews_version_seq_starts_at_1"),
        ]

    def __str__(self) -> str:
        return f"Version {self.seq}"


class PublicationQuerySet(models.QuerySet["Publication"]):
    def current(self) -> Self:
        """The newest publication of each review: what readers see."""
        newest = (
            Publication.objects.filter(review=models.OuterRef("review"))
            .order_by("-pk")
            .values("pk")[:1]
        )
        return self.filter(pk=models.Subquery(newest))


class Publication(models.Model):
    """An approved version made public, with everything the page shows frozen in `document`.

    Append-only: a correction is a further publication of the same review that says what changed.
    """

    review = models.ForeignKey(Review, models.PROTECT, related_name="publications")
    version = models.OneToOneField(VerdictVersion, models.PROTECT, related_name="publication")
    approval = models.OneToOneField(Decision, models.PROTECT, related_name="publication")
    document = models.JSONField()
    published_at = models.DateTimeField()
    correction = models.TextField(
        blank=True, help_text="What changed against the publication before, and why."
    )

    objects = PublicationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-published_at", "-id"], name="reviews_publication_newest")]

    def __str__(self) -> str:
        return f"{self.review} ({self.published_at:%d %B %Y})"

    def get_absolute_url(self) -> str:
        return reverse("public:check", args=[self.review.ref])
