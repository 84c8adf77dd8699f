"""What may be reached and how much is taken: one value each, made from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.conf import settings

from claims.fetching.networks import Address, Network, not_public
from claims.fetching.refusals import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take, redirects included; sizes in bytes."""

    seconds: float = 15
    redirects: int = 5
    headers: int = 64_000
    received: int = 10_000_000  # as sent, with headers and framing
    decoded: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Guard:
    """Which ports and networks may be reached, and by which servers and certificates.

    `allowed` opens networks that are not public, `trusted` opens all, for an address that the
    operator wrote into the settings. Nothing that comes from outside sets either.
    """

    ports: frozenset[int] = frozenset({80, 443})
    forbidden: tuple[Network, ...] = ()
    allowed: tuple[Network, ...] = ()
    trusted: bool = False
    nameservers: tuple[tuple[str, int], ...] = ()  # address and port; none: the system's
    authorities: str = ""  # a file of certificates that are trusted beside the usual ones
    proxy: str = ""  # http://[user:password@]host:port

    @classmethod
    def of_the_desk(cls) -> Self:
        """The guard that the settings describe."""
        return cls(
            ports=frozenset(settings.FETCH_PORTS),
            forbidden=settings.FETCH_FORBIDDEN,
            proxy=settings.EGRESS_PROXY,
        )

    def is_direct(self, address: Address) -> bool:
        """Whether `address` is connected to without the proxy.

        What only the operator may name, such as a private webhook, is on this side of the proxy.
        """
        return not self.proxy or (self.trusted and bool(not_public(address)))

    def check(self, address: Address, *, of: str = "") -> None:
        """Pass an address that may be connected to, of the host named `of` if it has a name.

        :raises Refused: if it is not public, or the operator forbids it.
        """
        if self.trusted or any(address in network for network in self.allowed):
            return
        kind = not_public(address)
        if not kind and any(address in network for network in self.forbidden):
            kind = "closed to the desk by its settings"
        if kind:
            which = f"{of} leads to {address}, which" if of else address
            raise Refused(f"{which} is {kind}; only the public internet is read.")
