"""Two texts word by word, however long and however alike their lines are."""

from __future__ import annotations

import random

from claims import comparing
from claims.comparing import Change

WORDS = ("port", "boat", "fish", "catch", "harbour")


def both(changes):
    """The two texts that a difference was made of."""
    return tuple(
        "".join(change.text for change in changes if change.op != op) for op in ("insert", "delete")
    )


def test_what_changed_in_a_long_text_is_found():
    """Longer than where runs are found as they read best: the rest of the text stays the same."""
    pick = random.Random(7)
    old = [pick.choice(WORDS) for _ in range(4_000)]
    new = [*old[:1_000], "nine", *old[1_001:3_000], *old[3_010:]]

    changes = list(comparing.word_diff(" ".join(old), " ".join(new)))

    assert both(changes) == (" ".join(old), " ".join(new))
    assert "nine" in {change.text for change in changes if change.op == "insert"}
    assert sum(len(change.text.split()) for change in changes if change.op == "delete") <= 15


def test_a_text_longer_than_can_be_compared_is_one_whole_change():
    old, new = "a " * 20_000, "b " * 20_000

    assert list(comparing.word_diff(old, new)) == [Change("delete", old), Change("insert", new)]


def test_the_line_that_changed_is_found_among_thousands_that_are_all_alike():
    lines = ["The catch fell."] * 12_000
    other = [*lines[:9_000], "The catch rose.", *lines[9_001:]]

    (changes,) = comparing.passages("\n".join(lines), "\n".join(other))

    assert both(changes) == ("The catch fell.", "The catch rose.")


def test_more_lines_than_can_be_compared_end_soon():
    lines = [f"{number % 3}" for number in range(60_000)]

    (changes,) = comparing.passages("\n".join(lines), "\n".join([*lines[1:], "9"]))

    assert {change.op for change in changes} == {"delete", "insert"}
