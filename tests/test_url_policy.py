"""Who gets what at every address: each name in the URLconf × method × role, against one table.

An answer is its HTTP status; `in` is sent to the sign-in, and `+` means that it wrote rows (even if
it took them back). The columns are the ROLES, in this order. An address that is not listed fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from reversion import add_to_revision, create_revision
from reversion.models import Version

from claims import merging
from claims.models import Analysis, Article, Derivation, Flag, Snapshot, Source, Story, Suggestion
from reviews import history, leases, tasks, workflow
from reviews.listing import View
from reviews.models import Review, User
from reviews.states import Status
from tests import factories
from tests.serving import signed_in

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


def because(action: str) -> Callable[[Review], dict[str, Any]]:
    return lambda review: {f"{action}-reason": "The register is public now."}


def agency() -> Source:
    """A source that an article can rest on."""
    return Source.objects.get_or_create(name="Wire Agency")[0]


#           anonymous, fact-checker, supervisor, data editor, superuser
PAGE = "in  200 200 200 200"
NO_PAGE = "in  405 405 405 405"
EVERYBODY = "200 200 200 200 200"
DOES = "in 302+ 302+ 302 302+"  # 302 without + leads back with the refusal as a message
WRITES = "in 302+ 302+ 409 302+"  # 409 shows the refusal beside what was typed
OVERRULES = "in 302+ 302+ 403 302+"
DECIDES = "in 409 302+ 409 302+"

DESK = {
    "reviews:queue": Policy(PAGE, NO_PAGE),
    "reviews:take-next": Policy(NO_PAGE, DOES, at=Status.QUEUED),
    "reviews:detail": Policy(PAGE, NO_PAGE),
    "reviews:take": Policy(NO_PAGE, DOES, at=Status.QUEUED),
    "reviews:release": Policy(NO_PAGE, DOES, data=held),
    "reviews:renew": Policy(NO_PAGE, WRITES, data=held),
    "reviews:dismiss": Policy(NO_PAGE, WRITES, at=Status.QUEUED, data=because("dismiss")),
    "reviews:reopen": Policy(NO_PAGE, DECIDES, at=Status.DISMISSED, data=because("reopen")),
    "reviews:correct": Policy(NO_PAGE, WRITES, at=Status.PUBLISHED, data=because("correct")),
    "reviews:keep": Policy(NO_PAGE, DOES, at=Status.PUBLISHED, data=correcting),
    "reviews:comment": Policy(NO_PAGE, WRITES, data=lambda review: {"body": "Look here."}),
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
    "reviews:read-news": Policy(NO_PAGE, DOES, at=Status.PUBLISHED, data=with_news),
    "reviews:approval": Policy(PAGE, NO_PAGE, at=Status.SUBMITTED),
    "reviews:approve": Policy(NO_PAGE, DECIDES, at=Status.SUBMITTED, mine=False, data=read),
    "reviews:return": Policy(NO_PAGE, DECIDES, at=Status.SUBMITTED, mine=False, data=read),
    "reviews:history": Policy(PAGE, NO_PAGE),
    "reviews:restore": Policy(
        NO_PAGE, DOES, data=lambda review: held(review) | {"seq": history.of(review).seq}
    ),
    "claims:stories": Policy(PAGE, NO_PAGE),
    "claims:story": Policy(PAGE, NO_PAGE),
    "claims:story-csv": Policy(PAGE, NO_PAGE),
    "claims:story-json": Policy(PAGE, NO_PAGE),
    "claims:place": Policy(NO_PAGE, OVERRULES, data=lambda _: {"story": "none", "reason": "Read."}),
    "claims:add-derivation": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"on": agency().name, "reason": "I read it."}
    ),
    "claims:decide-derivation": Policy(
        NO_PAGE, OVERRULES, data=lambda review: {"decision": "confirmed"}
    ),
    "claims:articles": Policy(PAGE, NO_PAGE),
    "claims:article": Policy(PAGE, NO_PAGE),
    "claims:retry": Policy(NO_PAGE, "in 302+ 302+ 302+ 302+"),
    "claims:claim": Policy(PAGE, NO_PAGE),
    "claims:source": Policy(PAGE, NO_PAGE),
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
    "public:checks": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:check": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:feed": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:atom": Policy(EVERYBODY, "405 405 405 405 405", at=Status.PUBLISHED),
    "public:methodology": Policy(EVERYBODY, "405 405 405 405 405"),
    "sign-in": Policy("200 302 302 302 302", "200 302 302 302 302"),
    "sign-out": Policy(NO_PAGE, "in in+ in+ in+ in+"),  # when somebody left is noted
    "password": Policy(PAGE, PAGE),
    "password-changed": Policy(PAGE, NO_PAGE),
    "health": Policy(EVERYBODY, "405 405 405 405 405"),
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
    "claims.analysis": READ,
    "claims.appearance": READ,
    "claims.flag": READ,
    "claims.derivation": READ,
    "claims.suggestion": READ,
    "claims.claimmerge": READ,
    "claims.claimsplit": READ,
    "claims.rebuild": READ,
    "reviews.review": READ_BY_ROOT,
    "reviews.reviewevent": READ_BY_ROOT,
    "reviews.evidence": READ_BY_ROOT,
    "reviews.verdict": READ_BY_ROOT,
    "reviews.verdictversion": READ_BY_ROOT,
    "reviews.decision": READ_BY_ROOT,
    "reviews.comment": READ_BY_ROOT,
    "reviews.publication": READ_BY_ROOT,
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


# Every address there is


def walk(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from walk(pattern, namespace + inner)


def admin_name(label: str, view: str) -> str:
    return f"admin:{label.replace('.', '_')}_{view}"


def test_every_address_is_in_the_table():
    listed = {*DESK, *ADMIN_PAGES}
    listed |= {admin_name(label, view) for label, views in ADMIN_ROWS.items() for view in views}

    assert {*walk(get_resolver())} == listed


# Asking


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """What is enqueued after an approval is no matter here."""
    monkeypatch.setattr(tasks.publish, "delay_on_commit", lambda **fields: None)


def person(role: str) -> User | None:
    makers = {
        "fact-checker": factories.fact_checker, "supervisor": factories.supervisor,
        "data editor": factories.data_editor, "superuser": factories.superuser,
    }  # fmt: skip
    return makers[role]() if role in makers else None


def client_of(user: User | None) -> Client:
    return signed_in(user) if user else Client()


def arrange(policy: Policy, checker: User) -> Review:
    """A review at the status the policy names, with versions and evidence, and its flag open."""
    review = factories.review_at(policy.at, checker=checker)
    if review.status == Status.IN_PROGRESS:
        factories.write_verdict(review, checker)
        factories.save(review, summary="Landings fell by a ninth.")
        factories.save(review)
    return review


WITHOUT_REF = {
    "reviews:queue", "reviews:suggestions", "reviews:take-next", "claims:stories",
    "claims:articles", "public:checks", "public:feed", "public:atom", "public:methodology",
}  # fmt: skip


def address(name: str, review: Review) -> str:  # noqa: C901  one case a kind of address
    """The address called `name`, of what belongs to `review`."""
    article = review.claim.appearances.order_by("pk")[0].article
    match name:
        case "reviews:decide-flag":
            refs = [review.ref, Flag.objects.get(article=article).ref]
        case "reviews:withdraw-evidence":
            refs = [review.ref, review.evidence.get().ref]
        case "reviews:restore":
            refs = [review.ref, 3]
        case "claims:retry":
            Analysis.objects.filter(article=article).update(status="failed", attempts=5)
            refs = [article.ref]
        case "claims:story" | "claims:story-csv" | "claims:story-json":
            article.story = Story.objects.create(title="The harbour")
            article.save(update_fields=["story"])
            refs = [article.story.ref]
        case "claims:article" | "claims:place" | "claims:add-derivation":
            refs = [article.ref]
        case "claims:decide-derivation":
            edge, _ = Derivation.objects.get_or_create(
                article=article, on_source=agency(), kind="citation", start=0, end=5, score=1
            )
            refs = [edge.ref]
        case "reviews:adopt":
            refs = [review.ref, checked_before(review).ref]
        case "reviews:decide-suggestion":
            refs = [suggested(review).ref]
        case "reviews:link":
            refs = [review.claim.appearances.order_by("pk")[0].ref]
        case "reviews:undo-merge":
            root, now = factories.superuser(), leases.clock()
            refs = [merging.merge(factories.claim(), review.claim, by=root, at=now).ref]
        case "reviews:undo-split":
            root, now = factories.superuser(), leases.clock()
            one_of_two(review)
            last = review.claim.appearances.order_by("-pk")[:1]
            refs = [merging.split(review.claim, last, by=root, at=now).ref]
        case "reviews:regroup" | "reviews:merge" | "reviews:split":
            refs = [review.claim.ref]
        case "claims:claim":
            refs = [review.claim.ref]
        case "claims:source":
            refs = [article.source.ref]
        case _:
            refs = [review.ref] if ":" in name and name not in WITHOUT_REF else []
    return reverse(name, args=refs)


def written() -> int:
    """How many rows this transaction has written so far, sessions aside, undone ones included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname <> 'django_session'"
        )
        return int(cursor.fetchone()[0])


def answer(client: Client, method: str, where: str, data: Any = None, **headers: str) -> str:
    """What the table would say of this answer."""
    before = written()
    send = getattr(client, method.lower())
    response = send(where, data, headers=headers) if method == "POST" else send(
        where, headers=headers
    )  # fmt: skip
    if response.get("Location", "").startswith("/admin/login/"):
        response = client.get(response["Location"])
    signs_in = response.status_code == 302 and response["Location"].startswith("/sign-in/")
    said = "in" if signs_in else str(response.status_code)
    return said + "+" * (written() != before)


def undone(client: Client, where: str, data: dict[str, Any]) -> str:
    """What POST answers; what it did is taken back, so that everybody meets the same rows."""
    with transaction.atomic():
        said = answer(client, "POST", where, data)
        transaction.set_rollback(True)
    return said


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_pages_are_shown_to_those_they_are_for_and_change_nothing(db, headers):
    clients = [client_of(person(role)) for role in ROLES]
    review_at = {
        status: arrange(Policy("", "", at=status), factories.fact_checker())
        for status in {policy.at for policy in DESK.values()}
    }
    shown = {}
    for name, policy in DESK.items():
        where = address(name, review_at[policy.at])
        shown[name] = " ".join(answer(client, "GET", where, **headers) for client in clients)

    assert shown == {name: " ".join(policy.get.split()) for name, policy in DESK.items()}


@pytest.mark.parametrize("name", DESK)
def test_a_form_is_taken_from_those_who_may_send_it(db, name):
    policy, people = DESK[name], [person(role) for role in ROLES]
    anybodys = arrange(policy, factories.fact_checker())
    personal = policy.mine and policy.at != Status.QUEUED
    given = []
    for role, user in zip(ROLES, people, strict=True):
        own = personal and "+" in policy.post and role in CHECKERS
        review = arrange(policy, user) if own else anybodys
        where = address(name, review)
        given.append(undone(client_of(user), where, policy.data(review)))

    assert given == policy.post.split()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_change_nothing_anywhere(db, method):
    review = arrange(DESK["reviews:save"], factories.fact_checker())
    client = signed_in(factories.superuser())
    answers = {
        name: answer(client, method, address(name, review))
        for name in DESK
        if name not in ("sign-in", "sign-out", "public:check")
    }

    assert {said for said in answers.values() if said != "405"} <= {"200"}, answers
    assert [name for name, said in answers.items() if said == "200"] == ["password"] * (
        method == "PUT"
    )  # Django's forms take PUT for POST; without fields, nothing is changed


def test_a_form_without_its_secret_is_refused_everywhere(db):
    """No other site can send our forms in somebody's name."""
    review = arrange(DESK["reviews:save"], factories.fact_checker())
    client = Client(enforce_csrf_checks=True)
    client.force_login(review.checker, backend="django.contrib.auth.backends.ModelBackend")
    taken = [
        name
        for name, policy in DESK.items()
        if "+" in policy.post or name in ("sign-out", "password", "sign-in")
        if answer(client, "POST", address(name, review), policy.data(review)) != "403"
    ]

    assert taken == []


# The admin


@pytest.fixture
def rows(db) -> dict[str, models.Model]:
    """One row of everything the admin lists, by its label."""
    review = factories.review_at(Status.PUBLISHED)
    workflow.comment(review, by=review.checker, body="Look here.")
    article = Article.objects.order_by("pk")[0]
    Story.objects.create(title="The harbour")
    root, now = factories.superuser(), leases.clock()
    merging.merge(factories.claim(), review.claim, by=root, at=now)
    merging.split(review.claim, review.claim.appearances.order_by("-pk")[:1], by=root, at=now)
    Snapshot.objects.create(article=article, content=b"x", sha256="0", media_type="text/plain")
    tide = Source.objects.create(name="Daily Tide")
    Derivation.objects.create(article=article, on_source=tide, kind="citation", score=1)
    apps.get_model("claims.rebuild").objects.create(stage="done")
    daily = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="Sweep", task="sweep", interval=daily)
    seen = {"username": "somebody", "ip_address": "192.0.2.1"}
    AccessAttempt.objects.create(**seen, failures_since_start=1)
    AccessLog.objects.create(**seen)
    AccessFailureLog.objects.create(**seen)
    found = {label: apps.get_model(label).objects.order_by("pk").first() for label in ADMIN_ROWS}
    return found | {"reviews.user": review.checker}


EDITS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "claims.source": lambda row: {"name": "Renamed", "kind": row.kind, "aliases": ""},
    "claims.claimant": lambda row: {"name": "Renamed", "kind": row.kind},
    "claims.article": lambda row: {"title": "Renamed", "source": row.source_id, "language": "en"},
    "claims.claim": lambda row: {"wording": "Reworded."},
}


def asked_of(label: str, view: str, row: models.Model) -> tuple[str, dict[str, Any]]:
    """The address of one view of a row, and what a form there sends."""
    refs: list[Any] = [row.pk] if view in ("change", "delete", "history", "revision") else []
    if view == "revision":
        with create_revision():
            add_to_revision(row)
        refs.append(Version.objects.get_for_object(row).latest("pk").pk)
    data = EDITS[label](row) if view == "change" and label in EDITS else {}
    if view == "delete":
        data = {"post": "yes"}
    return reverse(admin_name(label, view), args=refs), data


@pytest.mark.parametrize("label", ADMIN_ROWS)
def test_the_admin_shows_and_takes_what_the_table_says(rows, label):
    people = [person(role) for role in ROLES]
    for view, (get, post) in ADMIN_ROWS[label].items():
        where, data = asked_of(label, view, rows[label])
        clients = [client_of(user) for user in people]

        assert [answer(client, "GET", where) for client in clients] == get.split(), view
        assert [undone(client, where, data) for client in clients] == post.split(), view


def test_the_pages_of_the_admin_are_for_those_the_table_names(rows):
    review = rows["reviews.review"]
    refs = {
        "admin:app_list": ["claims"],
        "admin:auth_user_password_change": [review.checker_id],
        "admin:view_on_site": [ContentType.objects.get_for_model(Review).pk, review.pk],
    }
    query = "?app_label=claims&model_name=article&field_name=source"
    people = [person(role) for role in ROLES]
    for name, (get, post) in ADMIN_PAGES.items():
        where = (
            "/admin/claims/claim/1/" if name == "admin:None" else reverse(name, args=refs.get(name))
        )
        where += query if name == "admin:autocomplete" else ""

        got = [answer(client_of(user), "GET", where) for user in people]
        sent = [answer(client_of(user), "POST", where, {}) for user in people]
        assert (got, sent) == (get.split(), post.split()), name


# Lists and what they lead to


def links(client: Client, where: str) -> set[str]:
    """The addresses of the desk that a page leads to."""
    page = client.get(where).content.decode()
    found = {unescape(link).split("#")[0] for link in re.findall(r'href="(/[^"]*)"', page)}
    return {link for link in found if not link.startswith("/static/")}


@pytest.mark.parametrize("role", ROLES)
def test_a_list_never_shows_what_its_detail_would_refuse(db, role):
    for status in Status:
        factories.review_at(status)
    client = client_of(person(role))
    lists = ["/checks/"] if role == "anonymous" else [
        "/", "/checks/", "/stories/", "/articles/", *(f"/?view={view.value}" for view in View),
    ]  # fmt: skip
    found = set().union(*(links(client, where) for where in lists))

    assert len(found) >= (3 if role == "anonymous" else 8)
    refused = {link for link in found if client.get(link).status_code in (403, 404)}
    assert refused <= {"/admin/"} if role in ("fact-checker", "supervisor") else refused == set()


def test_readers_find_no_check_before_it_is_published(db, client):
    for status in set(Status) - {Status.PUBLISHED}:
        review = factories.review_at(status)

        assert client.get(reverse("public:check", args=[review.ref])).status_code == 404
        assert review.claim.wording not in client.get("/checks/").content.decode()
        assert review.ref not in client.get("/checks/feed.json").content.decode()


def test_an_address_of_nothing_is_not_found(db):
    client = signed_in(factories.superuser())
    found = []
    for name in DESK:
        with suppress(NoReverseMatch):
            where = reverse(name, args=["0000000000"])
            answers = (client.get(where).status_code, client.post(where).status_code)
            if set(answers) - {404, 405} or answers == (405, 405):
                found.append(name)

    assert found == []
