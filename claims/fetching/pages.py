"""URL in, fetched page out: every redirect is checked like the first address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message
from itertools import pairwise
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from claims.fetching.encodings import ACCEPTED
from claims.fetching.exchange import REDIRECTS, Answer, Headers, Request, exchange
from claims.fetching.guard import Guard, Limits
from claims.fetching.refusals import Deadline, NotFetched, Refused
from claims.fetching.targets import Target, check_address, follow

PRODUCT = "FactcheckDesk"  # what robots.txt files call us
_LIKED = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Validators(NamedTuple):
    """What an earlier answer said of its version, to be asked “has it changed since?”."""

    etag: str = ""
    last_modified: str = ""


class Redirect(NamedTuple):
    """An address that answered with another one."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with all that is needed to show later what was asked and what came back.

    Any status is an answer: 404 and 500 too, and 304 without content when validators were sent.
    """

    url: str  # the last one, after the redirects
    redirects: tuple[Redirect, ...]
    status: int
    headers: Headers  # as received, in order
    sent: Headers  # the request's
    received: bytes  # the body as sent, perhaps compressed
    content: bytes  # the body decoded; the same bytes if it was not compressed
    address: str  # the IP address that answered
    fetched_at: datetime

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def unchanged(self) -> bool:
        return self.status == 304

    @property
    def media_type(self) -> str:
        """Such as "text/html"; "" if the server did not say."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The character encoding that the server names, in lower case; "" if it names none."""
        message = Message()
        message["Content-Type"] = self.header("content-type")
        return message.get_content_charset("").strip("' ")

    @property
    def validators(self) -> Validators:
        """What to send along the next time this address is asked."""
        return Validators(self.header("etag"), self.header("last-modified"))

    @property
    def lost_https(self) -> bool:
        """Whether a redirect led from https to http, where anybody on the way can change a page."""
        urls = [*(hop.url for hop in self.redirects), self.url]
        schemes = [url.partition(":")[0] for url in urls]
        return ("https", "http") in pairwise(schemes)

    def header(self, name: str) -> str:
        """The first value of the header with this lower-case name; "" if it is absent."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def fetch(
    url: str, *, conditional: Validators | None = None,
    guard: Guard | None = None, limits: Limits | None = None,
    on_redirect: Callable[[str], object] | None = None,
) -> Fetched:  # fmt: skip
    """Return what stands at `url`. Costs up to 15 seconds and 40 MB of memory.

    No cookie, no credentials and no proxy of the environment go along. Redirects from https to
    http are followed, because an http address might have been asked for as well; `lost_https` says.

    :param on_redirect: is told of each address before it is followed, within the same 15 seconds;
        what it raises ends the way there.
    :raises Refused: if an address on the way, the size or the encoding is against the rules.
    :raises Unreachable: if there is no whole answer in time.
    """
    guard, limits = guard or Guard.of_the_desk(), limits or Limits()
    deadline = Deadline(limits.seconds)
    request = Request("GET", (*_headers(), *_conditions(conditional or Validators())))
    target = check_address(url, guard=guard)
    passed: list[Redirect] = []
    while True:
        answer = _named(passed, target, request, guard, limits, deadline)
        if answer.status not in REDIRECTS:
            return _fetched(target, passed, answer)
        passed.append(Redirect(target.url, answer.status))
        target = _next(answer, target, passed, guard, limits)
        if on_redirect:
            on_redirect(target.url)


def post(
    url: str, body: bytes, *, media_type: str, headers: Mapping[str, str] | None = None,
    trusted: bool = False, guard: Guard | None = None, limits: Limits | None = None,
) -> Fetched:  # fmt: skip
    """Send `body` to `url` and return the answer. A redirect is an answer, it is not followed.

    `trusted` is for an address that the operator wrote into the settings: it may be private. All
    else stays as for `fetch`: ports, time, size, certificates, and names by DNS alone.

    :raises Refused: if the address, the size or the encoding is against the rules.
    :raises Unreachable: if there is no whole answer in time.
    """
    guard, limits = guard or Guard.of_the_desk(), limits or Limits()
    guard = replace(guard, trusted=trusted)
    target = check_address(url, guard=guard)
    sent = (*_headers(), ("Content-Type", media_type), *(headers or {}).items())
    request = Request("POST", sent, body)
    deadline = Deadline(limits.seconds)
    answer = exchange(target, request, guard=guard, limits=limits, deadline=deadline)
    return _fetched(target, [], answer)


def user_agent() -> str:
    """Who we are and how to reach us, for the logs of those whose pages are read."""
    contact = [iri_to_uri(part) for part in (settings.PUBLIC_URL, settings.CONTACT_EMAIL) if part]
    return f"{PRODUCT}/{settings.VERSION} (+{'; '.join(contact)})"


def _headers() -> Headers:
    return (("User-Agent", user_agent()), ("Accept", _LIKED), ("Accept-Encoding", ACCEPTED))


def _conditions(known: Validators) -> Headers:
    pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified))
    return tuple((name, value) for name, value in pairs if value)


def _named(
    passed: list[Redirect], target: Target, request: Request,
    guard: Guard, limits: Limits, deadline: Deadline,
) -> Answer:  # fmt: skip
    """The answer; what goes wrong behind a redirect says where it led."""
    try:
        return exchange(target, request, guard=guard, limits=limits, deadline=deadline)
    except NotFetched as error:
        if not passed:
            raise
        raise type(error)(f"It redirects to {target.url}. {error}") from error


def _next(
    answer: Answer, target: Target, passed: list[Redirect], guard: Guard, limits: Limits
) -> Target:
    location = _text(answer.header("location"))
    if not location:
        raise Refused(f"It answers {answer.status}, a redirect, but does not say where to.")
    if len(passed) > limits.redirects:
        raise Refused(f"It redirects more than {limits.redirects} times.")
    try:
        following = follow(location, base=target, guard=guard)
    except Refused as error:
        raise Refused(f"It redirects to {location[:200]}. {error}") from error
    if _page(following.url) in {_page(hop.url) for hop in passed}:
        raise Refused(f"It redirects in a circle, back to {following.url}.")
    return following


def _text(header: str) -> str:
    """A header as its sender meant it, where they wrote UTF-8 instead of percents."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return header


def _page(url: str) -> str:
    return url.partition("#")[0]


def _fetched(target: Target, passed: list[Redirect], answer: Answer) -> Fetched:
    return Fetched(
        url=target.url,
        redirects=tuple(passed),
        status=answer.status,
        headers=answer.headers,
        sent=answer.sent,
        received=answer.received,
        content=answer.content,
        address=str(answer.address),
        fetched_at=timezone.now(),
    )
