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


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("The ministry said 40 boats were lost, citing media reports.",
         [("The ministry", "said"), ("media reports", "citing")]),
        ("40 boats were lost, the ministry said, citing the coastguard.",
         [("the ministry", "said"), ("the coastguard", "citing")]),
        ("40 boats were lost, according to the ministry, citing media reports.",
         [("the ministry", "according to"), ("media reports", "citing")]),
        ("40 boats were lost, TASS reported on Friday, quoting the ministry.",
         [("TASS", "reported"), ("the ministry", "quoting")]),
        ("Harbour News, citing the coastguard, said 40 boats were lost.",
         [("Harbour News, citing the coastguard", "said"), ("the coastguard", "citing")]),
        ("Citing the coastguard, Harbour News said that 40 boats were lost.",
         [("Harbour News", "said"), ("the coastguard", "Citing")]),
        ("The ministry said, citing media reports, that 40 boats were lost.",
         [("The ministry", "said"), ("media reports", "citing")]),
        ("The minister told parliament, citing the police, that 40 boats were lost.",
         [("The minister", "told"), ("the police", "citing")]),
        ("40 boats were lost, the report says, without citing a source.", [("the report", "says")]),
    ],
)  # fmt: skip
def test_a_chain_has_a_link_for_each_source(text, links):
    found = analyse(text, language="en")
    assert [(source, cue) for source, cue, _ in attributions(text)] == links
    assert [(claim.claimant.lower(), claim.wording.lower()) for claim in found.claims] == [
        (links[0][0].partition(",")[0].lower(), "40 boats were lost.")
    ]


def test_what_somebody_quoted_wishes_is_no_attribution_of_its_own():
    text = "“We want 40 boats by May,” Mira Holt said."
    assert attributions(text) == [("Mira Holt", "said", "We want 40 boats by May")]


def test_who_stands_for_the_words_before_it():
    text = "A fisherman who said 40 boats were lost was stopped by the police."
    [said] = analyse(text, language="en").attributions
    assert (said.source.of(text), said.anonymous) == ("who", True)


@pytest.mark.parametrize(
    ("text", "name", "content"),
    [
        (
            '"Nobody rang the bell," Ada Lund, 34, told Harbour News.',
            "Ada Lund",
            "Nobody rang the bell",
        ),
        (
            '"Nobody rang the bell," said Ada Lund, a baker in Olmo, who lost her shop.',
            "Ada Lund",
            "Nobody rang the bell",
        ),
        (
            '"Nobody rang the bell," Ada Lund, a 34-year-old baker, told reporters on Monday.',
            "Ada Lund",
            "Nobody rang the bell",
        ),
        (
            '"The dam leaked," Omar Keddi, head of the water board, told the Olmo Gazette.',
            "Omar Keddi",
            "The dam leaked",
        ),
        (
            '"The dam leaked," Omar Keddi, who runs the water board, told a court on Friday.',
            "Omar Keddi",
            "The dam leaked",
        ),
        (
            '"The dam leaked," the head of the water board, Omar Keddi, told the Gazette.',
            "Omar Keddi",
            "The dam leaked",
        ),
        ('"The dam leaked," Omar Keddi (54) told the Gazette.', "Omar Keddi", "The dam leaked"),
        (
            '"The dam leaked," Omar Keddi, 54, of Olmo, told the Gazette.',
            "Omar Keddi",
            "The dam leaked",
        ),
        (
            "Two pumps failed overnight, Omar Keddi, 54, told the Gazette.",
            "Omar Keddi",
            "Two pumps failed overnight",
        ),
        (
            "Two pumps failed overnight, Omar Keddi, a member of the board, told reporters.",
            "Omar Keddi",
            "Two pumps failed overnight",
        ),
        (
            "Ada Lund, 34, told Harbour News that nobody had rung the bell.",
            "Ada Lund",
            "nobody had rung the bell",
        ),
        (
            "Omar Keddi, 54, the mayor of Olmo, said two pumps failed.",
            "Omar Keddi",
            "two pumps failed",
        ),
        (
            "Omar Keddi, in a letter on Friday, said two pumps failed.",
            "Omar Keddi",
            "two pumps failed",
        ),
        (
            '"Nobody rang the bell," Ada Lund told Harbour News, 34 years later.',
            "Ada Lund",
            "Nobody rang the bell",
        ),
        (
            "Two pumps failed overnight, said Omar Keddi, 54.",
            "Omar Keddi",
            "Two pumps failed overnight",
        ),
    ],
)
def test_who_is_described_between_commas_speaks_and_who_is_told_does_not(text, name, content):
    [said] = analyse(text, language="en").attributions
    assert (said.name, said.content.of(text)) == (name, content)


@pytest.mark.parametrize(
    ("text", "source", "content"),
    [
        (
            "According to Omar Keddi, a lawyer in Olmo, the pumps failed.",
            "Omar Keddi, a lawyer in Olmo",
            "the pumps failed",
        ),
        ("According to Omar Keddi, 54, the pumps failed.", "Omar Keddi, 54", "the pumps failed"),
        (
            "According to Omar Keddi, 54, a lawyer in Olmo, the pumps failed.",
            "Omar Keddi, 54, a lawyer in Olmo",
            "the pumps failed",
        ),
        (
            "According to Omar Keddi, who runs the board, the pumps failed.",
            "Omar Keddi, who runs the board",
            "the pumps failed",
        ),
        (
            "According to the mayor, Omar Keddi, the pumps failed.",
            "the mayor, Omar Keddi",
            "the pumps failed",
        ),
        (
            "According to Omar Keddi, the pumps, the gates and the valves failed.",
            "Omar Keddi",
            "the pumps, the gates and the valves failed",
        ),
        (
            "According to Omar Keddi, in March, the pumps failed.",
            "Omar Keddi",
            "in March, the pumps failed",
        ),
        (
            "According to Omar Keddi, a pump, which was old, failed.",
            "Omar Keddi",
            "a pump, which was old, failed",
        ),
        (
            "The pumps failed, according to Omar Keddi, a lawyer in Olmo.",
            "Omar Keddi",
            "The pumps failed",
        ),
    ],
)
def test_what_is_told_of_the_claimant_is_no_part_of_the_content(text, source, content):
    [(found, _, said)] = attributions(text)
    assert (found, said) == (source, content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '"I thought the pumps were fine," Ada Lund said.',
            [("I", "the pumps were fine"), ("Ada Lund", "I thought the pumps were fine")],
        ),
        ('"Nobody warned us in time," Ada Lund said.', [("Ada Lund", "Nobody warned us in time")]),
        (
            '"They said the dam would hold," Ada Lund told a court.',
            [("They", "the dam would hold"), ("Ada Lund", "They said the dam would hold")],
        ),
    ],
)
def test_who_is_quoted_tells_nothing_beyond_the_quotation(text, expected):
    assert [(source, content) for source, _, content in attributions(text)] == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Omar Keddi said the dam leaked. He said 12 pumps failed.", ["Omar Keddi"] * 2),
        (
            'Omar Keddi said the dam leaked. "It is old," he told a court. He said it was rotten.',
            ["Omar Keddi"] * 3,
        ),
        ("Omar Keddi said the dam leaked. Keddi said 12 pumps failed.", ["Omar Keddi"] * 2),
        ("Omar Keddi met Nils Lund on Monday. He said 12 pumps failed.", [""]),
        ("Omar Keddi said the dam leaked. Nils Lund left. He said it was old.", ["Omar Keddi", ""]),
        ("Omar Keddi said Nils Lund sold the dam. He said it was old.", ["Omar Keddi", ""]),
        ("Omar Keddi and Nils Lund said the dam leaked. He said it was old.", ["Omar Keddi", ""]),
        (
            "Omar Keddi said the dam leaked. A neighbour said it was old. He said 12 pumps failed.",
            ["Omar Keddi", "", ""],
        ),
        (
            "Omar Keddi said it was old. A clerk, a baker, said it was new. He said it leaked now.",
            ["Omar Keddi", "", ""],
        ),
        ("The World Bank said the dam leaked. It said 12 pumps failed.", ["World Bank"] * 2),
        ("Reuters said the dam leaked. The agency said 12 pumps failed.", ["Reuters"] * 2),
        ("The Harbour Ministry said the dam leaked. The ministry said so.", ["Harbour Ministry"]),
        ("Reuters said the dam leaked. The ministry said 12 pumps failed.", ["Reuters", ""]),
        ("Labour Home Secretary Mira Holt said the dam leaked.", ["Mira Holt"]),
        ("Keddi, chief engineer at the dam, said it leaked badly.", ["Keddi"]),
    ],
)
def test_a_pronoun_or_a_noun_stands_for_a_name_only_where_it_is_safe(text, names):
    assert [said.name for said in analyse(text, language="en").attributions] == names


@pytest.mark.parametrize(
    "source",
    [
        "Sources close to Omar Keddi",
        "A source close to Keddi",
        "Relatives of Omar Keddi",
        "People who know Omar Keddi",
        "Aides briefing Omar Keddi",
        "A friend of Omar Keddi",
        "Omar Keddi's lawyer",
        "Two officials familiar with the plan",
        "An official who asked not to be named",
        "Residents",
        "A man from Olmo",
        "One of the sailors",
    ],
)
def test_who_is_not_named_stays_anonymous(source):
    text = f"{source} said the dam leaked."
    said = analyse(text, language="en").attributions[-1]
    assert (said.source.of(text), said.name, said.anonymous) == (source, "", True)


@pytest.mark.parametrize(
    "text",
    [
        "The officers had demanded 300 euros.",
        "They demanded 300 euros from each driver.",
        "The officers had the boats searched.",
        "The officers had told the drivers to wait for 12 hours.",
        "He called the police.",
        "The driver called a taxi.",
        "They saw 12 boats leave the harbour.",
        "The storm threatened the harbour.",
        "The men defended the village for 12 days.",
        "She noted the number of the car.",
        "Laws banning skippers from claiming benefits were passed in May.",
        "He left without saying where he went.",
        "The pumps continued to work until May.",
        "The court heard 12 witnesses.",
        "Rescuers found 12 bodies.",
    ],
)
def test_what_is_done_is_not_said(text):
    assert attributions(text) == []


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("They demanded that each driver pay 300 euros.", "each driver pay 300 euros"),
        ("The officers demanded to see the boats.", "to see the boats"),
        ("The police called the raid a success.", "the raid a success"),
        ("Mira Holt called him dangerous.", "him dangerous"),
        ("Mira Holt threatened to close the harbour.", "to close the harbour"),
        ("She noted that the car was red.", "the car was red"),
    ],
)
def test_what_is_demanded_or_called_something_is_said(text, content):
    assert [said for _, _, said in attributions(text)] == [content]


@pytest.mark.parametrize(
    ("text", "direct", "quoted"),
    [
        ('"The dam is rotten," Mira Holt said.', True, []),
        ("Mira Holt said the dam is rotten.", False, []),
        (
            'Mira Holt said the dam was "rotten" and the board "asleep".',
            False,
            ["rotten", "asleep"],
        ),
        ("Mira Holt called the plan “a pack of lies”.", False, ["a pack of lies"]),
        ('The plan was "a joke," Mira Holt said.', False, ["a joke"]),
        ('According to Mira Holt, the dam is "unsafe".', False, ["unsafe"]),
        ('Keddi, whom friends call "Doc", said the dam was safe.', False, []),
    ],
)
def test_what_is_quoted_of_an_indirect_statement_has_spans_of_its_own(text, direct, quoted):
    [said] = analyse(text, language="en").attributions
    assert (said.direct, [span.of(text) for span in said.quoted]) == (direct, quoted)


@pytest.mark.parametrize(
    "text",
    [
        "In a statement announcing the plan, the board thanked 40 sailors.",
        "In swing states like Olmo, Elvas and Dorn, that share is higher.",
    ],
)
def test_an_adverbial_is_no_claimant(text):
    assert "In" not in {source.partition(" ")[0] for source, _, _ in attributions(text)}


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Omar Keddi told reporters the dam had leaked.", "the dam had leaked"),
        ("Omar Keddi told Harbour News he had warned the board.", "he had warned the board"),
        ("Omar Keddi told Harbour News 40 boats were lost.", "40 boats were lost"),
        ("Omar Keddi told the court the dam was old.", "the dam was old"),
        ("Omar Keddi told them the dam was old.", "the dam was old"),
        ("Omar Keddi warned the board of the dam that it was old.", "it was old"),
        ("Omar Keddi told the story of the man who was lost.", None),
        ("Omar Keddi told her about the flood.", None),
        ("Omar Keddi told them to leave the house that was flooded.", None),
        ("Omar Keddi told lies that were believed.", None),
        ("Omar Keddi told one of the men a joke.", None),
        ("Omar Keddi had told the drivers to wait for 12 hours.", None),
    ],
)
def test_what_somebody_is_told_needs_no_that(text, content):
    assert [said for _, _, said in attributions(text)] == ([content] if content else [])


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "Omar Keddi, a baker in Olmo, on Monday told Harbour News that the dam was old.",
            "Omar Keddi, a baker in Olmo",
        ),
        ("Omar Keddi, who more than once said that the dam was old, left.", "who"),
        ("Omar Keddi, a baker in Olmo, mentioned that the dam was old.",
         "Omar Keddi, a baker in Olmo"),
        ("Omar Keddi mentioned on Monday that the dam was old.", "Omar Keddi"),
    ],
)  # fmt: skip
def test_when_somebody_spoke_is_no_claimant(text, source):
    [(found, _, content)] = attributions(text)
    assert (found, content) == (source, "the dam was old")
