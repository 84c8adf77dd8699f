"""Who cannot verify what: kind, agent and the claims that a caution covers."""

import pytest

from claims.text import FlagKind, Scope, Who, analyse


def core_flag(text, **options):
    [flag] = [flag for flag in analyse(text, language="en", **options).flags if flag.kind.is_core]
    return flag


@pytest.mark.parametrize(
    ("text", "outlet", "kind", "who", "agent"),
    [
        ("Reuters could not verify the video.", "Reuters", "self_disclaimer", "self", "Reuters"),
        ("Reuters could not verify the video.", "", "self_disclaimer", "self", "Reuters"),
        ("Reuters could not verify it.", "Harbour Herald", "self_disclaimer", "named", "Reuters"),
        ("We could not verify the video.", "Harbour Herald", "self_disclaimer", "self",
         "Harbour Herald"),
        ("Reuters said it could not verify the video.", "Reuters", "self_disclaimer", "self",
         "Reuters"),
        ("Reuters said it could not verify the video.", "", "relayed_disclaimer", "named",
         "Reuters"),
        ("Radio Liberty could not verify the claim, the report said.", "", "relayed_disclaimer",
         "named", "RFE/RL"),
        ("The video has not been verified by the BBC.", "BBC", "passive_disclaimer", "self", "BBC"),
        ("The video has not been verified.", "BBC", "passive_disclaimer", "nobody", ""),
        ("There was no confirmation from the island.", "", "no_confirmation", "nobody", ""),
    ],
)  # fmt: skip
def test_it_tells_who_cannot_verify(text, outlet, kind, who, agent):
    flag = core_flag(text, outlet=outlet)
    assert (flag.kind, flag.who, flag.agent) == (FlagKind(kind), Who(who), agent)


@pytest.mark.parametrize(
    "text",
    [
        '"We cannot verify the video," the minister said.',
        "The harbour police could not confirm the number.",
        "The ministry said it could not confirm the strike.",
        "Users cannot verify their accounts.",
        "The spokesman could neither confirm nor deny the report.",
        "The court has not confirmed the judge.",
        "READ MORE: The claims have not been verified",
    ],
)
def test_it_stays_silent_where_nobody_speaks_of_the_report(text):
    flags = analyse(text, language="en").flags
    assert [flag for flag in flags if flag.kind.is_core] == []


def test_a_caution_covers_all_that_the_named_witness_said():
    text = (
        "Mira Holt, a nurse, said the ward had no water for two days. The mayor said the pumps were"
        " repaired on Friday.\n\nHolt said three patients were moved by night. The Harbour Times"
        " could not independently verify Holt's account."
    )
    flag = core_flag(text)
    assert flag.scope == Scope.WITNESS
    assert [span.of(text) for span in flag.covers] == [
        "the ward had no water for two days",
        "three patients were moved by night",
    ]


def test_a_caution_about_the_claim_covers_the_one_before():
    text = (
        "The council said the bridge was closed in May. The report said one driver was fined at the"
        " toll gate. Reuters was unable to verify the claim."
    )
    flag = core_flag(text)
    assert flag.scope == Scope.PREVIOUS
    assert [span.of(text) for span in flag.covers] == ["one driver was fined at the toll gate"]


def test_unconfirmed_covers_its_own_sentence():
    text = "The dam was built in 1960. Unconfirmed reports say 20 houses were flooded on Monday."
    flag = core_flag(text)
    assert flag.scope == Scope.SENTENCE
    assert all(span.start >= flag.sentence.start for span in flag.covers)
    assert flag.covers


@pytest.mark.parametrize(
    ("text", "outlet", "who", "agent"),
    [
        ("Steppe Wire was unable to confirm the claim.", "Steppe Wire", Who.SELF, "Steppe Wire"),
        ("Steppe Wire was unable to confirm the claim.", "Azimut", Who.NAMED, "Steppe Wire"),
        ("Azimut could not confirm the report.", "Azimut", Who.SELF, "Azimut"),
        ("Azimut's reporters could not verify the story.", "Azimut", Who.SELF, "Azimut"),
        ("The claim could not be verified by Azimut.", "Azimut", Who.SELF, "Azimut"),
        ("Lantern could not independently confirm it.", "Azimut", Who.NAMED, "Lantern"),
        ("The Harbour Post could not verify it.", "The Harbour Post", Who.SELF, "Harbour Post"),
    ],
)
def test_an_outlet_need_not_be_listed(text, outlet, who, agent):
    [flag] = analyse(text, language="en", outlet=outlet).flags
    assert (flag.kind, flag.who, flag.agent) == (
        FlagKind.PASSIVE_DISCLAIMER if " be " in text else FlagKind.SELF_DISCLAIMER,
        who,
        agent,
    )


@pytest.mark.parametrize(
    "text",
    [
        "AFP, which broke the story, noted that it could not confirm the captain's rank.",
        "Our reporters went to the mine but failed to verify what the guard said.",
        "We were unable to reach the nurse or confirm her account.",
        "Neither side's tallies can be confirmed by outsiders.",
        "It has proved impossible to check these accounts on the ground.",
        "Efforts to confirm the rumour with the port were fruitless.",
        "Journalists have not yet managed to verify the reports.",
        "The figures come from the army and have not been checked by outside experts.",
        "The edition did not have the ability to independent confirm the words of the worker.",
    ],
)
def test_a_caution_is_heard_however_it_is_worded(text):
    assert [flag.kind.is_core for flag in analyse(text, language="en").flags] == [True]
