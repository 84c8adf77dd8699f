import subprocess
import sys
import time
from collections import Counter
from itertools import permutations

import pytest

from claims.text import compare, fingerprint, shared_wording
from claims.text.rules import FOLDER
from claims.text.wording import _rules, read

SAME = [
    (
        "Guards prevented Finnish dock workers from leaving Estonia.",
        "Dock workers from Finland were stopped by guards as they left Estonia.",
    ),
    (
        "Guards kept dock workers from leaving Estonia.",
        "Estonian guards did not allow dock employees to depart.",
    ),
    (
        "The mayor of Elvas said that 410,000 hens had been bought.",
        "Over 400,000 hens were purchased, according to the mayor of Elvas.",
    ),
    (
        "Aleksandr Orlov pledged to construct a tunnel to Viborg.",
        "Alexander Orlov promised to build the Viborg tunnel.",
    ),
    (
        "Naturalised residents are obliged to serve in the military of Ruritania.",
        "Naturalized citizens of Ruritania have a duty to serve in the army.",
    ),
]
OTHER = [
    ("The bridge at Havn was closed in May.", "The museum of Elvas reopens with 300 paintings."),
    ("Divers found 40 barrels under the pier.", "Divers found 900 barrels under the pier."),
    ("Norway bought the ferry from Sweden.", "Portugal bought the ferry from Brazil."),
    ("The ferry was stopped at Havn.", "The ferry was not stopped at Havn."),
    ("Rents in Havn increased sharply.", "Rents in Havn decreased sharply."),
    ("They have a duty.", "There is a duty on imported cars, said the minister of trade in Elvas."),
]
CERTAIN = 0.6


@pytest.mark.parametrize(("a", "b"), SAME)
def test_one_claim_in_two_wordings_is_recognised(a, b):
    assert compare(a, b).score >= CERTAIN


@pytest.mark.parametrize(("a", "b"), OTHER)
def test_different_claims_are_told_apart(a, b):
    assert compare(a, b).score < CERTAIN


@pytest.mark.parametrize(("a", "b"), SAME + OTHER)
def test_the_score_is_the_same_both_ways_and_at_most_one(a, b):
    assert compare(a, b).score == compare(b, a).score
    assert 0 <= compare(a, b).score <= 1
    assert compare(a, a).score >= compare(a, b).score


REASONS = [
    (
        "Orlov counted 410,000 hens.",
        "More than 400,000 hens were counted by Orlov.",
        {
            "same names: Orlov",
            "same words: counted, hens",
            "same figures: 410,000 ≈ More than 400,000",
        },
    ),
    (
        "Divers found 40 barrels.",
        "Divers found 900 barrels.",
        {"same words: divers, found", "different figures: 40 barrels / 900 barrels"},
    ),
    (
        "The ferry was not stopped.",
        "The ferry was stopped.",
        {"same words: ferry, stopped", "negation differs"},
    ),
    (
        "Rents in Havn rose.",
        "Rents in Havn fell.",
        {"same names: Havn", "same words: rents", "the contrary: increase / decrease"},
    ),
    (
        "A ferry left Norway.",
        "A ferry left Portugal.",
        {"same words: ferry, left", "no name in common"},
    ),
]


@pytest.mark.parametrize(("a", "b", "reasons"), REASONS)
def test_the_score_is_explained_in_words(a, b, reasons):
    assert set(compare(a, b).reasons) == reasons


FIGURES = [
    ("Orlov counted 410 hens.", "Orlov counted 410 hens.", "equal"),
    ("Orlov counted more than 400 hens.", "Orlov counted 410 hens.", "rounded"),
    ("Orlov counted 400 hens.", "Orlov counted more than 400 hens.", "qualifier_lost"),
    ("Orlov counted more than 400 hens.", "Orlov counted 400 hens.", "rounded"),
    ("Orlov counted 900 hens.", "Orlov counted 410 hens.", "changed"),
    ("90 hens died in 2021.", "In the first half of 2021, 90 hens died.", "changed"),
    ("Orlov counted the hens.", "Orlov counted 410 hens.", "none"),
]


@pytest.mark.parametrize(("copy", "origin", "figure"), FIGURES)
def test_what_a_copy_did_to_the_figures_of_its_origin(copy, origin, figure):
    assert compare(copy, origin).figure == figure


def test_a_scope_that_grew_leaves_the_claim_recognisable():
    copy, origin = "Some 90 crews signed on in 2021.", "Some 90 crews signed on in May 2021."
    assert compare(copy, origin).figure == "changed"
    assert compare(copy, origin).score >= CERTAIN


@pytest.mark.parametrize("wording", ["", "…", "It was.", "\0", "٣ ٤", "Kyrgyz" * 5_000])
def test_anything_can_be_compared(wording):
    assert 0 <= compare(wording, "Divers found 40 barrels.").score <= 1
    assert list(fingerprint(wording)) == sorted(fingerprint(wording))


@pytest.mark.parametrize(
    "text",
    [
        "1,000 " * 3_000,
        "alpha beta " * 3_000,
        "Alpha gamma beta delta.\n" * 2_000,
        " ".join(f"Name{number}abc" for number in range(3_000)),
    ],
)
def test_a_hostile_text_is_compared_in_seconds(text):
    begun = time.perf_counter()
    compare(text, text[::-1])
    shared_wording(text, text)
    assert time.perf_counter() - begun < 20


# Fingerprints


@pytest.mark.parametrize(("a", "b"), SAME)
def test_fingerprints_of_one_claim_meet(a, b):
    assert len(set(fingerprint(a)) & set(fingerprint(b))) >= 3


def test_a_headline_and_its_sentence_have_one_fingerprint():
    sentence = "Divers searched the Georgian harbour for barrels."

    assert fingerprint(sentence.title()) == fingerprint(sentence) == fingerprint(sentence.lower())


def test_a_fingerprint_is_of_signed_integers_and_limited():
    marks = fingerprint(" ".join(map("".join, permutations("bdklmr"))))
    assert len(marks) == 200
    assert all(-(2**31) <= mark < 2**31 for mark in marks)


def test_a_fingerprint_is_the_same_in_every_process():
    program = f"from claims.text import fingerprint; print(fingerprint({SAME[0][0]!r}))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert outputs == {str(fingerprint(SAME[0][0]))}


# Shared wording

REPORT = (
    "Divers found 40 barrels of solvent under the old pier at Havn on Monday. "
    "Port manager Ada Lind said the barrels had leaked for months before anyone noticed. "
    "The harbour police closed the quay and began to question the crews of four trawlers. "
    "Nobody has been arrested so far."
)
SPUN = (
    "On Monday 40 barrels of solvent were discovered by divers beneath the old Havn pier. "
    "The barrels leaked for months before anybody noticed, port manager Ada Lind stated. "
    "Harbour police shut the quay and started to question four trawlers' crews."
)
UNRELATED = (
    "The museum of Elvas reopens in May with three hundred paintings. "
    "Its director, Rui Sousa, expects twice as many visitors as last summer."
)


def test_a_copy_rests_wholly_on_its_original():
    assert shared_wording(REPORT, REPORT).score > 0.9


def test_a_spun_copy_still_shows():
    overlap = shared_wording(SPUN, REPORT)
    assert overlap.score > 0.6
    sentences = [(a.of(SPUN).split()[0], b.of(REPORT).split()[0]) for a, b in overlap.spans]
    assert len(sentences) == 3
    assert [b for _, b in sentences] == ["Divers", "Port", "harbour"]


def test_quoting_a_sentence_is_not_copying():
    quoting = f"{UNRELATED} Nobody has been arrested so far. {UNRELATED.replace('Elvas', 'Faro')}"
    assert shared_wording(quoting, REPORT).score < 0.2


def test_another_subject_shares_nothing():
    assert shared_wording(UNRELATED, REPORT) == shared_wording("", REPORT)
    assert shared_wording(UNRELATED, REPORT).spans == ()


# The rule file


def test_no_word_is_in_two_groups():
    words = Counter(word for row in _rules()["groups"].values() for word in row)
    assert [word for word, count in words.items() if count > 1] == []


def test_opposites_are_groups():
    named = {key for pair in _rules()["opposites"]["pairs"] for key in pair}
    assert named <= _rules()["groups"].keys()
    assert (FOLDER / "synonyms.toml").is_file()


KEYS = [
    ("mobilisation", "mobilization"),
    ("They fought.", "They fight."),
    ("called up", "conscripted"),
    ("colour", "color"),
    ("did not allow", "forbade"),
    ("kept the crews from sailing", "stopped the crews, sailing"),
]


@pytest.mark.parametrize(("one", "other"), KEYS)
def test_spellings_forms_and_synonyms_share_a_key(one, other):
    assert [term.key for term in read(one).terms] == [term.key for term in read(other).terms]
