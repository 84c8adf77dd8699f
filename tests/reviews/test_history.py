"""Each saved edit is one sealed version: nothing is lost, nothing overwritten, all still reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
import reversion
from django.db import connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision, Version
from reversion.utils import mute_signals

from claims import comparing
from claims.models import Claimant
from reviews import (
    checklists,
    evidence,
    history,
    publication,
    ratings,
    verification,
    workflow,
)
from reviews.models import ChecklistVersion, Evidence, Verdict, VerdictVersion
from reviews.states import Status
from tests import factories
from tests.factories import DRAFT, fact_checker, review_at, supervisor

pytestmark = pytest.mark.usefixtures("record_holds")


@pytest.fixture
def held(db):
    return review_at(Status.IN_PROGRESS)


def chain(review):
    return list(VerdictVersion.objects.filter(verdict__review=review).order_by("seq"))


# Saving


def test_a_saved_edit_is_one_version_and_one_revision(held):
    version = factories.save(held)

    verdict = history.of(held)
    assert (version.seq, version.actor, version.action) == (1, held.checker, "edit")
    assert (verdict.seq, verdict.content_hash) == (1, version.content_hash)
    assert history.draft_of(verdict) == DRAFT
    revision = Revision.objects.get()
    assert (revision.user, revision.comment) == (held.checker, "Version 1: Edited")
    assert revision.date_created == version.at


def test_versions_are_numbered_from_one_without_gaps_in_order_of_saving(held):
    for number in range(1, 6):
        factories.save(held, summary=f"Landings fell by {number} %.")

    assert [version.seq for version in chain(held)] == [1, 2, 3, 4, 5]
    assert [history.read(version)["summary"] for version in chain(held)] == [
        f"Landings fell by {number} %." for number in range(1, 6)
    ]
    times = [version.at for version in chain(held)]
    assert times == sorted(times)


def test_a_save_that_changes_nothing_adds_no_version(held):
    factories.save(held)

    assert factories.save(held) is None

    assert [version.seq for version in chain(held)] == [1]
    assert Revision.objects.count() == 1


def test_nothing_typed_is_no_first_version(held):
    blank = history.Draft("", held.claim.wording, "", "")

    saved = history.save(held, by=held.checker, token=held.lease_token, seq=0, draft=blank)

    assert (saved, Verdict.objects.count()) == (None, 0)


def test_a_new_wording_of_the_claim_alone_is_worth_a_version(held):
    draft = history.Draft("", "Dredging cut the catch.", "", "")

    assert history.save(held, by=held.checker, token=held.lease_token, seq=0, draft=draft).seq == 1


def test_a_save_over_an_old_version_is_refused_and_keeps_what_was_typed(held):
    factories.save(held)
    factories.save(held, summary="Saved in the other window.")

    with pytest.raises(history.Conflict) as conflict:
        factories.save(held, seq=1, summary="Typed in this window.")

    assert conflict.value.draft == replace(DRAFT, summary="Typed in this window.")
    assert conflict.value.current.summary == "Saved in the other window."
    assert [version.seq for version in chain(held)] == [1, 2]


def test_a_replayed_save_acts_once(held):
    """A double click sends the same form twice; so does a page whose answer was lost on the way."""
    factories.save(held, seq=0)

    assert factories.save(held, seq=0) is None
    assert [version.seq for version in chain(held)] == [1]


def test_a_reason_is_sealed_with_the_version(held):
    version = history.save(
        held, by=held.checker, token=held.lease_token, seq=0, draft=DRAFT, reason="First reading"
    )

    assert version.reason == "First reading"
    assert Revision.objects.get().comment == "Version 1: First reading"


def test_an_approval_survives_a_save_that_changes_nothing_and_no_other(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    assert factories.save(review) is None
    assert history.of(review).versions.latest("seq").decisions.count() == 1

    assert factories.save(review, summary="Landings fell by a ninth.") is not None
    assert history.of(review).versions.latest("seq").decisions.count() == 0


# Content and hashes


def test_the_hash_is_that_of_the_canonical_row_and_the_hash_before(held):
    """hash(i) = SHA-256(canonical(row i) ‖ hash(i - 1)), computed here by hand."""
    factories.save(held)
    factories.save(held, summary="Landings fell by a ninth.")

    previous = ""
    for version in chain(held):
        row = (
            f'{{"action":"edit","actor":{held.checker.pk},"actor_name":"{held.checker}",'
            f'"at":"{version.at:%Y-%m-%dT%H:%M:%S.%f}+00:00",'
            f'"content_hash":"{hashlib.sha256(version.content.encode()).hexdigest()}",'
            f'"reason":"","seq":{version.seq},"verdict":{version.verdict_id}}}'
        )
        assert version.previous_hash == previous
        assert version.hash == hashlib.sha256((row + previous).encode()).hexdigest()
        previous = version.hash


def test_the_content_names_everything_a_reader_could_be_shown(held):
    factories.write_verdict(held, held.checker)
    attached = held.evidence.get()

    appearance = held.claim.appearances.get()
    assert history.read(chain(held)[-1]) == {
        "schema": 3,
        "claim": DRAFT.claim_wording,
        "rating": "mostly_false",
        "scale": 1,
        "summary": DRAFT.summary,
        "explanation": DRAFT.explanation,
        "evidence": [
            {
                "ref": attached.ref,
                "url": "https://port.example/register",
                "title": "Landing register",
                "publisher": "Port authority",
                "quote": "Landings: 9.1 thousand tonnes, against 10.1 the year before.",
                "stance": "refutes",
                "is_primary": True,
                "interest": "",
                "sha256": attached.sha256,
                "added_at": attached.added_at.isoformat(),
            }
        ],
        "correction": "",
        "context": {
            "language": "en",
            "claimant": {"name": "The fishers' union", "kind": "organisation"},
            "appearances": [
                {
                    "title": appearance.article.title,
                    "url": appearance.article.url,
                    "source": appearance.article.source.name,
                    "date": "2026-03-02",
                    "caution": "origin",
                    "rests_on": [],
                }
            ],
        },
        "checklist": {
            "version": 1,
            "points": [
                {"point": point.text, "ticked": False, "note": ""}
                for point in checklists.points(ChecklistVersion.objects.get())
                if not point.kind
            ],
        },
    }


# A version as the first schema sealed it, letter for letter.
SEALED_BY_SCHEMA_1 = (
    '{"claim":"Dredging halved the catch.","evidence":[],"explanation":"By a tenth.",'
    '"rating":"false","scale":1,"schema":1,"summary":"Landings fell."}'
)


@pytest.fixture
def of_schema_1(held, monkeypatch):
    """A verdict whose only version was sealed before context and correction were."""
    with monkeypatch.context() as before:
        now = history.content_of
        before.setattr(history, "content_of", lambda verdict, cited: now(verdict, cited, schema=1))
        before.setattr(history, "context_of", lambda claim: {})
        before.setattr(checklists, "answers", lambda review: {})
        draft = history.Draft(
            "false", "Dredging halved the catch.", "Landings fell.", "By a tenth."
        )
        history.save(held, by=held.checker, token=held.lease_token, seq=0, draft=draft)
    return held


def test_a_version_of_the_first_schema_reads_and_verifies_for_ever(of_schema_1):
    (version,) = chain(of_schema_1)

    assert version.content == SEALED_BY_SCHEMA_1
    content = history.read(version)
    assert (content["schema"], content["correction"]) == (1, "")
    assert content["context"] == {"language": "", "claimant": None, "appearances": []}
    assert told(history.compare(None, version))["summary"] == [("insert", "Landings fell.")]
    assert verification.seal_of(history.of(of_schema_1)).intact
    assert [*verification.problems()] == []


def test_the_next_version_after_one_of_the_first_schema_is_of_the_present_one(of_schema_1):
    version = factories.save(of_schema_1)

    assert (version.seq, history.read(version)["schema"]) == (2, history.SCHEMA)
    assert history.read(version)["context"]["claimant"]["name"] == "The fishers' union"
    restored = history.restore(
        of_schema_1, by=of_schema_1.checker, token=of_schema_1.lease_token, seq=2, version_seq=1
    )
    assert history.read(restored)["summary"] == "Landings fell."


# What is known besides what was typed


def test_a_save_that_types_nothing_seals_nothing_that_others_changed_of_the_claim(held):
    factories.save(held)
    Claimant.objects.update(name="The union of fishers")

    assert factories.save(held) is None
    known = history.context_of(held.claim)
    assert [diff.field for diff in history.untold(known, chain(held)[0])] == ["claimant"]


def test_evidence_seals_nothing_that_others_changed_of_the_claim(held):
    factories.save(held)
    Claimant.objects.update(name="The union of fishers")

    factories.attach(held)

    before, after = chain(held)
    assert [diff.field for diff in history.compare(before, after)] == ["evidence"]


def test_a_save_while_typing_does_not_ask_for_it(held):
    factories.save(held)
    Claimant.objects.update(name="The union of fishers")

    draft = replace(DRAFT, summary="Landings fell by a ninth.")
    with CaptureQueriesContext(connection) as queries:
        version = history.save(held, by=held.checker, token=held.lease_token, seq=1, draft=draft)

    assert not [query["sql"] for query in queries if "claims_" in query["sql"]]
    assert history.read(version)["context"]["claimant"]["name"] == "The fishers' union"


def test_what_is_submitted_has_the_claim_and_the_checklist_as_they_are_by_then(held):
    factories.write_verdict(held, held.checker)
    Claimant.objects.update(name="The union of fishers")
    point = checklists.points(ChecklistVersion.objects.get())[0].text
    checklists.tick(
        held, by=held.checker, token=held.lease_token, point=point, note="With the port"
    )

    factories.submit(held)

    written, submitted = chain(held)[-2:]
    changed = {diff.field for diff in history.compare(written, submitted)}
    assert changed == {"claimant", "checklist"}
    assert (submitted.action, submitted.actor) == ("complete", held.checker)
    sealed = history.read(submitted)["checklist"]
    assert (sealed["version"], sealed["points"][0]) == (
        1, {"point": point, "ticked": True, "note": "With the port"},
    )  # fmt: skip
    assert history.compare(written, submitted)[-1].changes[-1].text == (
        f"Ticked: {point} (With the port)"
    )


def test_submitting_seals_nothing_where_all_is_as_it_was_saved(held):
    factories.write_verdict(held, held.checker)
    before = len(chain(held))

    factories.submit(held)

    assert len(chain(held)) == before


def test_a_refused_submission_seals_nothing(held):
    factories.save(held)
    Claimant.objects.update(name="The union of fishers")

    with pytest.raises(workflow.Refused, match="at least one piece of evidence"):
        factories.submit(held)

    assert len(chain(held)) == 1


def test_ticks_are_no_change_to_what_is_published(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    factories.tick(review, checklists.points(ChecklistVersion.objects.get())[0].text)

    with pytest.raises(workflow.Refused, match="a change to what is published"):
        factories.submit(review)
    factories.save(review)
    workflow.keep(review, by=review.checker, token=review.lease_token)

    assert review.status == Status.PUBLISHED
    assert [*verification.problems()] == []


# What readers are told was corrected


@pytest.fixture
def correcting(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    return review


def sealed_note(review) -> str:
    return history.read(chain(review)[-1])["correction"]


def test_why_a_correction_was_begun_is_proposed_and_sealed_with_the_first_change(correcting):
    assert history.draft_of(history.of(correcting)).correction == "The year was wrong."
    assert sealed_note(correcting) == ""

    factories.attach(correcting, title="Second register")

    assert sealed_note(correcting) == "The year was wrong."


def test_the_holder_words_the_note_anew_until_submit(correcting):
    factories.save(correcting, summary="Landings fell by a ninth.")
    factories.save(correcting, summary="Landings fell by a ninth.", correction="It was 2025.")

    assert sealed_note(correcting) == "It was 2025."
    assert history.draft_of(history.of(correcting)).correction == "It was 2025."
    restored = history.restore(
        correcting, by=correcting.checker, token=correcting.lease_token, seq=4, version_seq=2
    )
    assert history.read(restored)["correction"] == "It was 2025."


def test_a_later_correction_does_not_begin_with_the_note_of_the_last(correcting):
    factories.save(correcting, summary="Landings fell by a ninth.")
    factories.submit(correcting)
    factories.approve(correcting, by=supervisor())
    publication.publish(review_id=correcting.pk)
    correcting.refresh_from_db()

    workflow.correct(correcting, by=fact_checker(), reason="The port was wrong.")

    assert history.draft_of(history.of(correcting)).correction == "The port was wrong."


def test_a_first_verdict_has_no_note_whatever_is_sent(held):
    factories.save(held, correction="Nothing was published yet.")

    assert sealed_note(held) == ""


def test_one_value_has_one_spelling():
    assert history.canonical({"b": "ä\n“x”", "a": [1, None, True]}) == (
        '{"a":[1,null,true],"b":"ä\\n“x”"}'
    )


def test_any_head_once_seen_is_a_prefix_of_todays_chain(held):
    heads = [factories.save(held, summary=f"Draft {number}.").hash for number in range(3)]
    workflow.release(held, by=held.checker, token=held.lease_token)
    workflow.take(held, by=supervisor())
    factories.save(held, summary="Draft by another.")

    assert [version.hash for version in chain(held)][:3] == heads


# Restoring


def test_restoring_writes_a_further_version_and_deletes_none(held):
    factories.save(held)
    factories.save(held, summary="Landings doubled.", rating="true")

    restored = history.restore(
        held, by=held.checker, token=held.lease_token, seq=2, version_seq=1
    )  # fmt: skip

    assert (restored.seq, restored.action, restored.reason) == (
        3, "restore", "Restored version 1",
    )  # fmt: skip
    assert history.draft_of(history.of(held)) == DRAFT
    assert [version.seq for version in chain(held)] == [1, 2, 3]
    assert restored.content_hash == chain(held)[0].content_hash


def test_restoring_keeps_the_evidence_as_it_is_now(held):
    factories.save(held)
    factories.save(held, summary="Landings doubled.")
    factories.attach(held)

    history.restore(held, by=held.checker, token=held.lease_token, seq=3, version_seq=1)

    content = history.read(chain(held)[-1])
    assert (content["summary"], len(content["evidence"])) == (DRAFT.summary, 1)


def test_restoring_drops_the_approval(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a ninth.")
    history.restore(
        review, by=review.checker, token=review.lease_token, seq=3, version_seq=2
    )  # fmt: skip

    newest = chain(review)[-1]
    assert (newest.seq, newest.decisions.count()) == (4, 0)
    assert history.finding_hash(newest) == history.finding_hash(chain(review)[1])


def test_restoring_what_stands_changes_nothing(held):
    factories.save(held)

    assert (
        history.restore(held, by=held.checker, token=held.lease_token, seq=1, version_seq=1) is None
    )
    assert [version.seq for version in chain(held)] == [1]


def test_restoring_over_a_version_not_seen_is_refused(held):
    factories.save(held)
    factories.save(held, summary="Saved in the other window.")

    with pytest.raises(history.Conflict):
        history.restore(held, by=held.checker, token=held.lease_token, seq=1, version_seq=1)

    assert [version.seq for version in chain(held)] == [1, 2]


@pytest.mark.parametrize("written", [False, True])
def test_a_version_that_never_was_cannot_be_restored(held, written):
    if written:
        factories.save(held)

    with pytest.raises(workflow.Refused, match="There is no version 7 to restore"):
        history.restore(
            held, by=held.checker, token=held.lease_token, seq=int(written), version_seq=7
        )


# Reversion's traps


def test_an_edit_with_reversions_signal_switched_off_still_leaves_its_revision(held):
    """While reversion renders an old version, it empties the receivers of the whole process."""
    with mute_signals(post_save):
        factories.save(held)

    assert Version.objects.get_for_object(history.of(held)).count() == 1


def test_a_revision_holds_the_verdict_and_the_evidence_it_cites(held):
    factories.write_verdict(held, held.checker)

    newest = Version.objects.get_for_object(history.of(held)).first().revision
    assert {version.content_type.model for version in newest.version_set.all()} == {
        "verdict", "evidence",
    }  # fmt: skip


@pytest.mark.parametrize("model", [Verdict, Evidence])
def test_full_rows_are_registered_so_that_no_column_reverts_to_its_default(model):
    registered = reversion.revisions._get_options(model).fields

    assert set(registered) == {field.name for field in model._meta.concrete_fields}


# Reading old versions


def test_a_version_reads_for_ever_though_scale_evidence_and_people_change(held, monkeypatch):
    factories.write_verdict(held, held.checker)
    old = chain(held)[-1]
    before = history.compare(None, old)
    monkeypatch.setitem(ratings.SCALES, 2, ratings.SCALES[1][:2])
    monkeypatch.setattr(ratings, "CURRENT_SCALE", 2)
    attached = held.evidence.get()
    evidence.withdraw(attached, by=held.checker, token=held.lease_token, reason="A forgery.")

    old.refresh_from_db()
    assert history.compare(None, old) == before
    assert verification.seal_of(history.of(held)).intact


def told(diffs):
    return {diff.field: [(change.op, change.text) for change in diff.changes] for diff in diffs}


def test_comparing_with_nothing_shows_everything_as_new(held):
    version = factories.save(held)

    assert told(history.compare(None, version)) == {
        "claim": [("insert", DRAFT.claim_wording)],
        "rating": [("insert", "Mostly false")],
        "summary": [("insert", DRAFT.summary)],
        "explanation": [("insert", DRAFT.explanation)],
        "claimant": [("insert", "The fishers' union")],
        "appearances": [("insert", appearance_line(held))],
    }


def appearance_line(review) -> str:
    article = review.claim.appearances.get().article
    return f"{article.title}, {article.source} 2026-03-02 (the origin's own caution) {article.url}"


def test_comparing_names_only_the_fields_that_differ_word_by_word(held):
    old = factories.save(held)
    new = factories.save(held, rating="false", summary="Landings fell by a ninth.")

    assert told(history.compare(old, new)) == {
        "rating": [("delete", "Mostly false"), ("insert", "False")],
        "summary": [
            ("equal", "Landings fell by a "), ("delete", "tenth"), ("insert", "ninth"),
            ("equal", "."),
        ],
    }  # fmt: skip


def test_comparing_shows_evidence_that_came(held):
    factories.write_verdict(held, held.checker)
    old, new = chain(held)

    line = (
        "Landing register, Port authority (Refutes the claim): “Landings: 9.1 thousand tonnes, "
        "against 10.1 the year before.” https://port.example/register"
    )
    assert told(history.compare(old, new)) == {"evidence": [("insert", line)]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""), ("one two", "one two"), ("one two", "two one"), ("a b c d", "b x d"),
        ("The catch fell.", "The catch, they say, fell."), ("x\n\ny", "x\ny"),
    ],
)  # fmt: skip
def test_a_word_diff_gives_back_both_texts(old, new):
    changes = list(comparing.word_diff(old, new))

    assert "".join(c.text for c in changes if c.op != "insert") == old
    assert "".join(c.text for c in changes if c.op != "delete") == new


def test_json_of_a_version_is_exactly_what_was_hashed(held):
    version = factories.save(held, explanation="“Quoted” – naïve café, 漁獲量\n\tIndented.")

    assert json.dumps(
        json.loads(version.content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ) == version.content  # fmt: skip
    assert hashlib.sha256(version.content.encode()).hexdigest() == version.content_hash
