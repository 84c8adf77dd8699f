"""Who is said to state what, in the orders and languages in which news says so."""

import pytest

from claims.text import analyse


def attributions(text, language="en"):
    return [
        (said.source.of(text) if said.source else "", said.cue.of(text), said.content.of(text))
        for said in analyse(text, language=language).attributions
    ]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Mayor Mira Holt said that 40 boats were lost.", "en",
         ("Mayor Mira Holt", "said", "40 boats were lost")),
        ("According to the harbour office, 40 boats were lost.", "en",
         ("the harbour office", "According to", "40 boats were lost")),
        ("The plan was praised by the mayor.", "en", ("the mayor", "praised", "The plan")),
        ("Mira Holt told a crowd on Monday that 40 boats were lost.", "en",
         ("Mira Holt", "told", "40 boats were lost")),
        ("Am Montag sagte die Ministerin, dass 40 Boote verloren seien.", "de",
         ("die Ministerin", "sagte", "40 Boote verloren seien")),
        ("Dem Ministerium zufolge wurden 12 Menschen verletzt.", "de",
         ("Dem Ministerium", "zufolge", "wurden 12 Menschen verletzt")),
        ("– Vi har mistet 40 båter, sier Mira Holt.", "nb",
         ("Mira Holt", "sier", "Vi har mistet 40 båter")),
        ("D'après l'AFP, 12 personnes ont été blessées.", "fr",
         ("l'AFP", "D'après", "12 personnes ont été blessées")),
        ("«Perdimos 40 barcos», dijo la alcaldesa Mira Holt.", "es",
         ("la alcaldesa Mira Holt", "dijo", "Perdimos 40 barcos")),
        ("Министр обороны сообщил, что погибли 12 человек.", "ru",
         ("Министр обороны", "сообщил", "погибли 12 человек")),
    ],
)  # fmt: skip
def test_it_finds_claimant_cue_and_content(text, language, expected):
    assert attributions(text, language) == [expected]


def test_a_chain_has_a_link_for_each_source():
    text = "The ministry said 40 boats were lost, citing media reports."
    assert [(source, cue) for source, cue, _ in attributions(text)] == [
        ("The ministry", "said"),
        ("media reports", "citing"),
    ]


def test_what_somebody_quoted_wishes_is_no_attribution_of_its_own():
    text = "“We want 40 boats by May,” Mira Holt said."
    assert attributions(text) == [("Mira Holt", "said", "We want 40 boats by May")]


def test_who_stands_for_the_words_before_it():
    text = "A fisherman who said 40 boats were lost was stopped by the police."
    [said] = analyse(text, language="en").attributions
    assert (said.source.of(text), said.anonymous) == ("who", True)
