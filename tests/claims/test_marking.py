"""Cutting an article into runs: nothing of the text is lost or changed, whatever is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.marking import Mark, paragraphs

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
