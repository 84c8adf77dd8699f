"""The public site: what readers see, find and are told of, without signing in or a script."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection, connections
from lxml.html import fromstring

from reviews import checkpoints, publication, workflow
from reviews import checks as shelf
from reviews.states import Status
from tests import chromium, factories
from tests.publishing import corrected, published
from tests.serving import problems_of, served

ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = ["/checks/", "/checks/methodology/", "/checks/feed.json", "/checks/feed.xml"]


@pytest.fixture
def read(client, db):
    """Read a page as a crawler without cookies does."""

    def page(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


def found(client, query: str = "") -> list[str]:
    return [check["claim"] for check in client.get(f"/checks/{query}").context["documents"]]


# The list


def test_the_newest_check_comes_first_and_a_corrected_one_counts_once(client, db):
    first = published(claim_wording="The catch was halved.")
    published(claim_wording="The bridge cost four million.")
    corrected(first, "It was a third.", claim_wording="The catch fell by a third.")

    assert found(client) == ["The catch fell by a third.", "The bridge cost four million."]


@pytest.mark.parametrize(
    ("query", "claims"),
    [
        ("?q=BRIDGE", ["The bridge cost four million."]),
        ("?q=invoices", ["The bridge cost four million."]),
        ("?q=union+catch", ["The catch was halved."]),
        ("?q=catch+bridge", []),
        ("?rating=false", ["The bridge cost four million."]),
        ("?rating=false&q=catch", []),
        ("?rating=nonsense", ["The bridge cost four million.", "The catch was halved."]),
        ("?q=%25", []),
    ],
)
def test_words_and_ratings_narrow_the_list(client, db, query, claims):
    published(claim_wording="The catch was halved.")
    published(
        claim_wording="The bridge cost four million.",
        summary="The invoices add up to two.",
        rating="false",
    )

    assert found(client, query) == claims


def test_pages_follow_one_another_without_a_gap(client, db, monkeypatch):
    monkeypatch.setattr(shelf, "ROWS", 2)
    claims = [published(claim_wording=f"Claim {n}.").document["claim"] for n in range(5)]
    seen, query = [], ""
    while True:
        answer = client.get(f"/checks/?{query}")
        seen.append([check["claim"] for check in answer.context["documents"]])
        query = answer.context["older"]
        if not query:
            break

    newest_first = claims[::-1]
    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]


def test_the_list_takes_as_many_queries_for_many_checks_as_for_few(
    client, db, django_assert_num_queries
):
    published()
    with django_assert_num_queries(1):
        client.get("/checks/")
    for _ in range(5):
        published()
    with django_assert_num_queries(1):
        client.get("/checks/")


def test_an_empty_site_and_an_empty_search_say_so(read):
    assert "Nothing has been published yet." in read("/checks/")
    assert "No check matches." in read("/checks/?q=zebra")


# One check


def test_a_page_names_what_a_reader_needs_to_judge_the_check(client, db):
    row = published()
    html = re.sub(r"\s+", " ", unescape(client.get(row.get_absolute_url()).content.decode()))
    evidence = row.document["evidence"][0]

    for words in (
        "<h1 lang=\"en\">Dredging halved the catch.</h1>",
        "<strong>The fishers' union</strong>",
        '<p class="rating-label">Mostly false</p>',
        "A kernel is right; what it conveys is not.",
        '<li class="is-here" aria-current="true">Mostly false</li>',
        "Landings fell by a tenth.",
        "The port's own register shows",
        "<h3>Against the claim</h3>",
        "We cite nothing for the claim.",
        'href="https://port.example/register"',
        evidence["sha256"],
        row.document["checked_by"][0],
        f"{row.document['approved_by']}, who did not write it",
        row.document["appearances"][0]["title"],
        row.document["appearances"][0]["caution_label"],
        row.version.hash,
        'href="/checks/methodology/"',
        "None so far.",
    ):  # fmt: skip
        assert words in html


def test_a_correction_stands_on_the_page_with_its_date(client, db):
    row = corrected(published(), "The register was of another year.", explanation="It is 2025.")

    html = client.get(row.get_absolute_url()).content.decode()

    assert "The register was of another year." in html
    assert f"{row.published_at:%-d %B %Y, %H:%M} UTC" in html
    assert 'href="#corrections"' in html


def test_readers_see_what_was_published_until_the_next_is_approved(client, db):
    row = published(summary="Landings fell by a tenth.")
    review = row.review
    workflow.correct(review, by=factories.fact_checker(), reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a fifth.")

    html = client.get(row.get_absolute_url()).content.decode()

    assert "Landings fell by a tenth." in html
    assert "by a fifth" not in html
    assert "The year was wrong." not in html


def test_unproven_is_shown_off_the_scale(client, db):
    row = published(rating="unproven")

    html = client.get(row.get_absolute_url()).content.decode()

    assert 'class="scale"' not in html
    assert "is not a place on our scale" in html


def test_text_is_text_whatever_it_says(client, db):
    row = published(explanation="<img src=x onerror=alert(1)> & <b>bold</b>")

    html = client.get(row.get_absolute_url()).content.decode()

    assert "&lt;img src=x onerror=alert(1)&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in html


def test_public_pages_lead_only_to_public_pages_and_run_no_script(client, db):
    row = published()

    for address in ["/checks/", "/checks/methodology/", row.get_absolute_url()]:
        html = client.get(address).content.decode()
        inside = set(re.findall(r'href="(/[^"]*)"', html))
        assert {link for link in inside if not re.match(r"/(checks|static)/", link)} == set()
        scripts = re.findall(r"<script[^>]*>", html)
        assert scripts in ([], ['<script type="application/ld+json">'])
        assert "style=" not in html


def test_only_what_is_published_is_public(client, db):
    for status in set(Status) - {Status.PUBLISHED}:
        review = factories.review_at(status)
        assert client.get(f"/checks/{review.ref}/").status_code == 404, status

    assert found(client) == []


@pytest.mark.parametrize("address", PAGES)
def test_public_pages_are_only_read(client, db, address):
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405


def test_the_methodology_explains_the_scale_that_is_used(read):
    html = re.sub(r"\s+", " ", read("/checks/methodology/"))

    for words in ("Mostly true", "The evidence contradicts the claim.", "Report an error"):
        assert words in html


# Feeds


@pytest.mark.parametrize("address", ["/checks/feed.json", "/checks/feed.xml"])
def test_a_feed_is_sent_again_only_when_something_was_published(client, db, address):
    published()
    first = client.get(address)
    etag = first["ETag"]

    assert client.get(address, headers={"if-none-match": etag}).status_code == 304

    published()
    again = client.get(address, headers={"if-none-match": etag})
    assert again.status_code == 200
    assert again["ETag"] != etag


@pytest.mark.parametrize("address", ["/checks/feed.json", "/checks/feed.xml"])
def test_a_publication_that_commits_late_under_a_lower_number_is_told(client, db, address):
    """Numbers are given before the commit, and may come into sight in another order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('reviews_publication_id_seq')")
        (late,) = cursor.fetchone()
    published()
    etag = client.get(address)["ETag"]
    review = factories.review_at(Status.APPROVED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('reviews_publication_id_seq', %s, false)", [late])

    publication.publish(review_id=review.pk)

    again = client.get(address, headers={"if-none-match": etag})
    assert again.status_code == 200
    assert review.ref in again.content.decode()


def test_the_atom_feed_names_every_check_and_when_it_was_changed(client, db):
    first = published(claim_wording="The catch was halved.")
    row = corrected(first, "It was a third.", claim_wording="The catch fell by a third.")

    feed = ElementTree.fromstring(client.get("/checks/feed.xml").content)

    (entry,) = feed.findall(f"{ATOM}entry")
    assert shown(entry, "title") == "Mostly false: The catch fell by a third."
    assert entry.findtext(f"{ATOM}id") == row.document["url"]
    assert entry.findtext(f"{ATOM}published").startswith(first.document["published_at"][:19])
    assert entry.findtext(f"{ATOM}updated").startswith(row.document["modified_at"][:19])


HOSTILE = 'fell by <5 per cent & "more" <img src=x onerror=alert(1)><script>alert(2)</script>'


def shown(entry, name: str) -> str:
    """What readers show for words of an entry, taken as what they are said to be; no element."""
    element = entry.find(f"{ATOM}{name}")
    assert (element.get("type"), len(element)) == ("html", 0)
    markup = fromstring(f"<div>{element.text}</div>")
    assert len(markup) == 0
    return markup.text


def test_words_in_the_atom_feed_are_words_and_no_markup(client, db, settings):
    published(claim_wording=f"Landings {HOSTILE}", summary=f"They {HOSTILE}")

    feed = ElementTree.fromstring(client.get("/checks/feed.xml").content)

    (entry,) = feed.findall(f"{ATOM}entry")
    assert shown(entry, "title") == f"Mostly false: Landings {HOSTILE}"
    assert shown(entry, "summary") == f"They {HOSTILE}"
    assert shown(feed, "title") == f"Fact checks by {settings.ORGANISATION}"


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\x1b", "\ufffe"])
def test_a_character_that_xml_cannot_hold_does_not_take_the_feed_down(client, db, character):
    published(
        claim_wording=f"Landings fell{character} by half.", summary=f"They{character} did not."
    )
    published(claim_wording="The catch was halved.")

    feed = ElementTree.fromstring(client.get("/checks/feed.xml").content)

    assert [shown(entry, "title") for entry in feed.findall(f"{ATOM}entry")] == [
        "Mostly false: The catch was halved.", "Mostly false: Landings fell\ufffd by half.",
    ]  # fmt: skip
    assert shown(feed.findall(f"{ATOM}entry")[1], "summary") == "They\ufffd did not."


# In a browser


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_site_is_accessible_and_obeys_its_policy(transactional_db, scheme, site):
    row = corrected(published(), "The register was of another year.", explanation="It is 2025.")
    checkpoints.take()
    addresses = ["/checks/", "/checks/methodology/", "/checks/verify-history/"]
    addresses += [row.get_absolute_url()]
    phone = {"width": 360, "height": 740}

    with (
        served() as desk,
        chromium.browser(base_url=desk, color_scheme=scheme, viewport=phone) as context,
    ):
        connections.close_all()
        problems = problems_of(context)
        page = context.pages[0]
        for address in addresses:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()

        assert problems == []
