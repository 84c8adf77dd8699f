"""Every rule does what its own examples say."""

import pytest

from claims.text import analyse
from claims.text.patterns import Malformed, compile_pattern
from claims.text.rules import rule_book

RULES = rule_book("en").rules
EXAMPLES = [(rule.id, example) for rule in RULES for example in rule.examples]
COUNTER_EXAMPLES = [(rule.id, example) for rule in RULES for example in rule.counter_examples]


def rules_found(text):
    return {flag.rule for flag in analyse(text, language="en").flags}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_raises_its_flag(rule, example):
    assert rule in rules_found(example)


@pytest.mark.parametrize(("rule", "example"), COUNTER_EXAMPLES)
def test_a_counter_example_does_not(rule, example):
    assert rule not in rules_found(example)


def test_every_rule_has_its_own_id_and_examples_on_both_sides():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert [rule.id for rule in RULES if not (rule.examples and rule.counter_examples)] == []


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("not verif*", "it was not verified", "not verified"),
        ("not verif*", "it was not, verified", "not, verified"),
        ("not {how}..2 seen", "it was not yet clearly seen", "not yet clearly seen"),
        ("not {how}..2 seen", "it was not yet ever clearly seen", None),
        ("not ..1 seen", "it was not quite seen", "not quite seen"),
        ("a|an|{how} claim", "clearly claim", "clearly claim"),
        ("if it's? true", "if true", "if true"),
        ("no claim", "no claims", None),
    ],
)
def test_patterns_match_words_with_gaps(pattern, text, found):
    match = compile_pattern(pattern, {"how": ["yet", "*ly"]}).regex.search(text)
    assert (match and match.group()) == found


@pytest.mark.parametrize("pattern", ["..2 seen", "seen {how}?", "{nobody}", "{round}"])
def test_a_malformed_pattern_is_refused(pattern):
    with pytest.raises(Malformed):
        compile_pattern(pattern, {"how": ["yet"], "round": ["a {round}"]})
