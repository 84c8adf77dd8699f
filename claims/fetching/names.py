"""Host names become addresses, once for each request, by DNS alone.

The system's `getaddrinfo` has no time limit and also reads the hosts file and search domains of
this machine, which say nothing about the public internet.
"""

from __future__ import annotations

from ipaddress import ip_address

import dns.exception
import dns.name
import dns.resolver
from dns.nameserver import Do53Nameserver
from dns.rdatatype import AAAA, A, RdataType

from claims.fetching.guard import Guard
from claims.fetching.networks import Address
from claims.fetching.refusals import Deadline, Unreachable

_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_SECOND = 2.0  # seconds for the IPv6 addresses of a host that has IPv4 ones


def addresses_of(host: str, guard: Guard, deadline: Deadline) -> list[Address]:
    """Return every address of `host`, IPv4 first, each of which `guard` lets pass.

    One forbidden address refuses them all: a public site has no private ones, so that somebody is
    playing with names; which one we would connect to must not depend on chance.

    :raises Refused: if an address is not public.
    :raises Unreachable: if there is none, or none in time.
    """
    found = _look_up(host, guard, deadline)
    for address in found:
        guard.check(address, of=host)
    return found


def _look_up(host: str, guard: Guard, deadline: Deadline) -> list[Address]:
    if host == "localhost" or host.endswith(".localhost"):
        return list(_LOOPBACK)  # RFC 6761: never asked of a name server
    try:
        resolver = _resolver(guard)
        name = dns.name.from_text(host)
        found = _ask(resolver, name, A, deadline.left())
        try:
            seconds = min(_SECOND, deadline.left()) if found else deadline.left()
            found += _ask(resolver, name, AAAA, seconds)
        except dns.exception.DNSException:
            if not found:  # servers that stumble over questions for IPv6 are common
                raise
    except dns.resolver.NXDOMAIN as error:
        raise Unreachable(f"There is no host {host}.") from error
    except dns.resolver.LifetimeTimeout as error:
        raise Unreachable(f"No name server told the address of {host} in time.") from error
    except dns.exception.DNSException as error:
        raise Unreachable(f"The address of {host} cannot be looked up: {error}") from error
    if not found:
        raise Unreachable(f"The host {host} has no address.")
    return found


def _resolver(guard: Guard) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not guard.nameservers)
    if guard.nameservers:
        resolver.nameservers = [
            Do53Nameserver(address, port) for address, port in guard.nameservers
        ]
    return resolver


def _ask(
    resolver: dns.resolver.Resolver, name: dns.name.Name, kind: RdataType, seconds: float
) -> list[Address]:
    answer = resolver.resolve(name, kind, raise_on_no_answer=False, lifetime=seconds, search=False)
    return [ip_address(record.address) for record in answer.rrset or ()]
