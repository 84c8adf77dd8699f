import pytest

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
