"""A call of every function of the rooms that writes, on rows where it has the most to do.

Each arranges committed rows and returns the call; `test_crashes.py` kills it at every point.
"""

from __future__ import annotations

from tests.killed.beside import BESIDE, REGROUPING
from tests.killed.moves import MOVES, OPINIONS
from tests.killed.queue import PEOPLE, QUEUE
from tests.killed.witnessing import WITNESSING
from tests.killed.words import WORDS

CALLS = {
    "words": WORDS,
    "moves": MOVES,
    "second opinions": OPINIONS,
    "merging": REGROUPING,
    "beside the verdict": BESIDE,
    "queue": QUEUE,
    "people": PEOPLE,
    "witnesses and policy": WITNESSING,
}

# They go on where a dead one stopped: each row is a transaction of its own.
SWEEPS = {
    "queue.expire_leases", "queue.keep_dates", "queue.open_reviews", "arranging.reweigh",
    "notifications.tell_of_ending_leases", "notifications.write_digests", "mail.send_due",
    "roles.sync", "delivery.deliver_due",
}  # fmt: skip
