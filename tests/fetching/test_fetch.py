"""What comes back from a well-behaved site, and what goes out to it."""

from __future__ import annotations

import gzip
import tomllib
import zlib

import pytest

from claims.fetching import Limits, Redirect, Refused, Unreachable, Validators, fetch, post
from tests.hostile import Proxy, moved, page, together

QUICK = Limits(seconds=3)


def got(net, url, **more):
    return fetch(url, guard=net.guard, limits=QUICK, **more)


def sent_to(web):
    """The header lines of the one request that `web` received, without what they say."""
    (request,) = web.requests
    return [line.split(b":")[0].decode() for line in request.split(b"\r\n")[1:] if line]


def test_a_page_comes_with_all_that_shows_what_was_asked_and_answered(net, settings):
    url = net.serves(
        page(b"<p>News</p>", "Content-Type: Text/HTML; charset=UTF-8", 'ETag: "7"', "X-Two: a"),
        path="/a?b=c",
    )

    found = got(net, f"{url}#part")

    assert (found.status, found.ok, found.content) == (200, True, b"<p>News</p>")
    assert found.received == found.content
    assert (found.media_type, found.charset) == ("text/html", "utf-8")
    assert (found.url, found.redirects, found.address) == (f"{url}#part", (), "127.0.0.1")
    assert found.headers == (
        ("Content-Type", "Text/HTML; charset=UTF-8"),
        ("ETag", '"7"'),
        ("X-Two", "a"),
        ("Content-Length", "11"),
        ("Connection", "close"),
    )
    assert found.validators == Validators('"7"', "")
    assert dict(found.sent)["Host"] == f"news.example:{net.web.port}"
    assert net.web.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")


def test_a_request_says_who_asks_and_nothing_of_anybody(net, settings, monkeypatch, tmp_path):
    settings.PUBLIC_URL, settings.CONTACT_EMAIL = "https://desk.example", "desk@desk.example"
    (tmp_path / ".netrc").write_text("machine news.example login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")

    found = got(net, net.serves(page()))

    assert dict(found.sent)["User-Agent"] == (
        f"FactcheckDesk/{settings.VERSION} (+https://desk.example; desk@desk.example)"
    )
    assert sent_to(net.web) == ["Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"]


def test_the_version_that_we_tell_is_the_projects(settings):
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] == settings.VERSION


def test_no_cookie_is_sent_back(net):
    cookie = "Set-Cookie: who=me; Path=/"
    net.serves(page(b"end", cookie), path="/end")

    got(net, net.serves(moved("/end", "302 Found", cookie)))

    assert [b"ookie" in request for request in net.web.requests] == [False, False]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "418 Tea"])
def test_every_status_but_a_redirect_is_an_answer(net, status):
    url = net.serves(page(b"", status=status))

    assert got(net, url).status == int(status[:3])


def test_what_has_not_changed_comes_without_content(net):
    url = net.serves(b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\nContent-Length: 99\r\n\r\n')

    found = got(net, url, conditional=Validators('"7"', "Mon, 02 Nov 2026 10:00:00 GMT"))

    assert (found.unchanged, found.content) == (True, b"")
    assert b'If-None-Match: "7"\r\nIf-Modified-Since: Mon, 02 Nov' in net.web.requests[0]


def test_a_version_in_strange_letters_is_sent_back_as_it_came(net, settings):
    settings.PUBLIC_URL = "https://prüfen.example"
    url = net.serves(page(b"", 'ETag: "é"', "Content-Type: text/html; charset*=no'x'%41"))

    found = got(net, url)
    got(net, url, conditional=found.validators)

    assert (found.validators.etag, found.charset) == ('"é"', "a")
    assert b'\r\nIf-None-Match: "\xe9"\r\n' in net.web.requests[1]


@pytest.mark.parametrize(
    ("header", "media_type", "charset"),
    [
        ("text/html", "text/html", ""),
        ('Text/HTML ; Charset="Windows-1251"', "text/html", "windows-1251"),
        ("text/html; charset='utf-8'", "text/html", "utf-8"),
        ("; charset", "", ""),
        ("text/html; charset=\xff", "text/html", ""),
    ],
)
def test_what_a_server_says_of_its_content(net, header, media_type, charset):
    found = got(net, net.serves(page(b"", f"Content-Type: {header}")))

    assert (found.media_type, found.charset) == (media_type, charset)


def test_a_redirect_written_in_utf_8_is_understood(net):
    net.serves(page(b"end"), path="/%C3%A4")
    url = net.serves(moved("/ä".encode().decode("latin-1")))

    assert got(net, url).url == net.url("/%C3%A4")


COMPRESSED = {
    "gzip": gzip.compress(b"<p>News</p>"),
    "x-gzip": gzip.compress(b"<p>N") + gzip.compress(b"ews</p>"),
    "deflate": zlib.compress(b"<p>News</p>"),
    "DEFLATE": zlib.compress(b"<p>News</p>", wbits=-15),
    "identity": b"<p>News</p>",
}


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_compression_is_undone_and_what_was_sent_is_kept(net, encoding):
    sent = COMPRESSED[encoding]
    url = net.serves(*split(page(sent, f"Content-Encoding: {encoding}"), 7))

    found = got(net, url)

    assert (found.content, found.received) == (b"<p>News</p>", sent)


def split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_chunks_are_joined_and_hints_before_the_answer_skipped(net):
    url = net.serves(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"5\r\n<p>Ne\r\n6;x=y\r\nws</p>\r\n0\r\nTrailer: x\r\n\r\n",
    )

    assert got(net, url).content == b"<p>News</p>"


def test_a_page_without_any_length_ends_with_the_connection(net):
    url = net.serves(b"HTTP/1.0 200 OK\r\n\r\n", b"<p>Ne", b"ws</p>")

    assert got(net, url).content == b"<p>News</p>"


# Redirects


@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
def test_a_redirect_is_followed_and_told(net, status):
    net.serves(page(b"end"), path="/end")
    url = net.serves(moved("end#there", status), path="/a")

    found = got(net, url)

    assert (found.content, found.url) == (b"end", net.url("/end#there"))
    assert found.redirects == (Redirect(url, int(status[:3])),)
    assert found.lost_https is False


@pytest.mark.parametrize("host", ["127.0.0.1", "news.example"])
def test_a_relative_redirect_stays_with_the_host_that_was_checked(net, host):
    net.serves(page(b"end"), path="/end")
    net.serves(moved("/end"))

    assert got(net, net.url(host=host)).url == net.url("/end", host=host)
    assert {name for name, _ in net.names.asked} == {host} - {"127.0.0.1"}


def test_five_redirects_are_followed_and_six_are_not(net):
    for number in range(6):
        net.serves(moved(f"/{number + 1}"), path=f"/{number}")
    net.serves(page(b"end"), path="/6")

    assert got(net, net.url("/1")).content == b"end"
    with pytest.raises(Refused, match=r"^It redirects more than 5 times\.$"):
        got(net, net.url("/0"))


def test_a_circle_of_redirects_is_told_at_once(net):
    net.serves(moved("/b"), path="/a")
    net.serves(moved(net.url("/a#x")), path="/b")

    with pytest.raises(Refused, match=r"^It redirects in a circle, back to .*/a#x\.$"):
        got(net, net.url("/a"))
    assert len(net.web.requests) == 2


def test_who_asks_is_told_of_each_redirect_and_may_end_it_there(net):
    net.serves(moved("/b"), path="/a")
    net.serves(moved("/c"), path="/b")
    told = []

    def on_redirect(url):
        told.append(url)
        if url.endswith("/c"):
            raise LookupError

    with pytest.raises(LookupError):
        got(net, net.url("/a"), on_redirect=on_redirect)
    assert told == [net.url("/b"), net.url("/c")]
    assert [one.split()[1] for one in net.web.requests] == [b"/a", b"/b"]


def test_a_redirect_to_nowhere_is_refused(net):
    url = net.serves(page(b"", status="302 Found"))

    with pytest.raises(Refused, match=r"^It answers 302, a redirect, but does not say where to"):
        got(net, url)


def test_the_time_limit_is_one_for_all_redirects(net):
    for number in range(5):
        net.serves(0.15, moved(f"/{number + 1}"), path=f"/{number}")

    with pytest.raises(Unreachable, match=r"no whole answer within 0\.4 seconds\.$"):
        fetch(net.url("/0", host="127.0.0.1"), guard=net.guard, limits=Limits(seconds=0.4))
    assert len(net.web.requests) <= 4


# TLS


def test_a_certificate_is_proven_for_the_name_while_the_address_is_pinned(net):
    net.secure.answers["/"] = [page(b"safe")]

    found = got(net, net.secure_url())

    assert (found.content, found.address) == (b"safe", "127.0.0.1")
    assert net.secure.names == ["news.example"]


def test_a_redirect_from_https_to_http_is_followed_and_told(net):
    net.secure.answers["/"] = [moved(net.url("/end"))]
    net.serves(page(b"end"), path="/end")

    assert got(net, net.secure_url()).lost_https is True


def test_a_certificate_for_another_name_is_refused(net):
    net.names.records["other.example"] = [["127.0.0.1"]]

    with pytest.raises(Unreachable, match=r"^The certificate of other\.example is not valid: "):
        got(net, net.secure_url(host="other.example"))
    assert net.secure.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(net):
    with pytest.raises(Unreachable, match=r"^The certificate of news\.example is not valid: "):
        fetch(net.secure_url(), guard=net.with_guard(authorities=""), limits=QUICK)


def test_a_server_that_does_not_speak_tls_is_unreachable(net):
    net.web.answers["/"] = [page()]

    with pytest.raises(Unreachable, match=r"^The connection broke off: "):
        got(net, f"https://news.example:{net.web.port}/")


# Posting, and the proxy


def test_what_is_posted_arrives_and_a_redirect_is_an_answer(net):
    url = net.serves(moved("/elsewhere", "307 Again"))

    found = post(
        url, b'{"a": 1}', media_type="application/json", headers={"X-Signature": "abc"},
        guard=net.guard, limits=QUICK,
    )  # fmt: skip

    assert (found.status, found.url) == (307, url)
    (request,) = net.web.requests
    assert request.startswith(b"POST / HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + b'{"a": 1}')
    assert b"\r\nX-Signature: abc\r\n" in request
    assert b"\r\nContent-Type: application/json\r\n" in request


def test_posting_nothing_says_that_it_is_nothing(net):
    post(net.serves(page()), b"", media_type="text/plain", guard=net.guard, limits=QUICK)

    assert b"\r\nContent-Length: 0\r\n" in net.web.requests[0]


def test_what_the_operator_trusts_may_be_private_and_nothing_else_is_let_through(net):
    net.inside.answers["/"] = [page(b"ok")]
    guard = net.with_guard(allowed=())
    inside = f"http://127.0.0.2:{net.web.port}/"

    assert post(inside, b"x", media_type="text/plain", trusted=True, guard=guard).content == b"ok"
    with pytest.raises(Refused, match=r"^127\.0\.0\.2 is this machine's own"):
        post(inside, b"x", media_type="text/plain", guard=guard)
    with pytest.raises(Refused, match=r"^Port 81 is not read"):
        post("http://127.0.0.2:81/", b"x", media_type="text/plain", trusted=True, guard=guard)


def test_the_egress_proxy_is_given_the_checked_address(net):
    proxy = Proxy()
    net.secure.answers["/"] = [page(b"safe")]
    net.names.records["proxy.example"] = [["127.0.0.1"]]
    guard = net.with_guard(proxy=f"http://me:s%20cret@proxy.example:{proxy.port}")

    with together(proxy):
        plain = fetch(net.serves(page(b"plain")), guard=guard, limits=QUICK)
        safe = fetch(net.secure_url(), guard=guard, limits=QUICK)

    assert (plain.content, safe.content, safe.address) == (b"plain", b"safe", "127.0.0.1")
    assert [request.split(b"\r\n")[0].decode() for request in proxy.asked] == [
        f"CONNECT 127.0.0.1:{net.web.port} HTTP/1.1",
        f"CONNECT 127.0.0.1:{net.secure.port} HTTP/1.1",
    ]
    assert b"\r\nProxy-Authorization: Basic bWU6cyBjcmV0\r\n" in proxy.asked[0]
    assert b"roxy" not in net.web.requests[0]


def test_a_proxy_that_refuses_is_told_of(net):
    proxy = Proxy()
    proxy.status = "403 Forbidden"
    guard = net.with_guard(proxy=f"http://127.0.0.1:{proxy.port}")

    with together(proxy), pytest.raises(Unreachable, match=r"^The egress proxy .* it answers 403"):
        fetch(net.serves(page()), guard=guard, limits=QUICK)
    assert net.web.connections == 0


def test_behind_a_proxy_the_desk_still_looks_where_a_name_leads(net):
    net.names.records["rebind.example"] = [["127.0.0.2"]]
    guard = net.with_guard(proxy="http://127.0.0.1:1")

    with pytest.raises(Refused, match=r"^rebind\.example leads to 127\.0\.0\.2, which is this"):
        fetch(net.url(host="rebind.example"), guard=guard, limits=QUICK)
