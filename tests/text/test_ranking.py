"""Wordings are ranked for a query by what they share, and by what surrounds a post."""

from __future__ import annotations

import subprocess
import sys

import pytest

from claims.text import count_frequencies, rank, read_post

PIER = "The old pier of Lowhaven collapsed in Friday's storm."
TRAMS = "Tram drivers in Norrby went on strike for shorter night shifts."
HENS = "A farmer counted 900 hens in Elvas."
OTHERS = [f"The council of town number {number} met on a rainy day." for number in range(40)]
KNOWN = count_frequencies([PIER, TRAMS, HENS, *OTHERS])


def _best(query: str, wordings: list[str]) -> str:
    scores = rank(query, wordings, KNOWN)
    return wordings[scores.index(max(scores))]


@pytest.mark.parametrize(
    ("query", "wordings"),
    [
        ("Look at Lowhaven: the storm took our old pier!! #sad", [PIER, TRAMS, HENS]),
        ("#NorrbyTram drivers are striking over nights", [TRAMS, PIER, HENS]),
        ("the lowhavn pier colapsed", [PIER, TRAMS, HENS]),
        ("900 hens!", [HENS, TRAMS, PIER]),
        (  # the post does not name its author, but its signature does
            "I have never been to the moon. — Ada Lind (@adalind) May 3, 2019",
            ["Ada Lind claimed to have been to the moon.", "Nils Holm has been to the moon."],
        ),
        (
            "What a night — Ada Lind (@adalind) August 3, 2019",
            ["A storm hit Elvas on a night in August 2019.", "A storm hit Elvas on a night."],
        ),
        (
            "A whale under the bridge of Elvas pic.twitter.com/abcDEF",
            ["A photograph shows a whale near Elvas.", "A travel guide has a whale near Elvas."],
        ),
        (
            "The LPC met. — Ada Lind (@adalind) May 3, 2019",
            ["The Lowhaven Pier Company met on Monday.", "The Liberal Post met on Monday."],
        ),
    ],
)  # fmt: skip
def test_what_the_query_repeats_comes_first(query, wordings):
    assert _best(query, wordings) == wordings[0]
    assert _best(query, wordings[::-1]) == wordings[0]


def test_the_score_of_the_best_is_the_share_of_the_query_it_has():
    same, less = rank(PIER, [PIER, "A pier was painted."], KNOWN)
    assert same == 1.0
    assert 0 < less < 0.5
    assert rank(PIER, [HENS], KNOWN) == (0.0,)


@pytest.mark.parametrize("query", ["", "—", "of the", "\ud800", "#", "@ — (@) "])
def test_a_query_without_words_finds_nothing(query):
    assert rank(query, [PIER], KNOWN) == (0.0,)
    assert rank(query, [], KNOWN) == ()


def test_what_nobody_counted_is_only_rare():
    assert rank(PIER, [PIER], count_frequencies([])) == (0.0,)
    assert rank("Vardo whale", ["A whale near Vardo.", TRAMS], KNOWN)[1] == 0.0


def test_scores_are_the_same_in_every_process():
    program = (
        "from claims.text import count_frequencies, rank;"
        f"print(rank({PIER!r}, [{TRAMS!r}, {PIER[8:]!r}], count_frequencies({OTHERS!r})))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, text=True,
            capture_output=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(outputs) == 1


def test_a_post_is_taken_apart():
    post = read_post(
        "See #LowhavenPier, @ada_lind! https://example.org/a?b pic.twitter.com/x1 — Nils Holm"
        " (@nilsH) March 4, 2018"
    )
    assert post.body.split() == ["See", "Lowhaven", "Pier,", "ada", "lind!"]
    assert post.author.split() == ["Nils", "Holm", "(nils", "H)"]
    assert (post.date, post.picture) == ("March 4, 2018", True)


@pytest.mark.parametrize("text", [PIER, "The pier — an old one — fell (on Friday).", ""])
def test_what_is_no_post_is_all_body(text):
    post = read_post(text)
    assert (post.body, post.author, post.date, post.picture) == (text, "", "", False)


def test_a_long_text_is_ranked_in_linear_time():
    assert rank("pier " * 200_000, [PIER], KNOWN)[0] > 0
    assert rank("#" * 100_000 + "—(@" * 100_000, [PIER], KNOWN) == (0.0,)
