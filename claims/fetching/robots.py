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
LARGE, KEPT_LARGE = 20_000, 600  # bytes of rules for us that are kept only for so many seconds
LONGEST_PAUSE = 3600.0  # seconds between two requests, whatever a site asks for

_LARGEST = 500_000  # bytes of a robots.txt that are read, as RFC 9309 demands
_OPEN, _CLOSED = "open", "closed"
# Words at the beginning of a line as Protego knows them, misspelt ones, too.
_AGENT = {"user-agent", "useragent", "user agent"}
_DISALLOW = ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")
_DELAY = ("crawl-delay", "crawl delay")
_RULES = dict.fromkeys(_DISALLOW, "disallow") | dict.fromkeys(_DELAY, "crawl-delay")
_RULES["allow"] = "allow"
_OF_GROUPS = {"request-rate", "request rate", "visit-time", "visit time"}  # which nobody asks for
_OF_SITES = {"sitemap", "sitemaps", "site-map", "host"}
_KNOWN = _AGENT | _RULES.keys() | _OF_GROUPS | _OF_SITES
# What a group that holds for us may be called: any beginning of our name.
_NAMES = {PRODUCT.lower()[: end + 1] for end in range(len(PRODUCT))} | {"*"}


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
    minutes. Of a file only the rules for us are kept; if they are long, for ten minutes, too.

    :raises Refused: if the desk would not connect to `url` at all.
    """
    guard = guard or Guard.of_the_desk()
    target = check_address(url, guard=guard)
    key = _key("robots", target.origin)
    known = cache.get(key)
    if known is None:
        known = _read(f"{target.origin}/robots.txt", guard, limits)
        cache.set(key, known, _kept_for(*known))
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
    return _OPEN, _for_us(text).encode()[:_LARGEST].decode("utf-8", "ignore")


def _kept_for(state: str, text: str) -> int:
    """For how many seconds what was read is kept: in the store that holds our messages, too."""
    if state == _CLOSED:
        return KEPT_CLOSED
    return KEPT if len(text.encode()) <= LARGE else KEPT_LARGE


def _for_us(text: str) -> str:
    """The rules of a robots.txt that hold for us, as the parser chooses them, for any agent.

    Takes time in proportion to the length of `text`, whatever it holds.
    """
    groups: dict[str, list[str]] = {}  # the rules for each name of ours that is in the file
    current: set[str] = set()
    are_rules = False  # whether the last line that counts was none that names an agent
    for line in text.splitlines():
        read = _directive(line.partition("#")[0].strip())
        if read is None:
            continue
        field, value = read
        if field in _AGENT:
            named = {value.lower(), value.lower().replace("*", "")} & _NAMES
            current = named if are_rules else current | named
            for name in named:
                groups.setdefault(name, [])
        elif field in _RULES and value:
            for name in current:
                groups[name].append(f"{_RULES[field]}:{value}")
        if field not in _OF_SITES:
            are_rules = field not in _AGENT
    best = max(groups, key=len, default="*")
    return "\n".join(["user-agent:*", *groups.get(best, ())])


def _directive(line: str) -> tuple[str, str] | None:
    """The field and the value of a line without its comment, as Protego reads it; None if none."""
    begins, colon, rest = line.partition(":")
    field, value = begins.strip().lower(), rest.strip()
    if colon and (field in _KNOWN or not rest[:1].strip()):
        return field, value
    words = line.split()
    for many in (1, 2):
        if (word := " ".join(words[:many]).lower()) in _KNOWN:
            return word, " ".join(words[many:])
    return (field, value) if colon else None
