"""Versions that earlier schemas sealed: they verify, read and render whatever migrations came."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from reviews import history, verification
from reviews.models import Review, VerdictVersion
from tests import goldens
from tests.serving import signed_in

pytestmark = pytest.mark.usefixtures("record_holds")

# The newest seal of each file, as it was when it was written.
HEADS = {
    1: "47559f820d3405d19e16e60a53e526e16a7aed890f34d39ba9e2b92b36aab758",
    2: "b08ccde19657f3f4fafa831e9cbe29f97cca74426551fb9dbffa5f4b6a6b4374",
    3: "5976cf43245b66d74c2278a41823e9d1738eb1fba6639e84535d98ab40c2f093",
}
LACKED = {
    1: history.NOT_SEALED_BEFORE,
    2: {"checklist": history.NOT_SEALED_BEFORE["checklist"]},
    3: {},
}
SAID = "The bridge at Osvik carries twice the lorries it was built for."


@pytest.fixture(params=HEADS)
def schema(request) -> int:
    return request.param


@pytest.fixture
def old(db, schema) -> Review:
    """A held review whose verdict was written under an earlier schema."""
    return goldens.load(schema)


def versions(review: Review) -> list[VerdictVersion]:
    return list(VerdictVersion.objects.filter(verdict__review=review).order_by("seq"))


def test_every_schema_there_was_has_its_file():
    """Whoever raises `history.SCHEMA` keeps what it writes: `tests/goldens.py` says how."""
    assert goldens.schemas() == sorted(HEADS) == list(range(1, history.SCHEMA + 1))


def test_what_is_loaded_is_the_file_letter_for_letter(old, schema):
    kept, found = goldens.read(schema), goldens.dump(old)

    came_since = found["verdict"].keys() - kept["verdict"].keys()
    assert not any(found["verdict"].pop(name) for name in came_since)
    assert found == kept


def test_the_chain_holds_up_to_the_seal_of_then(old, schema):
    newest = versions(old)[-1]

    assert newest.hash == HEADS[schema]
    assert verification.seal_of(history.of(old)) == verification.Seal(newest.seq, "")
    assert [*verification.problems()] == []


def test_every_version_reads_as_it_was_written_and_what_it_lacked_is_empty(old, schema):
    for version in versions(old):
        written = json.loads(version.content)
        read = history.read(version)
        assert written["schema"] == schema
        assert {name: read[name] for name in written} == written
        assert {name: read[name] for name in read.keys() - written.keys()} == LACKED[schema]


def test_every_version_has_its_page_and_its_difference_from_every_other(old):
    client, address = signed_in(old.checker), f"{old.get_absolute_url()}history/"
    written = versions(old)

    for version in written:
        page = client.get(f"{address}{version.seq}/").content.decode()
        assert f"Version {version.seq} of {len(written)}" in page
        assert version.actor_name in page
        assert SAID in page
        for other in written:
            compared = client.get(f"{address}?from={other.seq}&to={version.seq}").context
            assert (compared["old"], compared["new"]) == (other, version)
            assert compared["seal"].intact
            assert compared["changes"] == history.compare(other, version)


def test_what_changed_between_old_versions_is_told(old):
    rows = versions(old)
    changed = [
        [diff.field for diff in history.compare(before, now)] for before, now in pairwise(rows)
    ]

    assert changed[:5] == [
        ["evidence"], ["evidence"], ["rating", "summary"], ["evidence"], ["rating", "summary"],
    ]  # fmt: skip


def test_the_export_is_checked_by_an_outsider(old, schema, tmp_path):
    answer = signed_in(old.checker).get(f"{old.get_absolute_url()}history.json")
    file = Path(tmp_path, "history.json")
    file.write_text(json.dumps(answer.json()))
    script = Path(settings.BASE_DIR, "factcheck/static/desk/verify_history.py")

    done = subprocess.run(
        [sys.executable, "-I", script, file, HEADS[schema]], capture_output=True, text=True
    )

    count = len(versions(old))
    assert done.stdout == f"{count} versions, the chain holds. Newest seal: {HEADS[schema]}\n"
    assert done.returncode == 0


def test_an_old_version_is_restored_as_one_of_the_present_schema(old):
    before = history.of(old).seq

    restored = history.restore(
        old, by=old.checker, token=old.lease_token, seq=before, version_seq=4
    )  # fmt: skip

    content = history.read(restored)
    assert (restored.seq, content["schema"]) == (before + 1, history.SCHEMA)
    assert (content["rating"], content["summary"]) == ("false", "It carries a third more.")
