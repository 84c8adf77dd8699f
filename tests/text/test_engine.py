"""The engine as a whole: it takes any string, and its offsets always point into it."""

import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.text import ENGINE_VERSION, Analysis, FlagKind, Span, analyse, rules
from claims.text.folding import fold

CAUTION = "The claims have not been verified."
NEWSLIKE = [
    CAUTION, "Reuters", "could not verify", "said", "that", "Mira Holt", "the report", "“", "”",
    '"', ". ", ", ", "\n", "\n\n", "according to", "İ", "\0", "\u202e", "e\u0301", "\ud800",
    "\u200b", "he", "unconfirmed reports", "no confirmation", "it is not known how", "– ", "• ",
    "12 boats were stopped",
]  # fmt: skip
texts = st.one_of(
    st.text(),
    st.lists(st.sampled_from(NEWSLIKE), max_size=40).map(" ".join),
    st.lists(st.one_of(st.sampled_from(NEWSLIKE), st.text(max_size=5)), max_size=30).map("".join),
)
odd = st.text(alphabet="İıßŉ\0\u202e\u200f\u0301\ud800\udfff\u00ad\u200b\ufeff’“ 𝔘", max_size=12)


def spans(found: Analysis):
    yield from (sentence.span for sentence in found.sentences)
    for flag in found.flags:
        yield from (flag.cue, flag.sentence, *flag.covers)
    for said in found.attributions:
        yield from (said.cue, said.content)
        if said.source:
            yield said.source
    for claim in found.claims:
        yield from (claim.span, claim.sentence)
    for cited in found.citations:
        yield from (cited.span, cited.cue)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_it_takes_any_text_and_points_into_it(text):
    found = analyse(text, language="en")
    assert all(0 <= span.start < span.end <= len(text) for span in spans(found))
    assert analyse(text, language="en") == found


@settings(max_examples=200, deadline=None)
@given(texts)
def test_sentences_leave_only_white_space_and_bullets_out(text):
    ends = [0]
    for sentence in analyse(text, language="xx").sentences:
        assert sentence.span.start >= ends[-1]
        ends.append(sentence.span.end)
    left = "".join(
        text[end : following.span.start]
        for end, following in zip(ends, analyse(text, language="xx").sentences, strict=False)
    )
    assert set(left) <= set("•‣▪▀●◦*·") | {mark for mark in left if mark.isspace()}


@settings(max_examples=200, deadline=None)
@given(odd, odd)
def test_a_cue_is_found_where_it_stands_among_odd_characters(before, after):
    text = f"{before}\n\n{CAUTION}\n\n{after}"
    [flag] = [flag for flag in analyse(text, language="en").flags if flag.kind.is_core]
    assert flag.cue.of(text) == "The claims have not been verified"


def test_unseen_marks_within_a_cue_do_not_hide_it():
    text = "İİ The cla\u00adims have n\u200bot been verified."
    [flag] = analyse(text, language="en").flags
    assert flag.kind is FlagKind.PASSIVE_DISCLAIMER
    assert flag.cue.of(text) == "The cla\u00adims have n\u200bot been verified"


def test_folding_keeps_the_length_of_every_character_but_unseen_ones():
    longer = [
        code
        for code in range(sys.maxunicode + 1)
        if len(fold(chr(code)).text) != 1 and unicodedata.category(chr(code)) != "Cf"
    ]
    assert longer == []


@pytest.mark.parametrize(
    "piece",
    ["İ", "\0", "\u202e", "e\u0301", "\ud800", "a", " ", "\n", '"', "“", "(", ".", "…", "... ", "?",
     "A. ", "a.b", "not ", "in ", "‘", "- ", ",", ";", "1,000 ", "• ", "has been "],
)  # fmt: skip
def test_100_000_repeats_of_anything_come_back(piece):
    text = piece * 100_000
    found = analyse(text, language="en")
    assert all(span.end <= len(text) for span in spans(found))


def test_an_unsupported_language_gives_sentences_only():
    text = "Väitteitä ei ole vahvistettu riippumattomasti. Satama suljettiin maanantaina."
    found = analyse(text)
    assert (found.language, found.supported, len(found.sentences)) == ("fi", False, 2)
    assert replace(found, sentences=()) == Analysis("fi", False, ())


@pytest.mark.parametrize("given", [None, "no", "no-NO"])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Påstandene er ikke bekreftet. Havnen ble stengt mandag kveld.", "nb"),
        ("Opplysningane er ikkje stadfesta. Hamna vart stengd måndag kveld.", "nn"),
    ],
)
def test_norwegian_is_either_written_form(text, language, given):
    assert analyse(text, language=given).language == language


@pytest.mark.parametrize("given", ["en", "EN", "en-GB", "en_GB"])
def test_a_given_language_may_name_a_region(given):
    assert (
        analyse(CAUTION, language=given).language,
        len(analyse(CAUTION, language=given).flags),
    ) == (
        "en",
        1,
    )


def test_english_is_detected():
    found = analyse("The harbour was closed on Monday, and nobody could say why. " + CAUTION)
    assert (found.language, found.supported) == ("en", True)
    assert [flag.kind for flag in found.flags] == [FlagKind.PASSIVE_DISCLAIMER]


def test_too_little_text_to_tell_is_not_guessed():
    assert analyse("12 + 3") == Analysis("", False, analyse("12 + 3", language="en").sentences)


def test_the_language_detector_is_loaded_only_when_asked():
    code = (
        "import sys, claims.text; claims.text.analyse('We left.', language='en');"
        "sys.exit('gcld3' in sys.modules or 'django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_version_of_the_code_is_a_number():
    assert ENGINE_VERSION.isdigit()


@pytest.fixture
def rule_files(tmp_path, monkeypatch):
    """A copy of the rule files that a test may change."""
    for file in rules.FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(rules, "FOLDER", tmp_path)
    rules.rules_version.cache_clear()
    yield tmp_path
    rules.rules_version.cache_clear()


def changed(file) -> set[str]:
    """The languages whose rules have another version once a line is added to `file`."""
    codes = [*rules.LANGUAGES, "nl"]
    before = {code: rules.rules_version(code) for code in codes}
    with file.open("a") as open_file:
        open_file.write("\n# a line\n")
    rules.rules_version.cache_clear()
    return {code for code in codes if rules.rules_version(code) != before[code]}


def test_a_change_of_one_languages_rules_is_a_new_version_of_these_alone(rule_files):
    assert changed(rule_files / "de.toml") == {"de"}
    assert changed(rule_files / "figures_uk.toml") == {"uk"}
    assert changed(rule_files / "worthiness.toml") == set(rules.LANGUAGES)


def test_languages_without_rules_have_another_version_once_one_gets_some(monkeypatch):
    assert rules.rules_version("nl") == rules.rules_version("") in rules.rules_versions()
    rules.rules_version.cache_clear()
    before = rules.rules_version("sv")
    monkeypatch.setattr(rules, "LANGUAGES", rules.LANGUAGES | {"nl"})
    rules.rules_version.cache_clear()

    assert rules.rules_version("sv") != before
    rules.rules_version.cache_clear()


def test_spans_overlap_by_a_character():
    assert Span(0, 2).overlaps(Span(1, 3))
    assert not Span(0, 2).overlaps(Span(2, 3))


BAD_INPUT = Path(__file__).parents[3] / "shared" / "data" / "badinput"


@pytest.mark.skipif(not BAD_INPUT.is_dir(), reason="../shared/data/badinput is absent")
def test_every_file_of_bad_input_comes_back_with_spans_that_point_into_it():
    for file in sorted(BAD_INPUT.rglob("*")):
        if file.is_file():
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            found = analyse(text, language="en")
            assert all(0 <= span.start < span.end <= len(text) for span in spans(found)), file
            assert all(flag.cue.of(text) in flag.sentence.of(text) for flag in found.flags), file


@pytest.mark.parametrize("language", sorted(rules.LANGUAGES))
@settings(max_examples=30, deadline=None)
@given(texts)
def test_every_language_takes_any_text(language, text):
    found = analyse(text, language=language)
    assert all(0 <= span.start < span.end <= len(text) for span in spans(found))
