"""Suggestions, links by hand, merges and splits without scripts: nothing is lost, all is undone."""

from __future__ import annotations

import re
from html import unescape

import pytest

from claims import matching
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, Suggestion
from reviews import listing, regrouping
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker

HOSTILE = "<b onclick=alert(1)>Dredging</b> halved the catch & “more”."


def suggestion(*, wording: str = "", **fields) -> Suggestion:
    """That the only wording of one claim states another."""
    appearance = factories.claim(wording=wording).appearances.get()
    return Suggestion.objects.create(
        appearance=appearance, claim=factories.claim(), wording_key=matching.wording_key(wording),
        **{"score": 0.6} | fields,
    )  # fmt: skip


def of_two_wordings() -> Claim:
    """A claim that appears in two wordings."""
    claim, other = factories.claim(), factories.claim()
    Appearance.objects.filter(claim=other).update(claim=claim)
    return claim


def told(response) -> str:
    """The words of a page, in one line."""
    html = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", unescape(html))


def where(name: str, row) -> str:
    return {
        "decide": f"/suggested/{row.ref}/", "regroup": f"/claims/{row.ref}/regroup/",
        "merge": f"/claims/{row.ref}/merge/", "split": f"/claims/{row.ref}/split/",
        "link": f"/appearances/{row.ref}/link/", "undo merge": f"/merges/{row.ref}/undo/",
        "undo split": f"/splits/{row.ref}/undo/",
    }[name]  # fmt: skip


class TestSuggestions:
    def test_a_decision_is_listed_with_who_when_and_why_and_taken_back_there(self, sign_in):
        made, client = suggestion(), sign_in(person := fact_checker())
        left = made.appearance.claim
        answer = client.post(
            where("decide", made), {"state": "confirmed", "reason": "Read both."}, follow=True
        )
        assert "Confirmed. Under Decided you can take it back." in told(answer)
        assert "Nothing waits" in told(answer)

        page = told(client.get("/suggested/?show=decided"))
        assert re.search(rf"confirmed by {person}, .* UTC: Read both\.", page)
        client.post(where("decide", made), {"state": "open", "show": "decided"})
        made.refresh_from_db()
        assert (made.state, made.appearance.claim) == ("open", left)

    @pytest.mark.parametrize("state", ["", "nonsense", "merged"])
    def test_what_is_no_decision_decides_nothing_and_keeps_the_reason(self, sign_in, state):
        made, client = suggestion(), sign_in(fact_checker())
        client.post(where("decide", made), {"state": "rejected"})
        answer = client.post(where("decide", made), {"state": state, "reason": "As I said."})

        made.refresh_from_db()
        assert (answer.status_code, made.state) == (422, "rejected")
        assert "As I said." in told(answer)

    def test_a_form_sent_after_somebody_else_decided_keeps_what_was_typed(self, sign_in):
        made, client = suggestion(), sign_in(fact_checker())
        regrouping.decide(made, state="rejected", by=(other := fact_checker()))
        sent = {"state": "confirmed", "reason": "They name one pier."}
        page = client.post(where("decide", made), sent)
        fragment = client.post(where("decide", made), sent, headers={"HX-Request": "true"})

        for answer in (page, fragment):
            assert answer.status_code == 409
            assert "This was rejected already." in told(answer)
            assert "You had typed: They name one pier." in told(answer)
            assert f"rejected by {other}" in told(answer)
        assert b"<!doctype" in page.content
        assert b"<!doctype" not in fragment.content

    def test_one_comes_back_to_the_claim_or_to_the_place_in_the_list(self, sign_in):
        made, client = suggestion(), sign_in(fact_checker())
        from_claim = client.post(
            where("decide", made), {"state": "rejected", "claim": made.claim.ref}
        )
        from_list = client.post(
            where("decide", made), {"state": "open", "show": "decided", "after": "abc"}
        )
        elsewhere = client.post(
            where("decide", made), {"state": "rejected", "claim": "//evil.example"}
        )

        assert from_claim["Location"] == f"/claims/{made.claim.ref}/#suggestions"
        assert from_list["Location"] == "/suggested/?show=decided&after=abc"
        assert elsewhere["Location"] == "/suggested/"

    def test_the_claim_shows_open_suggestions_first_and_links_made_by_hand(self, sign_in):
        claim, client = factories.claim(), sign_in(fact_checker())
        by_hand = factories.claim().appearances.get()
        regrouping.link(by_hand, claim, by=fact_checker(), reason="A translation.")
        waiting = suggestion()
        Suggestion.objects.filter(pk=waiting.pk).update(claim=claim)
        shown = client.get(f"/claims/{claim.ref}/").context["suggestions"]

        assert [one.state for one in shown] == ["open", "confirmed"]
        assert "A translation." in told(client.get(f"/claims/{claim.ref}/"))

    def test_pages_go_through_everything_once(self, sign_in, monkeypatch):
        monkeypatch.setattr(listing, "ROWS", 2)
        client, person = sign_in(fact_checker()), fact_checker()
        made = [suggestion(score=score) for score in (0.9, 0.7, 0.7, 0.6, 0.5)]
        for show in ("", "decided"):
            if show:
                for one in made:
                    regrouping.decide(one, state="rejected", by=person)
            seen, after = [], ""
            while True:
                page = client.get(f"/suggested/?show={show}&after={after}").context
                seen += [one.pk for one in page["suggestions"]]
                after = page["next_after"]
                if not after:
                    break
            assert seen == [one.pk for one in (reversed(made) if show else made)]

    def test_words_of_an_article_are_never_read_as_html(self, sign_in):
        made, client = suggestion(wording=HOSTILE), sign_in(fact_checker())
        for page in (
            "/suggested/", f"/claims/{made.claim.ref}/",
            f"/claims/{made.appearance.claim.ref}/regroup/?into={made.claim.ref}",
        ):  # fmt: skip
            html = client.get(page).content.decode()
            assert "<b onclick" not in html
            assert HOSTILE in told(client.get(page))


class TestMergingAndSplitting:
    def test_the_preview_says_what_moves_and_what_becomes_of_the_review(self, sign_in):
        review, other = factories.review_at(Status.RETURNED), factories.claim()
        client = sign_in(factories.supervisor())
        page = told(client.get(where("regroup", review.claim), {"into": other.ref}))

        assert "1 appearance, 0 flags found by comparison, 0 open suggestions" in page
        assert f"Ends (returned to the checker, {review.checker})." in page
        assert "goes on as it was" in page

    def test_what_cannot_be_merged_says_so_before_and_offers_no_button(self, sign_in):
        review, other = factories.review_at(Status.SUBMITTED), factories.claim()
        client = sign_in(factories.supervisor())
        answer = client.get(where("regroup", review.claim), {"into": other.ref})

        assert "This review is waiting for approval." in told(answer)
        assert where("merge", review.claim) not in answer.content.decode()

    def test_merge_and_undo(self, sign_in):
        review, other = factories.review(), factories.claim()
        client = sign_in(person := fact_checker())
        answer = client.post(
            where("merge", review.claim), {"into": other.ref, "reason": "One pier."}, follow=True
        )
        assert re.search(rf"{person} merged .* into this .* UTC : One pier\.", told(answer))
        answer = client.post(where("undo merge", ClaimMerge.objects.get()), follow=True)
        review.refresh_from_db()
        assert review.status == Status.QUEUED
        assert f"Undone by {person}" in told(answer)

    def test_a_refused_merge_keeps_the_reason_and_the_choice(self, sign_in):
        review, other = factories.review_at(Status.IN_PROGRESS), factories.claim()
        client = sign_in(fact_checker())
        answer = client.post(
            where("merge", review.claim), {"into": other.ref, "reason": "One pier."}
        )

        assert answer.status_code == 409
        assert answer.context["into"] == other
        assert answer.context["typed"].reason == "One pier."
        assert "is checking this claim. Nothing was changed." in told(answer)

    def test_split_and_undo_from_either_claim(self, sign_in):
        claim, client = of_two_wordings(), sign_in(fact_checker())
        last = claim.appearances.order_by("-pk")[0]
        client.post(where("split", claim), {"appearance": last.ref, "reason": "Two piers."})
        made = ClaimSplit.objects.get()
        assert "split this off" in told(client.get(where("regroup", made.new_claim)))
        client.post(where("undo split", made))

        assert claim.appearances.count() == 2
        assert not ClaimMerge.objects.made_by_people().exists()

    def test_a_refused_split_keeps_what_was_ticked(self, sign_in):
        claim, client = of_two_wordings(), sign_in(fact_checker())
        refs = list(claim.appearances.values_list("ref", flat=True))
        answer = client.post(where("split", claim), {"appearance": refs, "reason": "All of it."})

        assert answer.status_code == 409
        assert set(answer.context["typed"].ticked) == set(refs)
        assert answer.content.decode().count(" checked") == 2
        assert 'value="All of it."' in answer.content.decode()

    def test_link_one_wording_and_take_it_back_beside_the_claim(self, sign_in):
        claim, other, client = of_two_wordings(), factories.claim(), sign_in(fact_checker())
        appearance = claim.appearances.order_by("pk")[0]
        answer = client.post(where("link", appearance), {"into": other.ref}, follow=True)
        assert "Linked by hand" in told(answer)
        client.post(
            where("decide", Suggestion.objects.get()), {"state": "open", "claim": other.ref}
        )

        appearance.refresh_from_db()
        assert appearance.claim == claim

    def test_the_other_claim_is_found_by_words_or_by_address(self, sign_in):
        claim, client = factories.claim(), sign_in(fact_checker())
        other = factories.claim(wording="Taucher fanden Fässer unter der Mole.", language="de")
        by_words = client.get(where("regroup", claim), {"q": "FÄSSER mole"})
        by_address = client.get(where("regroup", claim), {"q": f"http://desk/claims/{other.ref}/"})
        nothing = client.get(where("regroup", claim), {"into": "nothing"})

        assert list(by_words.context["found"]) == [other]
        assert by_address.context["into"] == other
        assert "There is no claim at that address." in told(nothing)

    def test_odd_words_are_no_error(self, sign_in):
        claim, client = factories.claim(), sign_in(fact_checker())
        for odd in ("\0", "%", "'--", "x" * 5000, "/"):
            assert client.get(where("regroup", claim), {"q": odd, "into": odd}).status_code == 200
        answer = client.post(
            where("merge", claim), {"into": factories.claim().ref, "reason": "a\0b"}
        )
        assert answer.status_code == 409

    def test_a_claim_merged_away_leads_to_where_it_went(self, sign_in):
        review, other = factories.review(), factories.claim()
        client, person = sign_in(fact_checker()), fact_checker()
        regrouping.merge(review.claim, other, by=person, reason="")

        assert client.get(where("regroup", review.claim))["Location"] == where("regroup", other)
        again = client.post(where("merge", review.claim), {"into": other.ref}, follow=True)
        assert again.redirect_chain == [(where("regroup", other), 302)]
        assert "was merged away meanwhile" in told(again)
        page = told(client.get(review.get_absolute_url()))
        assert f"This claim was merged into {other.wording}" in page


class TestManyRows:
    """No page asks more of the database the more it shows."""

    def test_suggestions_to_decide_and_decided(self, sign_in, queries):
        client, person = sign_in(fact_checker()), fact_checker()
        counted = []
        for more in (1, 5):
            for _ in range(more):
                suggestion()
                regrouping.decide(suggestion(), state="rejected", by=person)
            counted.append([queries(client, "/suggested/"),
                            queries(client, "/suggested/?show=decided")])  # fmt: skip

        assert counted[0] == counted[1]
        assert max(counted[0]) <= 8

    def test_a_claim_and_its_merges_and_splits(self, sign_in, queries):
        client, person, claim = sign_in(fact_checker()), fact_checker(), of_two_wordings()
        other = factories.claim()
        pages = [
            f"/claims/{claim.ref}/", where("regroup", claim),
            f"{where('regroup', claim)}?into={other.ref}", f"{where('regroup', claim)}?q=harbour",
        ]  # fmt: skip
        counted = []
        for more in (1, 4):
            for _ in range(more):
                regrouping.merge(factories.claim(), claim, by=person, reason="One.")
                last = claim.appearances.order_by("-pk")[0]
                regrouping.split(claim, [last], by=person, reason="Two.")
                regrouping.link(factories.claim().appearances.get(), claim, by=person)
                made = suggestion()
                Suggestion.objects.filter(pk=made.pk).update(claim=claim)
            counted.append([queries(client, page) for page in pages])

        assert counted[0] == counted[1]

    def test_a_queue_and_a_review_with_earlier_checks(self, sign_in, queries):
        client, review = sign_in(fact_checker()), factories.review()
        counted = []
        for more in (1, 3):
            for _ in range(more):
                check = factories.review_at(Status.PUBLISHED)
                appearance = review.claim.appearances.get()
                Suggestion.objects.create(appearance=appearance, claim=check.claim, score=0.6)
            page = review.get_absolute_url()
            counted.append([queries(client, "/"), queries(client, page),
                            queries(client, f"{page}earlier.json")])  # fmt: skip

        assert counted[0] == counted[1]
