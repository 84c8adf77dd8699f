"""Spanish articles: what is not verified and by whom, who says what, what a caution covers."""

import pytest

from claims.text import analyse


def flags_of(text, **options):
    return analyse(text, language="es", **options).flags


def core_flags(text, **options):
    return [
        (flag.kind.value, flag.who.value, flag.agent, flag.cue.of(text))
        for flag in flags_of(text, **options)
        if flag.kind.is_core
    ]


CAUTIONS = [
    ("EFE no pudo contrastar el relato.",
     "self_disclaimer", "self", "EFE", "EFE no pudo contrastar"),
    ("El País no ha podido verificar las cifras de forma independiente.", "self_disclaimer", "self",
     "El País", "El País no ha podido verificar las cifras de forma independiente"),
    ("Los planos, que no ha podido autenticar EFE, salieron del ministerio.",
     "self_disclaimer", "self", "EFE", "no ha podido autenticar"),
    ("La BBC, que no ha podido comprobar la carta, llamó al alcalde.",
     "self_disclaimer", "self", "BBC", "no ha podido comprobar"),
    ("No hemos podido corroborar lo que cuenta.",
     "self_disclaimer", "self", "", "No hemos podido corroborar"),
    ("Reuters no estaba en condiciones de confirmarlo.",
     "self_disclaimer", "self", "Reuters", "Reuters no estaba en condiciones de confirmarlo"),
    ("CNN dijo que no pudo verificar el documento.",
     "relayed_disclaimer", "named", "CNN", "no pudo verificar"),
    ("Las denuncias no han podido ser contrastadas.",
     "passive_disclaimer", "nobody", "", "Las denuncias no han podido ser contrastadas"),
    ("El mensaje no fue verificado por la AFP.",
     "passive_disclaimer", "self", "AFP", "El mensaje no fue verificado"),
    ("No se ha podido confirmar la autoría de la carta.",
     "passive_disclaimer", "nobody", "", "No se ha podido confirmar"),
    ("Los números no pueden verificarse.",
     "passive_disclaimer", "nobody", "", "Los números no pueden verificarse"),
    ("Es imposible de comprobar quién disparó.",
     "passive_disclaimer", "nobody", "", "imposible de comprobar"),
    ("Ninguno de los audios ha sido autenticado.",
     "passive_disclaimer", "nobody", "", "Ninguno de los audios ha sido autenticado"),
    ("Por ahora no hay confirmación oficial del derrumbe.",
     "no_confirmation", "nobody", "", "no hay confirmación oficial"),
    ("La noticia corre sin confirmación independiente.",
     "no_confirmation", "nobody", "", "sin confirmación independiente"),
    ("Según informes no confirmados, cedió el dique.",
     "adjective", "nobody", "", "informes no confirmados"),
    ("Un vídeo sin verificar muestra el dique.",
     "adjective", "nobody", "", "vídeo sin verificar"),
    ("EFE no pudo confirmar dónde se grabó la escena.",
     "partial", "self", "EFE", "EFE no pudo confirmar dónde"),
    ("No todas las fotos pudieron ser autenticadas.",
     "partial", "nobody", "", "No todas las fotos pudieron ser autenticadas"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "who", "agent", "cue"), CAUTIONS)
def test_a_caution_is_found_with_its_kind_its_agent_and_its_words(text, kind, who, agent, cue):
    assert core_flags(text) == [(kind, who, agent, cue)]


@pytest.mark.parametrize(
    "text",
    [
        "El ministerio no pudo confirmar el número de heridos.",
        "La policía no ha confirmado que los dos incendios estén ligados.",
        "La portavoz no quiso confirmar ni desmentir la venta.",
        '"No puedo confirmar esa información", respondió el gobernador.',
        "EFE pudo verificar el vídeo de forma independiente.",
        "El tribunal no ha confirmado la condena.",
        "No ha sido confirmada al frente del banco.",
        "La cuenta no está verificada.",
        "No deja de difundir rumores sin verificar.",
        "Los mecánicos no pudieron comprobar los frenos.",
        "No se ha confirmado ningún caso nuevo.",
        "Recibirá un correo de confirmación.",
        "El delantero sigue sin confirmar su renovación.",
        "El pescador no pudo volver al puerto.",
    ],
)
def test_ordinary_spanish_news_raises_no_core_flag(text):
    assert core_flags(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Se desconoce cuántos barcos se hundieron.", "unknown_fact"),
        ("No está claro quién abrió la compuerta.", "unknown_fact"),
        ("De confirmarse el hallazgo, cambiará el mapa.", "conditional"),
        ("Si es cierto que la mina cierra, el pueblo se vaciará.", "conditional"),
        ("Según medios locales, la mina cierra.", "hearsay"),
        ("Al parecer, la mina cierra.", "hearsay"),
        ("El tesorero habría huido del país.", "hearsay"),
        ("Un guardia habló bajo condición de anonimato.", "anonymous_source"),
        ("La cocinera, que pidió no ser identificada, lo vio todo.", "anonymous_source"),
        ("El alcalde negó cualquier fuga.", "denial"),
        ("La alcaldesa tildó el informe de mentira.", "denial"),
        ("Circulan versiones contradictorias.", "contested"),
        ("El club declinó hacer comentarios.", "no_comment"),
        ("Es muy probable que el puerto se hiele.", "estimative"),
    ],
)
def test_weaker_signs_have_their_kind(text, kind):
    assert [flag.kind.value for flag in flags_of(text)] == [kind]


ARTICLE = (
    "Julián Prado, estibador del puerto, dijo que la empresa ordenó quemar 1.200 contratos en"
    ' marzo. "Nadie nos avisó de nada", explicó Marta Ríos, vecina del barrio.\n\n'
    "EFE no pudo verificar de forma independiente el relato de Prado."
)


def test_an_article_says_who_states_what():
    found = [(claim.claimant, claim.wording) for claim in analyse(ARTICLE, language="es").claims]
    assert found[0] == ("Julián Prado", "La empresa ordenó quemar 1.200 contratos en marzo.")


def test_the_caution_covers_what_the_docker_said():
    [flag] = [flag for flag in flags_of(ARTICLE) if flag.kind.is_core]
    assert [span.of(ARTICLE) for span in flag.covers] == [
        "la empresa ordenó quemar 1.200 contratos en marzo",
    ]
