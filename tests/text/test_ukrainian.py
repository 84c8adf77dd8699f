"""How Ukrainian news says that something is not verified, and who says what."""

import pytest

from claims.text import FlagKind, Scope, Who, analyse


def core_flags(text, **options):
    flags = analyse(text, language="uk", **options).flags
    return [flag for flag in flags if flag.kind.is_core]


@pytest.mark.parametrize(
    ("text", "outlet", "kind", "who", "agent", "cue"),
    [
        ("Бі-бі-сі не вдалося одразу перевірити ці слова.", "", "self_disclaimer", "self", "BBC",
         "Бі-бі-сі не вдалося одразу перевірити"),
        ("Радіо Свобода не змогло перевірити розповідь пастуха.", "RFE/RL", "self_disclaimer",
         "self", "RFE/RL", "Радіо Свобода не змогло перевірити"),
        ("Суспільне наразі не може незалежно підтвердити цей запис.", "", "self_disclaimer", "self",
         "Suspilne", "Суспільне наразі не може незалежно підтвердити"),
        ("Перевірити ці цифри Reuters не вдалося.", "Маяк", "self_disclaimer", "named", "Reuters",
         "Перевірити ці цифри Reuters не вдалося"),
        ("Редакція не може підтвердити справжність листа.", "Маяк", "self_disclaimer", "self",
         "Маяк", "Редакція не може підтвердити"),
        ("Reuters зазначає, що не змогло перевірити відео.", "Маяк", "relayed_disclaimer", "named",
         "Reuters", "не змогло перевірити"),
        ("Незалежно перевірити цю інформацію наразі неможливо.", "", "passive_disclaimer", "nobody",
         "", "Незалежно перевірити цю інформацію наразі неможливо"),
        ("Наразі цю інформацію офіційно не підтверджено.", "", "passive_disclaimer", "nobody", "",
         "інформацію офіційно не підтверджено"),
        ("Незалежних підтверджень цьому поки немає.", "", "no_confirmation", "nobody", "",
         "Незалежних підтверджень цьому поки немає"),
        ("За непідтвердженими даними, згоріло два склади.", "", "adjective", "nobody", "",
         "непідтвердженими даними"),
        ("Агентство підтвердило місце зйомки, однак не змогло встановити дату.", "", "partial",
         "nobody", "", "підтвердило місце зйомки, однак не змогло встановити"),
    ],
)  # fmt: skip
def test_it_tells_who_cannot_verify(text, outlet, kind, who, agent, cue):
    [flag] = core_flags(text, outlet=outlet)
    found = (flag.kind, flag.who, flag.agent, flag.cue.of(text))
    assert found == (FlagKind(kind), Who(who), agent, cue)


@pytest.mark.parametrize(
    "text",
    [
        "У відомстві не підтвердили повідомлення про відставку.",
        "Речниця сказала, що не може ні підтвердити, ні спростувати цю інформацію.",
        "Поліція не змогла встановити особу водія.",
        "«Ми не можемо це підтвердити», — відповів міністр.",
        "Reuters незалежно підтвердило справжність запису.",
        "У пасажира підтвердили кір, нових підтверджених випадків немає.",
        "Ваш акаунт не підтверджено.",
        "Посольство просить не поширювати неперевірену інформацію.",
        "Інспектори не змогли перевірити лічильники.",
    ],
)
def test_it_stays_silent_where_nobody_speaks_of_the_report(text):
    assert core_flags(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Скільки людей виїхало, поки невідомо.", "unknown_fact"),
        ("Якщо це правда, міст закриють.", "conditional"),
        ("За даними ЗМІ, шахту затоплено.", "hearsay"),
        ("Він нібито виїхав за кордон.", "hearsay"),
        ("Про це розповіло джерело, обізнане з перебігом перемовин.", "anonymous_source"),
        ("Завод спростував це повідомлення.", "denial"),
        ("Лікарі поставили цю цифру під сумнів.", "contested"),
        ("Мерія не відповіла на запит редакції.", "no_comment"),
        ("Найімовірніше, пором запізниться.", "estimative"),
    ],
)
def test_it_finds_the_weaker_signs(text, kind):
    assert kind in {flag.kind for flag in analyse(text, language="uk").flags}


@pytest.mark.parametrize("apostrophe", "'’ʼ")
def test_any_apostrophe_is_one(apostrophe):
    text = f"Ім{apostrophe}я загиблого офіційно не підтверджено."
    [flag] = core_flags(text)
    assert flag.cue.of(text) == f"Ім{apostrophe}я загиблого офіційно не підтверджено"


ARTICLE = """Мешканці селища Кам’янка розповіли про закритий міст

За словами Мирона Дольського, водія із селища Кам’янка, на мосту 12 лютого чергували військові. \
Він розповів, що солдати розвернули щонайменше 40 вантажівок.

У Міністерстві оборони повідомили, що міст закрито на ремонт.

«Нас змусили чекати вісім годин», — сказав Дольський журналістам.

Газета «Маяк» не змогла незалежно перевірити розповідь Дольського.
"""


def test_an_article_gives_claims_with_their_claimants():
    claims = analyse(ARTICLE).claims
    assert [(claim.claimant, claim.wording) for claim in claims if claim.claimant] == [
        ("Мирон Дольський", "На мосту 12 лютого чергували військові."),
        ("Мирон Дольський", "Солдати розвернули щонайменше 40 вантажівок."),
        ("Міністерство оборони", "Міст закрито на ремонт."),
        ("Мирон Дольський", "Нас змусили чекати вісім годин."),
    ]


def test_a_caution_covers_what_its_witness_said_and_nothing_else():
    [flag] = [flag for flag in analyse(ARTICLE).flags if flag.kind.is_core]
    assert (flag.kind, flag.agent, flag.scope) == (
        FlagKind.SELF_DISCLAIMER,
        "Маяк",
        Scope.WITNESS,
    )
    assert [span.of(ARTICLE) for span in flag.covers] == [
        "на мосту 12 лютого чергували військові",
        "солдати розвернули щонайменше 40 вантажівок",
        "Нас змусили чекати вісім годин",
    ]


def test_reasons_for_checking_are_told():
    claim = analyse(ARTICLE).claims[1]
    assert "states a figure or a date" in claim.reasons
    assert "public interest: war, weapons or borders" in claim.reasons


def test_ukrainian_is_told_from_russian():
    assert analyse(ARTICLE).language == "uk"
