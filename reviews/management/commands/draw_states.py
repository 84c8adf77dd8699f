"""`manage.py draw_states`: the life of a review, as a Mermaid diagram drawn from `states.MOVES`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from reviews.states import MOVES, SYSTEM, Status


def diagram() -> str:
    """Return the table of moves as Mermaid text, without what is only noted."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.QUEUED}: open"]
    for action, move in MOVES.items():
        who = " (by itself)" if move.permission == SYSTEM else ""
        lines += [
            f"    {source} --> {move.target}: {action}{who}"
            for source in Status
            if source in move.sources and move.target
        ]
    return "\n".join(lines)


class Command(BaseCommand):
    help = "Print the life of a review as a Mermaid state diagram, drawn from the table of moves."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(diagram())
