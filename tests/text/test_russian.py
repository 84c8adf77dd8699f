"""How Russian news says that something is not verified, and who says what."""

import pytest

from claims.text import FlagKind, Scope, Who, analyse


def core_flags(text, **options):
    flags = analyse(text, language="ru", **options).flags
    return [flag for flag in flags if flag.kind.is_core]


@pytest.mark.parametrize(
    ("text", "outlet", "kind", "who", "agent", "cue"),
    [
        ("Би-би-си не удалось сразу проверить эти слова.", "", "self_disclaimer", "self", "BBC",
         "Би-би-си не удалось сразу проверить"),
        ("Радио Азаттык не смогло проверить рассказ пастуха.", "RFE/RL", "self_disclaimer", "self",
         "RFE/RL", "Радио Азаттык не смогло проверить"),
        ("Эту запись «Медуза» не может независимо подтвердить.", "", "self_disclaimer", "self",
         "Meduza", "Медуза» не может независимо подтвердить"),
        ("Проверить эти цифры Reuters не удалось.", "Маяк", "self_disclaimer", "named", "Reuters",
         "Проверить эти цифры Reuters не удалось"),
        ("Мы не имеем возможности подтвердить подлинность письма.", "Маяк", "self_disclaimer",
         "self", "Маяк", "Мы не имеем возможности подтвердить"),
        ("Reuters отмечает, что не смогло проверить видео.", "Маяк", "relayed_disclaimer", "named",
         "Reuters", "не смогло проверить"),
        ("Проверить сведения о взрыве из независимых источников невозможно.", "",
         "passive_disclaimer", "nobody", "",
         "Проверить сведения о взрыве из независимых источников невозможно"),
        ("Подлинность записи официально не подтверждена.", "", "passive_disclaimer", "nobody", "",
         "Подлинность записи официально не подтверждена"),
        ("Независимых подтверждений этому пока нет.", "", "no_confirmation", "nobody", "",
         "Независимых подтверждений этому пока нет"),
        ("По неподтверждённым данным, сгорели два склада.", "", "adjective", "nobody", "",
         "неподтверждённым данным"),
        ("Агентство подтвердило место съёмки, однако не смогло установить дату.", "", "partial",
         "nobody", "", "подтвердило место съёмки, однако не смогло установить"),
    ],
)  # fmt: skip
def test_it_tells_who_cannot_verify(text, outlet, kind, who, agent, cue):
    [flag] = core_flags(text, outlet=outlet)
    found = (flag.kind, flag.who, flag.agent, flag.cue.of(text))
    assert found == (FlagKind(kind), Who(who), agent, cue)


@pytest.mark.parametrize(
    "text",
    [
        "В ведомстве не подтвердили сообщения об отставке.",
        "Пресс-секретарь сказал, что не может ни подтвердить, ни опровергнуть эту информацию.",
        "Полиция не смогла установить личность водителя.",
        "«Мы не можем это подтвердить», — ответил министр.",
        "Reuters независимо подтвердило подлинность записи.",
        "У пассажира подтвердили корь, новых подтверждённых случаев нет.",
        "Ваш аккаунт не подтверждён.",
        "Посольство просит не распространять непроверенную информацию.",
        "Инспекторы не смогли проверить счётчики.",
    ],
)
def test_it_stays_silent_where_nobody_speaks_of_the_report(text):
    assert core_flags(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Сколько человек уехало, пока неизвестно.", "unknown_fact"),
        ("Если это правда, мост закроют.", "conditional"),
        ("По данным СМИ, шахта затоплена.", "hearsay"),
        ("Он якобы уехал за границу.", "hearsay"),
        ("Об этом рассказал источник, знакомый с переговорами.", "anonymous_source"),
        ("Завод опроверг это сообщение.", "denial"),
        ("Врачи поставили эту цифру под сомнение.", "contested"),
        ("Мэрия не ответила на запрос редакции.", "no_comment"),
        ("Скорее всего, паром задержится.", "estimative"),
    ],
)
def test_it_finds_the_weaker_signs(text, kind):
    assert kind in {flag.kind for flag in analyse(text, language="ru").flags}


ARTICLE = """Жители посёлка Каменка рассказали о закрытом мосте

По словам Мирона Дольского, водителя из посёлка Каменка, на мосту 12 февраля дежурили военные. \
Он рассказал, что солдаты развернули не менее 40 грузовиков.

В Министерстве обороны сообщили, что мост закрыт на ремонт.

«Нас заставили ждать восемь часов», — сказал Дольский журналистам.

Газета «Маяк» не смогла независимо проверить рассказ Дольского.
"""


def test_an_article_gives_claims_with_their_claimants():
    claims = analyse(ARTICLE).claims
    assert [(claim.claimant, claim.wording) for claim in claims if claim.claimant] == [
        ("Мирон Дольский", "На мосту 12 февраля дежурили военные."),
        ("Мирон Дольский", "Солдаты развернули не менее 40 грузовиков."),
        ("Министерство обороны", "Мост закрыт на ремонт."),
        ("Мирон Дольский", "Нас заставили ждать восемь часов."),
    ]


def test_a_caution_covers_what_its_witness_said_and_nothing_else():
    [flag] = [flag for flag in analyse(ARTICLE).flags if flag.kind.is_core]
    assert (flag.kind, flag.agent, flag.scope) == (
        FlagKind.SELF_DISCLAIMER,
        "Маяк",
        Scope.WITNESS,
    )
    assert [span.of(ARTICLE) for span in flag.covers] == [
        "на мосту 12 февраля дежурили военные",
        "солдаты развернули не менее 40 грузовиков",
        "Нас заставили ждать восемь часов",
    ]


def test_reasons_for_checking_are_told():
    claim = analyse(ARTICLE).claims[1]
    assert "states a figure or a date" in claim.reasons
    assert "public interest: war, weapons or borders" in claim.reasons


def test_russian_is_told_from_ukrainian():
    assert analyse(ARTICLE).language == "ru"
