"""`manage.py rebuild_matches` matches again, goes on where it was killed, and obeys people."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from claims import matching, rebuilding
from claims.models import Appearance, Claim, ClaimKey, Rebuild, Suggestion
from tests.factories import article, fact_checker

pytestmark = pytest.mark.django_db

BARRELS = "Divers found 40 barrels of solvent under the old pier at Havn."
BARRELS_AGAIN = "Under the old pier at Havn, divers discovered 40 barrels of solvent."
OTHER_COUNT = "Divers found 900 barrels of solvent under the old pier at Havn."
MUSEUM = "The museum of Elvas reopens in May with 300 paintings."


def _article(*wordings: str) -> list[Appearance]:
    row = article(" ".join(wordings))
    start, made = 0, []
    for wording in wordings:
        end = start + len(wording)
        made.append(
            row.appearances.create(
                start=start, end=end, sentence_start=start, sentence_end=end, wording=wording,
                worthiness=0.5,
            )
        )  # fmt: skip
        start = end + 1
    return made


def _stored() -> None:
    """Claims as an older engine left them: apart, without keys, the last article not linked."""
    for wording in (BARRELS, MUSEUM, OTHER_COUNT, BARRELS_AGAIN):
        (appearance,) = _article(wording)
        appearance.claim = Claim.objects.create(wording=wording, language="en")
        appearance.save()
    _article(MUSEUM.replace("reopens in", "will reopen in"))


def _run() -> str:
    out = StringIO()
    call_command("rebuild_matches", stdout=out)
    return out.getvalue()


def _rows() -> list[object]:
    """All that a run may write, ids and references of new rows aside."""
    claims = {claim.pk: claim.wording for claim in Claim.objects.all()}
    return [
        [(claim.wording, claim.fingerprint) for claim in Claim.objects.order_by("pk")],
        [(a.wording, claims.get(a.claim_id)) for a in Appearance.objects.order_by("pk")],
        sorted(ClaimKey.objects.filter(claims__gt=0).values_list("key", "claims")),
        [
            (one.appearance.wording, claims[one.claim_id], one.score, one.reasons, one.state)
            for one in Suggestion.objects.order_by("appearance_id", "claim_id")
        ],
    ]


def test_what_waits_is_linked_and_what_says_the_same_is_suggested():
    _stored()
    _run()

    assert [a.claim.wording for a in Appearance.objects.order_by("pk")] == [
        BARRELS, MUSEUM, OTHER_COUNT, BARRELS_AGAIN, MUSEUM,
    ]  # fmt: skip
    asked = {(one.appearance.wording, one.claim.wording) for one in Suggestion.objects.open()}
    assert (BARRELS_AGAIN, BARRELS) in asked
    assert not any(MUSEUM in pair for pair in asked)


def test_progress_is_told():
    _stored()
    lines = _run().splitlines()

    assert lines[0].startswith("Claims entered in the index: 4 of 4, ")
    assert lines[0].endswith(" left")
    assert lines[-1] == "All claims are matched."


def test_a_second_run_changes_nothing():
    _stored()
    _run()
    once = _rows(), list(Suggestion.objects.order_by("pk").values())
    _run()

    assert (_rows(), list(Suggestion.objects.order_by("pk").values())) == once


@pytest.mark.parametrize("killed_after", range(1, 9))
def test_killed_anywhere_and_continued_it_gives_the_same(monkeypatch, killed_after):
    monkeypatch.setattr(rebuilding, "CHUNK", 1)
    _stored()
    run = rebuilding.rebuild()
    for _ in range(killed_after):
        next(run)
    run.close()
    stopped = Rebuild.objects.get()
    first = next(rebuilding.rebuild())

    assert stopped.stage != Rebuild.Stage.DONE
    assert first.done > 0
    _run()
    assert [row.stage for row in Rebuild.objects.all()] == [Rebuild.Stage.DONE]
    continued = _rows()

    _run()  # from the beginning, in one go
    assert _rows() == continued


def test_a_failed_chunk_leaves_nothing_behind(monkeypatch):
    _stored()

    def fail(claim: Claim) -> None:
        matching.enter(claim, ["Something else."])
        raise KeyboardInterrupt

    monkeypatch.setattr(matching, "reindex", fail)
    with pytest.raises(KeyboardInterrupt):
        _run()

    assert not ClaimKey.objects.exists()
    assert Rebuild.objects.get().after == 0


@pytest.mark.parametrize("state", [Suggestion.State.CONFIRMED, Suggestion.State.REJECTED])
def test_what_people_decided_stands(state):
    _stored()
    _run()
    one = Suggestion.objects.open().get(appearance__wording=BARRELS_AGAIN)
    one.state, one.decided_by, one.decided_at = state, fact_checker(), timezone.now()
    one.save()
    linked = Appearance.objects.get(wording=MUSEUM)
    linked.claim = Claim.objects.get(wording=BARRELS)
    linked.linked_by = one.decided_by
    linked.save()
    before = Suggestion.objects.filter(pk=one.pk).values().get()
    _run()

    assert Suggestion.objects.filter(pk=one.pk).values().get() == before
    linked.refresh_from_db()
    assert linked.claim.wording == BARRELS
    asked = Suggestion.objects.open().filter(appearance=one.appearance, claim=one.claim)
    assert not asked.exists()


def test_what_is_no_longer_likely_is_no_longer_asked():
    _stored()
    _run()
    museum = Claim.objects.get(wording=MUSEUM)
    unlikely = Suggestion.objects.create(
        appearance=Appearance.objects.get(wording=OTHER_COUNT), claim=museum,
        wording_key=matching.wording_key(OTHER_COUNT), score=0.5,
    )  # fmt: skip
    _run()

    assert not Suggestion.objects.filter(pk=unlikely.pk).exists()
