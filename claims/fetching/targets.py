"""An address as somebody wrote it becomes a target, or is refused before any socket is opened.

The WHATWG URL standard decides what an address means, as browsers do (https://url.spec.whatwg.org),
by its implementation Ada. On top, forms that the standard takes but that mislead readers and
programs are refused: we say what is wrong with them instead of guessing what was meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address

from ada_url import URL

from claims.fetching.guard import Guard
from claims.fetching.networks import Address
from claims.fetching.refusals import Refused

LONGEST = 2000  # characters of an address, as the database takes it
DEFAULT_PORTS = {"http": 80, "https": 443}

_SCHEME = re.compile("[a-zA-Z][a-zA-Z0-9+.-]*:")
_AUTHORITY = re.compile("(?:[a-zA-Z]+:)?//([^/?#]*)")
_LABEL = re.compile("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and what to ask for. `address` is set when the host is an IP address."""

    url: str
    scheme: str
    host: str  # without brackets
    port: int
    path: str  # with the query, without the fragment
    address: Address | None

    @property
    def authority(self) -> str:
        """The host as the `Host` header names it: with brackets, and with a port if it must."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"


def check_address(url: str, *, guard: Guard | None = None) -> Target:
    """Return what `url` names, if it is an address that the desk would connect to.

    No name is looked up, so a host may still turn out to be private, or not to exist.

    :raises Refused: if it is not; the message says what is wrong with it.
    """
    return _target(url, None, guard or Guard.of_the_desk())


def follow(location: str, *, base: Target, guard: Guard) -> Target:
    """Return where a redirect leads that `base` answered with; relative ones too.

    :raises Refused: if the desk would not go there.
    """
    return _target(location, base, guard)


def _target(written: str, base: Target | None, guard: Guard) -> Target:
    written = written.strip(" \t\r\n\f")
    _check_characters(written)
    _check_scheme(written, needed=base is None)
    authority = _AUTHORITY.match(written)
    if authority and "@" in authority[1]:
        raise Refused("The address holds a user name or password.")
    if authority and re.match(r"\[[^\]]*%", authority[1]):
        raise Refused("The host names a network interface of the machine that asks.")
    try:
        url = URL(written, base.url) if base else URL(written)
    except ValueError as error:
        raise Refused("This is not a valid address.") from error
    if len(url.href) > LONGEST:
        raise Refused(f"The address is longer than {LONGEST:,} characters.")
    address = _host(url.hostname, authority[1] if authority else None)
    port = int(url.port or DEFAULT_PORTS[url.protocol[:-1]])
    if port not in guard.ports:
        ports = ", ".join(str(port) for port in sorted(guard.ports))
        raise Refused(f"Port {port} is not read, only {ports}.")
    if address:
        guard.check(address)
    return Target(
        url=url.href,
        scheme=url.protocol[:-1],
        host=url.hostname.strip("[]"),
        port=port,
        path=url.pathname + url.search,
        address=address,
    )


def _check_characters(written: str) -> None:
    if not written:
        raise Refused("The address is empty.")
    if len(written) > LONGEST:
        raise Refused(f"The address is longer than {LONGEST:,} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in written):
        raise Refused("The address holds control characters.")
    if "\\" in re.split("[?#]", written)[0]:
        raise Refused("The address holds a backslash.")


def _check_scheme(written: str, *, needed: bool) -> None:
    scheme = _SCHEME.match(written)
    if scheme and scheme[0].lower() not in ("http:", "https:"):
        raise Refused(f"“{scheme[0][:20]}” is not read, only http:// and https:// addresses are.")
    if needed and not scheme:
        raise Refused("The address does not begin with http:// or https://.")
    rest = written[scheme.end() :] if scheme else written
    if (scheme and not rest.startswith("//")) or rest.startswith("///"):
        raise Refused("Two slashes and a host must follow after http: or https:.")


def _host(host: str, written: str | None) -> Address | None:
    """Check the host, which stood there as `written`; return it as an IP address if it is one."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        _check_name(host)
        return None
    if written and address.version == 4 and re.sub(r":\d*$", "", written) != host:
        raise Refused(f"The host is {host}, written so that people do not see it.")
    return address


def _check_name(host: str) -> None:
    if host.endswith("."):
        raise Refused("The host ends with a dot.")
    labels = host.split(".")
    if "" in labels:
        raise Refused("The host has an empty part between two dots.")
    if len(host) > 253 or any(len(label) > 63 for label in labels):
        raise Refused("The host is longer than a host name can be.")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("The host holds characters that no host name has.")
    if any(label.startswith("xn--") for label in labels) and _spelt(labels) != host:
        raise Refused("The host is not valid in its international spelling (xn--).")


def _spelt(labels: list[str]) -> str:
    """The host that the letters behind `labels` are written as; "" if they have none.

    Ada takes a label in punycode as it comes; here it must be what its own letters give.
    """
    try:
        letters = [
            label[4:].encode().decode("punycode") if label.startswith("xn--") else label
            for label in labels
        ]
        return str(URL(f"http://{'.'.join(letters)}/").hostname)
    except ValueError:
        return ""
