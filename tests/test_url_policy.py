"""Every address, method and role, asked, and compared with the table in `tests/url_policy.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
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

from claims import archiving, merging
from claims import tips as room_of_tips
from claims.models import (
    Analysis,
    Article,
    Derivation,
    Flag,
    Sighting,
    Snapshot,
    Source,
    Story,
)
from reviews import comments, leases, profile, saved, tasks
from reviews.listing import View
from reviews.models import Review, ReviewTopic, User
from reviews.states import Status
from tests import factories
from tests.serving import signed_in
from tests.url_policy import (
    ADMIN_PAGES,
    ADMIN_ROWS,
    CHECKERS,
    DESK,
    ROLES,
    Policy,
    agency,
    checked_before,
    one_of_two,
    suggested,
)

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


def address(name: str, review: Review) -> str:  # noqa: C901  one case a kind of address
    """The address called `name`, of what belongs to `review`."""
    article = review.claim.appearances.order_by("pk")[0].article
    match name:
        case "reviews:decide-flag":
            refs = [review.ref, Flag.objects.get(article=article).ref]
        case "reviews:withdraw-evidence":
            refs = [review.ref, review.evidence.get().ref]
        case (
            "reviews:evidence-copy"
            | "reviews:evidence-copy-again"
            | "reviews:evidence-picture"
            | "reviews:evidence-print"
        ):
            cited = factories.archived(review, failed=name.endswith("again"))
            refs = [review.ref, cited.ref]
        case "reviews:note-reply" | "reviews:correct-contact":
            refs = [review.ref, factories.ask(review).ref]
        case "reviews:reply" | "reviews:resolve-comment":
            said = comments.say(review, by=factories.fact_checker(), body="Look here.")
            refs = [review.ref, said.ref]
        case "reviews:restore" | "reviews:version":
            refs = [review.ref, 3]
        case "reviews:redact":
            refs = [review.ref, 1]
        case "claims:retry":
            Analysis.objects.filter(article=article).update(
                status="failed", attempts=5, ignored_by=None, ignored_at=None, ignored_reason=""
            )
            refs = [article.ref]
        case "claims:story" | "claims:story-csv" | "claims:story-json":
            article.story = Story.objects.create(title="The harbour")
            article.save(update_fields=["story"])
            refs = [article.story.ref]
        case "claims:snapshot" | "claims:snapshots-warc":
            sha256 = archiving.keep(b"bytes")
            article.snapshots.get_or_create(sha256=sha256, defaults={"size": 5})
            refs = [article.ref, sha256] if name == "claims:snapshot" else [article.ref]
        case "claims:article" | "claims:place" | "claims:add-derivation":
            refs = [article.ref]
        case "claims:decide-derivation":
            edge, _ = Derivation.objects.get_or_create(
                article=article, on_source=agency(), kind="citation", start=0, end=5, score=1
            )
            refs = [edge.ref]
        case "reviews:topic":
            refs = [ReviewTopic.objects.get_or_create(slug="sea", name="The sea")[0].slug]
        case "reviews:end-conflict":
            topic, _ = ReviewTopic.objects.get_or_create(slug="sea", name="The sea")
            refs = [profile.declare(factories.fact_checker(), about=topic, words="Mine.").ref]
        case "reviews:revoke-token":
            refs = [factories.token(factories.fact_checker()).ref]
        case "reviews:tip" | "reviews:accept-tip" | "reviews:dismiss-tip":
            refs = [factories.tip().ref]
        case "reviews:take-back-tip":
            row = factories.tip()
            room_of_tips.dismiss(row, by=factories.supervisor(), reason="A joke.")
            refs = [row.ref]
        case "reviews:change-view":
            owner = factories.fact_checker()
            refs = [saved.keep(owner, name="Ours", query="view=open", shared=True).ref]
        case "reviews:follow-notification":
            refs = [factories.notification(review).ref]
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
        case "claims:rule":
            refs = [Flag.objects.filter(article=article)[0].rule]
        case "claims:feed-look" | "claims:feed-keep":
            refs = [factories.feed(kept=False).ref]
        case "claims:feed-resume":
            refs = [factories.feed(paused="A trial.").ref]
        case "claims:feed-retry":
            refs = [factories.failed_item().feed.ref]
        case name if name.startswith("claims:feed") and name not in WITHOUT_REF:
            refs = [factories.feed().ref]
        case "claims:offer-look":
            refs = [factories.asked_for(failed=True).ref]
        case "claims:offer" | "claims:offer-keep" | "claims:offer-drop":
            refs = [factories.offer("It fell.").ref]
        case "claims:import-retry":
            refs = [factories.failed_import().ref]
        case "claims:import" | "claims:import-csv":
            refs = [factories.batch().ref]
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
        held = "+" in policy.post or name == "reviews:preview"
        own = personal and held and role in CHECKERS
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
        if name not in ("sign-in", "sign-out", "public:check", "api:api-root", "api:nothing")
    }

    assert {said for said in answers.values() if said != "405"} <= {"200"}, answers
    assert [name for name, said in answers.items() if said == "200"] == ["password"] * (
        method == "PUT"
    )  # Django's forms take PUT for POST; without fields, nothing is changed


def test_a_form_without_its_secret_is_refused_everywhere(db):
    """No other site can send our forms in somebody's name."""
    review = arrange(DESK["reviews:save"], factories.fact_checker())
    client = Client(enforce_csrf_checks=True)
    client.force_login(review.checker, backend="reviews.roles.RoleBackend")
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
    comments.say(review, by=review.checker, body="Look here.")
    article = Article.objects.order_by("pk")[0]
    Story.objects.create(title="The harbour")
    root, now = factories.superuser(), leases.clock()
    merging.merge(factories.claim(), review.claim, by=root, at=now)
    merging.split(review.claim, review.claim.appearances.order_by("-pk")[:1], by=root, at=now)
    snapshot = Snapshot.objects.create(article=article, size=1, sha256="0" * 64)
    Sighting.objects.create(article=article, snapshot=snapshot, at=now)
    tide = Source.objects.create(name="Daily Tide")
    Derivation.objects.create(article=article, on_source=tide, kind="citation", score=1)
    factories.page_change(article)
    factories.feed(by=root).items.create(address=article.url, canonical=article.url)
    factories.offer()
    factories.batch()
    factories.archived(review)
    apps.get_model("claims.rebuild").objects.create(stage="done")
    factories.arrange_the_queue(by=review.checker)
    factories.handed_in(by=review.checker)
    factories.notification(review)
    factories.second_opinion(factories.review_at(Status.SUBMITTED))
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
        "/", "/checks/", "/stories/", "/articles/", "/work/",
        *(f"/?view={view.value}" for view in View),
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
    for name in [name for name in DESK if not name.startswith("api:")]:  # it asks for a token
        with suppress(NoReverseMatch):
            where = reverse(name, args=["0000000000"])
            answers = (client.get(where).status_code, client.post(where).status_code)
            if set(answers) - {404, 405} or answers == (405, 405):
                found.append(name)

    assert found == []
