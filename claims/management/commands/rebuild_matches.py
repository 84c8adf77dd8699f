"""`manage.py rebuild_matches`: match all claims again; killed, it goes on where it stopped."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from claims import rebuilding

TELL_EVERY = 2.0  # seconds


class Command(BaseCommand):
    help = (
        "Enter every claim in the index again, link what waits, and renew the suggestions. What"
        " people decided stands and no link moves. A run that was killed is continued."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        told = 0.0
        for progress in rebuilding.rebuild():
            if progress.done == progress.total or time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                self.stdout.write(
                    f"{progress.stage}: {progress.done:,} of {progress.total:,},"
                    f" {progress.rate:,.0f} a second, {_duration(progress.seconds_left)} left"
                )
        self.stdout.write("All claims are matched.")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
