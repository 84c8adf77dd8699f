"""A part that keeps ending ends the desk while it opens, and is tried again once it is open."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from factcheck import supervisor
from factcheck.embedded import CannotStart
from factcheck.supervisor import TOO_OFTEN, Supervisor


@dataclass
class Ending:
    """A part that starts once and then no more; at its `stops_at`-th start somebody stops all."""

    stops_at: int = 0
    starts: int = 0
    name: str = "database"
    log: Path = Path("database.log")
    alive: bool = field(default=False)

    def start(self) -> None:
        self.starts += 1
        if self.starts == self.stops_at:
            os.kill(os.getpid(), signal.SIGTERM)
        if self.starts > 1:
            raise CannotStart("No space left on device")

    def stop(self) -> None:
        self.alive = False


def test_while_the_desk_opens_it_is_given_up():
    part, said = Ending(), []
    desk = Supervisor(said.append)
    with desk.running():
        desk.start(part)
        for _ in range(TOO_OFTEN - 1):
            desk.revive()

        with pytest.raises(CannotStart, match="database keeps ending"):
            desk.revive()


def test_once_the_desk_is_open_it_is_tried_until_somebody_stops_all(monkeypatch):
    monkeypatch.setattr(supervisor, "REST", 0.0)
    monkeypatch.setattr(supervisor.time, "sleep", lambda seconds: None)
    part = Ending(stops_at=3 * TOO_OFTEN)
    desk = Supervisor(lambda line: None)
    with desk.running():
        desk.start(part)
        desk.watch()

    assert part.starts == 3 * TOO_OFTEN


def test_it_rests_between_its_starts(monkeypatch):
    clock = iter(range(10_000))  # a second passes between two looks
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(supervisor.time, "sleep", lambda seconds: None)
    part, at = Ending(stops_at=3 * TOO_OFTEN), []
    desk = Supervisor(lambda line: at.append(next(clock)))
    with desk.running():
        desk.start(part)
        desk.watch()

    assert min(b - a for a, b in zip(at[TOO_OFTEN:-2], at[TOO_OFTEN + 1 : -1], strict=True)) >= 5
