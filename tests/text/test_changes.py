"""What one copy of a claim did to another, on passages written for it."""

from __future__ import annotations

import pytest

from claims import text as engine
from claims.text import FlagKind, Said


def kinds(copy: str, origin: str, *others: str) -> set[FlagKind]:
    found = engine.changes(Said(copy), Said(origin), others=[Said(other) for other in others])
    return {change.kind for change in found}


ACTORS = [
    # copy, origin, whether the actor changed
    ("The mayor has ordered rangers to close the Elva bridge.",
     "Police officers closed the Elva bridge to lorries.", True),
    ("The Norrby president instructed coast guard crews to turn ferries back.",
     "Norrby coast guard crews turned ferries back.", True),
    ("Soldiers searched the mill.", "The mill was searched by police.", True),
    ("The mill was searched by soldiers.", "Police searched the mill.", True),
    ("Police searched the mill.", "The mill was searched by police officers.", False),
    ("Authorities searched the mill.", "Police searched the mill.", False),
    ("The mill was searched.", "Police searched the mill.", False),
    ("Police searched the mill.", "The mill was searched.", False),
    ("The Norwegian premier has closed the strait to trawlers.",
     "Norway is closing the strait to trawlers.", True),
    ("Norwegian police have closed the strait to trawlers.",
     "Norway is closing the strait to trawlers.", False),
    ("A letter to the president says the bridge is shut.", "Police have shut the bridge.", False),
    ("The judge was detained by police.", "Police detained a judge.", False),
]  # fmt: skip


@pytest.mark.parametrize(("copy", "origin", "changed"), ACTORS)
def test_an_actor_that_the_origin_does_not_name_is_a_change(copy, origin, changed):
    assert kinds(copy, origin) == ({FlagKind.AGENT_CHANGED} if changed else set())


def test_an_actor_that_another_copy_names_is_no_change():
    copy, origin = "Soldiers searched the mill.", "Police searched the mill."

    assert kinds(copy, origin, "Police and soldiers searched the mill.") == set()


def test_the_origin_may_leave_the_actor_to_another_copy():
    found = engine.changes(
        Said("The mayor has closed the bridge."),
        Said("The bridge was closed."),
        others=[Said("The bridge was closed by police.")],
    )

    assert [(change.kind, change.words, change.origin_words) for change in found] == [
        (FlagKind.AGENT_CHANGED, "The mayor", "police")
    ]


SCOPES = [
    ("Migrant workers were refused medicine at Elva.",
     "One man in his sixties was refused medicine at Elva.", True),
    ("Tenants lost their keys.", "A tenant lost her keys.", True),
    ("One of the tenants lost her keys.", "A tenant lost her keys.", False),
    ("A tenant lost her keys.", "Tenants lost their keys.", False),
    ("Many tenants lost their keys.", "Tenants lost their keys.", False),
    ("Tenants were evicted.", "The house was emptied.", False),
    ("Police officers stopped a driver.", "A driver was stopped.", False),
]  # fmt: skip


@pytest.mark.parametrize(("copy", "origin", "widened"), SCOPES)
def test_one_person_who_became_many_widens_a_claim(copy, origin, widened):
    assert kinds(copy, origin) == ({FlagKind.SCOPE_WIDENED} if widened else set())


FIGURES = [
    ("Falk counted 90 seals.", "Falk counted 40 seals.", ("90", "40")),
    ("Falk counted 40 seals.", "Falk counted more than 40 seals.", ("40", "more than 40")),
    ("Falk counted about 40 seals.", "Falk counted 41 seals.", None),
    ("Falk counted 40 seals.", "Falk counted 40 seals.", None),
    ("It opens in mid-March.", "It opens on 14 March.", None),
    ("On 3 May a weekly wrote that the pier shut.", "The pier shut on 9 April.", None),
    ("The pier shut on 3 May.", "The pier shut on 9 April.", ("3 May", "9 April")),
    ("The pier shut on 3 May, said Falk.", "The pier shut on 9 April.", ("3 May", "9 April")),
]


@pytest.mark.parametrize(("copy", "origin", "words"), FIGURES)
def test_a_changed_figure_is_shown_with_both_and_a_rounded_one_is_not(copy, origin, words):
    found = engine.changes(Said(copy), Said(origin))

    assert [(change.words, change.origin_words) for change in found] == ([words] if words else [])


ELSEWHERE = [
    ("Oslund sold 3,400 boats to Finland, 700 of them in 2019.",
     "In the first half of 2019, Oslund sold over 700 boats to Finland.", True),
    ("Oslund sold 3,400 boats to Finland, 700 of them in 2019.",
     "In 2019, Oslund sold over 700 boats to Finland.", False),
    ("Oslund sold 700 boats to Finland in 2018.",
     "In the first half of 2019, Oslund sold 700 boats to Finland.", False),
    ("The choir of Elvas sang 700 songs in 2019.",
     "In the first half of 2019, Oslund sold over 700 boats to Finland.", False),
    ("Oslund sold 3 boats to Finland in 2019.",
     "In the first half of 2019, Oslund sold 3 boats to Finland.", False),
]  # fmt: skip


@pytest.mark.parametrize(("copy", "origin", "changed"), ELSEWHERE)
def test_a_figure_of_another_claim_for_a_longer_period_is_found(copy, origin, changed):
    assert (engine.figure_elsewhere(Said(copy), Said(origin)) is not None) == changed


def test_what_somebody_states_and_a_copy_states_as_a_fact_lost_its_attribution():
    wording = "The mill is empty."
    origin = Said(wording, claimant="Ines Falk", attributed=True)

    (change,) = engine.changes(Said(wording), origin)
    assert (change.kind, change.origin_words) == (FlagKind.ATTRIBUTION_LOST, "Ines Falk")
    assert engine.changes(Said(wording, attributed=True), origin) == ()
    assert engine.changes(origin, Said(wording)) == ()


CONFIRMED = [
    ("The report has been independently verified.", "been independently verified"),
    ("Officials later confirmed the account.", "later confirmed the account"),
    ("It is now confirmed that the mill was empty.", "is now confirmed"),
    ("The report has not been verified.", ""),
    ("The report could not be verified.", ""),
    ("It has yet to be confirmed.", ""),
    ("If it is confirmed, the mill must close.", ""),
    ("Nothing was confirmed.", ""),
    ("The choir sang.", ""),
]


@pytest.mark.parametrize(("text", "words"), CONFIRMED)
def test_a_confirmation_is_told_from_a_caution(text, words):
    span = engine.confirmation(text)

    assert (span.of(text) if span else "") == words


@pytest.mark.parametrize("text", ["", "one " * 40_000, "by the " * 40_000, "the police " * 9_000])
def test_any_text_is_taken(text):
    engine.changes(Said(text), Said(text))
    engine.confirmation(text)
