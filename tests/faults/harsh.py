"""What the processes of a harsh desk meet: messages that come thrice, articles that are poison.

Loaded by workers and beat on a desk with `harsh_settings`. The product has no door for this: the
engine and the transport are replaced from outside, in these processes only.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any
from uuid import uuid4

from django.conf import settings
from kombu.transport import redis

from claims import analysis
from tests.faults.breaking import EATS, LOOPS, THRICE

MOST = 8 * 2**30  # bytes: whoever gets them is not limited at all

_read, _put = analysis.engine.analyse, redis.Channel._put


def read(text: str, **facts: Any) -> analysis.engine.Analysis:
    if LOOPS in text:  # in C, which never comes back to Python for a signal
        deque(itertools.repeat(None), maxlen=0)
    if EATS in text:
        hoard: list[bytearray] = []
        while len(hoard) * 2**24 < MOST:
            hoard.append(bytearray(2**24))
    return _read(text, **facts)


def put(channel: redis.Channel, queue: str, message: dict[str, Any], **options: Any) -> None:
    for _ in range(3 if (settings.DATA / THRICE).exists() else 1):
        tagged = message["properties"] | {"delivery_tag": str(uuid4())}
        _put(channel, queue, message | {"properties": tagged}, **options)


analysis.engine.analyse = read
redis.Channel._put = put
