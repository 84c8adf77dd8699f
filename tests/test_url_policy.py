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

from claims import merging
from claims.models import (
    Article,
    Derivation,
    Sighting,
    Snapshot,
    Source,
    Story,
)
from reviews import comments, leases, tasks
from reviews.listing import View
from reviews.models import Review, User
from reviews.states import Status
from tests import factories
from tests.serving import signed_in
from tests.url_addresses import address
from tests.url_policy import (
    ADMIN_PAGES,
    ADMIN_ROWS,
    CHECKERS,
    DESK,
    ROLES,
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


def arrange(at: Status, checker: User) -> Review:
    """A review at `at`, with versions and evidence, and its flag open."""
    review = factories.review_at(at, checker=checker)
    if review.status == Status.IN_PROGRESS:
        factories.write_verdict(review, checker)
        factories.save(review, summary="Landings fell by a ninth.")
        factories.save(review)
    return review


def as_signed_in(client: Client) -> Client:
    """Another client with the same session, whatever becomes of its cookies."""
    other = Client()
    other.cookies.load(client.cookies.output(header="", sep=";"))
    return other


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
        said = answer(as_signed_in(client), "POST", where, data)
        transaction.set_rollback(True)
    return said


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_pages_are_shown_to_those_they_are_for_and_change_nothing(db, headers):
    clients = [client_of(person(role)) for role in ROLES]
    review_at = {
        status: arrange(status, factories.fact_checker())
        for status in {policy.at for policy in DESK.values()}
    }
    shown = {}
    for name, policy in DESK.items():
        where = address(name, review_at[policy.at])
        shown[name] = " ".join(answer(client, "GET", where, **headers) for client in clients)

    assert shown == {name: " ".join(policy.get.split()) for name, policy in DESK.items()}


@pytest.mark.parametrize("at", sorted({policy.at for policy in DESK.values()}))
def test_forms_are_taken_from_those_who_may_send_them(db, at):
    """Each form meets the same rows: what is made for it is taken back after it, too."""
    people = {role: person(role) for role in ROLES}
    clients = {role: client_of(user) for role, user in people.items()}
    anybodys = arrange(at, factories.fact_checker())
    of_one = {
        role: arrange(at, user)
        for role, user in people.items()
        if user and role in CHECKERS and at != Status.QUEUED
    }
    taken = {}
    for name, policy in DESK.items():
        if policy.at != at:
            continue
        held = "+" in policy.post or name == "reviews:preview"
        own = of_one if policy.mine and held else {}
        with transaction.atomic():
            taken[name] = " ".join(
                sent(client, name, own.get(role, anybodys)) for role, client in clients.items()
            )
            transaction.set_rollback(True)

    assert taken == {name: " ".join(DESK[name].post.split()) for name in taken}


def sent(client: Client, name: str, review: Review) -> str:
    """What is answered to a form sent there, and taken back."""
    review = Review.objects.select_related("claim", "checker").get(pk=review.pk)
    return undone(client, address(name, review), DESK[name].data(review))


def test_other_methods_change_nothing_anywhere(db):
    review = arrange(Status.IN_PROGRESS, factories.fact_checker())
    client = signed_in(factories.superuser())
    answers = {}
    for name in DESK.keys() - {
        "sign-in",
        "sign-out",
        "public:check",
        "api:api-root",
        "api:nothing",
    }:
        where = address(name, review)
        for method in ("PUT", "PATCH", "DELETE"):
            answers[name, method] = answer(client, method, where)

    # Django's forms take PUT for POST; without fields, nothing is changed.
    assert {asked: said for asked, said in answers.items() if said != "405"} == {
        ("password", "PUT"): "200"
    }


def test_a_form_without_its_secret_is_refused_everywhere(db):
    """No other site can send our forms in somebody's name."""
    review = arrange(Status.IN_PROGRESS, factories.fact_checker())
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


@pytest.mark.parametrize("app", sorted({label.split(".")[0] for label in ADMIN_ROWS}))
def test_the_admin_shows_and_takes_what_the_table_says(rows, app):
    clients = [client_of(person(role)) for role in ROLES]
    views = {
        (label, view): answers
        for label, of_label in ADMIN_ROWS.items()
        for view, answers in of_label.items()
        if label.startswith(f"{app}.")
    }
    given = {}
    for label, view in views:
        where, data = asked_of(label, view, rows[label])
        shown = [answer(as_signed_in(client), "GET", where) for client in clients]
        taken = [undone(client, where, data) for client in clients]
        given[label, view] = (" ".join(shown), " ".join(taken))

    assert given == views


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
