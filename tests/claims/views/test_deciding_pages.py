"""Placing articles into stories and deciding what they rest on, without scripts."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims import derivation, listing
from claims.models import Article, Derivation, Source, Story
from tests import factories
from tests.serving import signed_in


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.fact_checker())


@pytest.fixture
def edge(db) -> Derivation:
    """An article that cites an agency, as the machine found it."""
    return Derivation.objects.create(
        article=factories.article(), on_source=Source.objects.create(name="Wire Agency"),
        kind="citation", start=0, end=7, score=1,
    )  # fmt: skip


def decided(edge: Derivation) -> tuple[str, str]:
    edge.refresh_from_db()
    return edge.decision, edge.reason


class TestWhatAnArticleRestsOn:
    def test_confirm_and_take_back(self, desk, edge):
        where = f"/derivations/{edge.ref}/"
        answer = desk.post(where, {"decision": "confirmed", "seen": "", "reason": "I asked."})
        assert answer["Location"] == f"/articles/{edge.article.ref}/#derivation-{edge.ref}"
        assert decided(edge) == ("confirmed", "I asked.")
        desk.post(where, {"decision": "", "seen": "confirmed"})

        assert decided(edge) == ("", "")

    @pytest.mark.parametrize("sent", [{}, {"decision": "perhaps"}])
    def test_what_is_no_decision_decides_nothing(self, desk, edge, sent):
        desk.post(f"/derivations/{edge.ref}/", {"decision": "confirmed"})
        answer = desk.post(f"/derivations/{edge.ref}/", sent)

        assert answer.status_code == 409
        assert decided(edge)[0] == "confirmed"

    def test_a_rejection_without_a_reason_says_so_in_place(self, desk, edge):
        answer = desk.post(f"/derivations/{edge.ref}/", {"decision": "rejected", "seen": ""})

        assert answer.status_code == 409
        assert "Say why it does not rest on that." in answer.content.decode()

    def test_what_somebody_decided_meanwhile_is_not_overruled_unseen(self, desk, edge):
        derivation.decide(
            edge, by=factories.fact_checker(), at=timezone.now(), decision="rejected",
            reason="They name another agency.",
        )  # fmt: skip
        sent = {"decision": "confirmed", "seen": "", "reason": "I asked them."}
        answer = desk.post(f"/derivations/{edge.ref}/", sent)

        assert answer.status_code == 409
        assert "Somebody decided this meanwhile: it was rejected." in answer.content.decode()
        assert "I asked them." in answer.content.decode()
        assert decided(edge) == ("rejected", "They name another agency.")

    def test_a_source_that_nobody_knows_keeps_what_was_typed(self, desk):
        article = factories.article()
        sent = {"on": "No such agency", "reason": "The last line names it."}
        answer = desk.post(f"/articles/{article.ref}/rests-on/", sent)

        assert answer.status_code == 409
        for typed in sent.values():
            assert f'value="{typed}"' in answer.content.decode()

    def test_odd_characters_are_no_error(self, desk, edge):
        article = edge.article
        for where in (f"/articles/{article.ref}/rests-on/", f"/articles/{article.ref}/place/"):
            sent = {"on": "a\0b", "story": "a\0b", "reason": "\0"}
            assert desk.post(where, sent).status_code == 409


class TestStories:
    def test_place_and_let_the_machine_group_it(self, desk):
        article, story = factories.article(), Story.objects.create(title="The harbour")
        where = f"/articles/{article.ref}/place/"
        sent = {"story": story.ref, "reason": "The same dredging."}
        answer = desk.post(where, sent, follow=True)
        assert "Moved into “The harbour”." in answer.content.decode()
        article.refresh_from_db()
        assert (article.story, article.placed_reason) == (story, "The same dredging.")
        desk.post(where, {"take_back": "1"})

        article.refresh_from_db()
        assert article.placed_by is None

    @pytest.mark.parametrize(
        "sent",
        [
            {"address": "/stories/nothing/", "reason": "The same dredging."},
            {"story": "none", "reason": ""},
            {"story": "", "reason": "The same dredging."},
        ],
    )
    def test_a_refused_placing_keeps_what_was_typed_and_moves_nothing(self, desk, sent):
        story = Story.objects.create(title="The harbour")
        article = factories.article(story=story)
        answer = desk.post(f"/articles/{article.ref}/place/", sent)

        assert answer.status_code == 409
        assert all(
            f'value="{typed}"' in answer.content.decode() for typed in sent.values() if typed
        )
        assert Article.objects.get(pk=article.pk).story == story

    def test_a_story_that_is_not_listed_is_named_by_its_address(self, desk):
        article, story = factories.article(), Story.objects.create(title="The harbour")
        sent = {
            "story": "",
            "address": f"http://desk/stories/{story.ref}/",
            "reason": "The same dredging.",
        }
        desk.post(f"/articles/{article.ref}/place/", sent)

        article.refresh_from_db()
        assert article.story == story

    def test_taken_out_of_its_story_an_article_stays_out(self, desk):
        article = factories.article(story=Story.objects.create(title="The harbour"))
        desk.post(f"/articles/{article.ref}/place/", {"story": "none", "reason": "Another port."})

        article.refresh_from_db()
        assert (article.story, article.placed_reason) == (None, "Another port.")

    def test_stories_that_make_the_same_claims_are_offered_first(self, desk):
        article = factories.article()
        related = Story.objects.create(title="The harbour")
        Story.objects.create(title="The lighthouse")
        claim = factories.claim()
        for row in (article, factories.article(story=related)):
            row.appearances.create(
                claim=claim, start=0, end=3, sentence_start=0, sentence_end=3, wording="The",
                worthiness=0.5,
            )  # fmt: skip
        page = desk.get(f"/articles/{article.ref}/").content.decode()

        assert 0 < page.index(">The harbour</option>") < page.index(">The lighthouse</option>")


def test_an_article_and_the_list_of_stories_ask_no_more_for_more_rows(desk, edge):
    story = Story.objects.create(title="The harbour")
    counted = []
    for more in (1, 9):
        for _ in range(more):
            Article.objects.filter(pk=factories.article().pk).update(story=story)
            number = edge.article.derivations.count()
            agency = Source.objects.create(name=f"Agency {number}")
            Derivation.objects.create(
                article=edge.article, on_source=agency, kind="citation", start=number, score=1,
                by_hand=True, decision="confirmed", decided_by=factories.fact_checker(),
                decided_at=timezone.now(),
            )  # fmt: skip
        asked = []
        for page in (f"/articles/{edge.article.ref}/", "/stories/"):
            desk.get(page)
            with CaptureQueriesContext(connection) as captured:
                assert desk.get(page).status_code == 200
            asked.append(len(captured))
        counted.append(asked)

    assert counted[0] == counted[1]
    (row,) = listing.stories()[0]
    assert (row.copies, len(row.named)) == (10, listing.NAMED)
