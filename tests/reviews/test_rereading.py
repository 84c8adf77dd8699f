"""Which pages are read again for the sake of reviews, and who is told what became of them."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from claims import capturing, watching
from claims.models import Article, Capture, Revision, Watch
from reviews import evidence, history, leases, rereading, workflow
from reviews.inbox import Kind, Notification
from reviews.models import EvidenceCopy, Review, VerdictVersion
from reviews.states import Status
from tests import factories
from tests.feeds import story
from tests.serving import signed_in

pytestmark = pytest.mark.django_db


def fetched(article: Article) -> Article:
    """The article, as one that came from its page."""
    article.snapshots.create(
        sha256="0" * 64, size=1, media_type="text/html", location=article.url, address=article.url
    )
    return article


def of(review) -> Article:
    return review.claim.appearances.get().article


def copy_of(review: Review) -> Capture:
    """The copy that is kept of the page that the review's first evidence cites."""
    return factories.archived(review).copy.capture


def copies_of(review: Review) -> list[Capture]:
    """Those of all its evidence."""
    factories.archived(review)
    there = {"state": "kept", "sha256": "1" * 64, "taken_at": leases.clock()}
    Capture.objects.waiting().update(**there)
    rows = EvidenceCopy.objects.filter(evidence__review=review).select_related("capture")
    return [row.capture for row in rows.order_by("pk")]


def changed(article: Article, now: str, **fields) -> Revision:
    """The page of `article`, seen to say `now` instead of “half”."""
    later = factories.article(article.text.replace("half", now), source=article.source)
    told = {"kind": "changed", "before": article, "after": later, "words": 2, "why": ""} | fields
    return factories.page_change(article, **told)


def test_pages_that_hold_a_claim_under_review_are_watched_and_others_are_not(db):
    held, dismissed = factories.review_at(Status.QUEUED), factories.review_at(Status.DISMISSED)
    for article in (of(held), of(dismissed), factories.article()):
        fetched(article)

    assert rereading.watch_pages() == 1
    assert rereading.watch_pages() == 0
    assert Watch.objects.get().article == of(held)


def test_a_page_that_evidence_cites_is_watched_if_we_hold_it(db):
    review = factories.review_at(Status.IN_PROGRESS)
    cited = fetched(factories.article(url="https://port.example/register?utm_source=us"))
    Article.objects.filter(pk=cited.pk).update(canonical_url="https://port.example/register")
    factories.attach(review)

    rereading.watch_pages()

    assert Watch.objects.get().article == cited


def test_a_page_that_evidence_cites_is_watched_against_the_copy_that_is_kept(db):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.attach(review)
    assert rereading.watch_pages() == 0
    copy = copy_of(review)

    assert rereading.watch_pages() == 1
    assert rereading.watch_pages() == 0
    row = Watch.objects.get()
    assert (row.capture, row.current_capture, row.host) == (copy, copy, "port.example")


def test_the_copy_of_what_proves_nothing_any_more_is_not_watched(db):
    withdrawn = factories.review_at(Status.IN_PROGRESS)
    one = factories.attach(withdrawn)
    copy_of(withdrawn)
    factories.withdraw(one)
    failed = factories.review_at(Status.IN_PROGRESS)
    factories.attach(failed)
    factories.archived(failed, failed=True)
    dismissed = factories.review_at(Status.SUBMITTED)
    copy_of(dismissed)
    workflow.withdraw(dismissed, by=dismissed.checker)
    fields = {"token": dismissed.lease_token, "reason": "Nobody can check this."}
    workflow.dismiss(dismissed, by=dismissed.checker, **fields)

    assert (rereading.watch_pages(), Watch.objects.count()) == (0, 0)


def test_with_a_publication_the_watch_begins_anew(db):
    review = factories.review_at(Status.APPROVED)
    fetched(of(review))
    rereading.watch_pages()
    begun = Watch.objects.get().since
    factories.publication.publish(review_id=review.pk)

    rereading.watch_pages()

    assert Watch.objects.get().since > begun


def test_with_a_publication_the_watch_of_what_it_cites_begins_anew(db):
    review = factories.review_at(Status.APPROVED)
    copy_of(review)
    rereading.watch_pages()
    begun = Watch.objects.get().since
    Watch.objects.update(ended_at=begun)
    factories.publication.publish(review_id=review.pk)

    rereading.watch_pages()

    assert Watch.objects.get().since > begun
    assert Watch.objects.get().ended_at is None


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUBMITTED, Status.PUBLISHED])
def test_the_checker_is_told_once_that_a_page_changed(status):
    review = factories.review_at(status)
    factories.page_change(of(review))

    assert rereading.tell_of_changes() == 1
    assert rereading.tell_of_changes() == 0
    assert not Revision.objects.filter(told_at=None).exists()
    told = Notification.objects.get(kind=Kind.PAGE_CHANGED)
    assert (told.person, told.words) == (
        review.checker, f"The page is gone ({of(review).source})",
    )  # fmt: skip


def test_of_a_review_that_nobody_holds_nobody_is_told(db):
    factories.page_change(of(factories.review_at(Status.QUEUED)))

    assert rereading.tell_of_changes() == 0


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUBMITTED, Status.PUBLISHED])
def test_the_checker_is_told_once_that_a_cited_page_changed(status):
    review = factories.review_at(status)
    if status == Status.IN_PROGRESS:
        factories.attach(review)
    factories.copy_change(copy_of(review))

    assert (rereading.tell_of_changes(), rereading.tell_of_changes()) == (1, 0)
    told = Notification.objects.get(kind=Kind.PAGE_CHANGED)
    assert (told.person, told.words) == (
        review.checker, "The page changed after it was read: 1 word (Port authority)",
    )  # fmt: skip


def test_of_a_page_cited_twice_the_same_change_is_told_once_and_the_next_again():
    review = factories.review_at(Status.IN_PROGRESS)
    for quote in ("Landings: 9.1", "The year before: 10.1"):
        factories.attach(review, quote=quote)
    copies, told = copies_of(review), []

    for _ in range(2):
        for copy in copies:
            factories.copy_change(copy)
        told.append(rereading.tell_of_changes())

    assert (len(copies), told) == (2, [1, 1])


def test_of_evidence_that_was_withdrawn_nobody_is_told():
    review = factories.review_at(Status.IN_PROGRESS)
    one = factories.attach(review)
    factories.copy_change(copy_of(review))
    factories.withdraw(one)

    assert rereading.tell_of_changes() == 0


def test_from_the_page_to_the_desk_of_who_cites_it(web):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.attach(review, url=web.serves(story(1, "The catch was 17 tonnes."), path="/1"))
    evidence.order_copies()
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    rereading.watch_pages()
    web.serves(story(1, "The catch was 71 tonnes."), path="/1")
    cache.clear()
    Watch.objects.update(next_look_at=Now())

    (watch_id,) = watching.hint()
    watching.look(watch_id=watch_id)

    assert rereading.tell_of_changes() == 1
    shown = signed_in(review.checker).get(review.get_absolute_url()).content.decode()
    assert "<del>17</del><ins>71</ins>" in shown


@pytest.mark.parametrize(
    ("held", "cited"),
    [
        ("https://tide.example/a", "https://Tide.example/a?utm_source=mail#second"),
        ("https://tide.example/a#top", "https://tide.example/a"),
        ("https://xn--bcher-kva.example/a", "https://bücher.example/a"),
    ],
)
def test_however_its_address_is_written_who_cites_an_article_is_told(held, cited):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.attach(review, url=cited)
    factories.attach(review, url="https://tide.example/another")
    factories.page_change(factories.article(url=held))

    assert rereading.tell_of_changes() == 1


def test_who_cites_another_page_of_that_site_is_not_told():
    review = factories.review_at(Status.IN_PROGRESS)
    factories.attach(review, url="https://tide.example/another")
    factories.page_change(factories.article(url="https://tide.example/a"))

    assert rereading.tell_of_changes() == 0


def test_what_was_sealed_stays_as_it_was_when_a_cited_page_changes():
    review = factories.review_at(Status.PUBLISHED)
    copy = copy_of(review)
    before = list(VerdictVersion.objects.values()), list(EvidenceCopy.objects.values())

    factories.copy_change(copy)
    rereading.tell_of_changes()

    assert (list(VerdictVersion.objects.values()), list(EvidenceCopy.objects.values())) == before
    assert history.of(review).seq == len(before[0])


def test_the_pages_of_review_claim_and_article_show_it(db):
    review = factories.review_at(Status.IN_PROGRESS)
    article = of(review)
    change = changed(article, "a tenth")
    desk = signed_in(review.checker)

    for where in (review.get_absolute_url(), f"/claims/{review.claim.ref}/"):
        shown = desk.get(where).content.decode()
        assert "The page changed after it was read: 2 words" in shown
        assert "<del>half</del><ins>a tenth</ins>" in shown
        assert f'href="/articles/{article.ref}/#change-{change.ref}"' in shown
    shown = desk.get(f"/articles/{article.ref}/").content.decode()
    assert "<del>half</del><ins>a tenth</ins>" in shown


def test_the_newest_changes_are_shown_word_by_word_and_the_rest_linked(db):
    review = factories.review_at(Status.IN_PROGRESS)
    article, desk = of(review), signed_in(review.checker)
    asked = []
    for now in ("a tenth", "a ninth", "an eighth", "a seventh"):
        changed(article, now)
        with CaptureQueriesContext(connection) as queries:
            shown = desk.get(review.get_absolute_url()).content.decode()
        claim = desk.get(f"/claims/{review.claim.ref}/").content.decode()
        asked.append(len(queries))

    for page in (shown, claim):
        assert [f"<ins>{now}</ins>" in page for now in ("a tenth", "a ninth", "a seventh")] == [
            False, True, True,
        ]  # fmt: skip
        assert page.count("#change-") == 4
    assert len(set(asked[1:])) == 1


def test_the_review_mentions_changes_of_articles_that_its_evidence_cites(db):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.attach(review, url="https://tide.example/a?utm_source=mail#second")
    cited = factories.article(url="https://tide.example/a", canonical_url="https://tide.example/a")
    change = changed(cited, "a tenth")
    changed(factories.article(), "a third")
    address, link = review.get_absolute_url(), f'href="/articles/{cited.ref}/#change-{change.ref}"'

    shown = signed_in(review.checker).get(address).content.decode()

    assert link in shown
    assert "<del>half</del><ins>a tenth</ins>" in shown
    assert "a third" not in shown


def test_whom_the_evidence_is_hidden_from_learns_nothing_of_its_pages(db):
    review = factories.review_at(Status.SUBMITTED)
    second, cited = factories.fact_checker(), review.evidence.get()
    change = factories.copy_change(copy_of(review))
    changed(factories.article(url=cited.url), "a tenth")
    desk = signed_in(second)
    address = f"/reviews/{review.ref}/evidence/{cited.ref}/changes/{change.ref}/"
    assert desk.get(address).status_code == 200
    factories.second_opinion(review, of=second)

    for where in (review.get_absolute_url(), f"/claims/{review.claim.ref}/"):
        assert "The page changed" not in desk.get(where).content.decode()
    assert desk.get(address).status_code == 404


class TestBesideTheEvidence:
    @pytest.fixture
    def review(self, db) -> Review:
        review = factories.review_at(Status.IN_PROGRESS)
        factories.attach(review)
        return review

    def test_what_changed_is_shown_with_the_bytes_of_then(self, review):
        change = factories.copy_change(copy_of(review))
        desk, one = signed_in(review.checker), review.evidence.get()

        shown = desk.get(review.get_absolute_url()).content.decode()
        where = f"/reviews/{review.ref}/evidence/{one.ref}/changes/{change.ref}/"
        assert "The page changed after it was read: 1 word" in shown
        assert "<del>9.1</del><ins>8.1</ins>" in shown
        assert f'<a href="{where}" download>' in shown
        answer = desk.get(where)

        assert answer.content == b"<p>Landings: 8.1"
        assert answer["Content-Type"] == "application/octet-stream"

    def test_text_of_strangers_stays_text(self, review):
        words = [[{"op": "insert", "text": "<script>alert(1)</script>"}]]
        factories.copy_change(copy_of(review), passages=words, old_title="<b>", new_title="<i>")

        shown = signed_in(review.checker).get(review.get_absolute_url()).content.decode()

        assert "<ins>&lt;script&gt;alert(1)&lt;/script&gt;</ins>" in shown
        assert "<del>&lt;b&gt;</del> <ins>&lt;i&gt;</ins>" in shown

    def test_the_approver_sees_it_too(self):
        review = factories.review_at(Status.SUBMITTED)
        factories.copy_change(copy_of(review))

        where = f"/reviews/{review.ref}/approval/"
        shown = signed_in(factories.supervisor()).get(where).content.decode()

        assert "<del>9.1</del><ins>8.1</ins>" in shown

    def test_a_page_that_is_gone_says_why(self, review):
        gone = {"kind": "gone", "why": "It answers 410.", "passages": [], "words": 0}
        factories.copy_change(copy_of(review), before_capture=None, after_capture=None, **gone)

        shown = signed_in(review.checker).get(review.get_absolute_url()).content.decode()

        assert "The page is gone" in shown
        assert "It answers 410." in shown

    @pytest.mark.parametrize(
        ("error", "said"),
        [("", "UTC: it says the same."), ("It answers 503: the site fails.", "the site fails.")],
    )
    def test_when_it_was_looked_at_is_said(self, review, error, said):
        copy_of(review)
        rereading.watch_pages()
        Watch.objects.update(looked_at=leases.clock(), error=error)

        shown = signed_in(review.checker).get(review.get_absolute_url()).content.decode()

        assert "Looked at again" in shown
        assert said in shown

    def test_changes_cost_no_query_each(self, review):
        desk, asked = signed_in(review.checker), []
        desk.get(review.get_absolute_url())
        for number in range(3):
            factories.attach(review, url=f"https://port.example/{number}")
            for copy in copies_of(review):
                factories.copy_change(copy)
            with CaptureQueriesContext(connection) as queries:
                desk.get(review.get_absolute_url())
            asked.append(len(queries))

        assert len(set(asked)) == 1

    def test_another_evidence_does_not_hand_it_out(self, review):
        change = factories.copy_change(copy_of(review))
        other = factories.review_at(Status.SUBMITTED)
        copy_of(other)

        where = f"/reviews/{other.ref}/evidence/{other.evidence.get().ref}/changes/{change.ref}/"

        assert signed_in(review.checker).get(where).status_code == 404
