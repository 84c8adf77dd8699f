"""What a site allows a machine that comes by itself, and how often it comes.

For polling only: a page that a person asks for is read as their browser would read it.
The rules are those of RFC 9309, https://www.rfc-editor.org/rfc/rfc9309.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from django.core.cache import cache
from protego import Protego

from claims.fetching.guard import Guard, Limits
from claims.fetching.pages import PRODUCT, fetch
from claims.fetching.refusals import NotFetched
from claims.fetching.targets import check_address

KEPT = 24 * 3600  # seconds; RFC 9309 allows no more
KEPT_CLOSED = 600  # seconds until a site that failed is asked again
LONGEST_PAUSE = 3600.0  # seconds between two requests, whatever a site asks for

_LARGEST = 500_000  # bytes of a robots.txt that are read, as RFC 9309 demands
_MOST = 500_000  # agents × rules; a file of 500 kB could hold 200 million
_OPEN, _CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True)
class Manners:
    """Whether a machine may read an address: `refusal` says why not, "" if it may.

    `pause` is how many seconds the site wants between two requests; 0 if it does not say.
    """

    refusal: str = ""
    pause: float = 0.0


def may_poll(url: str, *, guard: Guard | None = None, limits: Limits | None = None) -> Manners:
    """Ask the robots.txt of the site of `url`, which is read once a day, whether we may read it.

    A site without one allows everything. One that fails or cannot be reached allows nothing for ten
    minutes, and so does a file that no honest site has.

    :raises Refused: if the desk would not connect to `url` at all.
    """
    guard = guard or Guard.of_the_desk()
    target = check_address(url, guard=guard)
    key = _key("robots", target.origin)
    known = cache.get(key)
    if known is None:
        known = _read(f"{target.origin}/robots.txt", guard, limits)
        cache.set(key, known, KEPT if known[0] == _OPEN else KEPT_CLOSED)
    state, text = known
    if state == _CLOSED:
        return Manners(text)
    rules = Protego.parse(text)
    pause = min(rules.crawl_delay(PRODUCT) or 0.0, LONGEST_PAUSE)
    allowed = rules.can_fetch(target.url, PRODUCT)
    return Manners("" if allowed else f"The robots.txt of {target.host} forbids it.", pause)


def take_turn(url: str, *, every: float, guard: Guard | None = None) -> bool:
    """Say whether a request to the host of `url` may be made now; if so, the turn is taken.

    All workers together make one request in `every` seconds, rounded up to whole ones.

    :raises Refused: if the desk would not connect to `url` at all.
    """
    host = check_address(url, guard=guard).host
    return bool(cache.add(_key("turn", host), 1, timeout=max(1, math.ceil(every))))


def _key(what: str, site: str) -> str:
    """A key of the cache, of one length however long a host's name is."""
    return f"fetching:{what}:{hashlib.sha256(site.encode()).hexdigest()}"


def _read(url: str, guard: Guard, limits: Limits | None) -> tuple[str, str]:
    """Whether the site is open, and then its rules, or else why it is closed."""
    try:
        found = fetch(url, guard=guard, limits=limits)
    except NotFetched as error:
        return _CLOSED, f"Its robots.txt cannot be read: {error}"
    if found.status >= 500 or found.status == 429:
        return _CLOSED, f"Its robots.txt answers {found.status}."
    if not found.ok:
        return _OPEN, ""
    text = found.content[:_LARGEST].decode("utf-8", "replace").removeprefix("\ufeff")
    if _weight(text) > _MOST:
        return _CLOSED, "Its robots.txt holds more rules than can be read."
    return _OPEN, text


def _weight(text: str) -> int:
    """How many pairs of an agent and a rule a parser may have to make of `text`."""
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    agents = sum(line.startswith("user") for line in lines)
    return agents * (len(lines) - agents) + agents * agents // 10
