"""French articles: what is not verified and by whom, who says what, what a caution covers."""

import pytest

from claims.text import analyse


def flags_of(text, **options):
    return analyse(text, language="fr", **options).flags


def core_flags(text, **options):
    return [
        (flag.kind.value, flag.who.value, flag.agent, flag.cue.of(text))
        for flag in flags_of(text, **options)
        if flag.kind.is_core
    ]


CAUTIONS = [
    ("L’AFP n’a pas été en mesure de confirmer ces chiffres.",
     "self_disclaimer", "self", "AFP", "AFP n’a pas été en mesure de confirmer"),
    ("Le Monde n'a pas pu recouper ces récits.",
     "self_disclaimer", "self", "Le Monde", "Le Monde n'a pas pu recouper"),
    ("Reuters n'a pas pu, dans l'immédiat, vérifier le bilan.",
     "self_disclaimer", "self", "Reuters", "Reuters n'a pas pu, dans l'immédiat, vérifier"),
    ("La BBC ne peut le confirmer.",
     "self_disclaimer", "self", "BBC", "BBC ne peut le confirmer"),
    ("Ces images, que n'a pas pu authentifier l'AFP, montrent un convoi.",
     "self_disclaimer", "self", "AFP", "n'a pas pu authentifier"),
    ("L'AFP, qui n'a pas pu vérifier la lettre, a joint la mairie.",
     "self_disclaimer", "self", "AFP", "n'a pas pu vérifier"),
    ("franceinfo n'est pas parvenue à confirmer l'annonce.",
     "self_disclaimer", "self", "franceinfo", "franceinfo n'est pas parvenue à confirmer"),
    ("Nous n’avons pas pu corroborer son récit.",
     "self_disclaimer", "self", "", "Nous n’avons pas pu corroborer"),
    ("CNN précise qu'elle n'a pas été en mesure de vérifier la bande.",
     "relayed_disclaimer", "named", "CNN", "n'a pas été en mesure de vérifier"),
    ("Mediapart indique ne pas avoir pu vérifier ce document.",
     "relayed_disclaimer", "named", "Mediapart", "ne pas avoir pu vérifier"),
    ("Ces propos n'ont pas pu être vérifiés de source indépendante.",
     "passive_disclaimer", "nobody", "", "Ces propos n'ont pas pu être vérifiés"),
    ("Son récit n'a pu être recoupé par Le Figaro.",
     "passive_disclaimer", "self", "Le Figaro", "Son récit n'a pu être recoupé"),
    ("L'armée parle de dix drones abattus, ce qui n'a pu être vérifié.",
     "passive_disclaimer", "nobody", "", "n'a pu être vérifié"),
    ("Il n'est pas possible de vérifier ces pertes.",
     "passive_disclaimer", "nobody", "", "pas possible de vérifier"),
    ("La liste est difficile à vérifier.",
     "passive_disclaimer", "nobody", "", "difficile à vérifier"),
    ("La chaîne annonce dix blessés, sans pouvoir le confirmer.",
     "passive_disclaimer", "nobody", "", "sans pouvoir le confirmer"),
    ("À Kaltag, on attend encore, mais aucune confirmation officielle n'est venue.",
     "no_confirmation", "nobody", "", "aucune confirmation"),
    ("Faute de confirmation, le club se tait.",
     "no_confirmation", "nobody", "", "Faute de confirmation"),
    ("D'après une information non confirmée, la digue a cédé.",
     "adjective", "nobody", "", "information non confirmée"),
    ("Une photo encore non authentifiée montre la digue.",
     "adjective", "nobody", "", "photo encore non authentifiée"),
    ("Le Monde n'a pas pu vérifier où la scène a été filmée.",
     "partial", "self", "Le Monde", "Le Monde n'a pas pu vérifier où"),
    ("Les vidéos n'ont pas toutes pu être authentifiées.",
     "partial", "nobody", "", "Les vidéos n'ont pas toutes pu être authentifiées"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "who", "agent", "cue"), CAUTIONS)
def test_a_caution_is_found_with_its_kind_its_agent_and_its_words(text, kind, who, agent, cue):
    assert core_flags(text) == [(kind, who, agent, cue)]


@pytest.mark.parametrize(
    "text",
    [
        "Le ministère n'a pas pu confirmer le nombre de blessés.",
        "La police n'a pas confirmé de lien entre les deux incendies.",
        "La porte-parole n'a voulu ni confirmer ni démentir la vente.",
        "« Je ne peux pas confirmer cette information », a répondu le préfet.",
        "L'AFP a pu vérifier la vidéo de manière indépendante.",
        "La cour n'a pas confirmé la peine.",
        "Elle n'a pas été confirmée à la tête de la banque.",
        "Le compte n'est pas vérifié.",
        "Il relaie sans cesse des rumeurs non vérifiées.",
        "Les mécaniciens n'ont pas pu vérifier les freins.",
        "Aucun nouveau cas confirmé n'a été signalé.",
        "Un courriel de confirmation vous sera envoyé.",
        "Le pêcheur n'a pas pu rentrer au port.",
    ],
)
def test_ordinary_french_news_raises_no_core_flag(text):
    assert core_flags(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("On ignore combien de bateaux ont coulé.", "unknown_fact"),
        ("L'origine du feu reste indéterminée.", "unknown_fact"),
        ("Si cette découverte se confirme, la carte changera.", "conditional"),
        ("S'il est vrai que la mine ferme, le village se videra.", "conditional"),
        ("Selon des médias locaux, la mine ferme.", "hearsay"),
        ("Le trésorier aurait quitté le pays.", "hearsay"),
        ("Un garde a parlé sous couvert d'anonymat.", "anonymous_source"),
        ("La cuisinière, qui a requis l'anonymat, a tout vu.", "anonymous_source"),
        ("Le maire a formellement démenti.", "denial"),
        ("La société nie toute fuite.", "denial"),
        ("Des récits contradictoires circulent.", "contested"),
        ("Le club a refusé de commenter.", "no_comment"),
        ("Contactée, la mairie n'a pas répondu.", "no_comment"),
        ("Il est fort probable que le port gèle.", "estimative"),
    ],
)
def test_weaker_signs_have_their_kind(text, kind):
    assert [flag.kind.value for flag in flags_of(text)] == [kind]


ARTICLE = (
    "Claire Moreau, infirmière à Vaux, a déclaré que la direction avait fait brûler 1 200 dossiers"
    " en mars. « Ils ont vidé les armoires pendant la nuit », a-t-elle raconté. Selon le ministère"
    " de la Santé, une enquête a été ouverte lundi.\n\nL'AFP n'a pas été en mesure de vérifier le"
    " récit de Mme Moreau."
)


def test_an_article_says_who_states_what():
    found = [(claim.claimant, claim.wording) for claim in analyse(ARTICLE, language="fr").claims]
    assert found[:2] == [
        ("Claire Moreau", "La direction avait fait brûler 1 200 dossiers en mars."),
        ("Claire Moreau", "Ils ont vidé les armoires pendant la nuit."),
    ]


def test_the_caution_covers_all_that_the_nurse_said():
    [flag] = [flag for flag in flags_of(ARTICLE) if flag.kind.is_core]
    assert [span.of(ARTICLE) for span in flag.covers] == [
        "la direction avait fait brûler 1 200 dossiers en mars",
        "Ils ont vidé les armoires pendant la nuit",
    ]
