"""Hands a file to an address on the web that the operator of the site named: one POST, no more.

https only, or http to this very machine; nothing is followed, and nothing of the answer but its
status is read. No address from an article or a form comes here.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import BinaryIO
from urllib.parse import urlsplit

import urllib3

LARGEST = 100_000_000  # bytes
TIMEOUT = urllib3.Timeout(connect=10, read=30)  # seconds, for each step


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


def post(url: str, file: BinaryIO, *, size: int, name: str) -> None:
    """Post the `size` bytes of `file`, a gzip file called `name`.

    :raises NotTaken: unless the answer is a 2xx.
    """
    if why_not := refusal(url):
        raise NotTaken(f"Not posted: {why_not}")
    if size > LARGEST:
        raise NotTaken(f"Not posted: {size} bytes are more than {LARGEST}.")
    headers = {
        "Content-Type": "application/gzip",
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{name}"',
        "User-Agent": "factcheck-desk",
    }
    with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as pool:
        try:
            answer = pool.request(
                "POST", url, body=file, headers=headers, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NotTaken(type(error).__name__) from error
        answer.close()
    if not 200 <= answer.status < 300:
        raise NotTaken(f"The webhook answered {answer.status}.")
