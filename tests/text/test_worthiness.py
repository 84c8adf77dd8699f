"""Check-worthiness: what can and should be checked outranks what cannot, and says why."""

import tomllib

import pytest

from claims.text import analyse
from claims.text.rules import FOLDER, LANGUAGES, rule_book
from claims.text.worthiness import signs_of, table, weigh

TABLE = tomllib.loads((FOLDER / "worthiness.toml").read_text("utf-8"))


def worth(wording, **known):
    return weigh(wording, language="en", **known)[0]


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("The tax on diesel rose by 12 percent in May.", "I think the tax on diesel is unfair."),
        ("The police arrested 30 dockers on Monday.", "The police will perhaps arrest dockers."),
        ("The city spent 3 million euros on one bridge.", "The city has a new bridge."),
        ("Unemployment is at its lowest since 1998.", "Good evening and welcome to the debate."),
        ("The minister voted against the budget.", "We should all vote for a better future."),
        ("The army closed the border in June.", "Did the army close the border in June?"),
        ("The ferry company cut 200 jobs.", "The home team scored 2 goals before half-time."),
    ],
)
def test_what_can_be_checked_outranks_opinions_promises_and_courtesies(more, less):
    assert worth(more) > worth(less)


def test_a_score_is_the_base_and_the_weights_of_its_signs():
    signs = table().signs

    score, reasons = weigh("Wages fell by 4 percent in May.", language="en")

    shown = ["economy", "event", "figure", "quantity", "name", "short"]
    assert signs_of("Wages fell by 4 percent in May.", "en") == set(shown)
    assert score == round(table().base + sum(signs[name].weight for name in shown), 2)
    assert set(reasons) == {signs[name].reason for name in shown}


def test_reasons_come_the_weightiest_first():
    weights = {sign.reason: abs(sign.weight) for sign in table().signs.values()}
    _, reasons = weigh("I think Mira Holt spent 40 million euros on taxis.", language="en")
    assert [weights[reason] for reason in reasons] == sorted(
        (weights[reason] for reason in reasons), reverse=True
    )


def test_a_caution_and_a_named_speaker_add_to_it():
    plain = worth("The bridge was closed.")
    assert plain < worth("The bridge was closed.", by_name=True)
    assert plain < worth("The bridge was closed.", cautioned=True)


@pytest.mark.parametrize(
    ("wording", "sign", "shown"),
    [
        ("Murders doubled.", "accusation", True),
        ("The murderers' names are known.", "accusation", True),
        ("The bankers' lunch is free.", "economy", False),
        ("He lost a warehouse.", "security", False),
        ("'War' is the word.", "security", True),
        ("He was in high spirits — thank God.", "greeting", True),
        ("She was seen.", "name", False),
        ("Everyone in Oslo knows.", "name", True),
    ],
)
def test_words_show_a_sign_whole_unless_the_list_says_otherwise(wording, sign, shown):
    assert (sign in signs_of(wording, "en")) is shown


def test_where_every_noun_has_a_capital_none_is_a_name():
    assert "name" not in signs_of("Am Montag kam das Schiff.", "de")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_listed_sign_is_in_the_table(language):
    listed = rule_book(language).words.get("worthiness", {}).keys() - {"nouns_have_capitals"}
    assert listed - table().signs.keys() == set()


def test_every_sign_is_either_seen_by_its_shape_or_has_words():
    listed = rule_book("en").words["worthiness"]
    wordless = {row["name"] for row in TABLE["sign"] if row["name"] not in listed}
    assert wordless == {row["name"] for row in TABLE["sign"] if row.get("shape")} - {"figure"}


@pytest.mark.parametrize("wording", ["", "?", "—", "\ud800", "\0" * 50, "a" * 100_000, "' " * 9999])
def test_it_takes_any_text(wording):
    assert 0 <= worth(wording) <= 1


def test_what_greets_thanks_or_asks_is_no_claim():
    text = "Good evening and welcome. Thank you for coming here tonight. Who paid for the bridge?"
    assert analyse(text, language="en").claims == ()
