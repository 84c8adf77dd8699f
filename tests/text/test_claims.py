"""Claims and attributions: whose words, which words, how much they matter."""

import pytest

from claims.text import analyse


def claims(text):
    return [(claim.claimant, claim.wording) for claim in analyse(text, language="en").claims]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mayor Mira Holt said that 40 houses were flooded.",
         [("Mira Holt", "40 houses were flooded.")]),
        ("“The police stopped 12 boats,” said Mira Holt.",
         [("Mira Holt", "The police stopped 12 boats.")]),
        ("According to the World Bank, prices rose by 4 percent in May.",
         [("World Bank", "Prices rose by 4 percent in May.")]),
        ("Prices rose by 4 percent in May, according to the World Bank.",
         [("World Bank", "Prices rose by 4 percent in May.")]),
        ("However, the army reportedly arrested 30 people on Monday.",
         [("", "The army arrested 30 people on Monday.")]),
        ("Mira Holt said 40 boats were lost, and now the police have arrested the owner.",
         [("Mira Holt", "40 boats were lost."),
          ("Mira Holt", "The police have arrested the owner.")]),
        ("The list names 40 sailors who left, and who were arrested in the harbour.",
         [("", "The list names 40 sailors who left, and who were arrested in the harbour.")]),
        ("The decree of 12 May 2021 is in effect, therefore fishing continues.",
         [("", "The decree of 12 May 2021 is in effect, therefore fishing continues.")]),
        ("There are reports that 30 workers were detained.", [("", "30 workers were detained.")]),
        ("Police said 12 people died.", [("Police", "12 people died.")]),
        ("Mira Holt said that 40 houses were flooded, which Reuters could not verify.",
         [("Mira Holt", "40 houses were flooded.")]),
        ("Taxes rose in June; Mira Holt said that 40 people would have to pay more.",
         [("", "Taxes rose in June."), ("Mira Holt", "40 people would have to pay more.")]),
        ("They added 12 boats to the fleet.", [("", "They added 12 boats to the fleet.")]),
        ("The mayor\u00adess allegedly took bribes and purportedly hid 2 million euros.",
         [("", "The mayor\u00adess took bribes and hid 2 million euros.")]),
        ("Thank you for reading.", []),
        ("A new beginning", []),
        ("Who paid for the bridge?", []),
    ],
)  # fmt: skip
def test_it_finds_who_states_what(text, expected):
    assert claims(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The 40 divers, Mira Holt said, have found 12 barrels of solvent.",
         [("Mira Holt", "The 40 divers have found 12 barrels of solvent.")]),
        ("The 40 divers, said Mira Holt, have found 12 barrels of solvent.",
         [("Mira Holt", "The 40 divers have found 12 barrels of solvent.")]),
        ("The 40 divers, Mira Holt said on Monday, have found 12 barrels of solvent.",
         [("Mira Holt", "The 40 divers have found 12 barrels of solvent.")]),
        ("Police arrested 40 divers, Mira Holt said, and 12 of them were beaten.",
         [("Mira Holt", "Police arrested 40 divers and 12 of them were beaten.")]),
        ("Throughout the first half of June, Mira Holt said, police have arrested 40 divers.",
         [("Mira Holt", "Throughout the first half of June police have arrested 40 divers.")]),
        ("In a statement on Monday, Mira Holt said, police have arrested 40 divers.",
         [("Mira Holt", "Police have arrested 40 divers.")]),
        ("Police arrested 40 divers, Mira Holt said, adding that 12 of them were beaten.",
         [("Mira Holt", "Police arrested 40 divers."),
          ("Mira Holt", "12 of them were beaten.")]),
        ("Police arrested 40 divers, Mira Holt said, and told reporters that 12 were beaten.",
         [("Mira Holt", "Police arrested 40 divers."), ("Mira Holt", "12 were beaten.")]),
        ("Police arrested 40 divers, said Mira Holt, a baker in Olmo.",
         [("Mira Holt", "Police arrested 40 divers.")]),
        ("In its update on Monday the board, citing media reports, said that 40 divers died.",
         [("the board", "40 divers died.")]),
        ("Mira Holt thinks it highly likely that police have arrested 40 divers.",
         [("Mira Holt", "Police have arrested 40 divers.")]),
        ("The 40 divers, all of them from Olmo, have found 12 barrels of solvent.",
         [("", "The 40 divers, all of them from Olmo, have found 12 barrels of solvent.")]),
    ],
)  # fmt: skip
def test_who_is_set_into_what_they_say_is_no_part_of_it(text, expected):
    assert claims(text) == expected


def test_a_pronoun_stands_for_the_last_person_who_spoke():
    text = "Mira Holt said 40 houses were flooded. She said she was stopped by the police in May."
    assert claims(text)[1] == ("Mira Holt", "Mira Holt was stopped by the police in May.")


def test_a_pronoun_does_not_mistake_a_place_for_a_person_of_that_name():
    text = (
        "Anna Washington leads the crew. Mira Holt said 40 boats were lost. "
        "The crew saw Washington on Monday. She said that 12 people died."
    )
    assert claims(text)[-1] == ("Mira Holt", "12 people died.")


def test_a_surname_stands_for_the_whole_name():
    text = "The mayor, Mira Holt, came home. The army arrested 30 people, Holt said on Monday."
    assert claims(text)[-1] == ("Mira Holt", "The army arrested 30 people.")


def test_figures_and_accusations_outrank_opinions():
    accusation = "The minister took 2 million euros in bribes, police said."
    opinion = "Mira Holt said the play was wonderful and the best of the year."
    [first], [second] = (
        analyse(text, language="en").claims or [None] for text in (accusation, opinion)
    )
    assert first.worthiness > 0.6
    assert second is None or second.worthiness < 0.5
    assert "states a figure or a date" in first.reasons


def test_a_caution_is_no_claim_and_its_neighbour_is():
    text = "Reuters could not verify the story, but many other drivers were stopped in June."
    assert claims(text) == [("", "Many other drivers were stopped in June.")]


@pytest.mark.parametrize(
    "dateline",
    [
        "OLMO, March 3 (Harbour News) — ",
        "OLMO, March 3 (Harbour News) - ",
        "OLMO (Reuters) - ",
        "OLMO, Norway (AP) — ",
        "OLMO, Norway -- ",
        "NEW OLMO — ",
        "Olmo, Norway — ",
        "Rio de Olmo (Reuters) - ",
        "Olmo (dpa) – ",
        "Olmo (NTB): ",
        "Olmo, 3 mar (EFE).- ",
        "March 3 (Harbour News) - ",
        "(Harbour News) - ",
    ],
)
def test_a_dateline_is_no_part_of_a_claim(dateline):
    text = f"{dateline}The pumps failed and 40 houses were flooded, Omar Keddi said."
    [claim] = analyse(text, language="en").claims
    assert (claim.claimant, claim.wording, claim.span.of(text)) == (
        "Omar Keddi",
        "The pumps failed and 40 houses were flooded.",
        "The pumps failed and 40 houses were flooded",
    )


@pytest.mark.parametrize(
    "text",
    [
        "NATO — the alliance — sent 40 boats on Monday.",
        "In Olmo, Norway — its oldest port — 40 boats were lost.",
        "Keddi (Labour) sent 40 boats – and 12 of them were lost.",
    ],
)
def test_names_before_a_dash_are_not_all_datelines(text):
    assert claims(text) == [("", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Steppe Wire was unable to independently verify the account of the 12 skippers.", []),
        ("Harbour News could not immediately verify the battlefield reports of 3 May.", []),
        ("The authenticity of the video, posted on Monday, could not be verified.", []),
        ("It was not possible to verify the figures of the 3 ministries.", []),
        ("There has been no immediate confirmation of the deaths of 12 people.", []),
        ("Harbour News could not verify that 12 people died.", [("", "12 people died.")]),
        ("There was no independent confirmation that 12 people died.", [("", "12 people died.")]),
        ("The agency said it could not verify that 12 people died.", [("", "12 people died.")]),
        ("The footage, which Reuters could not verify, shows 12 men beating a guard.",
         [("", "The footage shows 12 men beating a guard.")]),
        ("Footage that Reuters could not independently verify shows 12 men beating a guard.",
         [("", "Footage shows 12 men beating a guard.")]),
        ("The count of 3,000 dead, which could not be verified, was the highest since 2014.",
         [("", "The count of 3,000 dead was the highest since 2014.")]),
        ("At least 40 people were killed — a figure that could not be independently confirmed.",
         [("", "At least 40 people were killed.")]),
        ("At least 40 people were killed (the figure could not be independently confirmed).",
         [("", "At least 40 people were killed.")]),
        ("Although the footage could not be verified, it shows 12 men beating a guard.",
         [("", "It shows 12 men beating a guard.")]),
        ("Omar Keddi said the pumps failed in May, but Reuters could not verify his claim.",
         [("Omar Keddi", "The pumps failed in May.")]),
    ],
)  # fmt: skip
def test_a_caution_leaves_the_claim_that_it_hedges_and_is_none_itself(text, expected):
    found = analyse(text, language="en")
    assert [flag.kind.is_core for flag in found.flags] == [True]
    assert [(claim.claimant, claim.wording) for claim in found.claims] == expected


def test_it_names_the_sources_an_article_rests_on():
    text = (
        "The police were told to stop boats, Radio Free Europe reported. The Kremlin said nothing."
        " RFE/RL said 12 boats were stopped, citing media reports."
    )
    found = [(cited.name, cited.kind) for cited in analyse(text, language="en").citations]
    assert found == [("RFE/RL", "outlet"), ("RFE/RL", "outlet"), ("media reports", "media")]


def test_a_publisher_does_not_cite_itself():
    text = "The boats were stopped, a skipper told Radio Liberty."
    assert analyse(text, language="en", outlet="RFE/RL").citations == ()


@pytest.mark.parametrize("language", ["de", "es", "fr", "nb", "nn", "ru", "uk"])
def test_other_languages_take_a_text_in_any_script(language):
    found = analyse("40 Häuser. Дома № 7 были. 12, 2022? — “x” 30 % !", language=language)
    assert all(0 <= claim.worthiness <= 1 for claim in found.claims)
