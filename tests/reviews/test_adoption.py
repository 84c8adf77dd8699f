"""Already checked: which verdicts a claim may share, what differs, and adopting one."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from claims import merging
from claims.models import Claim, Claimant, Flag, Suggestion
from reviews import adoption, history, leases, publication, workflow
from reviews.leases import Refused
from reviews.models import Decision, Publication, Review, User
from reviews.states import Action, Status
from tests import factories
from tests.factories import fact_checker, supervisor
from tests.publishing import corrected
from tests.serving import signed_in

pytestmark = pytest.mark.usefixtures("record_holds")

CHECKED = "Harbour dredging cut the catch by 40 per cent."
ANEW = "Harbour dredging cut the catch by 60 per cent."


def say_the_same(review: Review, claim: Claim, state: str = "open") -> Suggestion:
    appearance = review.claim.appearances.order_by("pk")[0]
    return Suggestion.objects.create(appearance=appearance, claim=claim, score=0.7, state=state)


def published(*, author: User | None = None, wording: str = CHECKED) -> Publication:
    """A check written by `author`, approved by somebody else, and seen by readers."""
    review = factories.review(wording=wording)
    workflow.take(review, by=author or fact_checker())
    factories.write_verdict(review, review.checker)
    factories.submit(review)
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    return Publication.objects.get(review=review)


def held(check: Publication, *, by: User | None = None, wording: str = ANEW) -> Review:
    """A review, held, of what may be the claim that was checked."""
    review = factories.review(wording=wording)
    say_the_same(review, check.review.claim)
    workflow.take(review, by=by or fact_checker())
    return review


def adopt(review: Review, check: Publication, *, seq: int = 0):
    return adoption.adopt(
        review, check, by=review.checker, token=review.lease_token, seq=seq
    )  # fmt: skip


def earlier(claim: Claim) -> list[adoption.Earlier]:
    return adoption.earlier_checks([claim.pk]).get(claim.pk, [])


class TestWhatIsShown:
    def test_a_claim_that_may_be_the_same_says_so_with_what_differs(self):
        review = held(published())

        (one,) = earlier(review.claim)
        assert (one.rating, one.wording) == ("Mostly false", factories.DRAFT.claim_wording)
        assert one.differs == ("the figure changed: “60 per cent” for “40 per cent”",)

    def test_another_claimant_and_a_caution_missing_here_are_named(self):
        review = held(published(), wording=CHECKED.replace("Harbour d", "D"))
        Flag.objects.filter(covers__claim=review.claim).delete()
        other, _ = Claimant.objects.get_or_create(name="Mira Holt")
        Claim.objects.filter(pk=review.claim_id).update(claimant=other)

        (one,) = earlier(Claim.objects.get(pk=review.claim_id))
        assert one.differs == (
            "said by Mira Holt, there by The fishers' union",
            "said to be unverified there, not here",
        )

    def test_what_a_person_rejected_is_none(self):
        check = published()
        review = factories.review(wording=ANEW)
        Suggestion.objects.create(
            appearance=review.claim.appearances.get(), claim=check.review.claim, score=0.7,
            state="rejected", decided_by=fact_checker(), decided_at=leases.clock(),
        )  # fmt: skip

        assert earlier(review.claim) == []

    def test_a_check_is_found_through_every_merge_since(self):
        check, person = published(), supervisor()
        second, third = factories.claim(), factories.claim()
        now = leases.clock()
        merging.merge(check.review.claim, second, by=person, at=now)
        merging.merge(second, third, by=person, at=now)
        review = factories.review(wording=ANEW)
        say_the_same(review, third)

        assert [one.publication for one in earlier(third)] == [check]
        assert [one.publication for one in earlier(review.claim)] == [check]

    def test_it_says_so_at_once_in_the_row_on_the_page_and_as_json(self):
        check = published()
        review = factories.review(wording=ANEW)
        say_the_same(review, check.review.claim)
        client = signed_in(fact_checker())

        row = client.get("/").content.decode()
        page = client.get(review.get_absolute_url()).content.decode()
        told = client.get(f"{review.get_absolute_url()}earlier.json").json()
        for said in (row, page):
            assert "Mostly false" in said
            assert "the figure changed: “60 per cent” for “40 per cent”" in said
        assert told["claim"] == ANEW
        (one,) = told["earlier"]
        assert (one["rating"], one["rating_label"]) == ("mostly_false", "Mostly false")
        assert one["differs"] == ["the figure changed: “60 per cent” for “40 per cent”"]
        assert one["url"].endswith(f"/checks/{check.review.ref}/")

    def test_ten_claims_take_as_many_queries_as_one(self):
        check, other = published(), published()
        claims = [held(check).claim for _ in range(9)]
        claims.append(held(other).claim)
        counted = []
        for some in (claims[:1], claims):
            pks = [claim.pk for claim in some]
            with CaptureQueriesContext(connection) as captured:
                assert len(adoption.earlier_checks(pks)) == len(some)
            counted.append(len(captured))

        assert counted == [3, 3]


class TestAdopting:
    def test_words_rating_and_evidence_become_a_draft_with_an_event(self):
        check = published()
        review = held(check)
        adopt(review, check)

        verdict, event = history.of(review), review.events.latest("pk")
        assert (verdict.rating, verdict.summary) == ("mostly_false", factories.DRAFT.summary)
        assert verdict.claim_wording == ANEW
        assert [one.title for one in review.evidence.standing()] == [factories.EVIDENCE["title"]]
        assert (event.action, event.adopted) == (Action.ADOPT, check)
        assert review.status == Status.IN_PROGRESS

    def test_what_is_attached_already_is_not_attached_twice(self):
        check = published()
        review = held(check)
        factories.attach(review)
        adopt(review, check, seq=1)

        assert review.evidence.standing().count() == 1

    def test_what_was_written_stays_in_the_history(self):
        check = published()
        review = held(check)
        factories.save(review, summary="My own words.")
        adopt(review, check, seq=1)

        first = review.verdict.versions.get(seq=1)
        assert json.loads(first.content)["summary"] == "My own words."

    def test_over_a_newer_version_nothing_is_adopted(self):
        check = published()
        review = held(check)
        factories.save(review, summary="My own words.")

        with pytest.raises(history.Conflict):
            adopt(review, check, seq=0)
        assert history.of(review).summary == "My own words."

    def test_another_check_cannot_be_adopted(self):
        review, other = held(published()), published()

        with pytest.raises(Refused, match="no earlier check"):
            adopt(review, other)

    def test_a_check_corrected_since_the_page_was_opened_is_read_again_first(self):
        check = published()
        review = held(check)
        corrected(check, "The year was wrong.", summary="Landings fell by a ninth.")
        client = signed_in(review.checker)
        sent = {"token": review.lease_token, "seq": 0, "checked": check.version.seq}
        where = f"{review.get_absolute_url()}adopt/{check.review.ref}/"

        answer = client.post(where, sent, follow=True).content.decode()
        assert "Nothing was adopted. That check was corrected since you opened this page" in answer
        assert history.of(review).seq == 0

    def test_a_correction_after_adopting_is_told_on_both_pages_until_it_is_published(self):
        check = published()
        review = held(check)
        adopt(review, check)
        client = signed_in(review.checker)
        pages = [review.get_absolute_url(), f"{review.get_absolute_url()}approval/"]
        for page in pages:
            answer = client.get(page).content.decode()
            assert "adopted this verdict" in answer
            assert "That check was corrected since" not in answer
        corrected(check, "The year was wrong.", summary="Landings fell by a ninth.")
        for page in pages:
            answer = client.get(page).content.decode()
            assert "That check was corrected since" in answer
            assert "The year was wrong." in answer

        factories.submit(review)
        factories.approve(review, by=supervisor())
        publication.publish(review_id=review.pk)
        assert adoption.adopted(review) is None


class TestFourEyes:
    def test_who_adopted_does_not_approve(self):
        check = published()
        review = held(check, by=(person := supervisor()))
        adopt(review, check)
        factories.submit(review)

        with pytest.raises(Refused, match="You contributed"):
            factories.approve(review, by=person)

    def test_who_wrote_what_was_adopted_does_not_approve_it_elsewhere(self):
        author = supervisor()
        check = published(author=author)
        review = held(check)
        adopt(review, check)
        factories.submit(review)

        assert author in history.contributors(history.of(review))
        with pytest.raises(Refused, match="You contributed"):
            factories.approve(review, by=author)
        factories.approve(review, by=supervisor())

    def test_the_database_refuses_it_too(self):
        author = supervisor()
        check = published(author=author)
        review = held(check)
        version = adopt(review, check)
        factories.submit(review)

        refused = pytest.raises(IntegrityError, match="a contributor cannot approve")
        with refused, transaction.atomic():
            Decision.objects.create(
                version=version, content_hash=version.content_hash, kind="approved",
                by=author, by_name=str(author), at=leases.clock(),
            )  # fmt: skip

    def test_who_wrote_it_first_does_not_approve_it_however_often_it_was_handed_on(self):
        author = supervisor()
        second = held(published(author=author))
        adopt(second, earlier(second.claim)[0].publication)
        factories.submit(second)
        factories.approve(second, by=supervisor())
        publication.publish(review_id=second.pk)
        check = Publication.objects.get(review=second)
        third = held(check, wording="Harbour dredging cut the catch by 70 per cent.")
        adopt(third, check)
        factories.submit(third)

        assert author in history.contributors(history.of(third))
        with pytest.raises(Refused, match="You contributed"):
            factories.approve(third, by=author)

    def test_who_wrote_a_later_correction_of_it_may_approve(self):
        check = published()
        review = held(check)
        adopt(review, check)
        factories.submit(review)
        person = supervisor()
        workflow.correct(check.review, by=person, reason="The year was wrong.")
        factories.save(check.review, summary="Landings fell by a ninth.")

        factories.approve(review, by=person)
