"""Cutting an article into runs: nothing of the text is lost or changed, whatever is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.marking import ODD, Mark, beginning, paragraphs

TEXT = "One two three.\n\nFour five."


def cut(text, *marks):
    return [
        [(run.text, run.style) for run in paragraph.runs] for paragraph in paragraphs(text, marks)
    ]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], [[("One two three.", "")], [("Four five.", "")]]),
        (
            [Mark(4, 7, "claim")],
            [[("One ", ""), ("two", "claim"), (" three.", "")], [("Four five.", "")]],
        ),
        (
            [Mark(0, 7, "claim"), Mark(4, 13, "flag")],
            [
                [("One ", "claim"), ("two", "claim flag"), (" three", "flag"), (".", "")],
                [("Four five.", "")],
            ],
        ),
        (
            [Mark(8, 20, "flag")],
            [[("One two ", ""), ("three.", "flag")], [("Four", "flag"), (" five.", "")]],
        ),
        (
            [Mark(3, 3, "flag"), Mark(90, 99, "flag")],
            [[("One two three.", "")], [("Four five.", "")]],
        ),
    ],
)
def test_marks_cut_paragraphs_into_runs(marks, expected):
    assert cut(TEXT, *marks) == expected


def test_a_mark_leads_somewhere_once_from_where_it_begins():
    first, second = Mark(4, 20, "flag", ref="a"), Mark(4, 7, "flag", ref="b")

    top, below = paragraphs(TEXT, [second, first])

    assert [(run.link, run.notes) for run in top.runs] == [
        (None, ()),
        (first, (second,)),
        (None, ()),
    ]
    assert [run.link for run in below.runs] == [None, None]
    assert (top.leads, below.leads) == ((first, second), ())


@given(
    st.text(alphabet="ab \n"),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: Mark(*p, style="m"))),
)
def test_the_runs_joined_are_the_text(text, marks):
    lines = [line for line in text.split("\n") if line.strip()]

    joined = ["".join(run.text for run in paragraph.runs) for paragraph in paragraphs(text, marks)]

    assert joined == lines


def test_marks_that_end_before_others_that_began_earlier_are_told_in_their_lines():
    whole, first, last = Mark(0, 26, "w"), Mark(0, 3, "a"), Mark(21, 25, "b")

    assert cut(TEXT, last, whole, first) == [
        [("One", "w a"), (" two three.", "w")],
        [("Four ", "w"), ("five", "w b"), (".", "w")],
    ]


def test_a_text_of_very_many_odd_lines_is_cut_and_the_first_are_named():
    line = "a\u0430"  # Latin, then Cyrillic

    found = paragraphs("\n".join([line] * 60_000), [])

    assert len(found) == 60_000
    assert [bool(paragraph.runs[0].odd) for paragraph in found] == (
        [True] * ODD + [False] * (60_000 - ODD)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("one\ntwo", "one\ntwo"),
        ("one\ntwo\n", "one\ntwo\n"),
        ("one\n\ntwo\nthree", "one\n\ntwo"),
        ("a long line", "a long li"),
        ("a long\nline", "a long"),
    ],
)
def test_a_page_shows_the_beginning_of_a_long_text(text, shown):
    assert beginning(text, characters=9, lines=2) == shown
