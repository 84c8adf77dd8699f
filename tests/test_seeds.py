"""The demo articles are complete, marked as ours, and in our own words."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))
REAL = sorted((ROOT.parent / "shared" / "seeds").glob("*.txt"))
LONGEST_SHARED_RUN = 7  # words; names, figures and the half-sentence of the caution need no more

every_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)


def parts(seed: Path) -> tuple[dict[str, str], str]:
    """Return the front matter and the text after it."""
    before, facts, text = seed.read_text(encoding="utf-8").split("---\n", 2)
    assert before == ""
    return dict(line.split(": ", 1) for line in facts.splitlines()), text


def words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub("['’]", "", text.lower()))


def shared_runs(ours: str, theirs: str, *, length: int) -> list[str]:
    """Return the runs of `length` words in `ours` that stand in `theirs` too, in reading order."""
    mine, others = words(ours), words(theirs)
    known = {tuple(others[start : start + length]) for start in range(len(others) - length + 1)}
    runs = (tuple(mine[start : start + length]) for start in range(len(mine) - length + 1))
    return [" ".join(run) for run in runs if run in known]


def test_there_is_the_origin_and_five_articles_that_rest_on_it():
    assert [seed.name for seed in SEEDS] == [
        "1-rferl-report.txt",
        "2-business-insider.txt",
        "3-express-repost.txt",
        "4-from-russian.txt",
        "5-paraphrased-copy.txt",
        "6-from-norwegian.txt",
    ]


@every_seed
def test_the_front_matter_is_complete(seed: Path):
    facts, text = parts(seed)

    assert list(facts) == ["demo", "title", "source", "url", "date", "language"]
    assert all(value.strip() for value in facts.values())
    assert facts["language"] == "en"
    assert date.fromisoformat(facts["date"]).year == 2023
    assert text.strip()


@every_seed
def test_nobody_can_take_it_for_a_real_article(seed: Path):
    facts, _ = parts(seed)
    address = urlsplit(facts["url"])

    assert facts["demo"] == "true"
    assert address.scheme == "https"
    # RFC 2606 keeps `.example` free, so the address can never lead anywhere.
    assert address.hostname.endswith(".demo.example")


def test_each_has_a_source_and_a_host_of_its_own():
    facts = [parts(seed)[0] for seed in SEEDS]

    assert len({fact["source"] for fact in facts}) == len(SEEDS)
    assert len({urlsplit(fact["url"]).hostname for fact in facts}) == len(SEEDS)


@every_seed
def test_it_copies_no_sentence_of_a_real_article(seed: Path):
    if not REAL:
        pytest.skip("the real articles are not there: ../shared/seeds")
    facts, text = parts(seed)

    copied = {
        real.name: shared_runs(
            f"{facts['title']}\n{text}",
            real.read_text(encoding="utf-8"),
            length=LONGEST_SHARED_RUN + 1,
        )
        for real in REAL
    }

    assert copied == {real.name: [] for real in REAL}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (
            "The mayor can't swim.",
            "Why the mayor can’t swim",
            ["the mayor cant", "mayor cant swim"],
        ),
        ("The mayor cannot swim.", "Why the mayor can’t swim", []),
        ("The mayor", "The mayor", []),
    ],
)
def test_a_copied_run_is_found_whatever_its_punctuation(
    ours: str, theirs: str, expected: list[str]
):
    assert shared_runs(ours, theirs, length=3) == expected
