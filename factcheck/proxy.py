"""Who is really asking: behind a proxy, and counted as one where one person has many addresses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

NETWORK = 64  # bits of an IPv6 address that belong to others; the rest is one customer's to choose


def counted_address(request: HttpRequest) -> str | None:
    """Return by what limits tell people apart: an IPv4 address, or the first of an IPv6 /64.

    An IPv4 address that a server with one socket for both writes as ::ffff:203.0.113.9 is itself.
    None where there is no address, as at a Unix socket.
    """
    asking = _address(_last_forwarded(request)) if settings.BEHIND_PROXY else None
    asking = asking or _address(str(request.META.get("REMOTE_ADDR", "")))
    if isinstance(asking, IPv6Address):
        asking = asking.ipv4_mapped or IPv6Address(int(asking) >> NETWORK << NETWORK)
    return str(asking) if asking else None


def _last_forwarded(request: HttpRequest) -> str:
    """The address that our own proxy saw: those before it were written by the client."""
    return str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()


def _address(written: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(written)
    except ValueError:
        return None
