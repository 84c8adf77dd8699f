"""Bokmål and nynorsk: what is not verified and by whom, who says what, what a caution covers."""

import pytest

from claims.text import analyse


def core_flags(text, language):
    return [
        (flag.kind.value, flag.who.value, flag.agent, flag.cue.of(text))
        for flag in analyse(text, language=language).flags
        if flag.kind.is_core
    ]


CAUTIONS = [
    ("nb", "NTB har ikke kunnet verifisere opplysningene.",
     "self_disclaimer", "self", "NTB",
     "NTB har ikke kunnet verifisere"),
    ("nb", "Foreløpig har ikke NRK lykkes i å få bekreftet meldingen.",
     "self_disclaimer", "self", "NRK",
     "har ikke NRK lykkes i å få bekreftet"),
    ("nb", "Reuters kunne ikke umiddelbart bekrefte tallet.",
     "self_disclaimer", "self", "Reuters",
     "Reuters kunne ikke umiddelbart bekrefte"),
    ("nb", "Vi har ikke klart å etterprøve forklaringen hans.",
     "self_disclaimer", "self", "",
     "Vi har ikke klart å etterprøve"),
    ("nb", "CNN opplyser at kanalen ikke har klart å verifisere videoen.",
     "relayed_disclaimer", "named", "CNN",
     "kanalen ikke har klart å verifisere"),
    ("nb", "Opplysningene er ikke bekreftet av uavhengige kilder.",
     "passive_disclaimer", "nobody", "",
     "ikke bekreftet av uavhengige kilder"),
    ("nb", "Påstandene lar seg ikke verifisere.",
     "passive_disclaimer", "nobody", "",
     "lar seg ikke verifisere"),
    ("nb", "Tallene kan ikke uavhengig bekreftes.",
     "passive_disclaimer", "nobody", "",
     "ikke uavhengig bekreftes"),
    ("nb", "Videoen er ikke verifisert.",
     "passive_disclaimer", "nobody", "",
     "Videoen er ikke verifisert"),
    ("nb", "Det er ikke mulig å verifisere påstandene.",
     "passive_disclaimer", "nobody", "",
     "ikke mulig å verifisere"),
    ("nb", "Meldingen er foreløpig ikke bekreftet.",
     "passive_disclaimer", "nobody", "",
     "Meldingen er foreløpig ikke bekreftet"),
    ("nb", "Det foreligger ingen bekreftelse på funnet.",
     "no_confirmation", "nobody", "",
     "foreligger ingen bekreftelse"),
    ("nb", "Det har ikke kommet noen offisiell bekreftelse fra Kyiv.",
     "no_confirmation", "nobody", "",
     "ikke kommet noen offisiell bekreftelse"),
    ("nb", "Opprørerne har ikke bekreftet våpenhvilen.",
     "no_confirmation", "nobody", "",
     "Opprørerne har ikke bekreftet"),
    ("nb", "Ifølge ubekreftede meldinger sank et annet skip.",
     "adjective", "nobody", "",
     "Ifølge ubekreftede meldinger"),
    ("nb", "Observasjonen er fortsatt ubekreftet.",
     "adjective", "nobody", "",
     "Observasjonen er fortsatt ubekreftet"),
    ("nb", "Opplysningene er bare delvis bekreftet.",
     "partial", "nobody", "",
     "bare delvis bekreftet"),
    ("nn", "NTB har ikkje kunna verifisere opplysningane.",
     "self_disclaimer", "self", "NTB",
     "NTB har ikkje kunna verifisere"),
    ("nn", "Førebels har ikkje NRK lukkast i å få stadfesta meldinga.",
     "self_disclaimer", "self", "NRK",
     "har ikkje NRK lukkast i å få stadfesta"),
    ("nn", "Reuters kunne ikkje straks stadfeste talet.",
     "self_disclaimer", "self", "Reuters",
     "Reuters kunne ikkje straks stadfeste"),
    ("nn", "Vi har ikkje klart å etterprøve forklaringa hans.",
     "self_disclaimer", "self", "",
     "Vi har ikkje klart å etterprøve"),
    ("nn", "Opplysningane er ikkje bekrefta av uavhengige kjelder.",
     "passive_disclaimer", "nobody", "",
     "ikkje bekrefta av uavhengige kjelder"),
    ("nn", "Påstandane lèt seg ikkje verifisere.",
     "passive_disclaimer", "nobody", "",
     "lèt seg ikkje verifisere"),
    ("nn", "Videoen er ikkje verifisert.",
     "passive_disclaimer", "nobody", "",
     "Videoen er ikkje verifisert"),
    ("nn", "Meldinga er førebels ikkje stadfesta.",
     "passive_disclaimer", "nobody", "",
     "Meldinga er førebels ikkje stadfesta"),
    ("nn", "Det ligg ikkje føre noka stadfesting av funnet.",
     "no_confirmation", "nobody", "",
     "ikkje føre noka stadfesting"),
    ("nn", "Opprørarane har ikkje stadfesta våpenkvila.",
     "no_confirmation", "nobody", "",
     "Opprørarane har ikkje stadfesta"),
    ("nn", "Ifølgje ubekrefta meldingar sokk eit anna skip.",
     "adjective", "nobody", "",
     "Ifølgje ubekrefta meldingar"),
    ("nn", "Opplysningane er berre delvis stadfesta.",
     "partial", "nobody", "",
     "berre delvis stadfesta"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "kind", "who", "agent", "cue"), CAUTIONS)
def test_it_finds_who_could_not_verify_what(language, text, kind, who, agent, cue):
    assert core_flags(text, language) == [(kind, who, agent, cue)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("nb", "Politiet kunne ikke bekrefte meldingene om skudd."),
        ("nb", "Klubben vil ikke bekrefte overgangen."),
        ("nb", "Opplysningene er bekreftet av to uavhengige kilder."),
        ("nb", "NTB får bekreftet at avtalen er klar."),
        ("nb", "Undersøkelsen har ikke bekreftet hypotesen."),
        ("nb", "Unntaket bekrefter ikke regelen."),
        ("nb", "Kontoen er ikke verifisert ennå."),
        ("nb", "Uavhengig av resultatet spiller ikke kampen noen rolle."),
        ("nb", "NRK har ikke fått svar fra ministeren."),
        ("nb", "Selskapet vil verken bekrefte eller avkrefte salget."),
        ("nb", "Bygget er ikke kontrollert av kommunen."),
        ("nb", "Han sprer stadig ubekreftede rykter."),
        ("nn", "Politiet kunne ikkje stadfeste meldingane om skot."),
        ("nn", "Klubben vil ikkje stadfeste overgangen."),
        ("nn", "Opplysningane er stadfesta av to uavhengige kjelder."),
        ("nn", "NRK får stadfesta at avtalen er klar."),
        ("nn", "Kontoen er ikkje verifisert enno."),
        ("nn", "Uavhengig av resultatet vart det ikkje nokon fest."),
        ("nn", "Selskapet vil korkje stadfeste eller avkrefte salet."),
        ("nn", "Kommunen har ikkje kontrollert bygget."),
        ("nn", "Han spreier stadig ubekrefta rykte."),
    ],
)
def test_it_stays_silent_where_nobody_speaks_of_the_report(language, text):
    assert core_flags(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("nb", "Det er uklart hvem som skjøt først.", "unknown_fact"),
        ("nb", "Hvis meldingen stemmer, må ministeren gå.", "conditional"),
        ("nb", "Ifølge lokale medier er gruven stengt.", "hearsay"),
        ("nb", "Mannen skal ha solgt tre hus.", "hearsay"),
        ("nb", "Hun ønsket ikke å oppgi fullt navn.", "anonymous_source"),
        ("nb", "Ordføreren avviser anklagene.", "denial"),
        ("nb", "Det er motstridende opplysninger om ulykken.", "contested"),
        ("nb", "Banken vil ikke kommentere saken.", "no_comment"),
        ("nb", "Havna stenger trolig i mai.", "estimative"),
        ("nn", "Det er uklart kven som skaut først.", "unknown_fact"),
        ("nn", "Viss meldinga stemmer, må ministeren gå.", "conditional"),
        ("nn", "Ifølgje lokale medium er gruva stengd.", "hearsay"),
        ("nn", "Mannen skal ha selt tre hus.", "hearsay"),
        ("nn", "Ho ønskte ikkje å oppgi fullt namn.", "anonymous_source"),
        ("nn", "Ordføraren avviser skuldingane.", "denial"),
        ("nn", "Det er motstridande opplysningar om ulukka.", "contested"),
        ("nn", "Banken vil ikkje kommentere saka.", "no_comment"),
        ("nn", "Hamna stengjer truleg i mai.", "estimative"),
    ],
)
def test_it_finds_the_weaker_signs(language, text, kind):
    assert [flag.kind.value for flag in analyse(text, language=language).flags] == [kind]


@pytest.mark.parametrize(
    ("language", "text", "claimant", "content"),
    [
        ("nb", "Ordfører Mira Holt sier at 40 hus ble oversvømt.",
         "Mira Holt", "40 hus ble oversvømt"),
        ("nb", "– Politiet stoppet 12 båter, sier Mira Holt.",
         "Mira Holt", "Politiet stoppet 12 båter"),
        ("nb", "Ifølge Verdensbanken steg prisene i mai.",
         "Verdensbanken", "steg prisene i mai"),
        ("nb", "Forsvarsdepartementet opplyser at to menn ble skadet.",
         "Forsvarsdepartementet", "to menn ble skadet"),
        ("nn", "Ordførar Mira Holt seier at 40 hus vart overfløymde.",
         "Mira Holt", "40 hus vart overfløymde"),
        ("nn", "– Politiet stoppa 12 båtar, seier Mira Holt.",
         "Mira Holt", "Politiet stoppa 12 båtar"),
        ("nn", "Ifølgje Verdsbanken steig prisane i mai.",
         "Verdsbanken", "steig prisane i mai"),
    ],
)  # fmt: skip
def test_it_hears_who_says_what(language, text, claimant, content):
    [said] = analyse(text, language=language).attributions
    assert (said.name, said.content.of(text)) == (claimant, content)


BOKMAAL = """I havna i Nordvik ble 40 båter beslaglagt mandag.

Fiskeren Jonas Berg forteller at soldater holdt ham fanget i to dager.

– De slo 12 menn, sier Berg.

NTB har ikke lykkes i å få bekreftet Bergs forklaring.

Ifølge Verdensbanken steg prisene med 4 prosent i mai."""

NYNORSK = """I hamna i Nordvik vart 40 båtar tekne måndag.

Fiskaren Jonas Berg fortel at soldatar heldt han fanga i to dagar.

– Dei slo 12 menn, seier Berg.

NTB har ikkje lukkast i å få stadfesta forklaringa til Berg.

Ifølgje Verdsbanken steig prisane med 4 prosent i mai."""


@pytest.mark.parametrize(
    ("article", "language", "witness", "others"),
    [
        (BOKMAAL, "nb", ["soldater holdt ham fanget i to dager", "De slo 12 menn"],
         ["I havna i Nordvik ble 40 båter beslaglagt mandag",
          "steg prisene med 4 prosent i mai"]),
        (NYNORSK, "nn", ["soldatar heldt han fanga i to dagar", "Dei slo 12 menn"],
         ["I hamna i Nordvik vart 40 båtar tekne måndag",
          "steig prisane med 4 prosent i mai"]),
    ],
)  # fmt: skip
def test_a_caution_covers_what_the_witness_said_in_a_whole_article(
    article, language, witness, others
):
    found = analyse(article)
    assert found.language == language
    by_witness = [claim for claim in found.claims if claim.claimant == "Jonas Berg"]
    assert [claim.span.of(article) for claim in by_witness] == witness
    rest = [claim for claim in found.claims if claim not in by_witness]
    assert [claim.span.of(article) for claim in rest] == others
    [flag] = found.flags
    assert (flag.agent, [span.of(article) for span in flag.covers]) == ("NTB", witness)


@pytest.mark.parametrize(
    ("language", "accusation", "opinion"),
    [
        ("nb", "Politiet sier at ministeren stjal 2 millioner kroner.",
         "Mira Holt sier at stykket er fantastisk og årets beste."),
        ("nn", "Politiet seier at ministeren stal 2 millionar kroner.",
         "Mira Holt seier at stykket er fantastisk og det beste i år."),
    ],
)  # fmt: skip
def test_an_accusation_with_figures_outranks_an_opinion(language, accusation, opinion):
    [first] = analyse(accusation, language=language).claims
    opinions = [claim.worthiness for claim in analyse(opinion, language=language).claims]
    assert first.worthiness > 0.6
    assert max(opinions, default=0) < 0.5
    assert "states a figure or a date" in first.reasons


def test_an_abbreviation_ends_no_sentence():
    text = "Avtalen gjelder bl.a. NRK og koster ca. 3 mill. kroner."
    assert [sentence.span.of(text) for sentence in analyse(text).sentences] == [text]
