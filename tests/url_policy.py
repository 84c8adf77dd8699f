"""Who gets what at every address: each name in the URLconf × method × role, against one table.

An answer is its HTTP status; `in` is sent to the sign-in, and `+` means that it wrote rows (even if
it took them back). The columns are the ROLES, in this order. An address that is not listed fails.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from claims import failures
from claims.models import (
    Analysis,
    Flag,
    Source,
    Suggestion,
)
from reviews import history, leases, policy, workflow
from reviews.inbox import Kind, Mail
from reviews.models import ChecklistVersion, Review, ReviewTopic
from reviews.states import Status
from tests import factories
from tests.files import claim_review

ROLES = ["anonymous", "fact-checker", "supervisor", "data editor", "superuser"]
CHECKERS = {"fact-checker", "supervisor", "superuser"}


@dataclass(frozen=True)
class Policy:
    """What GET and POST answer to each role, with the review at `at` and `data` in the form.

    Of a review that is held or was submitted, whoever asks holds it, if they may check at all
    (`mine`): so nothing but the role decides.
    """

    get: str
    post: str
    at: Status = Status.IN_PROGRESS
    mine: bool = True
    data: Callable[[Review], dict[str, Any]] = lambda review: {}


def held(review: Review) -> dict[str, Any]:
    return {"token": review.lease_token}


def typed(review: Review) -> dict[str, Any]:
    verdict = history.of(review)
    draft = factories.DRAFT
    return held(review) | {
        "seq": verdict.seq, "rating": "false", "claim_wording": draft.claim_wording,
        "summary": draft.summary, "explanation": draft.explanation,
        "told": factories.told(review),
    }  # fmt: skip


def read(review: Review) -> dict[str, Any]:
    verdict = history.of(review)
    return {"seq": verdict.seq, "content_hash": verdict.content_hash, "comment": "Read it."}


def evidence(review: Review) -> dict[str, Any]:
    fields = factories.EVIDENCE | {"title": "Harbour diary", "token": review.lease_token}
    return {f"new-{name}": value for name, value in fields.items()}


def correcting(review: Review) -> dict[str, Any]:
    """Its checker takes the published review for a correction, by mistake."""
    if review.status == Status.PUBLISHED:
        workflow.correct(review, by=review.checker, reason="The year was wrong.")
    return held(review)


def with_news(review: Review) -> dict[str, Any]:
    """A copy did something since the review was published."""
    Review.objects.filter(pk=review.pk).update(news=["a copy dropped the caution: 1 of 2 now"])
    return {}


def suggested(review: Review) -> Suggestion:
    """An open suggestion that what another claim says is this one."""
    other = factories.claim().appearances.get()
    return Suggestion.objects.create(appearance=other, claim=review.claim, score=0.5)


def checked_before(review: Review) -> Review:
    """A published review of a claim that may be the same."""
    checked = factories.review_at(Status.PUBLISHED)
    appearance = review.claim.appearances.order_by("pk")[0]
    Suggestion.objects.create(appearance=appearance, claim=checked.claim, score=0.5)
    return checked


def on_top(review: Review) -> dict[str, Any]:
    return held(review) | {"seq": history.of(review).seq, "checked": 2}


def into_another(review: Review) -> dict[str, Any]:
    return {"into": factories.claim().ref}


def one_of_two(review: Review) -> dict[str, Any]:
    """The claim appears in a second wording; that is to be split off."""
    other = factories.claim()
    found = other.appearances.get()
    found.claim = review.claim
    found.save(update_fields=["claim"])
    return {"appearance": found.ref}


def to_a_colleague(review: Review) -> dict[str, Any]:
    given = held(review) | {"to": factories.fact_checker().username, "note": "You read Finnish."}
    return {f"hand_over-{name}": value for name, value in given.items()}


def soon(action: str, day: str, **words: str) -> Callable[[Review], dict[str, Any]]:
    """A form that sets a date, under the lease of a review."""
    given = {day: timezone.localdate() + timedelta(days=5)} | words

    def fields(review: Review) -> dict[str, Any]:
        return {f"{action}-{name}": value for name, value in (given | held(review)).items()}

    return fields


def unproven(review: Review) -> dict[str, Any]:
    """It found no conclusion, and is to be looked at again."""
    Review.objects.filter(pk=review.pk).update(recheck_at=leases.clock())
    return soon("recheck", "again_at", found="The register is still closed.")(review)


def weighed() -> dict[str, Any]:
    parts = ("worthiness", "unverified", "dropped", "spread", "pace", "harm", "age", "due")
    topics = ReviewTopic.objects.values_list("slug", flat=True)
    return dict.fromkeys([*parts, *(f"topic-{slug}" for slug in topics)], 7) | {"why": "A trial."}


def opinion() -> dict[str, Any]:
    words = {"rating": "false", "summary": "It fell.", "reasons": "The register."}
    return {f"give_opinion-{name}": value for name, value in words.items()}


def adjudicated() -> dict[str, Any]:
    given = {"seq": 2, "outcome": "first", "reason": "The register decides it."}
    return {f"adjudicate-{name}": value for name, value in given.items()}


def asked(review: Review) -> dict[str, Any]:
    """A row of the contact log, as its three forms send it."""
    today = timezone.localdate()
    told = {
        "whom": "The union", "way": "phone", "asked_on": today, "question": "Since when?",
        "replied_on": today, "reply": "Since May.", "why": "A slip.",
    } | held(review)  # fmt: skip
    return {
        f"{form}-{name}": value
        for form in ("contact", "reply", "correct")
        for name, value in told.items()
    }


def point(review: Review) -> dict[str, Any]:
    """The first point of its checklist."""
    version = ChecklistVersion.objects.newest_first().first()
    return held(review) | {"point": version.points[0]["text"] if version else ""}


def ticked(review: Review) -> dict[str, Any]:
    fields = point(review)
    factories.tick(review, fields["point"])
    return fields


def with_a_newer_checklist(review: Review) -> dict[str, Any]:
    factories.checklist(f"The claim names a year, {ChecklistVersion.objects.count()}")
    return held(review)


def edited(review: Review) -> dict[str, Any]:
    """The checklist with one point instead of all it has."""
    newest = ChecklistVersion.objects.newest_first().first()
    return {
        "seq": newest.seq if newest else 0, "why": "Shorter.",
        "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0,
        "form-0-text": "The claim names a year", "form-0-ORDER": 1,
    }  # fmt: skip


def asked_more() -> dict[str, Any]:
    """The policy asks for one source more than it does."""
    newest = policy.in_force()
    asked = policy.terms(newest)
    return {
        "seq": newest.seq if newest else 0, "why": "A trial.", "checklist": "always",
        "sources": "off", "at_least": asked.at_least % policy.MOST_SOURCES + 1,
        "contact": "off", "both_sides": "off", "primary": "off",
    }  # fmt: skip


def going_without(review: Review) -> dict[str, Any]:
    """A reason is taken instead of a primary source."""
    if policy.terms(policy.in_force()).primary != "or_reason":
        factories.policy(primary="or_reason")
    return held(review) | {"requirement": "primary", "reason": "The register burned."}


def gone_without(review: Review) -> dict[str, Any]:
    given = going_without(review)
    policy.state(review, by=review.checker, **given)
    return given


def all_flags(review: Review) -> dict[str, Any]:
    """Its open flag, chosen among those of the article."""
    flag = Flag.objects.get(covers__claim=review.claim)
    chosen = {"article": flag.article.ref, "flag": flag.ref, "state": "confirmed"}
    return held(review) | chosen


def failed(review: Review) -> dict[str, Any]:
    """The analysis of its article failed."""
    article = review.claim.appearances.order_by("pk")[0].article
    Analysis.objects.filter(article=article).update(
        status="failed", attempts=5, ignored_by=None, ignored_at=None, ignored_reason=""
    )
    return {"article": article.ref}


def ignored(review: Review) -> dict[str, Any]:
    """It failed, and somebody ignored that."""
    chosen = failed(review)
    rows = Analysis.objects.filter(article__ref=chosen["article"])
    failures.ignore(rows, by=factories.superuser(), at=timezone.now(), reason="Spam.")
    return chosen


def by_mail() -> dict[str, Any]:
    return dict.fromkeys(Kind, Mail.NEVER)


def because(action: str) -> Callable[[Review], dict[str, Any]]:
    return lambda review: {f"{action}-reason": "The register is public now."}


def agency() -> Source:
    """A source that an article can rest on."""
    return Source.objects.get_or_create(name="Wire Agency")[0]


#           anonymous, fact-checker, supervisor, data editor, superuser
PAGE = "in  200 200 200 200"
NO_PAGE = "in  405 405 405 405"
NO_TOKEN = "401 401 401 401 401"  # a session is no token
EVERYBODY = "200 200 200 200 200"
DOES = "in 302+ 302+ 302 302+"  # 302 without + leads back with the refusal as a message
WRITES = "in 302+ 302+ 409 302+"  # 409 shows the refusal beside what was typed
OVERRULES = "in 302+ 302+ 403 302+"
FEEDS = "in 403 302+ 302+ 302+"
DECIDES = "in 409 302+ 409 302+"
REDACTS = "in 403 302+ 403 302+"
UNASKED = "in 409 409 409 409"

DESK = {
    "reviews:queue": Policy(PAGE, NO_PAGE),
    "reviews:queue-csv": Policy(PAGE, NO_PAGE),
    "reviews:weights": Policy(PAGE, "in 422 302+ 422 302+", data=lambda review: weighed()),
    "reviews:topics": Policy(
        PAGE,
        "in 422 302+ 422 302+",
        data=lambda review: {"name": "Ports", "harm": 1, "approvals": 2},
    ),
    "reviews:topic": Policy(
        PAGE,
        "in 422 302+ 422 302+",
        data=lambda review: {"name": "Tides", "harm": 1, "approvals": 2},
    ),
    "reviews:profile": Policy(PAGE, "in 302+ 302+ 302+ 302+", data=lambda review: {}),
    "reviews:declare-conflict": Policy(
        NO_PAGE,
        "in 302+ 302+ 302+ 302+",
        data=lambda review: {"words": "My sister.", "claimant": review.claim.claimant.name},
    ),
    "reviews:end-conflict": Policy(NO_PAGE, "in 302 302 302 302"),  # somebody else's
    "reviews:tokens": Policy(
        PAGE,
        "in 201+ 201+ 201+ 201+",
        data=lambda review: {"name": "Feeder", "scopes": ["claims:read"], "days": 30},
    ),
    "reviews:revoke-token": Policy(NO_PAGE, "in 404 404 404 404"),  # somebody else's
    "reviews:tips": Policy(PAGE, NO_PAGE),
    "reviews:tip": Policy(PAGE, NO_PAGE),
    "reviews:accept-tip": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"wording": "It fell.", "language": "en"}
    ),
    "reviews:dismiss-tip": Policy(NO_PAGE, OVERRULES, data=lambda review: {"reason": "A joke."}),
    "reviews:take-back-tip": Policy(NO_PAGE, OVERRULES),
    "reviews:outside-checks": Policy(
        PAGE,
        "in 200+ 200+ 403 200+",
        data=lambda review: {"text": json.dumps(claim_review())},
    ),
    "reviews:table": Policy(
        "in 200 200 403 200",
        "in 200+ 200+ 403 200+",
        data=lambda review: {"packed": b64encode(b"claim,lang\nIt fell.,en").decode(), "keep": 1},
    ),
    "reviews:conflicts": Policy("in 403 200 403 200", NO_PAGE),
    "reviews:saved-views": Policy(PAGE, NO_PAGE),
    "reviews:saved-view-counts": Policy(PAGE, NO_PAGE),
    "reviews:keep-view": Policy(
        NO_PAGE, "in 302+ 302+ 302+ 302+", data=lambda review: {"name": "Ports", "query": ""}
    ),
    "reviews:change-view": Policy(NO_PAGE, "in 302 302 302 302"),  # somebody else's
    "reviews:take-next": Policy(NO_PAGE, DOES, at=Status.QUEUED),
    "reviews:detail": Policy(PAGE, NO_PAGE),
    "reviews:take": Policy(NO_PAGE, DOES, at=Status.QUEUED),
    "reviews:release": Policy(NO_PAGE, DOES, data=held),
    "reviews:hand-over": Policy(NO_PAGE, WRITES, data=to_a_colleague),
    "reviews:take-over": Policy(NO_PAGE, DECIDES, mine=False, data=because("take_over")),
    "reviews:notifications": Policy(PAGE, NO_PAGE),
    "reviews:unread": Policy(PAGE, NO_PAGE),
    "reviews:read-notifications": Policy(NO_PAGE, "in 302 302 302 302"),  # each their own: none
    "reviews:follow-notification": Policy(NO_PAGE, "in 404 404 404 404"),  # somebody else's
    "reviews:by-mail": Policy(PAGE, "in 302+ 302+ 302+ 302+", data=lambda review: by_mail()),
    "reviews:renew": Policy(NO_PAGE, WRITES, data=held),
    "reviews:snooze": Policy(NO_PAGE, WRITES, data=soon("snooze", "until", waits_for="The port")),
    "reviews:unsnooze": Policy(NO_PAGE, DOES, at=Status.WAITING),
    "reviews:put-under": Policy(NO_PAGE, WRITES, data=lambda review: {"put_under-reason": "So."}),
    "reviews:due": Policy(NO_PAGE, WRITES, data=soon("due", "due_at", reason="They vote.")),
    "reviews:recheck": Policy(NO_PAGE, WRITES, at=Status.PUBLISHED, data=unproven),
    "reviews:dismiss": Policy(NO_PAGE, WRITES, at=Status.QUEUED, data=because("dismiss")),
    "reviews:reopen": Policy(NO_PAGE, DECIDES, at=Status.DISMISSED, data=because("reopen")),
    "reviews:correct": Policy(NO_PAGE, WRITES, at=Status.PUBLISHED, data=because("correct")),
    "reviews:keep": Policy(NO_PAGE, DOES, at=Status.PUBLISHED, data=correcting),
    "reviews:comment": Policy(NO_PAGE, WRITES, data=lambda review: {"body": "Look here."}),
    "reviews:reply": Policy(NO_PAGE, WRITES, data=lambda review: {"body": "I asked them."}),
    "reviews:resolve-comment": Policy(NO_PAGE, WRITES, data=lambda review: {"resolved": "yes"}),
    "reviews:decide-flags": Policy(NO_PAGE, WRITES, data=all_flags),
    "reviews:decide-flag": Policy(
        NO_PAGE, WRITES, data=lambda review: held(review) | {"state": "confirmed"}
    ),
    "reviews:save": Policy(NO_PAGE, WRITES, data=typed),
    "reviews:submit": Policy(NO_PAGE, WRITES, data=typed),
    "reviews:withdraw": Policy(NO_PAGE, DOES, at=Status.SUBMITTED),
    "reviews:attach-evidence": Policy(NO_PAGE, WRITES, data=evidence),
    "reviews:withdraw-evidence": Policy(
        NO_PAGE, WRITES, data=lambda review: held(review) | {"reason": "A forgery."}
    ),
    "reviews:evidence-copy": Policy(PAGE, NO_PAGE),
    "reviews:evidence-copy-warc": Policy(PAGE, NO_PAGE),
    "reviews:evidence-picture": Policy(PAGE, NO_PAGE),
    "reviews:evidence-print": Policy(PAGE, NO_PAGE),
    "reviews:evidence-later": Policy(PAGE, NO_PAGE),
    "reviews:evidence-copy-again": Policy(NO_PAGE, OVERRULES),
    "reviews:read-news": Policy(NO_PAGE, DOES, at=Status.PUBLISHED, data=with_news),
    "reviews:note-contact": Policy(NO_PAGE, WRITES, data=asked),
    "reviews:note-reply": Policy(NO_PAGE, WRITES, data=asked),
    "reviews:correct-contact": Policy(NO_PAGE, WRITES, data=asked),
    "reviews:tick": Policy(NO_PAGE, WRITES, data=point),
    "reviews:untick": Policy(NO_PAGE, WRITES, data=ticked),
    "reviews:newest-checklist": Policy(NO_PAGE, WRITES, data=with_a_newer_checklist),
    "reviews:checklist": Policy(PAGE, NO_PAGE),
    "reviews:edit-checklist": Policy(NO_PAGE, DECIDES, data=edited),
    "reviews:state-reason": Policy(NO_PAGE, WRITES, data=going_without),
    "reviews:take-back-reason": Policy(NO_PAGE, WRITES, data=gone_without),
    "reviews:policy": Policy(PAGE, NO_PAGE),
    "reviews:edit-policy": Policy(NO_PAGE, DECIDES, data=lambda review: asked_more()),
    "reviews:preview": Policy(NO_PAGE, "in 200 200 409 200", data=typed),
    "reviews:approval": Policy(PAGE, NO_PAGE, at=Status.SUBMITTED),
    "reviews:approve": Policy(NO_PAGE, DECIDES, at=Status.SUBMITTED, mine=False, data=read),
    "reviews:return": Policy(NO_PAGE, DECIDES, at=Status.SUBMITTED, mine=False, data=read),
    "reviews:ask-opinion": Policy(
        NO_PAGE,
        DECIDES,
        at=Status.SUBMITTED,
        mine=False,
        data=lambda review: {"ask_opinion-why": "It is close."},
    ),
    # Nobody asked for a second opinion here; who may do what with one is tested with the room.
    "reviews:take-opinion": Policy(NO_PAGE, "in 302 302 302 302", at=Status.SUBMITTED),
    "reviews:decline-opinion": Policy(
        NO_PAGE,
        UNASKED,
        at=Status.SUBMITTED,
        data=lambda review: {"decline_opinion-reason": "Ill."},
    ),
    "reviews:give-opinion": Policy(
        NO_PAGE, UNASKED, at=Status.SUBMITTED, data=lambda review: opinion()
    ),
    "reviews:call-off": Policy(
        NO_PAGE, UNASKED, at=Status.SUBMITTED, data=lambda review: {"call_off-reason": "Late."}
    ),
    "reviews:adjudicate": Policy(
        NO_PAGE, UNASKED, at=Status.SUBMITTED, data=lambda review: adjudicated()
    ),
    "reviews:opinion-rule": Policy(
        PAGE, "in 422 302+ 422 302+", data=lambda review: {"share": 5, "why": "A start."}
    ),
    "reviews:agreement": Policy(PAGE, NO_PAGE),
    "reviews:history": Policy(PAGE, NO_PAGE),
    "reviews:history-json": Policy(PAGE, NO_PAGE),
    "reviews:version": Policy(PAGE, NO_PAGE),
    "reviews:redact": Policy(NO_PAGE, REDACTS, data=lambda review: {"reason": "A private person."}),
    "reviews:restore": Policy(
        NO_PAGE, DOES, data=lambda review: held(review) | {"seq": history.of(review).seq}
    ),
    "claims:stories": Policy(PAGE, NO_PAGE),
    "claims:story": Policy(PAGE, NO_PAGE),
    "claims:story-csv": Policy(PAGE, NO_PAGE),
    "claims:story-json": Policy(PAGE, NO_PAGE),
    "claims:correct": Policy(
        NO_PAGE, "in 302+ 302+ 302+ 302+", data=lambda _: {"title": "Renamed", "source": "Post"}
    ),
    "claims:place": Policy(NO_PAGE, OVERRULES, data=lambda _: {"story": "none", "reason": "Read."}),
    "claims:add-derivation": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"on": agency().name, "reason": "I read it."}
    ),
    "claims:decide-derivation": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"decision": "confirmed"}
    ),
    "claims:work": Policy(PAGE, NO_PAGE),
    "claims:retry-failed": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+", data=failed),
    "claims:ignore-failed": Policy(
        NO_PAGE, "in 302+ 302+ 302+ 302+", data=lambda review: failed(review) | {"reason": "Spam."}
    ),
    "claims:heed-ignored": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+", data=ignored),
    "claims:articles": Policy(PAGE, NO_PAGE),
    "claims:article": Policy(PAGE, NO_PAGE),
    "claims:hand-in": Policy(
        PAGE, "in 302+ 302+ 302+ 302+", data=lambda _: {"way": "text", "text": "It fell."}
    ),
    "claims:bookmarklet": Policy(PAGE, NO_PAGE),
    "claims:offer": Policy(PAGE, NO_PAGE),
    "claims:offer-keep": Policy(
        NO_PAGE,
        "in 302+ 302+ 302+ 302+",
        data=lambda _: {"title": "It fell", "text": "It fell.", "match": "none"},
    ),
    "claims:offer-drop": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+"),
    "claims:offer-look": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+"),
    "claims:imports": Policy(PAGE, NO_PAGE),
    "claims:import": Policy(PAGE, NO_PAGE),
    "claims:import-retry": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+"),
    "claims:import-csv": Policy(PAGE, NO_PAGE),
    "claims:snapshot": Policy(PAGE, NO_PAGE),
    "claims:snapshots-warc": Policy(PAGE, NO_PAGE),
    "claims:retry": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+"),
    "claims:claim": Policy(PAGE, NO_PAGE),
    "claims:rules": Policy(PAGE, NO_PAGE),
    "claims:rules-csv": Policy(PAGE, NO_PAGE),
    "claims:rule": Policy(PAGE, NO_PAGE),
    "claims:source": Policy(PAGE, NO_PAGE),
    "claims:feeds": Policy(
        PAGE, "in 403 302+ 302+ 302+", data=lambda review: {"address": "https://tide.example/rss"}
    ),
    "claims:feed": Policy(PAGE, NO_PAGE),
    "claims:feed-look": Policy(NO_PAGE, FEEDS),
    "claims:feed-keep": Policy(NO_PAGE, FEEDS, data=lambda review: {"source": "", "every": 30}),
    "claims:feed-change": Policy(NO_PAGE, FEEDS, data=lambda review: {"source": "", "every": 30}),
    "claims:feed-poll": Policy(NO_PAGE, FEEDS),
    "claims:feed-pause": Policy(NO_PAGE, FEEDS, data=lambda review: {"reason": "A trial."}),
    "claims:feed-resume": Policy(NO_PAGE, FEEDS, data=lambda review: {"reason": "A trial."}),
    "claims:feed-remove": Policy(NO_PAGE, FEEDS, data=lambda review: {"reason": "A trial."}),
    "claims:feed-retry": Policy(NO_PAGE, FEEDS),
    "reviews:adopt": Policy(NO_PAGE, DOES, data=on_top),
    "reviews:earlier": Policy(PAGE, NO_PAGE),
    "reviews:suggestions": Policy(PAGE, NO_PAGE),
    "reviews:decide-suggestion": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"state": "confirmed"}
    ),
    "reviews:regroup": Policy(PAGE, NO_PAGE),
    "reviews:merge": Policy(NO_PAGE, OVERRULES, at=Status.QUEUED, data=into_another),
    "reviews:split": Policy(NO_PAGE, OVERRULES, at=Status.QUEUED, data=one_of_two),
    "reviews:link": Policy(NO_PAGE, OVERRULES, at=Status.QUEUED, data=into_another),
    "reviews:undo-merge": Policy(NO_PAGE, OVERRULES, at=Status.QUEUED),
    "reviews:undo-split": Policy(NO_PAGE, OVERRULES, at=Status.QUEUED),
    "public:send": Policy(EVERYBODY, "302+ 302+ 302+ 302+ 302+", data=lambda review: {"text": "?"}),
    "public:thanks": Policy(EVERYBODY, "405 405 405 405 405"),
    "public:checks": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:check": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:feed": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:atom": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:methodology": Policy(EVERYBODY, "405 405 405 405 405"),
    "public:verify-history": Policy(EVERYBODY, "405 405 405 405 405"),
    "api:articles": Policy(NO_TOKEN, NO_TOKEN),
    "api:article": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:import": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:tips": Policy("405 405 405 405 405", NO_TOKEN),
    "api:claims": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:claim": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:story": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:reviews": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:review": Policy(NO_TOKEN, "405 405 405 405 405"),
    "api:openapi-json": Policy(EVERYBODY, "405 405 405 405 405"),
    "api:api-root": Policy("404 404 404 404 404", "404 404 404 404 404"),
    "api:nothing": Policy("404 404 404 404 404", "404 404 404 404 404"),
    "sign-in": Policy("200 302 302 302 302", "200 302 302 302 302"),
    "sign-out": Policy(NO_PAGE, "in in+ in+ in+ in+"),  # when somebody left is noted
    "password": Policy(PAGE, PAGE),
    "password-changed": Policy(PAGE, NO_PAGE),
    "health": Policy(EVERYBODY, "405 405 405 405 405"),
    "health-record": Policy(EVERYBODY, "405 405 405 405 405"),
}

# The admin, view by view. Fact-checkers and supervisors do not come in; nobody deletes anything but
# what the throttle noted of sign-ins.
NOBODY = "in 403 403 403 403"
READERS = "in 403 403 200 200"
ROOT = "in 403 403 403 200"
LISTED = {"changelist": (READERS, READERS), "history": (READERS, READERS)}
LISTED_TO_ROOT = {"changelist": (ROOT, ROOT), "history": (ROOT, ROOT)}
UNDELETED = {"delete": (NOBODY, NOBODY)}
CHANGED = {
    "change": (READERS, "in 403 403 302+ 302+"),
    "revision": (READERS, "in 403 403 302+ 302+"),
}
NEVER_ADDED = {"add": (NOBODY, NOBODY)}
READ = LISTED | UNDELETED | NEVER_ADDED | {"change": (READERS, NOBODY)}
READ_BY_ROOT = LISTED_TO_ROOT | UNDELETED | NEVER_ADDED | {"change": (ROOT, NOBODY)}
NOTED = LISTED_TO_ROOT | NEVER_ADDED | {
    "change": (ROOT, "in 403 403 403 302+"), "delete": (ROOT, "in 403 403 403 302+"),
}  # fmt: skip

ADMIN_ROWS = {
    "claims.source": LISTED | UNDELETED | CHANGED | {"add": (READERS, READERS)},
    "claims.claimant": LISTED | UNDELETED | CHANGED | {"add": (READERS, READERS)},
    "claims.article": LISTED | UNDELETED | CHANGED | NEVER_ADDED,
    "claims.claim": LISTED | UNDELETED | CHANGED | NEVER_ADDED,
    "claims.story": READ,
    "claims.snapshot": READ,
    "claims.sighting": READ,
    "claims.feed": READ,
    "claims.feeditem": READ,
    "claims.feedevent": READ,
    "claims.watch": READ,
    "claims.revision": READ,
    "claims.offer": READ,
    "claims.capture": READ,
    "claims.picture": READ,
    "claims.deposit": READ,
    "claims.import": READ,
    "claims.importitem": READ,
    "claims.analysis": READ,
    "claims.appearance": READ,
    "claims.flag": READ,
    "claims.derivation": READ,
    "claims.suggestion": READ,
    "claims.claimmerge": READ,
    "claims.claimsplit": READ,
    "claims.rebuild": READ,
    "claims.apitoken": READ_BY_ROOT,
    "claims.handing": READ_BY_ROOT,
    "claims.tip": READ_BY_ROOT,
    "claims.outsidecheck": READ_BY_ROOT,
    "reviews.review": READ_BY_ROOT,
    "reviews.reviewevent": READ_BY_ROOT,
    "reviews.evidence": READ_BY_ROOT,
    "reviews.evidencecopy": READ_BY_ROOT,
    "reviews.verdict": READ_BY_ROOT,
    "reviews.verdictversion": READ_BY_ROOT,
    "reviews.decision": READ_BY_ROOT,
    "reviews.comment": READ_BY_ROOT,
    "reviews.threadevent": READ_BY_ROOT,
    "reviews.publication": READ_BY_ROOT,
    "reviews.redaction": READ_BY_ROOT,
    "reviews.verification": READ_BY_ROOT,
    "reviews.checkpoint": READ_BY_ROOT,
    "reviews.delivery": READ_BY_ROOT,
    "reviews.contact": READ_BY_ROOT,
    "reviews.checklistversion": READ_BY_ROOT,
    "reviews.checklistevent": READ_BY_ROOT,
    "reviews.policyversion": READ_BY_ROOT,
    "reviews.exemption": READ_BY_ROOT,
    "reviews.reviewtopic": READ_BY_ROOT,
    "reviews.weights": READ_BY_ROOT,
    "reviews.reweighing": READ_BY_ROOT,
    "reviews.savedview": READ_BY_ROOT,
    "reviews.conflict": READ_BY_ROOT,
    "reviews.secondopinion": READ_BY_ROOT,
    "reviews.opinionrule": READ_BY_ROOT,
    "reviews.notification": READ_BY_ROOT,
    "reviews.mailchoice": READ_BY_ROOT,
    "reviews.letter": READ_BY_ROOT,
    "reviews.user": LISTED_TO_ROOT | UNDELETED | {"add": (ROOT, ROOT), "change": (ROOT, ROOT)},
    "django_celery_beat.periodictask": READ_BY_ROOT,
    "axes.accessattempt": NOTED,
    "axes.accesslog": NOTED,
    "axes.accessfailurelog": NOTED,
}

ADMIN_PAGES = {
    "admin:index": (READERS, READERS),
    "admin:app_list": (READERS, READERS),
    "admin:login": ("in 403 403 302 302", "in 403 403 302 302"),
    "admin:logout": ("in 302 302 405 405", "in 302 302 in+ in+"),
    "admin:password_change": (READERS, READERS),
    "admin:password_change_done": (READERS, "in 403 403 405 405"),
    "admin:auth_user_password_change": (ROOT, ROOT),
    "admin:autocomplete": ("in 403 403 200 200", "in 403 403 405 405"),
    "admin:jsi18n": (READERS, "in 403 403 405 405"),
    "admin:view_on_site": ("in 403 403 302 302", "in 403 403 302 302"),
    "admin:None": ("in 403 403 302 302", "in 403 403 302 302"),  # old addresses, sent on
}
