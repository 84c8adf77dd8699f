"""What a site allows a machine that comes by itself."""

from __future__ import annotations

import pickle
import time

import pytest
from django.core.cache import cache
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from claims.fetching import Limits, Manners, Refused, may_poll, take_turn
from claims.fetching.pages import PRODUCT
from claims.fetching.robots import _for_us, _key
from tests.hostile import moved, page

QUICK = Limits(seconds=3)


@pytest.fixture(autouse=True)
def _nothing_is_known_of_any_site():
    cache.clear()


def manners(net, path="/feed", limits=QUICK):
    return may_poll(net.url(path), guard=net.guard, limits=limits)


def robots(net, text, **more):
    net.serves(page(text.encode(), **more), path="/robots.txt")


FORBIDDEN = "The robots.txt of news.example forbids it."
RULES = """\
User-agent: *
Disallow: /

User-agent: factcheckdesk
Disallow: /private/
Disallow: /*.pdf$
Allow: /private/press
Crawl-delay: 7
"""


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/feed", ""),
        ("/private/list", FORBIDDEN),
        ("/private/press/1", ""),
        ("/a.pdf", FORBIDDEN),
        ("/a.pdf?x", ""),
    ],
)
def test_the_rules_for_us_count_and_the_longest_of_them(net, path, refusal):
    robots(net, RULES)

    assert manners(net, path) == Manners(refusal, 7.0)


def test_rules_for_everybody_count_where_none_are_for_us(net):
    robots(net, "User-agent: *\nDisallow: /feed\n\nUser-agent: desk\nAllow: /")

    assert manners(net) == Manners(FORBIDDEN, 0.0)
    assert manners(net, "/other") == Manners()


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "401 Who", "410 Gone"])
def test_a_site_without_rules_allows_everything(net, status):
    robots(net, "User-agent: *\nDisallow: /", status=status)

    assert manners(net) == Manners()


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slow down"])
def test_a_site_that_fails_allows_nothing_for_now(net, status):
    robots(net, "", status=status)

    assert manners(net) == Manners(f"Its robots.txt answers {status[:3]}.")


def test_a_site_that_cannot_be_reached_allows_nothing_for_now(net):
    net.web.answers["/robots.txt"] = [2.0]

    assert manners(net, limits=Limits(seconds=0.2)) == Manners(
        "Its robots.txt cannot be read: There was no whole answer within 0.2 seconds."
    )


def test_a_robots_file_that_leads_inwards_is_not_followed(net):
    net.serves(moved(f"http://127.0.0.2:{net.web.port}/"), path="/robots.txt")

    assert manners(net).refusal.startswith("Its robots.txt cannot be read: It redirects to http")
    assert net.inside.connections == 0


def test_it_is_read_once_for_many_addresses(net):
    robots(net, RULES)

    for path in ("/feed", "/private/list", "/feed"):
        manners(net, path)

    assert [request.split(b" ")[1] for request in net.web.requests] == [b"/robots.txt"]


def test_a_file_of_very_many_rules_for_very_many_agents_costs_nothing(net):
    agents = "".join(f"User-agent: a{number}\n" for number in range(10_000))
    robots(net, f"{agents}User-agent: *\n" + "Disallow: /x\n" * 10_000)
    begun = time.monotonic()

    assert manners(net) == Manners()
    assert manners(net, "/x") == Manners(FORBIDDEN)
    assert time.monotonic() - begun < 5


# What of a file is kept, in the store that holds the messages to workers, too

FOR_OTHERS = "User-agent: other\n" + "Disallow: /x\n" * 5000


def kept(net) -> tuple[int, int]:
    """How many bytes are kept of the site's file, and for how many seconds."""
    manners(net)
    key = _key("robots", net.url("/").rstrip("/"))
    left = cache._cache.get_client().ttl(cache.make_key(key))
    return len(pickle.dumps(cache.get(key))), left


@pytest.mark.parametrize(
    "content",
    [
        b"#" + b"\xff" * 499_000 + b"\nUser-agent: *\nDisallow: /y",
        b"\xff" * 490_000 + b"\nUser-agent: *\nDisallow: /y",
        f"{FOR_OTHERS}\nUser-agent: *\nDisallow: /y".encode(),
        f"User-agent: *\nDisallow: /y\nSitemap: /{'x' * 400_000}".encode(),
    ],
    ids=["a comment", "no rule", "rules for others", "a sitemap"],
)
def test_only_the_rules_for_us_are_kept(net, content):
    net.serves(page(content), path="/robots.txt")

    size, seconds = kept(net)

    assert size < 200
    assert seconds > 23 * 3600
    assert manners(net, "/y") == Manners(FORBIDDEN)


@pytest.mark.parametrize("word", ["x", "é", "\udcff"])
def test_long_rules_for_us_are_kept_within_bounds_and_for_minutes(net, word):
    rules = "".join(f"Disallow: /{number}{word * 50}\n" for number in range(20_000))
    content = f"User-agent: *\nDisallow: /y\n{rules}".encode("utf-8", "surrogateescape")
    net.serves(page(content), path="/robots.txt")

    size, seconds = kept(net)

    assert 20_000 < size < 510_000
    assert 500 < seconds <= 600
    assert manners(net, "/y") == Manners(FORBIDDEN)


WORDS = st.sampled_from(
    ["User-agent: {}", "user agent {}", "Useragent:{}", "USER-AGENT {} # us", "Disallow: {}",
     "Allow: {}", "disalow {}", "Crawl-delay: {}", "crawl delay {}", "Sitemap: {}", "host {}",
     "Request-rate: {}", "Noindex: {}", "{}", ":{}", "{}:", "user  agent: {}", "# {}", " \t{}"]
)  # fmt: skip
VALUES = st.sampled_from(
    ["*", "FactcheckDesk", "factcheckdesk*", "fact", "f", "other", "desk", "", "/", "/a", "/a/b",
     "/*.pdf$", "/a$", "7", "0.5", "nan", "/é", "/%C3%A9", "**", "/a # b", "Allow: /a"]
)  # fmt: skip
LINES = st.tuples(WORDS, VALUES).map(lambda pair: pair[0].format(pair[1]))


@given(st.lists(LINES, max_size=25), st.sampled_from(["\n", "\r\n", "\r", "\x0b"]))
@settings(max_examples=400, deadline=None)
def test_what_is_kept_says_of_us_what_the_whole_file_says(lines, end):
    text = end.join(lines)
    whole, ours = Protego.parse(text), Protego.parse(_for_us(text))

    for path in ("/", "/a", "/a/b", "/x.pdf", "/é", "/7"):
        url = f"https://news.example{path}"
        assert ours.can_fetch(url, PRODUCT) == whole.can_fetch(url, PRODUCT)
    assert ours.crawl_delay(PRODUCT) == whole.crawl_delay(PRODUCT)


def test_a_pause_is_never_longer_than_an_hour(net):
    robots(net, "User-agent: *\nCrawl-delay: 99999999")

    assert manners(net).pause == 3600


def test_an_address_we_would_not_connect_to_is_refused(net):
    with pytest.raises(Refused, match=r"^10\.0\.0\.1 is private"):
        may_poll("http://10.0.0.1/feed")


def test_a_very_long_host_is_remembered_too(net):
    host = f"{'a.' * 120}example"
    net.names.records[host] = [["127.0.0.1"]]
    robots(net, "User-agent: *\nCrawl-delay: 3")

    assert may_poll(net.url(host=host), guard=net.guard, limits=QUICK).pause == 3
    assert take_turn(net.url(host=host), every=3, guard=net.guard) is True


def test_all_workers_together_take_one_turn_at_a_host_in_its_time(net):
    first = [take_turn(net.url(path), every=1.5, guard=net.guard) for path in ("/a", "/b")]
    other = take_turn(net.url("/a", host="other.example"), every=1.5, guard=net.guard)
    time.sleep(2.1)
    later = take_turn(net.url("/b"), every=1.5, guard=net.guard)

    assert (first, other, later) == ([True, False], True, True)
