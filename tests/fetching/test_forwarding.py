"""A proxy for a browser: whatever it asks for, only what the guard lets through is connected to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from dataclasses import replace

import pytest

from claims.fetching import Allowance, forward
from tests.fetching.conftest import HOST, Internet
from tests.hostile import Proxy, moved, page, together


def ask(port: int, request: bytes) -> bytes:
    """What the proxy at `port` answers to these bytes, to its end, however that comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(request)
        return rest_of(line)


def rest_of(line: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionError):
        while data := line.recv(65_536):
            answer += data
    return answer


def get(net: Internet, url: str, **limits: float) -> bytes:
    with forward(guard=net.guard, allowance=Allowance(**limits)) as proxy:
        return ask(proxy.port, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def tunnel(net: Internet, authority: str) -> bytes:
    with forward(guard=net.guard) as proxy:
        return ask(proxy.port, f"CONNECT {authority} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_a_page_is_passed_on_by_its_checked_address_under_its_name(net):
    answer = get(net, net.serves(page(b"<p>News")))

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"<p>News")
    (request,) = net.web.requests
    assert request.startswith(b"GET / HTTP/1.1\r\nHost: " + f"{HOST}:{net.web.port}".encode())


def test_what_is_meant_for_the_proxy_alone_stays_here(net):
    url = net.serves(page())
    with forward(guard=net.guard) as proxy:
        ask(
            proxy.port,
            f"GET {url} HTTP/1.1\r\nHost: inside.example\r\nProxy-Authorization: Basic eA==\r\n"
            "Accept: text/html\r\n\r\n".encode(),
        )

    (request,) = net.web.requests
    assert b"Accept: text/html" in request
    assert b"Proxy-Authorization" not in request
    assert b"inside.example" not in request


def test_a_form_is_passed_on_with_its_body(net):
    url = net.serves(page())
    with forward(guard=net.guard) as proxy:
        ask(
            proxy.port,
            f"POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\na=12".encode(),
        )

    assert net.web.requests[0].endswith(b"\r\n\r\na=12")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:127.0.0.2]",
     "[64:ff9b::7f00:2]", "[2002:7f00:2::]", "2130706434", "0x7f.2", "rebound.example"],
)  # fmt: skip
def test_nobody_inside_gets_a_connection(net, host):
    net.names.records["rebound.example"] = [["127.0.0.2"]]
    authority = f"{host}:{net.web.port}"

    answers = [get(net, f"http://{authority}/"), tunnel(net, authority)]

    assert [answer.split(b"\r\n")[0][:12] for answer in answers] == [b"HTTP/1.1 403"] * 2
    assert net.inside.connections == net.web.connections == 0


def test_a_name_with_one_private_address_is_refused_whole(net):
    net.names.records["two.example"] = [["127.0.0.1", "127.0.0.2"]]

    assert b"two.example leads to 127.0.0.2" in tunnel(net, f"two.example:{net.web.port}")
    assert net.web.connections == net.inside.connections == 0


def test_a_name_that_changes_is_connected_to_where_it_was_checked(net):
    net.names.records["turns.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    net.web.answers["/"] = [page(b"first")]
    url = net.url(host="turns.example")

    assert get(net, url).endswith(b"first")
    assert get(net, url).startswith(b"HTTP/1.1 403")
    assert net.inside.connections == 0


def test_a_redirect_is_the_browsers_to_follow_and_checked_like_any_address(net):
    away = f"http://127.0.0.2:{net.web.port}/"

    assert f"Location: {away}".encode() in get(net, net.serves(moved(away)))
    assert get(net, away).startswith(b"HTTP/1.1 403")
    assert net.inside.connections == 0


@pytest.mark.parametrize("port", [22, 25, 6379])
def test_other_ports_are_closed(net, port):
    assert f"Port {port} is not read".encode() in tunnel(net, f"{HOST}:{port}")


@pytest.mark.parametrize("url", ["ftp://news.example/", "/", "https://news.example/"])
def test_nothing_but_http_is_passed_on(net, url):
    assert get(net, url).startswith(b"HTTP/1.1 400")


def test_a_tunnel_carries_tls_to_whoever_has_the_name(net):
    net.secure.answers["/"] = [page(b"secret")]
    trusted = ssl.create_default_context(cafile=net.guard.authorities)
    authority = f"{HOST}:{net.secure.port}"
    with (
        forward(guard=net.guard) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as line,
    ):
        line.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        with trusted.wrap_socket(line, server_hostname=HOST) as secured:
            secured.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            assert rest_of(secured).endswith(b"secret")
        assert proxy.reached == [(HOST, "127.0.0.1")]


def test_all_that_comes_is_counted_together(net):
    url = net.serves(page(b"x" * 60_000))
    with forward(guard=net.guard, allowance=Allowance(received=100_000)) as proxy:
        request = f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        whole = [len(ask(proxy.port, request)) > 60_000 for _ in range(3)]

    assert whole == [True, False, False]


def test_what_is_sent_is_counted(net):
    url = net.serves(page())
    with forward(guard=net.guard, allowance=Allowance(sent=1000)) as proxy:
        head = f"POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
        answer = ask(proxy.port, head.encode() + b"x" * 5000)

    assert b"200 OK" not in answer


def test_only_so_many_connections_are_taken(net):
    url = net.serves(page())
    with forward(guard=net.guard, allowance=Allowance(connections=2)) as proxy:
        request = f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        answers = [ask(proxy.port, request) for _ in range(2)]
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as line:
            assert line.recv(1) == b""

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert net.web.connections == 2


def test_dripping_buys_no_time(net):
    drips = [page(b"", length=1000), *[0.2, b"x"] * 100]
    began = time.monotonic()

    get(net, net.serves(*drips), seconds=1.0)

    assert time.monotonic() - began < 5


def test_with_its_end_every_connection_is_cut_and_none_is_taken(net):
    with (
        forward(guard=net.guard) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as line,
    ):
        line.sendall(f"CONNECT {HOST}:{net.web.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        proxy._end()
        assert line.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), timeout=1)


def test_an_egress_proxy_is_given_the_checked_address(net):
    outer = Proxy()
    with together(outer):
        guard = replace(net.guard, proxy=f"http://127.0.0.1:{outer.port}")
        url = net.serves(page(b"through"))
        with forward(guard=guard) as proxy:
            answer = ask(proxy.port, f"GET {url} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert answer.endswith(b"through")
    assert outer.asked[0].startswith(f"CONNECT 127.0.0.1:{net.web.port} ".encode())
