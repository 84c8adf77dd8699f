"""Addresses as people and pages write them, before anything is connected to."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from ada_url import URL
from django.test import override_settings
from hypothesis import given, settings, strategies

from claims.fetching import Guard, Refused, Target, check_address, networks
from claims.fetching.networks import not_public
from claims.fetching.targets import follow
from tests.benchmarks import addresses
from tests.desk import ROOT
from tests.thorough import THOROUGH

GUARD = Guard()
URLS = ROOT.parent / "shared" / "data" / addresses.FILE


def test_an_address_is_taken_apart_as_browsers_do():
    assert check_address(" HTTPS://Faß.Example/a/../ä b?q=ö#x\n", guard=GUARD) == Target(
        url="https://xn--fa-hia.example/%C3%A4%20b?q=%C3%B6#x",
        scheme="https",
        host="xn--fa-hia.example",
        port=443,
        path="/%C3%A4%20b?q=%C3%B6",
        address=None,
    )


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://news.example:80/", "news.example"),
        ("http://news.example:443/", "news.example:443"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("http://[2606:4700::1111]:443/", "[2606:4700::1111]:443"),
        ("http://8.8.4.4/", "8.8.4.4"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_must(url, authority):
    assert check_address(url, guard=GUARD).authority == authority


REFUSED = {
    "": "The address is empty.",
    " \n": "The address is empty.",
    "news.example": "The address does not begin with http:// or https://.",
    "//news.example/": "The address does not begin with http:// or https://.",
    "http://news.example/\x00": "The address holds control characters.",
    "http://news.\texample/": "The address holds control characters.",
    "http://news.example/\ud800": "The address holds control characters.",
    "http://new!s.example/": "The host holds characters that no host name has.",
    "http://" + "a" * 64 + ".example/": "The host is longer than a host name can be.",
    "http://" + "a." * 127 + "example/": "The host is longer than a host name can be.",
    "http://xn--pokxncvks/": "The host is not valid in its international spelling (xn--).",
    "http://①②⑦.⓪.⓪.①/": "The host is 127.0.0.1, written so that people do not see it.",
    "http://٨.8.8.8/": "This is not a valid address.",
    "http://134744072/": "The host is 8.8.8.8, written so that people do not see it.",
    "http://1.2.3.256/": "This is not a valid address.",
    "http://news.example/" + "ä" * 500: "The address is longer than 2,000 characters.",
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_wrong_with_an_address_is_said(url):
    with pytest.raises(Refused) as caught:
        check_address(url, guard=GUARD)

    assert str(caught.value) == REFUSED[url]


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "172.15.0.1", "2606:4700::1111",
     "2a00:1450:4001:82a::200e", "2001:470:1::1"],
)  # fmt: skip
def test_the_public_internet_is_public(address):
    assert not_public(ip_address(address)) == ""


def test_nothing_that_python_calls_private_is_public_to_us():
    """Our lists against the standard library's, at the edges of every network of either."""
    ours = [str(network) for network in _edges()]
    theirs = [address for address in ours if not ip_address(address).is_global]

    assert len(theirs) > 60
    assert [address for address in theirs if not not_public(ip_address(address))] == []


def _edges():
    known = [network for network, _ in networks._KINDS]
    standard = [
        *ip_address("0.0.0.0")._constants._private_networks,
        *ip_address("::")._constants._private_networks,
    ]
    for network in [*known, *standard]:
        yield from (network[0], network[-1])


@override_settings(FETCH_PORTS=[80, 443, 8443], FETCH_FORBIDDEN=(ip_network("8.8.4.0/24"),))
def test_the_settings_open_ports_and_close_networks():
    assert check_address("https://news.example:8443/").port == 8443
    with pytest.raises(Refused, match=r"^8\.8\.4\.4 is closed to the desk by its settings"):
        check_address("http://8.8.4.4/")


PIECES = [
    "http://", "https:", "//", "/", "\\", "@", ":", "[", "]", "%00", "%2e", "xn--", "①", "０", "x",
    "127", "0x7f", ".", "。", "1", "2130706433", "?", "#", "::ffff:", "\t", "é", "İ", "\u00ad",
    "\u200d",
]  # fmt: skip


@settings(max_examples=20_000 if THOROUGH else 300, deadline=None)
@given(strategies.lists(strategies.sampled_from(PIECES) | strategies.text(max_size=3), max_size=8))
def test_whatever_is_let_through_means_the_same_to_every_reader(pieces):
    """To us a second time, to a browser, and as a redirect from anywhere."""
    anywhere = check_address("http://base.example/a", guard=addresses.ANY)
    written = "http://" + "".join(pieces)
    try:
        target = check_address(written, guard=addresses.ANY)
    except Refused:
        return

    assert check_address(target.url, guard=addresses.ANY) == target
    assert URL(written.strip()).href == target.url
    assert follow(written, base=anywhere, guard=addresses.ANY) == target


@pytest.mark.skipif(not URLS.is_file(), reason="../shared/data is not beside the project")
def test_the_cases_of_the_url_standard_bring_no_surprise():
    counts = addresses.tally(addresses.cases(URLS))

    assert counts.surprises == []
    assert counts.cases == 869
    assert counts.as_the_standard + counts.refused == 869
