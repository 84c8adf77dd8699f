"""The drawing of a story: who stands where, and what leads to what."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from claims import timeline
from claims.models import Article, Source, Story
from claims.provenance import Fate
from claims.stories import StoryRow, StoryTable


def row(number: int, name: str, **fields) -> StoryRow:
    article = Article(
        pk=number, source=Source(pk=number, name=name), published_on=date(2026, 3, number)
    )
    fields = {
        "fate": Fate.KEPT, "words": "", "rests_on": (), "rests_on_articles": (),
        "is_origin": False, "figures": (), "claimants": (),
    } | fields  # fmt: skip
    return StoryRow(article=article, **fields)


def drawn(*rows: StoryRow) -> timeline.Drawing:
    return timeline.draw(StoryTable(Story(title="Harbour"), "", None, (), rows))


def roles(drawing: timeline.Drawing) -> list[tuple[str, str]]:
    return [(node.name, node.role) for node in drawing.nodes]


def ends(drawing: timeline.Drawing) -> list[tuple[str, str]]:
    """Each arc as (who rests, on whom)."""
    names = {node.y: node.name for node in drawing.nodes}
    heights = [(int(arc.split()[1].split("C")[0]), int(arc.split()[-1])) for arc in drawing.arcs]
    return [(names[start], names[end]) for start, end in heights]


def test_articles_stand_in_the_order_of_the_table_and_do_not_touch():
    drawing = drawn(row(1, "Courier"), row(2, "Herald"), row(3, "Post"))

    assert [node.name for node in drawing.nodes] == ["Courier", "Herald", "Post"]
    heights = [node.y for node in drawing.nodes]
    assert [below - above for above, below in pairwise(heights)] == [
        timeline.ROW, timeline.ROW,
    ]  # fmt: skip
    assert drawing.height > drawing.last_y


def test_a_copy_points_at_the_origin_and_a_relay_stands_between():
    drawing = drawn(
        row(1, "Courier", is_origin=True, fate=Fate.ORIGIN),
        row(2, "Herald", rests_on=("Courier",), rests_on_articles=(1,)),
        row(3, "Post", rests_on=("Courier",), rests_on_articles=(2,)),
    )

    assert roles(drawing) == [("Courier", "origin"), ("Herald", "relay"), ("Post", "copy")]
    assert ends(drawing) == [("Herald", "Courier"), ("Post", "Herald")]


def test_a_source_we_hold_nothing_of_stands_above_and_is_pointed_at():
    drawing = drawn(row(1, "Herald", rests_on=("Agency",)), row(2, "Post", rests_on=("Agency",)))

    assert roles(drawing) == [("Agency", "outside"), ("Herald", "copy"), ("Post", "copy")]
    assert ends(drawing) == [("Herald", "Agency"), ("Post", "Agency")]
    assert (drawing.nodes[0].fate, drawing.nodes[0].published_on) == (None, None)


def test_an_article_that_rests_on_nothing_known_is_its_own_origin():
    assert roles(drawn(row(1, "Courier", fate=Fate.NONE))) == [("Courier", "origin")]


def test_every_arc_stays_inside_the_drawing():
    rows = [row(1, "Courier")]
    rows += [row(n, f"Copy {n}", rests_on_articles=(1,)) for n in range(2, 29)]

    for arc in drawn(*rows).arcs:
        assert min(int(part) for part in arc.replace("M", "").replace("C", " ").split()) >= 0


def test_a_long_name_is_shortened_at_a_word_and_one_long_word_is_cut():
    spaced, solid = drawn(row(1, "The Evening " * 8), row(2, "x" * 90)).nodes

    assert spaced.name == "The Evening The Evening The …"
    assert solid.name == "x" * timeline.NAME


def test_a_story_without_articles_is_an_empty_drawing():
    assert drawn().nodes == ()
