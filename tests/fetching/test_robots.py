"""What a site allows a machine that comes by itself."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache

from claims.fetching import Limits, Manners, Refused, may_poll, take_turn
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
    robots(net, agents + "Disallow: /x\n" * 10_000)
    begun = time.monotonic()

    assert manners(net).refusal == "Its robots.txt holds more rules than can be read."
    assert time.monotonic() - begun < 5


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
