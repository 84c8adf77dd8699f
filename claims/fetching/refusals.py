"""What can become of a request besides an answer. The messages are sentences for people."""

from __future__ import annotations

import time


class NotFetched(Exception):
    """Nothing was fetched, and nothing of it is kept; the message says why.

    It may repeat what strangers sent, so that what cannot be printed is shown as such: messages go
    to pages, logs and the database.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in message)
        )


class Refused(NotFetched):
    """Our own rules forbid it: an address, or what was sent from there. Asking again is vain."""


class Unreachable(NotFetched):
    """The other side gave no whole answer this time; it may do so later."""


class Deadline:
    """The one time limit of a request: names, connections, redirects and body share it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, more than 0.

        :raises Unreachable: if there are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> Unreachable:
        """What to raise when something waited until the end."""
        return Unreachable(f"There was no whole answer within {self._seconds:g} seconds.")
