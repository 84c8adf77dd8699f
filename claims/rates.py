"""How often somebody may ask: counted in the cache, which all processes share."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def wait(key: str, *, most: int, seconds: int) -> int:
    """Count one more under `key`; return for how many seconds to wait, 0 if it may go on.

    At most `most` in each `seconds`, which begin at fixed times. While the cache does not answer
    nobody counts, so nobody goes on.
    """
    now = int(time.time())
    name = f"rate:{key}:{now // seconds}"
    try:
        cache.add(name, 0, timeout=2 * seconds)
        count = cache.incr(name)
    except (RedisError, ValueError) as error:  # away, or emptied between the two
        logger.warning("No rate is counted: %s", error)
        return seconds
    return seconds - now % seconds if count > most else 0
