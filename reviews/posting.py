"""Hands a file to an address on the web that the operator of the site named: one POST, no more.

https only, or http to this very machine; nothing is followed, and nothing of the answer but its
status is read. No address from an article or a form comes here.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from claims import fetching

LARGEST = 50_000_000  # bytes; it is held in memory
LIMITS = fetching.Limits(seconds=60)


class NotTaken(Exception):
    """The other side does not have the file for sure; the sentence says why, and no address."""


def refusal(url: str) -> str:
    """Say why nothing is posted to `url`; "" when it may be."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no address."
    if not host or parts.fragment:
        return "it is no address of a web server."
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)):
        return ""
    return "it must begin with https:// (http:// only to this machine)."


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def post(url: str, content: bytes, *, name: str) -> None:
    """Post `content`, a gzip file called `name`, to any port that the operator named.

    :raises NotTaken: unless the answer is a 2xx.
    """
    if why_not := refusal(url):
        raise NotTaken(f"Not posted: {why_not}")
    if len(content) > LARGEST:
        raise NotTaken(f"Not posted: {len(content)} bytes are more than {LARGEST}.")
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    guard = replace(fetching.Guard.of_the_desk(), ports=frozenset({port}))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    try:
        answer = fetching.post(
            url, content, media_type="application/gzip", headers=headers, trusted=True,
            guard=guard, limits=LIMITS,
        )  # fmt: skip
    except fetching.NotFetched as error:
        raise NotTaken(str(error)) from error  # which names the host at most
    if not 200 <= answer.status < 300:
        raise NotTaken(f"The webhook answered {answer.status}.")
