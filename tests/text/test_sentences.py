"""Sentences: what ends one, what stands alone, what is page furniture."""

import pytest

from claims.text.sentences import split_sentences


def split(text):
    return [sentence.span.of(text) for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("Dr. Aas met Gen. Li on Jan. 3.", ["Dr. Aas met Gen. Li on Jan. 3."]),
        ("The U.S. Army left the U.S. The rest stayed.",
         ["The U.S. Army left the U.S.", "The rest stayed."]),
        ("J. K. Aas left.", ["J. K. Aas left."]),
        ("“We left.” She nodded.", ["“We left.”", "She nodded."]),
        ("It cost 3.5 million. Nobody paid!", ["It cost 3.5 million.", "Nobody paid!"]),
        ("OSLO (AP) — The port closed.", ["OSLO (AP) — The port closed."]),
        ("  • One thing\n  • Another thing", ["One thing", "Another thing"]),
        ("A headline\nThe port closed.", ["A headline", "The port closed."]),
        ("Der Hafen, z. B. Kai Nr. 3, blieb zu. Er ist alt.",
         ["Der Hafen, z. B. Kai Nr. 3, blieb zu.", "Er ist alt."]),
        ("Am 3. Oktober kam er. Sie blieb.", ["Am 3. Oktober kam er.", "Sie blieb."]),
        ("Den 17. Mai kom han. Ho vart.", ["Den 17. Mai kom han.", "Ho vart."]),
        ("Ущерб 3 тыс. Евро. Порт закрыт.", ["Ущерб 3 тыс. Евро.", "Порт закрыт."]),
        ("Er nannte u. a. Berg und Holt. Das reichte.",
         ["Er nannte u. a. Berg und Holt.", "Das reichte."]),
        ("Sie kamen aus Oslo u. a. Die Halle war leer.",
         ["Sie kamen aus Oslo u. a.", "Die Halle war leer."]),
        ("In der 3. Runde verlor sie.", ["In der 3. Runde verlor sie."]),
        ("В 2021 г. Берг уехал. Порт закрыт.", ["В 2021 г. Берг уехал.", "Порт закрыт."]),
        ("Порт закрыли в 2021 г. Он пуст.", ["Порт закрыли в 2021 г.", "Он пуст."]),
        ("Везли уголь, руду и т. д. Они пусты.", ["Везли уголь, руду и т. д.", "Они пусты."]),
        ("", []),
        (" \n\t ", []),
    ],
)  # fmt: skip
def test_it_splits(text, expected):
    assert split(text) == expected


def test_it_joins_lines_that_were_wrapped_by_hand():
    text = (
        "The harbour was closed on Monday after a storm that the\n"
        "Coast Office had not foreseen, and three boats were lost.\n"
        "Nobody was hurt."
    )
    assert split(text) == [
        text[: text.index("\nNobody")],
        "Nobody was hurt.",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "READ MORE: The storm that nobody saw",
        "Leave a Comment",
        "Lesen Sie auch: Der Sturm, den niemand sah",
        "Les også: Stormen ingen så",
        "À lire aussi : La tempête que personne n’a vue",
        "Lea también: La tormenta que nadie vio",
        "Читайте также: Шторм, которого никто не видел",
        "Читайте також: Шторм, якого ніхто не бачив",
        "Wir verwenden Cookies, um unsere Seiten zu verbessern.",
        "Vi bruker informasjonskapsler på disse sidene.",
        "Ми використовуємо файли cookie, щоб покращити сайт.",
        "Vi nytter informasjonskapsler for å gi deg en bedre side.",
        "Ver también: El puerto cerró",
        "Sjå også: Hamna som vart stengd",
        "Alle Rechte vorbehalten.",
        "Підписуйтесь на наш канал",
        "Foto: Mira Holt",
        "Laisser un commentaire",
        "Оставить комментарий",
        "Add a Comment",
        "We use cookies to improve our pages. You can refuse them.",
        "This site uses Akismet to reduce spam.",
        "Home » News » Harbour",
        "The harbour at dawn (file photo)",
        "Source: Read Full Article",
    ],
)
def test_it_sets_page_furniture_aside(line):
    text = f"The harbour was closed on Monday.\n\n{line}"
    furniture = [sentence.boilerplate for sentence in split_sentences(text)]
    assert furniture == [False] + [True] * (len(furniture) - 1)
    assert len(furniture) > 1


def test_it_sets_aside_what_a_file_tells_of_its_article():
    head = "---\ntitle: The harbour was closed\ndate: 2021-06-12\n---\n"
    text = head + "\nThe harbour was closed on Monday.\n\n---\nkind: ferry\n---\n"
    found = split_sentences(text)
    assert {sentence.boilerplate for sentence in found if sentence.span.end <= len(head)} == {True}
    assert not any(sentence.boilerplate for sentence in found if sentence.span.start >= len(head))


@pytest.mark.parametrize(
    "line",
    [
        "“Follow us,” the guide said, and the boys went along with her to the old harbour.",
        "Le maire a dit que la mer montait.",
        "By Monday the harbour was closed.",
        "She shared a photo of the harbour on Monday.",
    ],
)
def test_it_keeps_sentences_that_only_begin_like_page_furniture(line):
    assert [sentence.boilerplate for sentence in split_sentences(line)] == [False]
