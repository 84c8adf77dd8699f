"""What was said: sources, articles, claims, and what the engine found in them.

Content rows (`Source`, `Article`, `Claimant`, `Claim`) keep their history with django-reversion.
Machine rows (`Appearance`, `Flag`, `Derivation`) can be found again from the text at any time; what
a person decided about them is kept in the row and is never overwritten by the machine.
"""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from claims import text as engine
from claims.brought import ApiToken, Handing, OutsideCheck, Tip
from claims.handed import Import, ImportItem, Offer
from claims.kept import Deposit, Picture
from claims.links import ClaimMerge, ClaimSplit, Rebuild, Suggestion
from claims.publishers import Source
from claims.received import Capture, Sighting, Snapshot
from claims.refs import as_ref, new_ref
from claims.subscriptions import Feed, FeedEvent, FeedItem
from claims.watched import Revision, Watch

__all__ = [
    "CORE_KINDS", "Analysis", "ApiToken", "Appearance", "Article", "Capture", "Claim", "ClaimKey",
    "ClaimMerge", "ClaimSplit", "Claimant", "Deposit", "Derivation", "Feed", "FeedEvent",
    "FeedItem", "Flag", "Handing", "Import", "ImportItem", "Offer", "OutsideCheck", "Picture",
    "Rebuild", "Revision", "Sighting", "Snapshot", "Source", "Story", "Suggestion", "Tip", "Topic",
    "TopicKey", "Watch", "as_ref", "new_ref",
]  # fmt: skip


class Story(models.Model):
    """Articles about the same report or event."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    title = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "stories"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("claims:story", args=[self.ref])


class Article(models.Model):
    """One document as received: its text as stored, to which every offset points."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="articles")
    title = models.CharField(max_length=500)
    url = models.URLField(max_length=2000, blank=True)
    published_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, blank=True)
    author = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=300, blank=True)
    canonical_url = models.CharField(
        "canonical address", max_length=2000, blank=True, editable=False,
        help_text="The one spelling by which the same article is recognised.",
    )  # fmt: skip
    guessed = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, editable=False,
        help_text="Fields worked out when it was read, that nobody declared or corrected since.",
    )  # fmt: skip
    revises = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="revisions",
        help_text="The article that stood at its address before, with other words.",
    )  # fmt: skip
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64, editable=False)
    demo = models.BooleanField(default=False)
    received_at = models.DateTimeField(auto_now_add=True)
    story = models.ForeignKey(
        Story, models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who decided which story it belongs to; grouping leaves it there.",
    )  # fmt: skip
    placed_at = models.DateTimeField(null=True, blank=True)
    placed_reason = models.TextField(blank=True)

    class Meta:
        permissions = [("correct_article", "Can correct what was guessed of an article")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "text_sha256"], name="claims_article_once_per_source_and_text"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="claims_article_has_text"),
            models.CheckConstraint(
                condition=Q(placed_by__isnull=True, placed_at__isnull=True, placed_reason="")
                | (Q(placed_by__isnull=False, placed_at__isnull=False) & ~Q(placed_reason="")),
                name="claims_article_placed_all_or_none",
            ),
            models.CheckConstraint(
                condition=Q(revises__isnull=True) | ~Q(revises=F("pk")),
                name="claims_article_not_revising_itself",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="claims_article_newest"),
            HashIndex(fields=["canonical_url"], name="claims_article_at_address"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("claims:article", args=[self.ref])


class Topic(models.Model):
    """What an article is about: hashed keys of its words, and how often each stands in it."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True)
    keys = ArrayField(models.IntegerField())
    counts = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["keys"], name="claims_topic_keys")]

    def __str__(self) -> str:
        return f"Topic of {self.article}"


class TopicKey(models.Model):
    """In how many articles the words of one key stand."""

    key = models.IntegerField(primary_key=True)
    articles = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.articles}"


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def unfinished(self) -> Self:
        return self.filter(status__in=[Analysis.Status.RECEIVED, Analysis.Status.ANALYSING])

    def awaited(self) -> Self:
        """The unfinished ones that were never analysed: what people wait for."""
        return self.unfinished().filter(again=False)

    def failed(self) -> Self:
        return self.filter(status=Analysis.Status.FAILED)

    def ignored(self) -> Self:
        return self.filter(status=Analysis.Status.IGNORED)

    def outdated(self) -> Self:
        """Those analysed by other code or by other rules for their language than there are now.

        Asked as what lies between the versions of now: an index finds that, but not what differs.
        """
        code, rules = engine.ENGINE_VERSION, sorted(engine.rules_versions())
        other = Q(engine_version__lt=code) | Q(engine_version__gt=code)
        for after, before in zip([None, *rules], [*rules, None], strict=True):
            between = Q(engine_version=code)
            between &= Q(rules_version__gt=after) if after else Q()
            between &= Q(rules_version__lt=before) if before else Q()
            other |= between
        return self.filter(other, status=Analysis.Status.ANALYSED)


class Analysis(models.Model):
    """How far the machine has come with one article: the to-do list behind the Celery queue."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        ANALYSING = "analysing", "Being analysed"
        ANALYSED = "analysed", "Analysed"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"

    article = models.OneToOneField(Article, models.CASCADE, related_name="analysis")
    status = models.CharField(max_length=10, choices=Status, default=Status.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    waiting_since = models.DateTimeField(
        db_default=Now(), help_text="When it was last put on the list, by whoever did."
    )
    hinted_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    again = models.BooleanField(
        default=False, help_text="Whether it was analysed before and waits to be renewed."
    )
    # In the order of Python's strings, which `outdated` asks by.
    engine_version = models.CharField(max_length=40, blank=True, db_collation="C")
    rules_version = models.CharField(
        max_length=40, blank=True, db_collation="C",
        help_text="The rules for its language by which it was analysed.",
    )  # fmt: skip
    supported = models.BooleanField(
        default=True, help_text="Whether the engine has rules for the article's language."
    )
    error = models.TextField(blank=True)
    ignored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who decided that the desk can do without what failed.",
    )  # fmt: skip
    ignored_at = models.DateTimeField(null=True, blank=True)
    ignored_reason = models.TextField(blank=True)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "analyses"
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="analysed") | Q(finished_at__isnull=False),
                name="claims_analysis_analysed_has_finished",
            ),
            models.CheckConstraint(
                condition=(~Q(status="ignored") & Q(ignored_by=None, ignored_at=None))
                | (
                    Q(status="ignored", ignored_by__isnull=False, ignored_at__isnull=False)
                    & ~Q(ignored_reason="")
                ),
                name="claims_analysis_ignored_by_somebody_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["again", "hinted_at"],
                condition=Q(status__in=["received", "analysing"]),
                name="claims_analysis_to_do_in_turn",
            ),
            models.Index(
                fields=["status", "-id"],
                condition=Q(status__in=["failed", "ignored"]),
                name="claims_analysis_not_done",
            ),
            models.Index(fields=["finished_at"], name="claims_analysis_lately"),
            models.Index(
                fields=["engine_version", "rules_version"],
                condition=Q(status="analysed"),
                name="claims_analysis_read_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article}: {self.get_status_display()}"


class Claimant(models.Model):
    """The person or organisation stating a claim."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        ORGANISATION = "organisation", "Organisation"
        ANONYMOUS = "anonymous", "Not named"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PERSON)

    def __str__(self) -> str:
        return self.name


class Claim(models.Model):
    """A checkable statement in one canonical wording, however many articles repeat it."""

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    wording = models.TextField()
    language = models.CharField(max_length=8)
    claimant = models.ForeignKey(
        Claimant, models.PROTECT, null=True, blank=True, related_name="claims"
    )
    worthiness = models.FloatField(
        "check-worthiness", default=0, help_text="0 to 1: the highest of its appearances."
    )
    fingerprint = ArrayField(models.IntegerField(), default=list, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(worthiness__gte=0, worthiness__lte=1),
                name="claims_claim_worthiness_is_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("pk")),
                name="claims_claim_not_merged_into_itself",
            ),
        ]
        indexes = [
            GinIndex(fields=["fingerprint"], name="claims_claim_fingerprint", fastupdate=False)
        ]

    def __str__(self) -> str:
        return self.wording


class ClaimKey(models.Model):
    """In how many claims one key of the index stands (`claims.index`)."""

    key = models.IntegerField(primary_key=True)
    claims = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.claims}"


class AppearanceQuerySet(models.QuerySet["Appearance"]):
    def current(self) -> Self:
        """Those that the newest analysis of their article still finds."""
        return self.filter(current=True)


class Appearance(models.Model):
    """One occurrence of a claim in an article.

    Offsets are half-open characters into `article.text`.
    """

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="appearances")
    claim = models.ForeignKey(
        Claim, models.PROTECT, null=True, blank=True, related_name="appearances"
    )
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    sentence_start = models.PositiveIntegerField()
    sentence_end = models.PositiveIntegerField()
    wording = models.TextField()
    claimant = models.ForeignKey(
        Claimant, models.PROTECT, null=True, blank=True, related_name="appearances"
    )
    cue_start = models.PositiveIntegerField(null=True)
    cue_end = models.PositiveIntegerField(null=True)
    worthiness = models.FloatField("check-worthiness")
    reasons = models.JSONField(default=list)
    current = models.BooleanField(default=True)
    link_score = models.FloatField(null=True)
    link_reasons = models.JSONField(default=list)
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AppearanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "start", "end"], name="claims_appearance_once_per_span"
            ),
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="claims_appearance_start_before_end"
            ),
        ]

    def __str__(self) -> str:
        return self.wording


class FlagQuerySet(models.QuerySet["Flag"]):
    def standing(self) -> Self:
        """Those no person has dismissed."""
        return self.exclude(state=Flag.State.DISMISSED)

    def undecided(self) -> Self:
        return self.filter(state=Flag.State.OPEN)

    def core(self) -> Self:
        """Those that say the claim is unverified (not merely hedged)."""
        return self.filter(kind__in=CORE_KINDS)


class Flag(models.Model):
    """One unverified item found by a rule, and what a person decided about it.

    A flag found in the text has no `claim`; it covers the appearances named in `covers`.
    A derived flag (found by comparing copies) names its `claim`.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CONFIRMED = "confirmed", "Confirmed"
        DISMISSED = "dismissed", "Dismissed"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="flags")
    claim = models.ForeignKey(
        Claim, models.PROTECT, null=True, blank=True, related_name="derived_flags"
    )
    kind = models.CharField(max_length=24, choices=[(k.value, k.label) for k in engine.FlagKind])
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    sentence_start = models.PositiveIntegerField()
    sentence_end = models.PositiveIntegerField()
    rule = models.CharField(max_length=80)
    who = models.CharField(max_length=8, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=12, blank=True)
    confidence = models.FloatField()
    covers = models.ManyToManyField(Appearance, related_name="flags", blank=True)
    against = models.ForeignKey(
        Appearance, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="The passage of the origin or earliest copy that a derived flag compares with.",
    )  # fmt: skip
    detail = models.CharField(
        max_length=300, blank=True, help_text="What a comparison found, in words."
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "kind", "start", "end"],
                condition=Q(claim__isnull=True),
                name="claims_flag_once_per_kind_and_span",
            ),
            models.UniqueConstraint(
                fields=["article", "kind", "claim"],
                condition=Q(claim__isnull=False),
                name="claims_derived_flag_once_per_claim",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_by__isnull=False) & Q(decided_at__isnull=False)),
                name="claims_flag_decision_all_or_none",
            ),
            models.CheckConstraint(
                condition=~Q(state="dismissed") | ~Q(reason=""),
                name="claims_flag_dismissed_with_a_reason",
            ),
        ]
        indexes = [
            # What people decided per rule is counted from the first; the second lists one rule's.
            models.Index(fields=["rule", "state"], name="claims_flag_by_rule"),
            models.Index(fields=["rule", "-id"], name="claims_flag_of_rule_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.article}"

    @property
    def cue(self) -> str:
        """The words that fired the rule."""
        return self.article.text[self.start : self.end]

    @property
    def is_core(self) -> bool:
        return self.kind in CORE_KINDS


CORE_KINDS = tuple(kind.value for kind in engine.FlagKind if kind.is_core)


class DerivationQuerySet(models.QuerySet["Derivation"]):
    def standing(self) -> Self:
        """Those no person has rejected, nor added and taken back."""
        taken_back = Q(by_hand=True, decision=Derivation.Decision.NONE)
        return self.exclude(decision=Derivation.Decision.REJECTED).exclude(taken_back)


class Derivation(models.Model):
    """One article built on another, or on a source it cites, with the words that show it.

    A citation stands once for each place that cites (`start`, `end`), because what an article rests
    on can differ from claim to claim.
    """

    class Kind(models.TextChoices):
        CITATION = "citation", "cites"
        COPY = "copy", "copies"
        PARAPHRASE = "paraphrase", "paraphrases"

    class Decision(models.TextChoices):
        NONE = "", "Machine"
        CONFIRMED = "confirmed", "Confirmed"
        REJECTED = "rejected", "Rejected"

    ref = models.CharField(max_length=10, unique=True, default=new_ref, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="derivations")
    on_article = models.ForeignKey(
        Article, models.CASCADE, null=True, blank=True, related_name="derivatives"
    )
    on_source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="derivatives"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    words = models.TextField(blank=True, help_text="The passage that shows it.")
    score = models.FloatField(help_text="0 to 1: how much of the article rests on it.")
    by_hand = models.BooleanField(
        default=False, help_text="Added by a person; the machine has not found it."
    )
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.NONE, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person last decided, or took it back."
    )
    reason = models.TextField(blank=True)

    objects = DerivationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(on_article__isnull=True) ^ Q(on_source__isnull=True),
                name="claims_derivation_rests_on_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(on_article__isnull=True) | ~Q(on_article=F("article")),
                name="claims_derivation_not_on_itself",
            ),
            models.UniqueConstraint(
                fields=["article", "on_article"], name="claims_derivation_once_per_article"
            ),
            models.UniqueConstraint(
                fields=["article", "on_source", "start"],
                name="claims_derivation_once_per_source_and_place",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by__isnull=True)
                | (~Q(decision="") & Q(decided_by__isnull=False) & Q(decided_at__isnull=False)),
                name="claims_derivation_decision_all_or_none",
            ),
            models.CheckConstraint(
                condition=~Q(decision="rejected") | ~Q(reason=""),
                name="claims_derivation_rejected_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article} {self.get_kind_display()} {self.on_article or self.on_source}"
