"""The documents say what the code says."""

from pathlib import Path

from reviews.management.commands.draw_states import diagram

ROOT = Path(__file__).resolve().parent.parent


def test_the_architecture_shows_the_life_of_a_review_as_it_is():
    text = (ROOT / "ARCHITECTURE.md").read_text()

    drawn = text.split("```mermaid\n")[1].split("\n```")[0]

    assert drawn == diagram()
