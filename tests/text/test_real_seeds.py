"""What a careful reader finds in the five real articles, the engine finds too."""

import json
from pathlib import Path

import pytest

from claims.text import FlagKind, Span, analyse

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"

pytestmark = pytest.mark.skipif(
    not (SEEDS / "expected.json").is_file(),
    reason="the five real articles (../shared/seeds) are absent",
)


def articles():
    if not (SEEDS / "expected.json").is_file():
        return []
    return json.loads((SEEDS / "expected.json").read_text("utf-8"))["articles"]


def read(article):
    return (SEEDS / article["file"]).read_bytes().decode("utf-8")


def matches(flag, expected):
    return flag.kind == expected["kind"] and flag.cue.overlaps(
        Span(expected["start"], expected["end"])
    )


@pytest.mark.parametrize("article", articles(), ids=lambda article: article["file"][:3])
def test_it_finds_every_core_flag_and_no_other(article):
    found = [flag for flag in analyse(read(article)).flags if flag.kind.is_core]
    expected = [flag for flag in article["flags"] if FlagKind(flag["kind"]).is_core]
    assert len(found) == len(expected)
    assert all(any(matches(flag, wanted) for flag in found) for wanted in expected)


def test_it_finds_at_least_85_percent_of_the_others():
    found = total = 0
    for article in articles():
        flags = analyse(read(article)).flags
        for wanted in article["flags"]:
            if not FlagKind(wanted["kind"]).is_core:
                total += 1
                found += any(matches(flag, wanted) for flag in flags)
    assert found >= 0.85 * total


@pytest.mark.parametrize("article", articles(), ids=lambda article: article["file"][:3])
def test_it_finds_what_each_article_rests_on(article):
    cited = {cited.name for cited in analyse(read(article)).citations if cited.kind != "media"}
    assert cited == set(article["cites"])


def caution_covers(name):
    [article] = [article for article in articles() if article["file"].startswith(name)]
    found = analyse(read(article))
    [caution] = [flag for flag in found.flags if flag.kind.is_core]
    return found.claims, [claim for claim in found.claims if claim.span in caution.covers]


def test_a_caution_about_a_named_witness_covers_all_that_the_witness_says():
    claims, covered = caution_covers("003")
    assert {claim.claimant for claim in covered} == {"Bekbolat"}
    assert covered == [claim for claim in claims if claim.claimant == "Bekbolat"]


@pytest.mark.parametrize("name", ["000", "004"])
def test_a_caution_about_the_man_at_the_border_covers_his_story(name):
    _, covered = caution_covers(name)
    assert any("border" in claim.wording and "list" in claim.wording for claim in covered)
