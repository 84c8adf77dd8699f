"""The admin cleans data, keeps every edit, and bends nothing else: not even for superusers."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from reversion.models import Version

from claims import matching, merging
from claims import text as engine
from claims.admin import ContentAdmin
from claims.correcting import AS_FOUND
from claims.models import (
    Analysis,
    Appearance,
    Article,
    Claim,
    Claimant,
    Derivation,
    Rebuild,
    Source,
    Story,
)
from reviews import comments
from reviews.models import Review, User
from reviews.states import Status
from tests import chromium, factories
from tests.serving import problems_of, served, sign_in, signed_in

STATIC = Path(__file__).resolve().parent.parent / "factcheck" / "static" / "desk"
CONTENT = {"source", "article", "claimant", "claim"}
INDEXES = {"topic", "topickey", "claimkey"}  # of words as numbers: nothing that a person reads
DESK_MODELS = [
    model
    for label in ("claims", "reviews")
    for model in apps.get_app_config(label).get_models()
    if model._meta.model_name not in INDEXES
]
READ_ONLY = [
    model for model in DESK_MODELS if model is not User and model._meta.model_name not in CONTENT
]


def names(models) -> list[str]:
    return [model._meta.model_name for model in models]


def page(model, view: str = "changelist", *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def root(db) -> Client:
    return signed_in(factories.superuser())


@pytest.fixture
def editor(db) -> Client:
    return signed_in(factories.data_editor())


def edit(client: Client, claim: Claim, wording: str, **fields):
    data = {"wording": wording, "claimant": claim.claimant_id or ""} | fields
    return client.post(page(Claim, "change", claim.pk), data)


def wordings(claim: Claim) -> list[str]:
    """What its versions say, oldest first."""
    versions = Version.objects.get_for_object(claim).order_by("pk")
    return [version.field_dict["wording"] for version in versions]


# Who comes in


def test_there_is_one_sign_in_and_the_admin_sends_people_there(client):
    asked = client.get("/admin/claims/claim/?q=catch")
    tried = client.post("/admin/login/?next=/admin/", {"username": "x", "password": "y"})

    assert asked["Location"] == "/sign-in/?next=/admin/claims/claim/%3Fq%3Dcatch"
    assert tried["Location"] == "/sign-in/?next=/admin/"


def test_who_is_signed_in_without_the_right_is_refused(db):
    client = signed_in(factories.fact_checker())

    assert client.get("/admin/", follow=True).status_code == 403


def test_a_data_editor_sees_content_and_machine_rows_but_no_reviews_and_no_people(editor):
    allowed = {name for name in names(DESK_MODELS) if _status(editor, name) == 200}

    found = {"story", "snapshot", "sighting", "analysis", "appearance", "flag", "derivation"}
    found |= {"feed", "feeditem", "feedevent", "watch", "revision"}
    found |= {"offer", "import", "importitem", "capture", "picture", "deposit"}
    regrouped = {"suggestion", "claimmerge", "claimsplit", "rebuild"}
    assert allowed == CONTENT | found | regrouped


def _status(client: Client, name: str) -> int:
    model = next(model for model in DESK_MODELS if model._meta.model_name == name)
    return client.get(page(model)).status_code


# What nobody may do here


def test_every_model_of_the_desk_is_in_the_admin():
    registered = set(admin.site._registry)

    assert [name for name in names(DESK_MODELS) if name not in names(registered)] == []


def test_rows_of_the_machine_and_of_the_workflow_are_only_read(root):
    _one_of_everything()

    for model in READ_ONLY:
        row = model._default_manager.first()
        before = model._default_manager.values().get(pk=row.pk)
        listed, shown = root.get(page(model)), root.get(page(model, "change", row.pk))
        assert (listed.status_code, shown.status_code) == (200, 200), model
        assert 'name="action"' not in listed.content.decode(), model
        assert 'name="_save"' not in shown.content.decode(), model
        refused = [
            root.get(page(model, "add")),
            root.post(page(model, "add"), {"_save": "1"}),
            root.post(page(model, "change", row.pk), {"_save": "1"}),
            root.post(page(model, "delete", row.pk), {"post": "yes"}),
        ]
        assert [answer.status_code for answer in refused] == [403, 403, 403, 403], model
        root.post(page(model), {"action": "delete_selected", "_selected_action": [row.pk]})
        assert model._default_manager.values().get(pk=row.pk) == before, model


def test_content_is_never_deleted_here(root):
    _one_of_everything()

    for model in (Source, Article, Claimant, Claim):
        row = model._default_manager.first()
        assert root.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        root.post(
            page(model),
            {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
        )
        assert model._default_manager.filter(pk=row.pk).exists(), model


def test_people_are_deactivated_not_deleted_and_the_system_is_left_alone(root):
    person, system = factories.fact_checker(), User.objects.system()

    assert root.post(page(User, "delete", person.pk), {"post": "yes"}).status_code == 403
    assert root.post(page(User, "change", system.pk), {"username": "me"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[system.pk])
    assert root.post(password, {"password1": "x" * 20, "password2": "x" * 20}).status_code == 403
    assert not User.objects.get(pk=system.pk).has_usable_password()


def test_an_administrator_gives_people_roles_languages_and_topics(root):
    person = factories.fact_checker()
    supervisors = factories.supervisor().groups.get()

    root.post(
        page(User, "change", person.pk),
        {
            "username": person.username,
            "first_name": "Ines",
            "last_name": "",
            "email": "",
            "languages": "en,pt",
            "topics": "fisheries",
            "is_active": "on",
            "groups": [supervisors.pk],
        },
    )

    person = User.objects.get(pk=person.pk)
    assert (person.first_name, person.languages, person.topics) == (
        "Ines", ["en", "pt"], ["fisheries"],
    )  # fmt: skip
    assert list(person.groups.all()) == [supervisors]
    assert person.has_perm("reviews.approve_verdict")


# Editing content


def test_what_a_person_may_do_is_what_django_says(db):
    person = factories.data_editor()
    person.user_permissions.add(Permission.objects.get(codename="approve_verdict"))
    idle = factories.data_editor(is_active=False)

    for user in (
        person,
        factories.fact_checker(),
        User.objects.create_user("nobody"),
        factories.superuser(),
    ):
        known = User.objects.get(pk=user.pk)
        assert known.get_all_permissions() == ModelBackend().get_all_permissions(user)
    assert person.has_perm("reviews.approve_verdict")
    assert not idle.has_perm("claims.change_claim")


def test_an_edit_keeps_the_row_as_it_was_found_and_as_it_became(editor):
    claim = factories.claim(wording="The catch was halfed.")

    edit(editor, claim, "The catch was halved.")
    edit(editor, claim, "Dredging halved the catch.")

    assert wordings(claim) == [
        "The catch was halfed.", "The catch was halved.", "Dredging halved the catch.",
    ]  # fmt: skip
    first, second, _ = Version.objects.get_for_object(claim).order_by("pk")
    assert (first.revision.comment, first.revision.user) == (AS_FOUND, None)
    assert second.revision.user.username == editor.get("/admin/").context["user"].username


def test_saving_without_a_change_makes_no_version(editor):
    claim = factories.claim(wording="The catch was halved.")

    edit(editor, claim, "The catch was halved.")

    assert wordings(claim) == []


def test_a_form_that_is_refused_makes_no_version(editor):
    claim = factories.claim(wording="The catch was halved.")

    answer = edit(editor, claim, "", claimant="987654")

    assert answer.status_code == 200
    assert wordings(claim) == []


def test_an_article_does_not_go_to_a_source_that_has_its_text_already(editor):
    first, second = factories.article(), factories.article()

    answer = editor.post(
        page(Article, "change", second.pk),
        {"title": second.title, "source": first.source.pk, "url": "", "language": "en"},
    )

    assert answer.status_code == 200
    assert f"{first.source} has an article with this very text already." in answer.content.decode()
    second.refresh_from_db()
    assert second.source != first.source
    assert Version.objects.get_for_object(second).count() == 0


def test_a_claim_is_found_by_the_words_it_was_given_here(editor):
    claim = factories.claim(wording="The catch was halfed.")

    edit(editor, claim, "Dredging ruined the oyster beds of Brenna.")
    twin = factories.article("x")
    copy = Appearance.objects.create(
        article=twin, start=0, end=1, sentence_start=0, sentence_end=1, worthiness=0.5,
        wording="Dredging ruined the oyster beds of Brenna.",
    )  # fmt: skip
    matching.link_appearances(twin)

    copy.refresh_from_db()
    assert copy.claim == claim
    _restore_the_first(editor, claim)
    claim.refresh_from_db()
    own = {*engine.fingerprint("The catch was halfed.")}
    assert own <= {*claim.fingerprint}


def _restore_the_first(client: Client, claim: Claim) -> None:
    oldest = Version.objects.get_for_object(claim).order_by("pk").first()
    client.post(page(Claim, "revision", claim.pk, oldest.pk))


def test_what_the_machine_changed_between_two_edits_can_be_restored_too(editor):
    claim = factories.claim(wording="The catch was halfed.")
    edit(editor, claim, "The catch was halved.")
    Claim.objects.filter(pk=claim.pk).update(wording="The catch fell.")

    edit(editor, claim, "The catch fell by half.")

    assert wordings(claim)[-2:] == ["The catch fell.", "The catch fell by half."]


def test_an_edit_writes_only_what_was_typed(editor):
    claim = factories.claim()
    Claim.objects.filter(pk=claim.pk).update(worthiness=0.99)

    edit(editor, claim, "Dredging halved the catch.", worthiness="0.1", ref="aaaaaaaaaa")

    stored = Claim.objects.get(pk=claim.pk)
    assert (stored.wording, stored.worthiness, stored.ref) == (
        "Dredging halved the catch.", 0.99, claim.ref,
    )  # fmt: skip


def test_the_text_of_an_article_and_its_hash_cannot_be_edited(editor):
    article = factories.article()

    editor.post(
        page(Article, "change", article.pk),
        {
            "title": "A better title",
            "source": article.source_id,
            "language": "en",
            "text": "Something else.",
            "text_sha256": "0" * 64,
        },
    )

    stored = Article.objects.get(pk=article.pk)
    assert (stored.title, stored.text, stored.text_sha256) == (
        "A better title", article.text, article.text_sha256,
    )  # fmt: skip


def test_an_article_is_put_back_on_the_list_of_what_to_analyse(editor):
    article = factories.article()
    Analysis.objects.filter(article=article).update(status="failed", attempts=5, error="No.")

    editor.post(page(Article), {"action": "analyse_again", "_selected_action": [article.pk]})

    row = Analysis.objects.get(article=article)
    assert (row.status, row.attempts, row.error) == ("received", 0, "")


def test_what_a_person_wrote_of_an_article_is_no_guess_any_more(editor):
    article = factories.article(guessed=["author", "title"], author="Unknown")
    data = {
        "title": article.title, "source": article.source_id, "url": article.url,
        "published_on": article.published_on, "language": "en", "author": "Ada Brenna",
    }  # fmt: skip

    editor.post(page(Article, "change", article.pk), data)

    article.refresh_from_db()
    assert (article.author, article.guessed) == ("Ada Brenna", ["title"])


def readdressed(client: Client, article: Article, url: str):
    data = {
        "title": article.title, "source": article.source_id, "url": url, "language": "en",
        "published_on": article.published_on,
    }  # fmt: skip
    return client.post(page(Article, "change", article.pk), data)


def test_an_article_is_recognised_by_the_address_it_was_given_here(editor):
    article = factories.article(canonical_url="https://courier.example/old")

    readdressed(editor, article, article.url)
    article.refresh_from_db()
    assert article.canonical_url == "https://courier.example/old"

    readdressed(editor, article, "https://Tide.example/1?utm_source=mail#top")
    article.refresh_from_db()
    assert article.canonical_url == "https://tide.example/1"


def test_an_article_is_not_given_the_address_of_another_nor_restored_to_it(editor):
    first, second = (
        factories.article(
            canonical_url=f"https://tide.example/{n}", url=f"https://tide.example/{n}"
        )
        for n in (1, 2)
    )
    told = f"“{first}” ({first.source}) has this address already."

    assert told in unescape(readdressed(editor, second, first.url).content.decode())

    readdressed(editor, first, "https://tide.example/3")
    readdressed(editor, second, "https://tide.example/1")
    oldest = Version.objects.get_for_object(first).order_by("pk").first()
    answer = editor.post(page(Article, "revision", first.pk, oldest.pk), follow=True)
    first.refresh_from_db()
    assert f"“{second}” ({second.source}) has this" in unescape(answer.content.decode())
    assert (first.url, first.canonical_url) == ("https://tide.example/3",) * 2


def test_an_article_in_another_language_is_analysed_again(editor):
    article = factories.article(language="de")
    Analysis.objects.filter(article=article).update(
        status="analysed", finished_at=timezone.now(), attempts=1
    )

    readdressed(editor, article, article.url)

    assert Analysis.objects.get(article=article).status == "received"


def test_who_may_correct_articles_comes_into_no_part_of_the_admin(db):
    """Even where somebody made them staff: they hold a permission of their own."""
    article = factories.article()
    for person in (
        factories.fact_checker(is_staff=True),
        factories.supervisor(is_staff=True),
    ):
        client = signed_in(person)

        assert person.has_perm("claims.correct_article")
        assert client.get(page(Article)).status_code == 403
        assert client.get(page(Article, "change", article.pk)).status_code == 403


# History and restoring


def test_the_history_names_who_changed_what(editor):
    claim = factories.claim(wording="The catch was halfed.")
    edit(editor, claim, "The catch was halved.")

    versions = editor.get(page(Claim, "history", claim.pk)).context["versions"]

    assert [version.changed for version in versions] == [["wording"], []]


def test_restoring_writes_the_old_words_again_and_loses_nothing(editor):
    claim = factories.claim(wording="The catch was halved.")
    edit(editor, claim, "The catch was doubled.")
    Claim.objects.filter(pk=claim.pk).update(worthiness=0.9)
    first = Version.objects.get_for_object(claim).order_by("pk").first()
    address = page(Claim, "revision", claim.pk, first.pk)

    shown = editor.get(address)
    editor.post(address)

    differing = [row["label"] for row in shown.context["rows"] if row["differs"]]
    assert differing == ["wording"]
    stored = Claim.objects.get(pk=claim.pk)
    assert (stored.wording, stored.worthiness) == ("The catch was halved.", 0.9)
    assert wordings(claim) == [
        "The catch was halved.", "The catch was doubled.", "The catch was halved.",
    ]  # fmt: skip


def test_a_version_that_no_longer_fits_is_not_restored(editor):
    source = factories.source("Coast Courier")
    change = {"kind": "outlet", "aliases": ""}
    editor.post(page(Source, "change", source.pk), {"name": "The Coast Courier"} | change)
    factories.source("Coast Courier")
    first = Version.objects.get_for_object(source).order_by("pk").first()

    answer = editor.post(page(Source, "revision", source.pk, first.pk), follow=True)

    assert "Not restored: Source with this Name already exists." in answer.content.decode()
    assert Source.objects.get(pk=source.pk).name == "The Coast Courier"


def test_reading_an_old_version_changes_nothing_and_switches_nothing_off(editor, monkeypatch):
    """django-reversion's own page empties the process's signal receivers while it renders."""
    claim = factories.claim()
    edit(editor, claim, "Dredging halved the catch.")
    version = Version.objects.get_for_object(claim).order_by("pk").first()
    seen = []
    compared = ContentAdmin._compared

    def watching(self, row, version):
        seen.append(list(post_save.receivers))
        return compared(self, row, version)

    monkeypatch.setattr(ContentAdmin, "_compared", watching)
    receivers, versions = list(post_save.receivers), Version.objects.count()

    editor.get(page(Claim, "revision", claim.pk, version.pk))

    assert seen == [receivers]
    assert Version.objects.count() == versions
    assert Claim.objects.get(pk=claim.pk).wording == "Dredging halved the catch."


def test_no_page_of_the_admin_takes_back_a_verdict(root):
    """A version of a verdict is not to be reverted through the address of another model's row."""
    review = factories.review_at(Status.SUBMITTED)
    version = Version.objects.get_for_object(review.verdict).last()
    same_key = Claim.objects.filter(pk=review.verdict.pk)
    namesake = same_key.first() or factories.claim(pk=review.verdict.pk)
    address = page(Claim, "revision", namesake.pk, version.pk)

    assert root.get(address).status_code == 404
    assert root.post(address).status_code == 404
    for model in (Source, Article, Claimant, Claim):
        with pytest.raises(NoReverseMatch):
            page(model, "recover", version.pk)


# Lists


def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(root):
    def queries(model) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert root.get(page(model)).status_code == 200
        return len(captured)

    _one_of_everything()
    root.get(page(Claim))  # warms the session
    few = {model._meta.model_name: queries(model) for model in DESK_MODELS}
    for _ in range(5):
        _one_of_everything()

    assert {model._meta.model_name: queries(model) for model in DESK_MODELS} == few


def _one_of_everything() -> Review:
    review = factories.review_at(Status.PUBLISHED)
    comments.say(review, by=review.checker, body="Well found.")
    article = Article.objects.latest("pk")
    article.story = Story.objects.create(title=article.title)
    article.save()
    snapshot = article.snapshots.create(
        size=5, sha256="0" * 64, media_type="text/plain", location="a.txt"
    )
    article.sightings.create(snapshot=snapshot, location="a.txt", at=timezone.now())
    Derivation.objects.create(
        article=article, on_source=factories.source(), kind="citation", score=1
    )
    _regroup(by=review.checker)
    Rebuild.objects.create(stage=Rebuild.Stage.DONE)
    factories.page_change(article)
    factories.feed(by=review.checker).items.create(address=article.url, canonical=article.url)
    factories.arrange_the_queue(by=review.checker)
    factories.handed_in(by=review.checker)
    factories.offer(by=review.checker)
    factories.batch(("a.txt", b"The pier is closed."), by=review.checker)
    factories.copy_change(factories.archived(review).copy.capture)
    factories.notification(review)
    factories.second_opinion(factories.review_at(Status.SUBMITTED))
    return review


def _regroup(by: User) -> None:
    """Merge one claim into another, and take what came with it out again."""
    claim, into = factories.claim(), factories.claim()
    moved = list(claim.appearances.all())
    merging.merge(claim, into, by=by, at=timezone.now())
    merging.split(into, moved, by=by, at=timezone.now())


# Look


def test_the_admin_wears_the_desks_colours_and_letters():
    own, desk = (
        dict(re.findall(r"(--[\w-]+):\s*((?:light-dark|\"|-apple|ui-)[^;]+);", _style(name)))
        for name in ("admin.css", "desk.css")
    )

    assert own == {name: desk.get(name) for name in own}
    assert len(own) > 15


def _style(name: str) -> str:
    return re.sub(r"\s+", " ", (STATIC / name).read_text())


@pytest.mark.browser
def test_its_pages_obey_the_strict_content_security_policy(transactional_db):
    administrator = factories.superuser()
    review = _one_of_everything()
    edit(signed_in(administrator), review.claim, "Dredging halved the catch.")
    version = Version.objects.get_for_object(review.claim).first()
    pages = [
        "/admin/",
        page(Claim),
        page(Claim, "change", review.claim_id),
        page(Claim, "history", review.claim_id),
        page(Claim, "revision", review.claim_id, version.pk),
        page(Article, "change", Article.objects.latest("pk").pk),
        page(User, "change", administrator.pk),
        page(Review, "change", review.pk),
        "/admin/django_celery_beat/periodictask/",
    ]
    with served() as address, chromium.browser(base_url=address) as context:
        problems = problems_of(context)
        sign_in(context, administrator, address)
        tab = context.pages[0]
        for path in pages:
            assert tab.goto(path).status == 200
        tab.goto(page(Claim, "change", review.claim_id))
        tab.locator(".select2-selection").click()
        tab.locator(".select2-results__option").first.wait_for()

        assert problems == []
