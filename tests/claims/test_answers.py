"""What a web server answered with: by its bytes, its media type, then the end of its address."""

from __future__ import annotations

import pytest

from claims.reading import Unreadable, called, kinds, read
from claims.reading.values import Given
from tests import files
from tests.files import SENTENCE

TEXT = f"# Harbour opens\n\n{SENTENCE} *All* boats are out.".encode()
PAGE = files.PAGE.encode()
XHTML = b'<?xml version="1.0"?>\n<!DOCTYPE html>\n<!-- a page -->\n' + PAGE
RSS = b"<?xml version='1.0'?>\n<rss version='2.0'><channel></channel></rss>"
ATOM = b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'></feed>"
RDF = (
    b"<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
    b" xmlns='http://purl.org/rss/1.0/'></rdf:RDF>"
)
MAP = b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>"
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": []}'
FEED, MAPPED = "this is a feed: add it under Feeds", "this is a sitemap: add it under Feeds"
XML, JSON = "XML that is no web page; what is read", "JSON, which is data and no article; what is"


@pytest.mark.parametrize(
    ("content", "name", "media_type", "read_as"),
    [
        (PAGE, "README.md", "text/html; charset=utf-8", "text/html"),
        (PAGE, "archive.zip", "text/html", "text/html"),
        (PAGE, "news.php", "", "text/html"),
        (PAGE, "news.txt", "text/plain", "text/html"),
        (PAGE, "news.pdf", "application/pdf", "text/html"),
        (XHTML, "news", "application/xml", "text/html"),
        (XHTML, "news.xhtml", "application/xhtml+xml", "text/html"),
        (XHTML.decode().encode("utf-16"), "news", "text/xml", "text/html"),
        (f"<p>{SENTENCE}</p>".encode() * 5, "news.txt", "text/html", "text/html"),
        (TEXT, "news.html", "text/plain", "text/plain"),
        (TEXT, "news", "text/x-log", "text/plain"),
        (TEXT, "news", "", "text/plain"),
        (TEXT, "README.md", "text/plain", "text/markdown"),
        (TEXT, "news", "text/markdown", "text/markdown"),
        (TEXT, "README.md", "application/octet-stream", "text/markdown"),
        (f"[Update] {SENTENCE}".encode(), "news", "text/plain", "text/plain"),
        (f"{{sic}} {SENTENCE}".encode(), "news", "text/plain", "text/plain"),
        (files.pdf(SENTENCE), "news.html", "text/html", "application/pdf"),
        (files.docx(SENTENCE), "news.zip", "application/zip",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_what_it_is(content, name, media_type, read_as):
    name = called(content, name=name, media_type=media_type)

    (document,) = read(content, name=name, media_type=media_type).documents

    assert document.received.media_type == read_as
    assert SENTENCE in document.text.replace("\n", " ")


@pytest.mark.parametrize(
    ("content", "name", "media_type", "why"),
    [
        (RSS, "news", "application/rss+xml", FEED),
        (RSS, "news.html", "text/html", FEED),
        (b"\xef\xbb\xbf" + RSS, "news", "", FEED),
        (ATOM, "news", "text/plain", FEED),
        (ATOM.decode().encode("utf-16"), "news", "application/xml", FEED),
        (RDF, "news", "application/rdf+xml", FEED),
        (JSON_FEED, "news", "application/feed+json", FEED),
        (JSON_FEED, "news", "application/json", FEED),
        (MAP, "map.xml", "text/xml", MAPPED),
        (b'{"a": 1}', "news", "application/json", JSON),
        (b'{"a": 1}', "news", "text/html", JSON),
        (b'[{"a": 1}]\n', "news.html", "", JSON),
        (b"not even JSON", "news", "application/ld+json", JSON),
        (b"<?xml version='1.0'?><notes><note>It opens.</note></notes>", "news", "text/xml", XML),
        (b"<?xml version='1.0'?><notes><note>It opens.</note></notes>", "news", "", XML),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "a", "image/svg+xml", XML),
        (b"<feed><entry/></feed>", "news", "application/xml", XML),
        (b"a,b\n1,2", "news", "text/csv", "of a kind that is not read (text/csv); what is read"),
        (b"x", "news.html", "video/mp4", "of a kind that is not read (video/mp4); what is read"),
        (b"x", "a.pdf", "application/pdf", "called application/pdf, but its bytes say otherwise"),
        (b"x = 1", "a.py", "", "of a kind that is not read; what is read of an address: web"),
        (b"\x89PNG\r\n", "news.html", "text/html", "a PNG picture; what is read of an address"),
        (files.mail(), "a.eml", "", "a mail: download it and hand the file in"),
        (TEXT, "a", "application/zip", "a zip file: download it and hand the file in"),
    ],
)
def test_what_is_no_article_says_what_it_is(content, name, media_type, why):
    with pytest.raises(Unreadable) as refused:
        called(content, name=name, media_type=media_type)

    assert str(refused.value).startswith(why)


def test_the_end_of_an_address_stays_for_a_title():
    assert called(PAGE, name="harbour.php", media_type="") == "harbour.html"
    assert called(PAGE, name="", media_type="text/html") == ".html"


def test_long_beginnings_take_no_time():
    for start in (b"<!--" * 1000, b"<?" * 2000, b" " * 4096, b"<!DOCTYPE " * 400, b"{ " * 2048):
        called(start + b"x", name="a", media_type="text/plain")


@pytest.mark.parametrize(
    ("end", "kind"),
    [(b"\r\n\r\nIt opens.", kinds.Kind.MAIL), (b"", kinds.Kind.TEXT)],
    ids=["mail", "text"],
)
def test_headers_without_end_are_looked_at_once(end, kind):
    """A look that tried each line in two ways would double with every line."""
    lines = b"\r\n".join(b"Subject: %d" % number for number in range(2_000))

    found, _ = kinds.kind_of(Given(b"From: Ann\r\n" + lines + end, "letter"))

    assert found is kind
