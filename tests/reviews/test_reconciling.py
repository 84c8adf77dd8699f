"""What two people changed over one version: put together or asked about, and nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews import history, publication, reconciling, redaction, workflow
from reviews.reconciling import Outcome, merged
from reviews.states import Status
from tests import factories

# Sentences


@pytest.mark.parametrize(
    ("base", "theirs", "mine", "together"),
    [
        ("One. Two. Three.", "Uno. Two. Three.", "One. Two. Tre.", "Uno. Two. Tre."),
        ("One. Two.", "Uno. Two.", "One. Due.", "Uno. Due."),
        ("One.\n\nTwo.", "One.\n\nTwo.\n\nThree.", "Uno.\n\nTwo.", "Uno.\n\nTwo.\n\nThree."),
        ("One. Two. Three.", "One. Three.", "One. Two. Three. Four.", "One. Three. Four."),
        ("One. Two.", "Uno. Two.", "Uno. Due.", "Uno. Due."),  # one change both made
        ("One. Two.", "One. Two.", "One. Due.", "One. Due."),
        (
            "It fell by a tenth in May.",
            "It fell by half in May.",
            "It rose by a tenth in May.",
            None,
        ),
        ("One.", "One. Two.", "One. Three.", None),  # both go on where it ended
        ("One. Two.", "One. Two. Three.", "One. Due.", None),  # goes on from what was changed
        ("One. Two.", "Two.", "Uno. Two.", None),
        ("", "One.", "Two.", None),
    ],
)
def test_sentences_of_both_are_put_together_where_no_one_is_touched_by_both(
    base, theirs, mine, together
):
    assert merged(base, theirs, mine) == together
    assert merged(base, mine, theirs) == together


texts = st.lists(st.sampled_from(["One.", "Two.", "Three.", "Four.\n", "Five!"]), max_size=6).map(
    " ".join
)


@given(base=texts, theirs=texts, mine=texts)
@settings(max_examples=150, deadline=None)
def test_what_is_put_together_has_no_sentence_that_nobody_wrote_and_lacks_none_added(
    base, theirs, mine
):
    def sentences(text):
        return {part.strip() for part in reconciling._parts(text)}

    together = merged(base, theirs, mine)

    assert merged(base, mine, theirs) == together
    assert merged(base, base, mine) == mine
    assert merged(base, mine, mine) == mine
    if together is not None:
        assert sentences(together) <= sentences(theirs) | sentences(mine) | {""}
        added = (sentences(theirs) | sentences(mine)) - sentences(base)
        assert added <= sentences(together)


# Fields

START = replace(
    factories.DRAFT, summary="Landings fell by a tenth.", explanation="One. Two. Three."
)


@pytest.fixture
def held(db):
    review = factories.review_at(Status.IN_PROGRESS)
    save(review, START, seq=0)
    return review


def save(review, draft, *, seq):
    return history.save(
        review, by=review.checker, token=review.lease_token, seq=seq, draft=draft
    )  # fmt: skip


def meet(review, theirs, mine, *, seq=1):
    """Save `theirs`, then `mine` over the same version; return what comes of both."""
    save(review, theirs, seq=history.of(review).seq)
    with pytest.raises(history.Conflict) as conflict:
        save(review, mine, seq=seq)
    return reconciling.reconcile(conflict.value)


def outcomes(found) -> dict[str, Outcome]:
    return {name: one.outcome for name, one in found.fields.items()}


def test_what_one_alone_changed_is_taken_from_them(held):
    found = meet(held, replace(START, rating="false"), replace(START, summary="It fell."))

    assert outcomes(found) == {"rating": Outcome.THEIRS, "summary": Outcome.MINE}
    assert found.draft == replace(START, rating="false", summary="It fell.")
    assert found.asked == []


def test_what_both_changed_is_asked_and_stands_as_it_was_typed(held):
    theirs = replace(START, rating="true", summary="Landings fell by half.")
    mine = replace(START, rating="false", summary="Landings rose by a tenth.")

    found = meet(held, theirs, mine)

    assert outcomes(found) == {"rating": Outcome.ASKED, "summary": Outcome.ASKED}
    assert found.draft == mine
    summary = found.fields["summary"]
    assert (summary.base, summary.theirs, summary.mine) == (
        START.summary, theirs.summary, mine.summary,
    )  # fmt: skip
    changes = [change.text for change in found.fields["rating"].their_changes]
    assert changes == ["Mostly false", "True"]


def test_a_text_changed_by_both_in_other_sentences_is_put_together(held):
    found = meet(
        held, replace(START, explanation="Uno. Two. Three."),
        replace(START, explanation="One. Two. Tre."),
    )  # fmt: skip

    assert outcomes(found) == {"explanation": Outcome.MERGED}
    assert found.draft.explanation == "Uno. Two. Tre."


def test_it_names_who_saved_what_since(held):
    save(held, replace(START, rating="false"), seq=1)
    factories.attach(held)

    found = meet(
        held, replace(START, rating="false", summary="By half."), replace(START, explanation="One.")
    )

    assert [version.seq for version in found.since] == [2, 3, 4]
    assert {name: one.saved and one.saved.seq for name, one in found.fields.items()} == {
        "rating": 2, "summary": 4, "explanation": None,
    }  # fmt: skip


def test_evidence_alone_is_in_nobodys_way(held):
    factories.attach(held)

    with pytest.raises(history.Conflict) as conflict:
        save(held, replace(START, summary="It fell."), seq=1)

    found = reconciling.reconcile(conflict.value)
    assert outcomes(found) == {"summary": Outcome.MINE}


def test_before_the_first_version_both_started_from_the_claim_itself(db):
    review = factories.review_at(Status.IN_PROGRESS)
    blank = history.draft_of(history.of(review))

    found = meet(review, replace(blank, summary="By half."), replace(blank, rating="false"), seq=0)

    assert outcomes(found) == {"rating": Outcome.MINE, "summary": Outcome.THEIRS}


def test_of_a_redacted_version_nobody_can_say_who_changed_what(held):
    save(held, replace(START, summary="A child told us."), seq=1)
    save(held, replace(START, rating="false"), seq=2)
    redaction.redact(held, by=factories.supervisor(), seq=2, reason="It named a child.")

    with pytest.raises(history.Conflict) as conflict:
        save(held, replace(START, summary="It fell."), seq=2)

    found = reconciling.reconcile(conflict.value)
    assert not found.known
    assert outcomes(found) == {"rating": Outcome.ASKED, "summary": Outcome.ASKED}


def test_the_note_on_a_correction_is_met_as_the_editor_proposed_it(db):
    review = factories.review_at(Status.PUBLISHED)
    workflow.correct(review, by=factories.fact_checker(), reason="Wrong year")
    shown = history.draft_of(history.of(review))

    found = meet(
        review, replace(shown, summary="By a ninth."),
        replace(shown, correction="The year was 2024."), seq=2,
    )  # fmt: skip

    assert outcomes(found) == {"summary": Outcome.THEIRS, "correction": Outcome.MINE}
    assert found.fields["correction"].base == "Wrong year"
    save(review, found.draft, seq=3)
    factories.submit(review)
    factories.approve(review, by=factories.supervisor())
    assert publication.publish(review_id=review.pk).correction == "The year was 2024."
