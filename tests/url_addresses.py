"""The address called so, of what belongs to a review: what must be there for it is made."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

from claims import archiving, merging, tips
from claims.models import Analysis, Article, Derivation, Flag, Story
from reviews import comments, leases, profile, saved
from reviews.models import Review, ReviewTopic
from tests import factories
from tests.url_policy import agency, checked_before, one_of_two, suggested

Refs = list[str | int]
Make = Callable[[Review], Refs]

WITHOUT_REF = {
    "reviews:notifications", "reviews:unread", "reviews:read-notifications", "reviews:by-mail",
    "reviews:checklist", "reviews:edit-checklist", "reviews:policy", "reviews:edit-policy",
    "reviews:queue", "reviews:queue-csv", "reviews:suggestions", "reviews:take-next",
    "reviews:weights", "reviews:topics", "reviews:profile", "reviews:declare-conflict",
    "reviews:conflicts", "reviews:opinion-rule", "reviews:agreement", "reviews:saved-views",
    "reviews:saved-view-counts", "reviews:keep-view", "claims:stories",
    "claims:rules", "claims:rules-csv", "claims:feeds", "claims:hand-in",
    "claims:bookmarklet", "claims:imports",
    "claims:articles", "claims:work", "claims:retry-failed", "claims:ignore-failed",
    "claims:heed-ignored", "public:checks", "public:feed", "public:atom", "public:methodology",
    "public:verify-history",
    "reviews:tokens", "api:articles", "api:claims", "api:reviews",
    "api:openapi-json", "api:api-root", "api:tips", "reviews:tips", "reviews:table",
    "reviews:outside-checks", "public:send", "public:thanks",
}  # fmt: skip


def address(name: str, review: Review) -> str:
    """The address called `name`, of what belongs to `review`."""
    feed = name.startswith("claims:feed")
    if name in REFS:
        refs = REFS[name](review)
    elif ":" not in name or name in WITHOUT_REF:
        refs = []
    else:
        refs = [factories.feed().ref if feed else review.ref]
    return reverse(name, args=refs)


def _article(review: Review) -> Article:
    return review.claim.appearances.order_by("pk")[0].article


def _copy(*, failed: bool) -> Make:
    return lambda review: [review.ref, factories.archived(review, failed=failed).ref]


def _changed_copy(review: Review) -> Refs:
    cited = factories.archived(review)
    return [review.ref, cited.ref, factories.copy_change(cited.copy.capture).ref]


def _contact(review: Review) -> Refs:
    return [review.ref, factories.ask(review).ref]


def _comment(review: Review) -> Refs:
    said = comments.say(review, by=factories.fact_checker(), body="Look here.")
    return [review.ref, said.ref]


def _failed_article(review: Review) -> Refs:
    article = _article(review)
    Analysis.objects.filter(article=article).update(
        status="failed", attempts=5, ignored_by=None, ignored_at=None, ignored_reason=""
    )
    return [article.ref]


def _story(review: Review) -> Refs:
    article = _article(review)
    article.story = Story.objects.create(title="The harbour")
    article.save(update_fields=["story"])
    return [article.story.ref]


def _snapshot(review: Review) -> Refs:
    article, sha256 = _article(review), archiving.keep(b"bytes")
    article.snapshots.get_or_create(sha256=sha256, defaults={"size": 5})
    return [article.ref, sha256]


def _derivation(review: Review) -> Refs:
    edge, _ = Derivation.objects.get_or_create(
        article=_article(review), on_source=agency(), kind="citation", start=0, end=5, score=1
    )
    return [edge.ref]


def _topic() -> ReviewTopic:
    return ReviewTopic.objects.get_or_create(slug="sea", name="The sea")[0]


def _conflict(review: Review) -> Refs:
    return [profile.declare(factories.fact_checker(), about=_topic(), words="Mine.").ref]


def _dismissed_tip(review: Review) -> Refs:
    row = factories.tip()
    tips.dismiss(row, by=factories.supervisor(), reason="A joke.")
    return [row.ref]


def _shared_view(review: Review) -> Refs:
    owner = factories.fact_checker()
    return [saved.keep(owner, name="Ours", query="view=open", shared=True).ref]


def _merge(review: Review) -> Refs:
    by, now = factories.superuser(), leases.clock()
    return [merging.merge(factories.claim(), review.claim, by=by, at=now).ref]


def _split(review: Review) -> Refs:
    by, now = factories.superuser(), leases.clock()
    one_of_two(review)
    last = review.claim.appearances.order_by("-pk")[:1]
    return [merging.split(review.claim, last, by=by, at=now).ref]


REFS: dict[str, Make] = {
    "reviews:decide-flag": lambda review: [
        review.ref,
        Flag.objects.get(article=_article(review), claim=None).ref,
    ],
    "reviews:withdraw-evidence": lambda review: [review.ref, review.evidence.get().ref],
    "reviews:evidence-copy": _copy(failed=False),
    "reviews:evidence-copy-warc": _copy(failed=False),
    "reviews:evidence-picture": _copy(failed=False),
    "reviews:evidence-print": _copy(failed=False),
    "reviews:evidence-later": _changed_copy,
    "reviews:evidence-copy-again": _copy(failed=True),
    "reviews:note-reply": _contact,
    "reviews:correct-contact": _contact,
    "reviews:reply": _comment,
    "reviews:resolve-comment": _comment,
    "reviews:restore": lambda review: [review.ref, 3],
    "reviews:version": lambda review: [review.ref, 3],
    "reviews:redact": lambda review: [review.ref, 1],
    "reviews:topic": lambda review: [_topic().slug],
    "reviews:end-conflict": _conflict,
    "reviews:revoke-token": lambda review: [factories.token(factories.fact_checker()).ref],
    "reviews:tip": lambda review: [factories.tip().ref],
    "reviews:accept-tip": lambda review: [factories.tip().ref],
    "reviews:dismiss-tip": lambda review: [factories.tip().ref],
    "reviews:take-back-tip": _dismissed_tip,
    "reviews:change-view": _shared_view,
    "reviews:follow-notification": lambda review: [factories.notification(review).ref],
    "reviews:adopt": lambda review: [review.ref, checked_before(review).ref],
    "reviews:decide-suggestion": lambda review: [suggested(review).ref],
    "reviews:link": lambda review: [review.claim.appearances.order_by("pk")[0].ref],
    "reviews:undo-merge": _merge,
    "reviews:undo-split": _split,
    "reviews:regroup": lambda review: [review.claim.ref],
    "reviews:merge": lambda review: [review.claim.ref],
    "reviews:split": lambda review: [review.claim.ref],
    "claims:claim": lambda review: [review.claim.ref],
    "claims:source": lambda review: [_article(review).source.ref],
    "claims:article": lambda review: [_article(review).ref],
    "claims:correct": lambda review: [_article(review).ref],
    "claims:place": lambda review: [_article(review).ref],
    "claims:add-derivation": lambda review: [_article(review).ref],
    "claims:decide-derivation": _derivation,
    "claims:retry": _failed_article,
    "claims:story": _story,
    "claims:story-csv": _story,
    "claims:story-json": _story,
    "claims:snapshot": _snapshot,
    "claims:snapshots-warc": lambda review: _snapshot(review)[:1],
    "claims:rule": lambda review: [Flag.objects.filter(article=_article(review))[0].rule],
    "claims:feed-look": lambda review: [factories.feed(kept=False).ref],
    "claims:feed-keep": lambda review: [factories.feed(kept=False).ref],
    "claims:feed-resume": lambda review: [factories.feed(paused="A trial.").ref],
    "claims:feed-retry": lambda review: [factories.failed_item().feed.ref],
    "claims:offer-look": lambda review: [factories.asked_for(failed=True).ref],
    "claims:offer": lambda review: [factories.offer("It fell.").ref],
    "claims:offer-keep": lambda review: [factories.offer("It fell.").ref],
    "claims:offer-drop": lambda review: [factories.offer("It fell.").ref],
    "claims:import": lambda review: [factories.batch().ref],
    "claims:import-csv": lambda review: [factories.batch().ref],
    "claims:import-retry": lambda review: [factories.failed_import().ref],
}
