"""Which addresses are not the public internet, by lists of our own.

The lists follow the IANA registries of special-purpose addresses, https://www.iana.org/assignments/
iana-ipv4-special-registry and iana-ipv6-special-registry, with the service addresses of cloud
providers that stand outside them. `ipaddress.is_global` of Python calls several of them global.
An IPv4 address inside an IPv6 address is never public, whatever it is: no public site needs one,
and where such an address leads is decided by a gateway that we do not know.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL = {
    "0.0.0.0/8": "this machine's own",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "private to a provider's network",
    "127.0.0.0/8": "this machine's own",
    "168.63.129.16/32": "a cloud provider's own",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved for protocols",
    "192.0.2.0/24": "for examples only",
    "192.31.196.0/24": "reserved for protocols",
    "192.52.193.0/24": "reserved for protocols",
    "192.88.99.0/24": "reserved for protocols",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved for protocols",
    "198.18.0.0/15": "for tests only",
    "198.51.100.0/24": "for examples only",
    "203.0.113.0/24": "for examples only",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "this machine's own",
    "::1/128": "this machine's own",
    "100::/64": "reserved",
    "2001::/23": "reserved for protocols",
    "2001:db8::/32": "for examples only",
    "2620:4f:8000::/48": "reserved for protocols",
    "3fff::/20": "for examples only",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
}
_KINDS: list[tuple[Network, str]] = [(ip_network(net), kind) for net, kind in _SPECIAL.items()]
_UNICAST = IPv6Network("2000::/3")  # all that has been given out of IPv6 so far

# Where an IPv6 network keeps an IPv4 address: its name, and the bits behind the IPv4 address.
_EMBEDDING = [
    (IPv6Network("::ffff:0:0/96"), "IPv4-mapped", 0),
    (IPv6Network("::ffff:0:0:0/96"), "IPv4-translated", 0),
    (IPv6Network("64:ff9b::/96"), "NAT64", 0),
    (IPv6Network("64:ff9b:1::/48"), "local NAT64", 0),
    (IPv6Network("2002::/16"), "6to4", 80),
    (IPv6Network("::/96"), "IPv4-compatible", 0),
]
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_OWN = (IPv6Address("::"), IPv6Address("::1"))


def not_public(address: Address) -> str:
    """Say in a few words why `address` is not on the public internet; "" when it is."""
    if isinstance(address, IPv6Address) and address not in _OWN and (form := _embedded(address)):
        return form
    for network, kind in _KINDS:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return "reserved"
    return ""


def _embedded(address: IPv6Address) -> str:
    """How `address` holds an IPv4 address, and which; "" if it holds none."""
    bits = int(address)
    if address in _TEREDO:  # the client's address stands there with every bit turned
        return f"Teredo for {IPv4Address(~bits & 0xFFFF_FFFF)}"
    if bits >> 32 & 0xFFFF_FFFF in _ISATAP:
        return f"ISATAP for {IPv4Address(bits & 0xFFFF_FFFF)}"
    for network, name, behind in _EMBEDDING:
        if address in network:
            return f"{name} for {IPv4Address(bits >> behind & 0xFFFF_FFFF)}"
    return ""
