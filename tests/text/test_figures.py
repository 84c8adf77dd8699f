import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.text.figure_words import figure_languages, lexicon_of
from claims.text.figures import find_figures, pair_figures, relate, worst

FOUND = [
    ("Some 12,400 boats were counted.", [("Some 12,400", "number", 12_400, 12_400, "", "some")]),
    ("More than half a million jars broke.",
     [("More than half a million", "number", 500_000, 500_000, "", "more than")]),
    ("Two and a half million bees, twenty-one hives.",
     [("Two and a half million", "number", 2_500_000, 2_500_000, "", ""),
      ("twenty-one", "number", 21, 21, "", "")]),
    ("Tens of thousands of gulls came.",
     [("Tens of thousands of", "number", 20_000, 99_999, "", "")]),
    ("Between 20 and 30 nets were cut.", [("Between 20 and 30", "number", 20, 30, "", "")]),
    ("It cost between $5 million and $7 million.",
     [("between $5 million and $7 million", "money", 5e6, 7e6, "USD", "")]),
    ("Nearly €20m was spent, 300 roubles each.",
     [("Nearly €20m", "money", 20e6, 20e6, "EUR", "nearly"),
      ("300 roubles", "money", 300, 300, "RUB", "")]),
    ("About 12 per cent of the catch was lost.",
     [("About 12 per cent", "percent", 12, 12, "%", "about")]),
    ("The fleet was cut by half.", [("half", "percent", 50, 50, "%", "")]),
    ("A pier 3.5 km long stood six weeks.",
     [("3.5 km", "number", 3_500, 3_500, "metre", ""),
      ("six weeks", "duration", 42, 42, "day", "")]),
    ("It closed on June 3, 2019.", [("June 3, 2019", "date", 737_213, 737_213, "day", "")]),
    ("It closed on 3 June 2019.", [("3 June 2019", "date", 737_213, 737_213, "day", "")]),
    ("It closed on 2019-06-03.", [("2019-06-03", "date", 737_213, 737_213, "day", "")]),
    ("It reopens on the 3rd of June.",
     [("the 3rd of June", "date", 155, 155, "day of the year", "")]),
    ("It reopens in mid-June.", [("mid-June", "date", 162, 173, "day of the year", "")]),
    ("It opened in 2019.", [("2019", "date", 737_060, 737_424, "day", "")]),
    ("A sailor in his 40s left.", [("40s", "duration", 14_610, 17_897.25, "day", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_figures_are_ranges_with_unit_and_qualifier(text, expected):
    found = [
        (f.span.of(text), f.kind, f.low, f.high, f.unit, f.qualifier) for f in find_figures(text)
    ]
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "The T-34 stood beside version v2.0.",
        "One man waited a day.",
        "Nothing to count here, in half-light.",
        "",
    ],
)
def test_what_is_no_figure(text):
    assert find_figures(text) == ()


@pytest.mark.parametrize(("text", "kind"), [("They may 5 times.", "number"), ("5 May", "date")])
def test_a_month_has_a_capital(text, kind):
    assert [figure.kind for figure in find_figures(text)] == [kind]


SCOPES = [
    ("Within the first half of 2021, more than 900 crews signed on.", ["the first half of 2021"]),
    ("It lost 40 boats in 2020 and 55 boats in 2021.", ["2020", "2021"]),
    ("In 2020 it lost 40 boats, and in 2021 55 boats.", ["2020", "2021"]),
    ("Over the past five years, 70 crews left.", ["the last five years"]),
    ("The mill burns 5,000 logs a day.", ["per day"]),
    ("It said on 3 May that 70 crews had left.", [""]),
    ("It closed in 2020. Then 70 crews left.", [""]),
]


@pytest.mark.parametrize(("text", "expected"), SCOPES)
def test_a_quantity_knows_what_it_is_limited_to(text, expected):
    quantities = [f for f in find_figures(text) if f.kind == "number"]
    assert [f.scope for f in quantities] == expected


RELATIONS = [
    ("12 June", "12 June", "equal"),
    ("mid-June", "12 June", "rounded"),
    ("mid-June", "12 June 2021", "rounded"),
    ("12 June", "13 June", "changed"),
    ("in June", "in 1996", "none"),
    ("June 1996", "in 1996", "rounded"),
    ("410,000 hens", "410,000 hens", "equal"),
    ("more than 400,000 hens", "410,000 hens", "rounded"),
    ("more than 400,000 hens", "900,000 hens", "changed"),
    ("about 400 hens", "410 hens", "rounded"),
    ("400 hens", "413 hens", "rounded"),
    ("413 hens", "480 hens", "changed"),
    ("24 hens", "20 hens", "changed"),
    ("900 hens", "more than 900 hens", "qualifier_lost"),
    ("round 900 hens", "some 900 hens", "equal"),
    ("nearly 900 hens", "880 hens", "rounded"),
    ("90 hens in 2021", "90 hens in the first half of 2021", "changed"),
    ("90 hens", "90 hens in 2021", "equal"),
    ("90 hens a day", "90 hens a month", "changed"),
    ("six months", "half a year", "equal"),
    ("90 hens", "90 per cent", "none"),
    ("90 km", "90 kilometres", "equal"),
    ("$4m", "€4m", "none"),
]


@pytest.mark.parametrize(("ours", "theirs", "expected"), RELATIONS)
def test_what_a_figure_does_to_its_origin(ours, theirs, expected):
    assert relate(find_figures(ours)[0], find_figures(theirs)[0]) == expected


def test_each_figure_is_paired_with_the_one_it_agrees_with():
    ours = find_figures("It counted 410 hens and 30 geese.")
    theirs = find_figures("It counted 30 geese and more than 400 hens.")
    pairs = [(a.low, b.low, outcome) for a, b, outcome in pair_figures(ours, theirs)]
    assert pairs == [(30, 30, "equal"), (410, 400, "rounded")]


def test_the_worst_outcome_speaks_for_the_sentence():
    assert worst(["equal", "changed", "rounded"]) == "changed"
    assert worst([]) == "none"


def test_a_language_without_rules_gives_plain_digits_only():
    found = find_figures("Omkring 400 høns, 1,5 og v2.0.", language="da")
    assert [(figure.low, figure.qualifier) for figure in found] == [(400, "")]


def test_offsets_hold_through_unseen_marks():
    text = "He saw 12\u200b,400 boats\u00ad in all, and 7 km of rope."
    assert [f.span.of(text) for f in find_figures(text)] == ["12\u200b,400", "7 km"]


ABROAD = [
    ("de", "Rund sechzigtausend Hühner und eine halbe Million Küken kamen um.",
     [("Rund sechzigtausend", 60_000, 60_000, ""), ("eine halbe Million", 500_000, 500_000, "")]),
    ("de", "1.200.000 Gläser, 2,3 Mrd. Euro, etwa 12 Prozent.",
     [("1.200.000", 1_200_000, 1_200_000, ""), ("2,3 Mrd. Euro", 2.3e9, 2.3e9, "EUR"),
      ("etwa 12 Prozent", 12, 12, "%")]),
    ("de", "Am 3. Juni 2019 und bis Mitte Juni.",
     [("3. Juni 2019", 737_213, 737_213, "day"), ("Mitte Juni", 162, 173, "day of the year")]),
    ("nb", "Over sekstitusen båter, 1,5 millioner kroner, tjueen garn.",
     [("Over sekstitusen", 60_000, 60_000, ""), ("1,5 millioner kroner", 1.5e6, 1.5e6, "NOK"),
      ("tjueen", 21, 21, "")]),
    ("nn", "Meir enn seksti tusen båtar i første halvår 2022.",
     [("Meir enn seksti tusen", 60_000, 60_000, ""),
      ("første halvår 2022", 738_156, 738_337, "day")]),
    ("fr", "Plus de soixante mille ruches, quatre-vingt-dix barques, 1,5 million d'euros.",
     [("Plus de soixante mille", 60_000, 60_000, ""), ("quatre-vingt-dix", 90, 90, ""),
      ("1,5 million d'euros", 1.5e6, 1.5e6, "EUR")]),
    ("fr", "Le 3 juin 2019, 1\u202f200\u202f000, 12 pour cent.",
     [("Le 3 juin 2019", 737_213, 737_213, "day"),
      ("1\u202f200\u202f000", 1_200_000, 1_200_000, ""), ("12 pour cent", 12, 12, "%")]),
    ("es", "Más de treinta y cinco barcas, sesenta mil redes, el 3 de junio de 2019.",
     [("Más de treinta y cinco", 35, 35, ""), ("sesenta mil", 60_000, 60_000, ""),
      ("el 3 de junio de 2019", 737_213, 737_213, "day")]),
    ("ru", "Более шестидесяти тысяч ульев, 60 тыс. рублей, 1,5 млн долларов, пять лет.",
     [("Более шестидесяти тысяч", 60_000, 60_000, ""), ("60 тыс. рублей", 6e4, 6e4, "RUB"),
      ("1,5 млн долларов", 1.5e6, 1.5e6, "USD"), ("пять лет", 1_826.25, 1_826.25, "day")]),
    ("ru", "В первой половине 2022 года и 3 июня 2019 года.",
     [("первой половине 2022", 738_156, 738_337, "day"), ("3 июня 2019", 737_213, 737_213, "day")]),
    ("uk", "Понад двісті п'ятдесят тисяч вуликів, 60 тис. гривень у 2022 році.",
     [("Понад двісті п'ятдесят тисяч", 250_000, 250_000, ""), ("60 тис. гривень", 6e4, 6e4, "UAH"),
      ("2022", 738_156, 738_520, "day")]),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "expected"), ABROAD)
def test_every_language_writes_figures_its_own_way(language, text, expected):
    found = find_figures(text, language=language)
    assert [(f.span.of(text), f.low, f.high, f.unit) for f in found] == expected


ACROSS = [
    ("de", "Mehr als 60.000 Erwachsene im ersten Halbjahr 2022.", "equal"),
    ("fr", "Plus de 60 000 adultes au premier semestre 2022.", "equal"),
    ("es", "Más de sesenta mil adultos en la primera mitad de 2022.", "equal"),
    ("ru", "Более 60 тыс. взрослых в первой половине 2022 года.", "equal"),
    ("uk", "Понад шістдесят тисяч дорослих у першій половині 2022 року.", "equal"),
    ("nb", "Mer enn 60 000 voksne i første halvår 2022.", "equal"),
    ("nn", "60 000 vaksne i første halvår 2022.", "qualifier_lost"),
    ("de", "Über 61.000 Erwachsene im ersten Halbjahr 2022.", "rounded"),
    ("ru", "Более 90 тыс. взрослых в первой половине 2022 года.", "changed"),
    ("fr", "Plus de 60 000 adultes en 2022.", "changed"),
]


@pytest.mark.parametrize(("language", "text", "expected"), ACROSS)
def test_a_translation_is_compared_with_its_original(language, text, expected):
    original = find_figures("More than 60,000 adults left in the first half of 2022.")[0]
    assert relate(find_figures(text, language=language)[0], original) == expected


def test_no_qualifier_means_two_things():
    meanings = {}
    for language in figure_languages():
        for name, listed in lexicon_of(language).words["qualifiers"].items():
            for words in listed:
                meanings.setdefault(words, set()).add(name.removeprefix("after_"))
    assert [words for words, several in meanings.items() if len(several) > 1] == []


@given(st.text(), st.sampled_from(["en", "de", "nb", "nn", "fr", "es", "ru", "uk", "xx"]))
def test_any_text_is_read_and_offsets_stay_within_it(text, language):
    for figure in find_figures(text, language=language):
        assert 0 <= figure.span.start < figure.span.end <= len(text)
        assert figure.low <= figure.high
