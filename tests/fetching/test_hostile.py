"""What strangers try: each is refused in time, with a message that tells it from the others."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from ipaddress import ip_network

import pytest

from claims.fetching import Guard, Limits, NotFetched, Refused, Unreachable, fetch
from claims.fetching.encodings import Content
from tests.hostile import moved, page

QUICK = Limits(seconds=3)
HASTY = Limits(seconds=0.4)


def refusal(net, url, limits=QUICK, guard=None):
    """What is said of an address that must not be fetched, as the kind and the words."""
    try:
        found = fetch(url, guard=guard or net.guard, limits=limits)
    except NotFetched as error:
        return type(error), str(error)
    pytest.fail(f"it was fetched: {found.status}, {found.headers}, {found.content[:200]!r}")


# Names


def test_the_desks_own_guard_lets_nothing_of_this_machine_through(net):
    guard = Guard.of_the_desk()

    assert (guard.allowed, guard.trusted) == ((), False)
    for host in ("127.0.0.1", "localhost", "desk.localhost", "news.example"):
        kind, words = refusal(net, net.url(host=host), guard=net.with_guard(allowed=()))
        which = "127.0.0.1" if host == "127.0.0.1" else f"{host} leads to 127.0.0.1, which"
        said = f"{which} is this machine's own; only the public internet is read."
        assert (kind, words) == (Refused, said)
    assert net.web.connections == 0


def test_a_name_is_asked_once_and_what_was_checked_is_what_is_connected_to(net):
    net.names.records["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    net.serves(page(b"public"))
    net.inside.answers["/"] = [page(b"secret")]

    found = fetch(net.url(host="rebind.example"), guard=net.guard, limits=QUICK)

    assert (found.content, found.address) == (b"public", "127.0.0.1")
    assert net.names.asked == [("rebind.example", "A"), ("rebind.example", "AAAA")]
    assert net.inside.connections == 0


def test_a_name_that_turns_inwards_between_two_redirects_is_refused(net):
    net.names.records["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    url = net.url(host="rebind.example")
    net.serves(moved("/again"))
    net.inside.answers["/again"] = [page(b"secret")]

    kind, words = refusal(net, url)
    inwards = f"It redirects to {url}again. rebind.example leads to 127.0.0.2, which is "
    assert (kind, words[: len(inwards)]) == (Refused, inwards)
    assert net.inside.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1", "127.0.0.2"], ["127.0.0.1", "10.0.0.1"], ["127.0.0.1", "::ffff:127.0.0.1"]],
)
def test_one_private_address_among_public_ones_refuses_the_name(net, addresses):
    net.names.records["mixed.example"] = [addresses]

    assert refusal(net, net.url(host="mixed.example"))[0] is Refused
    assert net.web.connections == net.inside.connections == 0


def test_a_name_without_an_address_and_one_that_does_not_exist(net):
    net.names.records["empty.example"] = [[]]

    assert refusal(net, net.url(host="empty.example")) == (
        Unreachable, "The host empty.example has no address.",
    )  # fmt: skip
    assert refusal(net, net.url(host="absent.example")) == (
        Unreachable, "There is no host absent.example.",
    )  # fmt: skip


def test_a_silent_name_server_holds_nobody_up(net):
    net.names.records["slow.example"] = [None]
    begun = time.monotonic()

    assert refusal(net, net.url(host="slow.example"), HASTY) == (
        Unreachable, "No name server told the address of slow.example in time.",
    )  # fmt: skip
    assert time.monotonic() - begun < 2


def test_names_are_asked_as_they_are_without_the_hosts_file_or_search_domains(net):
    refusal(net, net.url(host="intranet"))

    assert net.names.asked == [("intranet", "A")]


# Redirects inwards

INWARDS = {
    "http://127.0.0.2/": "127.0.0.2 is this machine's own",
    "http://10.1.2.3/": "10.1.2.3 is private",
    "//192.168.0.1/": "192.168.0.1 is private",
    "http://172.31.0.1/": "172.31.0.1 is private",
    "http://100.64.0.1/": "100.64.0.1 is private to a provider's network",
    "http://0.0.0.0/": "0.0.0.0 is this machine's own",
    "http://169.254.169.254/latest/meta-data/": "169.254.169.254 is link-local",
    "http://168.63.129.16/": "168.63.129.16 is a cloud provider's own",
    "http://192.0.0.192/": "192.0.0.192 is reserved for protocols",
    "http://198.18.0.1/": "198.18.0.1 is for tests only",
    "http://203.0.113.7/": "203.0.113.7 is for examples only",
    "http://224.0.0.251/": "224.0.0.251 is multicast",
    "http://255.255.255.255/": "255.255.255.255 is reserved",
    "http://[::1]/": "::1 is this machine's own",
    "http://[::]/": ":: is this machine's own",
    "http://[fe80::1]/": "fe80::1 is link-local",
    "http://[fd00:ec2::254]/": "fd00:ec2::254 is private",
    "http://[ff02::1]/": "ff02::1 is multicast",
    "http://[2001:db8::1]/": "2001:db8::1 is for examples only",
    "http://[4000::1]/": "4000::1 is reserved",
    "http://[::ffff:10.0.0.1]/": "::ffff:a00:1 is IPv4-mapped for 10.0.0.1",
    "http://[::ffff:0:10.0.0.1]/": "::ffff:0:a00:1 is IPv4-translated for 10.0.0.1",
    "http://[::10.0.0.1]/": "::a00:1 is IPv4-compatible for 10.0.0.1",
    "http://[64:ff9b::10.0.0.1]/": "64:ff9b::a00:1 is NAT64 for 10.0.0.1",
    "http://[64:ff9b:1::10.0.0.1]/": "64:ff9b:1::a00:1 is local NAT64 for 10.0.0.1",
    "http://[2002:a00:1::]/": "2002:a00:1:: is 6to4 for 10.0.0.1",
    "http://[2001:0:1:2:3:4:f5ff:fffe]/": "2001:0:1:2:3:4:f5ff:fffe is Teredo for 10.0.0.1",
    "http://[2606::5efe:10.0.0.1]/": "2606::5efe:a00:1 is ISATAP for 10.0.0.1",
}


@pytest.mark.parametrize("location", INWARDS)
def test_a_redirect_to_what_is_not_public_is_refused(net, location):
    url = net.serves(moved(location))

    assert refusal(net, url) == (
        Refused,
        f"It redirects to {location}. {INWARDS[location]}; only the public internet is read.",
    )


HIDDEN = "The host is 127.0.0.2, written so that people do not see it."
SCHEME = "is not read, only http:// and https:// addresses are."
MISLEADING = {
    "http://2130706434/": HIDDEN,
    "http://0x7f000002/": HIDDEN,
    "http://0177.0.0.2/": HIDDEN,
    "http://0x7f.0.0.0x2/": HIDDEN,
    "http://127.2/": HIDDEN,
    "http://127.0.0.2./": HIDDEN,
    "http://127%2E0.0.2/": HIDDEN,
    "http://%E2%91%A0%E2%91%A1%E2%91%A6.%E2%93%AA.%E2%93%AA.%E2%91%A1/": HIDDEN,
    "//2130706434": HIDDEN,
    "http://me:secret@news.example/": "The address holds a user name or password.",
    "//me@news.example/": "The address holds a user name or password.",
    "http://news.example:22/": "Port 22 is not read",
    "file:///etc/passwd": f"“file:” {SCHEME}",
    "gopher://127.0.0.2:70/_x": f"“gopher:” {SCHEME}",
    "ftp://news.example/": f"“ftp:” {SCHEME}",
    "data:text/html,x": f"“data:” {SCHEME}",
    "javascript:alert(1)": f"“javascript:” {SCHEME}",
    "http:2130706434": "Two slashes and a host must follow after http: or https:.",
    "///127.0.0.2/": "Two slashes and a host must follow after http: or https:.",
    "\\\\127.0.0.2\\": "The address holds a backslash.",
    "http://news.example\\@127.0.0.2/": "The address holds a backslash.",
    "http://[fe80::1%25eth0]/": "The host names a network interface of the machine that asks.",
    "http://news..example/": "The host has an empty part between two dots.",
    "http://news.example./": "The host ends with a dot.",
    "http://xn--a/": "The host is not valid in its international spelling (xn--).",
    "http://[::1": "This is not a valid address.",
    "http://news.example:99999/": "This is not a valid address.",
    "/" + "a" * 2000: "The address is longer than 2,000 characters.",
}


@pytest.mark.parametrize("location", MISLEADING)
def test_a_redirect_to_a_misleading_address_is_refused(net, location):
    url = net.serves(moved(location))

    kind, words = refusal(net, url)

    beginning = f"It redirects to {location[:200]}. {MISLEADING[location]}"
    assert (kind, words[: len(beginning)]) == (Refused, beginning)
    assert net.inside.connections == 0


def test_what_strangers_send_cannot_reach_a_terminal_or_break_a_row(net):
    url = net.serves(moved("http://\x1b[2Jnews.example/"))

    assert refusal(net, url) == (
        Refused,
        "It redirects to http://\ufffd[2Jnews.example/. The address holds control characters.",
    )


# Time


def drip(data: bytes):
    """One byte after the other, without end."""
    while True:
        for at in range(len(data)):
            yield data[at : at + 1]
            yield 0.02


HEAD, CHUNKS = b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n\r\n"
SLOW = {
    "nothing at all": lambda: [5.0],
    "a status line": lambda: drip(b"HTTP/1.1 200 OK"),
    "headers": lambda: [HEAD, *[b"X-A: b\r\n", 0.05] * 100],
    "content": lambda: [HEAD, b"Content-Length: 999\r\n\r\n", *[b"x", 0.05] * 100],
    "chunks": lambda: [HEAD, CHUNKS, *[b"1\r\nx\r\n", 0.05] * 100],
    "the size of a chunk": lambda: [HEAD, CHUNKS, b"1;", *[b"x", 0.05] * 100],
    "a silence in the middle": lambda: [HEAD, b"Content-Length: 9\r\n\r\nabc", 5.0],
}


@pytest.mark.parametrize("what", SLOW)
def test_dripping_buys_no_time(net, what):
    net.web.answers["/"] = SLOW[what]
    begun = time.monotonic()

    assert refusal(net, net.url(host="127.0.0.1"), HASTY) == (
        Unreachable, "There was no whole answer within 0.4 seconds.",
    )  # fmt: skip
    assert time.monotonic() - begun < 2


def test_a_server_that_never_says_hello_in_tls_is_left_in_time(net, silent):
    guard = net.with_guard(ports=frozenset({silent}))

    assert refusal(net, f"https://127.0.0.1:{silent}/", HASTY, guard) == (
        Unreachable, "There was no whole answer within 0.4 seconds.",
    )  # fmt: skip


# Size

SMALL = Limits(seconds=3, headers=2_000, received=50_000, decoded=100_000)
BOMB = gzip.compress(bytes(1_000_000))


def bomb(content: bytes, encoding: str) -> list[bytes]:
    return [page(content, f"Content-Encoding: {encoding}")]


def endless(data: bytes):
    while True:
        yield data


MUCH, MUCH_UNPACKED = "The answer is larger than 50 kB.", "The content is larger than 100 kB."
LARGE = {
    "announced": ([page(b"", length=50_001)], MUCH),
    "sent": (
        lambda: (b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(5_000)] * 30),
        MUCH,
    ),
    "without end": (
        lambda: endless(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5_000)),
        MUCH,
    ),
    "in chunks of one byte": (
        lambda: [
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            *[b"1\r\nx\r\n" * 1_000] * 20,
        ],
        MUCH,
    ),
    "a bomb": (bomb(BOMB, "gzip"), MUCH_UNPACKED),
    "a bomb in deflate": (
        bomb(zlib.compress(bytes(1_000_000)), "deflate"),
        MUCH_UNPACKED,
    ),
    "a bomb in parts": (
        bomb(gzip.compress(bytes(40_000)) * 5, "gzip"),
        MUCH_UNPACKED,
    ),
    "two encodings": (
        bomb(gzip.compress(BOMB), "gzip, gzip"),
        "The content is encoded more than once (gzip, gzip).",
    ),
    "two headers of encoding": (
        [page(gzip.compress(BOMB), "Content-Encoding: gzip", "Content-Encoding: deflate")],
        "The content is encoded more than once (gzip, deflate).",
    ),
    "compressed twice, said once": (
        bomb(gzip.compress(BOMB), "gzip"),
        "The content is compressed twice.",
    ),
    "an encoding we did not ask for": (
        bomb(b"...", "br"),
        "The content is encoded as br, which we did not ask for.",
    ),
    "a long header": (
        [page(b"", f"X-A: {'a' * 2_000}")],
        "The headers are larger than 2 kB.",
    ),
    "headers without end": (
        lambda: (b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n" * 100] * 50),
        "The headers are larger than 2 kB.",
    ),
    "hints without end": (
        lambda: endless(b"HTTP/1.1 103 Hint\r\n\r\n"),
        "The server sends one preliminary answer after the other.",
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_too_much_is_refused(net, what):
    net.web.answers["/"], words = LARGE[what]

    assert refusal(net, net.url(), SMALL) == (Refused, words)


def test_a_bomb_is_not_unpacked_past_the_limit():
    """A hundred megabytes of zeros: their 97 kB pass the wire, and what is unpacked stays small."""
    packed = gzip.compress(bytes(100_000_000), 9)
    content = Content("gzip", limit=1_000_000)
    tracemalloc.start()
    with pytest.raises(Refused, match=r"^The content is larger than 1 MB\.$"):
        content.feed(packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(packed) < 100_000
    assert peak < 5_000_000


# Lies and nonsense

CUT = "The connection ended before the whole answer was sent"
LIES = {
    "less than announced": ([page(b"abc", length=9)], f"{CUT} (3 bytes of content)."),
    "chunks cut short": (
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"],
        f"{CUT} (2 bytes of content).",
    ),
    "no last chunk": (
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"],
        f"{CUT} (2 bytes of content).",
    ),
    "nothing": ([b""], f"{CUT} (0 bytes of content)."),
    "half a header": ([HEAD + b"Content-Le"], f"{CUT} (0 bytes of content)."),
    "gzip cut short": (
        [page(gzip.compress(b"news")[:-6], "Content-Encoding: gzip")],
        "The gzip that was sent ends in the middle.",
    ),
    "no gzip at all": (
        [page(b"<p>News</p>", "Content-Encoding: gzip")],
        "What was sent is not valid gzip.",
    ),
    "gzip and more": (
        [page(gzip.compress(b"news") + b"more", "Content-Encoding: gzip")],
        "What was sent is not valid gzip.",
    ),
    "deflate and more": (
        [page(zlib.compress(b"news") + b"more", "Content-Encoding: deflate")],
        "There is more behind the end of the deflate.",
    ),
}


@pytest.mark.parametrize("what", LIES)
def test_nothing_is_cut_short_in_silence(net, what):
    net.web.answers["/"], words = LIES[what]

    assert refusal(net, net.url()) == (Unreachable, words)


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_more_than_announced_is_refused(net, pause):
    url = net.serves(page(b"abc", length=2)[:-1], pause, b"c")

    assert refusal(net, url) == (
        Refused, "The server sends more than the 2 bytes that it announced.",
    )  # fmt: skip


def test_more_than_the_last_chunk_is_refused(net):
    url = net.serves(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 OK")

    assert refusal(net, url) == (
        Refused, "The server sends more than the end that it announced.",
    )  # fmt: skip


def test_a_secure_connection_that_is_cut_is_no_end(net):
    """Without a length only TLS's own ending tells a whole page from one cut on the way."""

    def cut():
        yield HEAD + b"\r\n<p>Three confirmed"
        raise OSError

    net.secure.answers["/"] = cut

    kind, words = refusal(net, net.secure_url())
    assert (kind, words[:28]) == (Unreachable, "The connection broke off: un")


NONSENSE = {
    "another protocol": [b"220 mail.example ESMTP\r\n\r\n"],
    "a page without a head": [b"<html>\r\n\r\n"],
    "two lengths": [HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    "a length below nothing": [HEAD + b"Content-Length: -1\r\n\r\n"],
    "a length of very many digits": [HEAD + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n"],
    "a chunk without a size": [HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"],
    "another transfer encoding": [HEAD + b"Transfer-Encoding: gzip\r\n\r\n"],
    "a header without a name": [HEAD + b": x\r\n\r\n"],
    "a header with a zero": [HEAD + b"X: a\x00b\r\n\r\n"],
}


@pytest.mark.parametrize("what", NONSENSE)
def test_what_is_not_http_is_told(net, what):
    url = net.serves(*NONSENSE[what])

    kind, words = refusal(net, url)

    beginning = "The server does not answer in valid HTTP: "
    assert (kind, words[: len(beginning)]) == (Unreachable, beginning)
    assert len(words) < 150


def test_a_closed_port_is_told(net):
    closed = net.with_guard(ports=frozenset({1}))

    assert refusal(net, "http://news.example:1/", guard=closed) == (
        Unreachable, "127.0.0.1 takes no connection: connection refused.",
    )  # fmt: skip


def test_what_the_operator_closed_stays_closed(net):
    net.names.records["own.example"] = [["8.8.4.4"]]
    guard = net.with_guard(forbidden=(ip_network("8.8.4.0/24"),))

    assert refusal(net, net.url(host="own.example"), guard=guard) == (
        Refused,
        (
            "own.example leads to 8.8.4.4, which is closed to the desk by its settings; "
            "only the public internet is read."
        ),
    )
