"""What cannot be seen is found and named; what a script needs is left in peace."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from claims.invisible import odd_in, summary, unwritable_in, writable
from claims.marking import Mark, paragraphs
from claims.models import Claim
from reviews.states import Status
from tests import factories
from tests.serving import signed_in

RLO = "right-to-left override"
NAMED = f'<bdi class="odd" role="img" aria-label="{RLO}" data-name="{RLO}">'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The harbour opens.", []),
        ("a\u202eb", [(1, 2, "right-to-left override")]),
        ("a\u2066b\u2069", [(1, 2, "left-to-right isolate"), (3, 4, "pop directional isolate")]),
        ("har\u200bbour", [(3, 4, "zero width space")]),
        ("a\u200b\u200bb\ufeff", [(1, 3, "zero width space"), (4, 5, "zero width no-break space")]),
        ("a␀b", [(1, 2, "NUL")]), ("a\x1bb", [(1, 2, "character U+001B")]),
        ("a\ufffeb", [(1, 2, "character U+FFFE")]),
        ("har\u200dbour", [(3, 4, "zero width joiner")]),
        ("a\U000e0041b", [(1, 2, "hidden tag")]), ("a\ufe00", [(1, 2, "variation selector")]),
        ("x\ufffdy", [(1, 2, "character that could not be read")]),
        ("a\ue000", [(1, 2, "character U+E000")]), ("a\u200fb", [(1, 2, "right-to-left mark")]),
        ("The p\u043ert of Brenna", [(4, 8, "mixes Latin and Cyrillic letters")]),
        ("Порт Бренны и port", []), ("καλή and good", []), ("10 µm, Ω, naïve, Ærø, Łódź", []),
        ("خانه\u200cها", []), ("👩\u200d🔬 ❤\ufe0f 1\ufe0f⃣", []), ("שלום\u200f!", []),
        ("two\u00a0words\u202f5\u00a0%", []), ("co\u00adoperate", []), ("漁港\u3000の", []),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_named_at_its_place(text, found):
    assert [(odd.start, odd.end, odd.name) for odd in odd_in(text)] == found


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_written_for_others_can_be_written_as_xml(text):
    read = ElementTree.fromstring(f"<a>{escape(writable(text))}</a>").text or ""

    assert read == writable(text).replace("\r\n", "\n").replace("\r", "\n")
    assert (unwritable_in(text) is None) == (writable(text) == text)


def test_the_first_that_no_feed_can_hold_is_named_at_its_place():
    found = unwritable_in("fell\u200b\t\n\x85by\x0b a\x01")

    assert (found.start, found.end, found.name) == (10, 11, "character U+000B")


def test_the_head_of_an_article_says_how_much_there_is():
    assert summary(odd_in("plain")) == ""
    assert summary(odd_in("a\u200bb")) == (
        "This text holds 1 character that cannot be seen. They are marked where they stand."
    )
    assert summary(odd_in("a\u200b\u202eb p\u043ert")) == (
        "This text holds 2 characters that cannot be seen and 1 word mixing letters of two "
        "alphabets. They are marked where they stand."
    )


def test_runs_are_cut_at_what_cannot_be_seen():
    (one,) = paragraphs("The har\u202ebour opens.", [Mark(4, 12, "claim")])

    assert [(run.text, run.style, run.odd) for run in one.runs] == [
        ("The ", "", ""), ("har", "claim", ""), ("\u202e", "claim", "right-to-left override"),
        ("bour", "claim", ""), (" opens.", "", ""),
    ]  # fmt: skip


@given(
    st.text(
        alphabet=st.sampled_from("ab о\u202e\u200b␀\n漁\u200d👩\ufe0f\u05d0\u200f"), max_size=40
    )
)
def test_nothing_of_a_text_is_lost_whatever_is_marked(text):
    shown = ["".join(run.text for run in one.runs) for one in paragraphs(text, [Mark(2, 9, "x")])]

    assert shown == [line for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Ann & Bo <b>", "Ann &amp; Bo &lt;b&gt;"),
        (
            "<b>\u202e",
            f"&lt;b&gt;{NAMED}\u202e</bdi>",
        ),
        ("one\n\n<two>\u200b", None),
    ],
)
def test_words_on_any_page_show_what_cannot_be_seen_and_nothing_as_html(words, shown):
    html = Template("{{ words|seen }}").render(Context({"words": words}))

    if shown is not None:
        assert html == shown
    assert html.count("\n") == words.count("\n")
    assert "<b>" not in html
    assert "<two>" not in html


def test_the_queue_and_the_page_of_a_claim_show_it_too(db):
    review = factories.review_at(Status.QUEUED)
    Claim.objects.filter(pk=review.claim_id).update(wording="The p\u043ert stays \u202enepo.")
    checker = signed_in(factories.fact_checker())

    for address in ("/", review.get_absolute_url(), f"/claims/{review.claim.ref}/"):
        html = checker.get(address).content.decode()
        assert 'data-name="right-to-left override"' in html, address
        assert 'title="mixes Latin and Cyrillic letters"' in html, address
