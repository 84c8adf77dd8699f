"""Every rule does what its own examples say."""

import pytest

from claims import text as engine
from claims.text import analyse
from claims.text.folding import fold
from claims.text.patterns import Malformed, Sieve, compile_pattern
from claims.text.rules import LANGUAGES, rule_book

BOOKS = {language: rule_book(language) for language in sorted(LANGUAGES)}
RULES = [(language, rule) for language, book in BOOKS.items() for rule in book.rules]
EXAMPLES = [(language, rule.id, example) for language, rule in RULES for example in rule.examples]
COUNTER_EXAMPLES = [
    (language, rule.id, example) for language, rule in RULES for example in rule.counter_examples
]


def rules_found(text, language):
    return {flag.rule for flag in analyse(text, language=language).flags}


@pytest.mark.parametrize(("language", "rule", "example"), EXAMPLES)
def test_an_example_raises_its_flag(language, rule, example):
    assert rule in rules_found(example, language)


@pytest.mark.parametrize(("language", "rule", "example"), COUNTER_EXAMPLES)
def test_a_counter_example_does_not(language, rule, example):
    assert rule not in rules_found(example, language)


def test_every_file_names_its_language():
    assert {language: book.language for language, book in BOOKS.items()} == {
        language: language for language in LANGUAGES
    }


def test_every_rule_has_its_own_id_and_examples_on_both_sides():
    assert len({rule.id for _, rule in RULES}) == len(RULES)
    assert [rule.id for language, rule in RULES if not rule.id.startswith(f"{language}.")] == []
    assert [rule.id for _, rule in RULES if not (rule.examples and rule.counter_examples)] == []


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


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_a_pattern_matches_holds_the_stems_that_are_looked_for_first(language):
    rules = BOOKS[language].rules
    sentences = [
        fold(text).text for rule in rules for text in rule.examples + rule.counter_examples
    ]
    matched = [
        (any(stem in words for stem in pattern.stems), pattern.may_be_in(words))
        for rule in rules
        for pattern in rule.patterns + rule.unless
        for words in sentences
        if pattern.regex.search(words)
    ]
    assert matched
    assert set(matched) == {(True, True)}


def test_a_sieve_of_no_patterns_lets_nothing_through():
    assert not Sieve([]).may_match("the harbour was allegedly closed")
    assert not list(Sieve([]).sift("the harbour was allegedly closed", [(0, 32)]))


def test_the_rules_of_a_language_can_be_compiled_before_a_text_needs_them():
    rule_book.cache_clear()
    patterns = [p for rule in rule_book("de").rules for p in (*rule.patterns, *rule.unless)]
    assert not any("regex" in vars(pattern) for pattern in patterns)

    engine.compile_rules("de")

    assert all("regex" in vars(pattern) for pattern in patterns)
