"""Which claims a caution covers: the witness's, its sentence's, the report's, the one before."""

import pytest

from claims.text import FlagKind, Scope, analyse
from claims.text.rules import LANGUAGES, rule_book

FLOODED = "Mira Holt said that 40 houses were flooded."
ARRESTED = "The army arrested 30 people in June."


def covered(text):
    """Scope and wordings covered by the only core flag in `text`."""
    found = analyse(text, language="en")
    [flag] = [flag for flag in found.flags if flag.kind.is_core]
    return flag.scope, [claim.wording for claim in found.claims if claim.span in flag.covers]


@pytest.mark.parametrize(
    ("text", "scope", "wordings"),
    [
        (f"{FLOODED} Reuters could not verify her account.",
         Scope.WITNESS, ["40 houses were flooded."]),
        (f"{FLOODED} {ARRESTED} Reuters could not verify Holt's story.",
         Scope.WITNESS, ["40 houses were flooded."]),
        (f"{FLOODED} Reuters could not verify her account. Holt said that 12 boats were stopped.",
         Scope.WITNESS, ["40 houses were flooded.", "12 boats were stopped."]),
        (f"{ARRESTED} The mayor lost the election. These reports have not been verified.",
         Scope.REPORT, ["The army arrested 30 people in June.", "The mayor lost the election."]),
        (f"It was not immediately possible to verify the reports. {ARRESTED}",
         Scope.REPORT, ["The army arrested 30 people in June."]),
        (f"{FLOODED} {ARRESTED} That could not be independently verified.",
         Scope.PREVIOUS, ["The army arrested 30 people in June."]),
        ("Reuters could not independently verify that 30 ships were sunk in the harbour on Monday.",
         Scope.SENTENCE, ["30 ships were sunk in the harbour on Monday."]),
        (f"{FLOODED} The claim that 30 ships were sunk in June could not be verified.",
         Scope.SENTENCE, ["30 ships were sunk in June."]),
        ("Mira Holt said that 12 boats were taken, which Reuters could not independently verify.",
         Scope.SENTENCE, ["12 boats were taken."]),
        ("The ministry said that 30 ships were sunk, but the claim could not be verified.",
         Scope.SENTENCE, ["30 ships were sunk."]),
    ],
)  # fmt: skip
def test_a_caution_covers_what_it_is_about(text, scope, wordings):
    assert covered(text) == (scope, wordings)


@pytest.mark.parametrize(
    ("text", "kind", "scope", "wordings"),
    [
        (f"{ARRESTED} A source who asked not to be named said that 12 boats were taken.",
         FlagKind.ANONYMOUS_SOURCE, Scope.SENTENCE, ["12 boats were taken."]),
        (f"{ARRESTED} The driver asked not to be named. He said that 12 boats were taken.",
         FlagKind.ANONYMOUS_SOURCE, Scope.WITNESS, ["12 boats were taken."]),
        ("A driver said that 12 boats were taken. He did not want to give his full name.",
         FlagKind.ANONYMOUS_SOURCE, Scope.WITNESS, ["12 boats were taken."]),
        (f"{ARRESTED} The ministry, citing media reports, said that 12 boats were taken.",
         FlagKind.HEARSAY, Scope.SENTENCE, ["12 boats were taken."]),
        (f"{ARRESTED} According to unconfirmed reports, 12 boats were taken.",
         FlagKind.ADJECTIVE, Scope.SENTENCE, ["12 boats were taken."]),
        (f"{FLOODED} The report was unconfirmed.",
         FlagKind.ADJECTIVE, Scope.PREVIOUS, ["40 houses were flooded."]),
        (f"{FLOODED} The mayor denied the claim.",
         FlagKind.DENIAL, Scope.PREVIOUS, ["40 houses were flooded."]),
        (f"{FLOODED} If true, it would be the largest flood in years.",
         FlagKind.CONDITIONAL, Scope.PREVIOUS, ["40 houses were flooded."]),
        (f"{FLOODED} The bank declined to comment.", FlagKind.NO_COMMENT, Scope.SENTENCE, []),
    ],
)  # fmt: skip
def test_each_kind_has_a_scope_of_its_own(text, kind, scope, wordings):
    found = analyse(text, language="en")
    [flag] = [flag for flag in found.flags if flag.kind is kind]
    covers = [claim.wording for claim in found.claims if claim.span in flag.covers]
    assert (flag.scope, covers) == (scope, wordings)


def test_a_caution_in_an_article_without_claims_covers_none():
    assert covered("The video could not be verified.") == (Scope.PREVIOUS, [])


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("section", ["claims", "coverage"])
def test_no_file_has_a_list_that_the_english_one_does_not_explain(language, section):
    listed = rule_book(language).words.get(section, {}).keys()
    assert listed - rule_book("en").words[section].keys() == set()
