"""German articles: what is not verified and by whom, who says what, what a caution covers."""

import pytest

from claims.text import analyse


def core_flags(text, language):
    return [
        (flag.kind.value, flag.who.value, flag.agent, flag.cue.of(text))
        for flag in analyse(text, language=language).flags
        if flag.kind.is_core
    ]


CAUTIONS = [
    ("Reuters konnte das Video zunächst nicht verifizieren.",
     "self_disclaimer", "self", "Reuters",
     "Reuters konnte das Video zunächst nicht verifizieren"),
    ("Unabhängig prüfen konnte die dpa die Schilderung der Frau nicht.",
     "self_disclaimer", "self", "dpa",
     "prüfen konnte die dpa die Schilderung der Frau nicht"),
    ("Zunächst konnte die BBC die Zahl der Toten nicht bestätigen.",
     "self_disclaimer", "self", "BBC",
     "konnte die BBC die Zahl der Toten nicht bestätigen"),
    ("Die Bilder, die die AFP nicht überprüfen konnte, zeigen einen Brand.",
     "self_disclaimer", "self", "AFP",
     "AFP nicht überprüfen konnte"),
    ("Wir konnten die Aussagen des Mannes nicht unabhängig prüfen.",
     "self_disclaimer", "self", "",
     "Wir konnten die Aussagen des Mannes nicht unabhängig prüfen"),
    ("Es gelang Reuters nicht, den Brief zu verifizieren.",
     "self_disclaimer", "self", "Reuters",
     "gelang Reuters nicht, den Brief zu verifizieren"),
    ("Unabhängig überprüfen ließen sich die Zahlen zunächst nicht.",
     "passive_disclaimer", "nobody", "",
     "Unabhängig überprüfen ließen sich die Zahlen zunächst nicht"),
    ("Die Angaben beider Seiten lassen sich nicht unabhängig überprüfen.",
     "passive_disclaimer", "nobody", "",
     "nicht unabhängig überprüfen"),
    ("Von unabhängiger Seite wurde das bislang nicht bestätigt.",
     "passive_disclaimer", "nobody", "",
     "Von unabhängiger Seite wurde das bislang nicht bestätigt"),
    ("Der Bericht ist noch nicht offiziell bestätigt.",
     "passive_disclaimer", "nobody", "",
     "Bericht ist noch nicht offiziell bestätigt"),
    ("In dem Clip, dessen Echtheit nicht geprüft werden konnte, brennt ein Boot.",
     "passive_disclaimer", "nobody", "",
     "dessen Echtheit nicht geprüft werden"),
    ("Verifizieren lassen sich solche Videos derzeit nicht.",
     "passive_disclaimer", "nobody", "",
     "Verifizieren lassen sich solche Videos derzeit nicht"),
    ("Die Darstellung ist nicht überprüfbar.",
     "passive_disclaimer", "nobody", "",
     "ist nicht überprüfbar"),
    ("Die Berichte konnten von Reuters nicht unabhängig bestätigt werden.",
     "passive_disclaimer", "self", "Reuters",
     "von Reuters nicht unabhängig bestätigt"),
    ("Eine Bestätigung aus Kiew gab es zunächst nicht.",
     "no_confirmation", "nobody", "",
     "Bestätigung aus Kiew gab es zunächst nicht"),
    ("Eine unabhängige Überprüfung war nicht möglich.",
     "no_confirmation", "nobody", "",
     "unabhängige Überprüfung war nicht"),
    ("Eine Bestätigung der Behörden steht noch aus.",
     "no_confirmation", "nobody", "",
     "Bestätigung der Behörden steht noch aus"),
    ("Die Rebellen haben die Waffenruhe bisher nicht bestätigt.",
     "no_confirmation", "nobody", "",
     "Rebellen haben die Waffenruhe bisher nicht bestätigt"),
    ("Nach unbestätigten Angaben sank ein zweites Schiff.",
     "adjective", "nobody", "",
     "Nach unbestätigten Angaben"),
    ("Die Meldung blieb zunächst unbestätigt.",
     "adjective", "nobody", "",
     "Meldung blieb zunächst unbestätigt"),
    ("Nicht alle Angaben ließen sich unabhängig überprüfen.",
     "partial", "nobody", "",
     "Nicht alle Angaben ließen sich unabhängig überprüfen"),
    ("Wann das Video gefilmt wurde, ließ sich nicht überprüfen.",
     "partial", "nobody", "",
     "Wann das Video gefilmt wurde, ließ sich nicht überprüfen"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "who", "agent", "cue"), CAUTIONS)
def test_it_finds_who_could_not_verify_what(text, kind, who, agent, cue):
    assert core_flags(text, "de") == [(kind, who, agent, cue)]


@pytest.mark.parametrize(
    "text",
    [
        "Die Polizei konnte einen Bericht der Zeitung nicht bestätigen.",
        "Angaben der Zeitung konnte die Polizei nicht bestätigen.",
        "Ein Sprecher des Ministeriums wollte den Bericht nicht bestätigen.",
        "Der Verein wollte den Wechsel weder bestätigen noch dementieren.",
        "„Das können wir nicht bestätigen“, sagte der Polizeisprecher.",
        "Die Angaben wurden von zwei unabhängigen Quellen bestätigt.",
        "Reuters hat den Ort des Videos verifiziert.",
        "Die bislang unbestätigte Aufnahme wurde nun verifiziert.",
        "Seine Befürchtungen haben sich nicht bestätigt.",
        "Die Untersuchung hat den Verdacht nicht bestätigt.",
        "Der Kandidat wurde vom Parlament nicht bestätigt.",
        "Unabhängig davon wurde der Fahrplan nicht geprüft.",
        "Schottland will unabhängig werden, doch London stimmt nicht zu.",
        "Die Nachricht kam von einem nicht verifizierten Konto.",
        "Sie verbreitet seit Jahren unbestätigte Gerüchte.",
        "Für die Einreise ist keine Bestätigung nötig.",
        "Die Behörde hat die Brücke jahrelang nicht überprüft.",
    ],
)
def test_it_stays_silent_where_nobody_speaks_of_the_report(text):
    assert core_flags(text, "de") == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Unklar war zunächst, wie viele Menschen an Bord waren.", "unknown_fact"),
        ("Sollte sich der Bericht bestätigen, müsste der Minister gehen.", "conditional"),
        ("Laut Medienberichten wurde das Bergwerk geschlossen.", "hearsay"),
        ("Der Mann soll drei Häuser verkauft haben.", "hearsay"),
        ("Wie es aus Regierungskreisen hieß, steht der Termin fest.", "anonymous_source"),
        ("Der Konzern dementierte den Bericht.", "denial"),
        ("Es gab widersprüchliche Angaben zu dem Unfall.", "contested"),
        ("Die Bank wollte sich dazu nicht äußern.", "no_comment"),
        ("Der Hafen wird sehr wahrscheinlich schließen.", "estimative"),
    ],
)
def test_it_finds_the_weaker_signs(text, kind):
    assert [flag.kind.value for flag in analyse(text, language="de").flags] == [kind]


@pytest.mark.parametrize(
    ("text", "claimant", "content"),
    [
        ("Bürgermeisterin Mira Holt sagte, dass 40 Häuser überflutet wurden.",
         "Mira Holt", "40 Häuser überflutet wurden"),
        ("„Die Polizei hat 12 Boote gestoppt“, sagte Mira Holt.",
         "Mira Holt", "Die Polizei hat 12 Boote gestoppt"),
        ("Am Montag sagte Jonas Berg, er habe drei Häuser verkauft.",
         "Jonas Berg", "er habe drei Häuser verkauft"),
        ("Laut der Weltbank stiegen die Preise im Mai.",
         "Weltbank", "stiegen die Preise im Mai"),
        ("Das Verteidigungsministerium teilte mit, dass zwei Männer verletzt wurden.",
         "Verteidigungsministerium", "zwei Männer verletzt wurden"),
    ],
)  # fmt: skip
def test_it_hears_who_says_what(text, claimant, content):
    [said] = analyse(text, language="de").attributions
    assert (said.name, said.content.of(text)) == (claimant, content)


ARTICLE = """Im Hafen von Nordhafen sind am Montag 40 Boote beschlagnahmt worden.

Der Zeuge Jonas Berg sagte, Soldaten hätten ihn zwei Tage lang festgehalten. „Sie haben 12 Männer \
geschlagen“, sagte Berg. Die Nachrichtenagentur Reuters konnte Bergs Angaben nicht unabhängig \
überprüfen.

Laut der Weltbank stiegen die Preise im Mai um 4 Prozent."""


def test_a_caution_covers_what_the_witness_said_in_a_whole_article():
    found = analyse(ARTICLE)
    assert found.language == "de"
    assert [(claim.claimant, claim.span.of(ARTICLE)) for claim in found.claims] == [
        ("", "Im Hafen von Nordhafen sind am Montag 40 Boote beschlagnahmt worden"),
        ("Jonas Berg", "Soldaten hätten ihn zwei Tage lang festgehalten"),
        ("Jonas Berg", "Sie haben 12 Männer geschlagen"),
        ("Weltbank", "stiegen die Preise im Mai um 4 Prozent"),
    ]
    [flag] = found.flags
    assert (flag.agent, [span.of(ARTICLE) for span in flag.covers]) == (
        "Reuters",
        ["Soldaten hätten ihn zwei Tage lang festgehalten", "Sie haben 12 Männer geschlagen"],
    )


def test_an_accusation_with_figures_outranks_an_opinion():
    accusation = "Der Minister hat 2 Millionen Euro Bestechungsgeld angenommen, sagte die Polizei."
    opinion = "Mira Holt sagte, das Stück sei wunderbar und das beste des Jahres."
    [first] = analyse(accusation, language="de").claims
    opinions = [claim.worthiness for claim in analyse(opinion, language="de").claims]
    assert first.worthiness > 0.6
    assert max(opinions, default=0) < 0.5
    assert "states a figure or a date" in first.reasons


@pytest.mark.parametrize(
    "text",
    [
        "Am 12. Februar kamen rund 3 Mio. Euro zusammen, z. B. von Dr. Holt.",
        "Der Verein spielt in der 2. Bundesliga.",
    ],
)
def test_an_abbreviation_or_an_ordinal_ends_no_sentence(text):
    assert [sentence.span.of(text) for sentence in analyse(text).sentences] == [text]


def test_a_closed_quotation_does_not_hide_the_caution_after_it():
    text = "„Wir gehen“, sagte Berg. Das Video ist nicht verifiziert. „Gut“, sagte Holt."
    assert [flag[0] for flag in core_flags(text, "de")] == ["passive_disclaimer"]
