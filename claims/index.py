"""The index of claims by their words: which stored claims might say the same as a wording.

Each claim carries the keys of all its wordings, under a GIN index; a table counts in how many
claims each key stands. A look-up asks for the rarest keys, and for the next rarest words two by
two, which the index joins without reading claims, so that it costs the same however many claims
there are. What it finds is ranked by how rare the shared keys are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from django.db import connection

from claims import text as engine
from claims.models import Claim

ROWS = 100  # claims that the rarest keys of one wording may bring
RAREST = 20  # times as many the rarest key alone may bring: only common words find nothing
IN_TWOS = 5  # words, the next rarest, that are looked up two by two
ROWS_OF_TWO = 60  # claims that two words may bring; more are expected of words too common
LEAST_SHARED = 0.08  # of the weight of a wording: what shares less is about something else
FEW = 20_000  # claims that are counted one by one; of more, the planner's count is taken
KEYS_OF_CLAIM = 600  # keys kept of all wordings of one claim


LOOK_UP = """
WITH found AS (
    SELECT id, fingerprint, wording = %(wording)s AS same FROM claims_claim
    WHERE fingerprint && %(chosen)s::int[] AND (language = %(language)s) <> %(abroad)s
    UNION ALL
    SELECT claim.id, claim.fingerprint, claim.same
    FROM unnest(%(firsts)s::int[], %(seconds)s::int[]) AS two (first, second)
    CROSS JOIN LATERAL (
        SELECT id, fingerprint, wording = %(wording)s AS same FROM claims_claim
        WHERE fingerprint @> ARRAY[first, second] AND (language = %(language)s) <> %(abroad)s
        LIMIT %(of_two)s
    ) AS claim
),
shared AS (
    SELECT held.id, held.same, sum(own.weight) AS weight
    FROM (
        SELECT id, same, unnest(fingerprint) AS key
        FROM (SELECT DISTINCT ON (id) id, same, fingerprint FROM found) AS once
    ) AS held
    JOIN unnest(%(keys)s::int[], %(weights)s::float8[]) AS own (key, weight) USING (key)
    GROUP BY held.id, held.same
)
SELECT claim.id, claim.language, claim.wording, ARRAY(
    SELECT DISTINCT wording FROM claims_appearance
    WHERE claim_id = claim.id AND current ORDER BY wording LIMIT %(wordings)s
)
FROM (
    SELECT id, same, weight FROM shared WHERE weight >= %(least)s
    ORDER BY same DESC, weight DESC, id LIMIT %(limit)s
) AS first JOIN claims_claim AS claim USING (id)
ORDER BY same DESC, weight DESC, id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claim that shares keys with a wording, and some of the wordings in which it appeared."""

    claim_id: int
    language: str
    wording: str
    others: Sequence[str]


def candidates(
    wording: str,
    *,
    language: str,
    limit: int,
    rows: int = ROWS,
    least: float = LEAST_SHARED,
    wordings: int = 0,
    abroad: bool = False,
) -> list[Candidate]:
    """Return the claims in `language` that share most of the weight of `wording`, best first.

    One that is worded so itself comes before all others.

    :param wordings: so many `others` of each come with it.
    :param abroad: asks for the claims in every other language instead.

    Cost: two queries, for about `rows` rows and `ROWS_OF_TWO` for each two words at most,
    however many claims are stored.
    """
    keys = engine.fingerprint(wording)
    counts, total = _counts(keys)
    chosen = _rarest(keys, counts, rows)
    if not chosen:
        return []
    weights = [factor * log(1 + total / (1 + counts.get(key, 0))) for key, factor in keys.items()]
    words = [key for key, factor in keys.items() if factor == engine.WORD and key in counts]
    twos = _twos({*words} - {*chosen}, counts, total)
    with connection.cursor() as cursor:
        cursor.execute(
            LOOK_UP,
            {
                "wording": wording,
                "keys": list(keys),
                "weights": weights,
                "least": least * sum(weights),
                "chosen": chosen,
                "firsts": [first for first, _ in twos],
                "seconds": [second for _, second in twos],
                "of_two": ROWS_OF_TWO,
                "language": language,
                "abroad": abroad,
                "limit": limit,
                "wordings": wordings,
            },
        )
        return [Candidate(*row) for row in cursor.fetchall()]


def enter(claim: Claim, wordings: Iterable[str]) -> None:
    """Let `claim` be found by these wordings, too; the caller saves its `fingerprint`."""
    count(dict.fromkeys(write_keys(claim, wordings), 1))


def write_keys(claim: Claim, wordings: Iterable[str]) -> list[int]:
    """Add the keys of these wordings to the claim's `fingerprint`; return those that are new."""
    known = dict.fromkeys(claim.fingerprint)
    for wording in wordings:
        known |= dict.fromkeys(engine.fingerprint(wording))
    before = len(claim.fingerprint)
    claim.fingerprint = list(known)[:KEYS_OF_CLAIM]
    return claim.fingerprint[before:]


def enter_anew(claim: Claim, wordings: Iterable[str]) -> None:
    """Let `claim` be found by these wordings only; the caller saves its `fingerprint`."""
    count(dict.fromkeys(claim.fingerprint, -1))
    claim.fingerprint = []
    enter(claim, wordings)


def count(keys: Mapping[int, int]) -> None:
    """Add to the number of claims that have each key."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO claims_claimkey AS known (key, claims)
                SELECT * FROM unnest(%s::int[], %s::int[])
                ON CONFLICT (key) DO UPDATE SET claims = known.claims + excluded.claims
                """,
                [list(keys), list(keys.values())],
            )


def _counts(keys: Iterable[int]) -> tuple[dict[int, int], int]:
    """In how many claims each key stands, and about how many claims there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT
                key, claims,
                CASE WHEN reltuples > %s THEN reltuples ELSE (SELECT count(*) FROM claims_claim) END
            FROM pg_class LEFT JOIN claims_claimkey ON key = ANY(%s) AND claims > 0
            WHERE pg_class.oid = 'claims_claim'::regclass
            """,
            [FEW, list(keys)],
        )
        rows = cursor.fetchall()
    return {key: claims for key, claims, _ in rows if key is not None}, int(rows[0][2])


def _rarest(keys: Iterable[int], counts: Mapping[int, int], rows: int) -> list[int]:
    """The rarest of `keys` that some claim has, as many as bring about `rows` claims."""
    chosen: list[int] = []
    brought = 0
    for key in _rarest_first(keys, counts):
        brought += counts[key]
        if brought > (rows if chosen else RAREST * rows):
            break
        chosen.append(key)
    return chosen


def _twos(words: Iterable[int], counts: Mapping[int, int], total: int) -> list[tuple[int, int]]:
    """The rarest of `words` two by two, where few of `total` claims are expected to have both."""
    rarest = combinations(_rarest_first(words, counts)[:IN_TWOS], 2)
    return [(a, b) for a, b in rarest if counts[a] * counts[b] <= ROWS_OF_TWO * max(total, 1)]


def _rarest_first(keys: Iterable[int], counts: Mapping[int, int]) -> list[int]:
    """Those of `keys` that some claim has."""
    return sorted((key for key in keys if key in counts), key=lambda key: (counts[key], key))
