"""Bytes become documents: each kind by its bytes, bundles member by member, facts with guesses."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from claims.reading import ENDINGS, canonical, clean, label, read, web_address
from tests import files
from tests.files import PAGE, SENTENCE, TEXT


def only(content: bytes, name: str, **told):
    """The one document in it."""
    reading = read(content, name=name, **told)
    assert reading.failures == ()
    (document,) = reading.documents
    return document


def why(content: bytes, name: str, **told) -> list[str]:
    """What failed in it, as told to people."""
    return [str(failure) for failure in read(content, name=name, **told).failures]


# Each kind


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (TEXT.encode(), "harbour.txt", "text/plain"),
        (f"# Harbour opens again\n\n{SENTENCE}".encode(), "harbour.md", "text/markdown"),
        (PAGE.encode(), "harbour.html", "text/html"),
        (files.pdf("Harbour opens again", SENTENCE), "harbour.pdf", "application/pdf"),
        (files.mail(), "harbour.eml", "message/rfc822"),
        (files.mail("", html=PAGE), "harbour.eml", "message/rfc822"),
        (files.docx("Harbour opens again", SENTENCE), "harbour.docx",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
    ids=["text", "markdown", "page", "pdf", "mail", "mail of a page", "word"],
)  # fmt: skip
def test_every_kind_is_read_whatever_it_is_called(content, name, media_type):
    document = only(content, name)

    assert SENTENCE in document.text.replace("\n", " ")
    assert document.place == name
    assert (document.received.media_type, document.received.content) == (media_type, content)
    if name != "harbour.md":
        assert only(content, "no-ending").text == document.text
    if name.endswith((".pdf", ".docx", ".html")):
        assert only(content, "called.txt").text == document.text


def test_a_page_tells_what_it_declares_and_what_is_guessed():
    head = """<script type="application/ld+json">{"@graph": [{"headline": "Harbour opens again",
      "datePublished": "2026-03-02", "author": [{"name": "Ada Brenna"}],
      "publisher": {"name": "Coast Courier"}, "license": "https://licences.example/by"}]}</script>"""
    declared = only(files.page(SENTENCE, head=head), "a.html", location="https://courier.example/1")
    assert (declared.title, declared.source) == ("Harbour opens again", "Coast Courier")
    assert (declared.author, declared.published_on) == ("Ada Brenna", date(2026, 3, 2))
    assert declared.licence == "https://licences.example/by"
    assert (declared.url, declared.canonical) == ("https://courier.example/1", "")
    assert declared.guessed == frozenset()

    looks = f"<h1>Harbour opens again</h1><p>2 March 2026</p><p>{SENTENCE}</p>"
    guessed = only(files.page(looks), "a.html", location="https://www.courier.example/1")
    assert (guessed.title, guessed.source) == ("Harbour opens again", "courier.example")
    assert guessed.guessed >= {"title", "source"}


def test_a_page_gives_its_canonical_address_in_the_one_spelling():
    document = only(PAGE.encode(), "a.html", location="https://amp.courier.example/harbour?a=1")

    assert document.canonical == "https://courier.example/harbour"
    assert document.url == "https://amp.courier.example/harbour?a=1"
    assert (document.language, "language" in document.guessed) == ("en", True)


def test_markdown_loses_its_signs_and_keeps_its_words():
    words = "## Harbour **opens** again\n\nSee [the port](https://p.example).\n2 * 3 * 4"
    text = f"---\nauthor: Ada\n---\n{words}"

    document = only(text.encode(), "a.md")

    assert document.text == "Harbour opens again\n\nSee the port.\n2 * 3 * 4"
    assert (document.title, document.author) == ("Harbour opens again", "Ada")


def test_a_mail_names_its_sender_and_day_and_its_attachments_are_documents():
    content = files.mail(files={"report.pdf": files.pdf(SENTENCE)})

    reading = read(content, name="a.eml")

    written, attached = reading.documents
    assert reading.failures == ()
    assert (written.source, written.published_on) == ("Ada Brenna", date(2026, 3, 2))
    assert written.author == "Ada Brenna <ada@courier.example>"
    assert written.guessed == {"source"}
    assert (attached.place, attached.title) == ("a.eml › report.pdf", "The harbour report")


def test_what_is_attached_and_not_read_is_named():
    others = {
        "old.doc": b"\xd0\xcf\x11\xe0", "a.rtf": b"{\\rtf1", "all.rar": b"Rar!", "b.xyz": b"x",
        "quay.png": b"\x89PNG",
    }  # fmt: skip

    reading = read(files.mail(files=others | {"c.txt": TEXT.encode()}), name="a.eml")

    assert [one.place for one in reading.documents] == ["a.eml", "a.eml › c.txt"]
    assert [str(one).partition(";")[0] for one in reading.failures] == [
        "a.eml › old.doc: an old Office file: save it as .docx", "a.eml › a.rtf: an RTF file",
        "a.eml › all.rar: a RAR archive", "a.eml › b.xyz: of a kind that is not read",
        "a.eml › quay.png: a PNG picture",
    ]  # fmt: skip


def test_what_belongs_to_a_mail_itself_is_neither_read_nor_named():
    message = message_from_bytes(files.mail(), policy=default)
    message.add_attachment(b"x", maintype="image", subtype="png", filename="logo.png",
                           disposition="inline", cid="<logo@courier.example>")  # fmt: skip
    for kind, name in (("application/pgp-signature", "a.asc"), ("text/calendar", "a.ics"),
                       ("application/octet-stream", "smime.p7s"), ("text/vcard", "ada.vcf"),
                       ("text/x-vcard", "")):  # fmt: skip
        main, _, sub = kind.partition("/")
        message.add_attachment(b"x", maintype=main, subtype=sub, filename=name or None)

    assert only(bytes(message), "a.eml").place == "a.eml"


def test_a_picture_that_somebody_attached_is_named_though_it_has_an_id():
    message = message_from_bytes(files.mail(), policy=default)
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="quay.png",
                           cid="<f_1>")  # fmt: skip

    assert why(bytes(message), "a.eml")[0].startswith("a.eml › quay.png: a PNG picture")


def test_a_mail_in_two_bundles_that_has_no_files_fails_in_nothing():
    assert only(files.zipped({"in.zip": files.zipped({"a.eml": files.mail()})}), "a.zip")


def test_deleted_words_of_a_word_file_are_not_said():
    body = (
        "<w:p><w:r><w:t>The harbour</w:t></w:r><w:del><w:r><w:t>never</w:t></w:r></w:del>"
        "<w:r><w:tab/><w:t>opens.</w:t></w:r></w:p>"
    )

    document = only(files.docx(body=body), "a.docx")

    assert document.text == "The harbour\topens."
    assert (document.title, document.author) == ("The harbour report", "Ada Brenna")


@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
def test_a_warc_gives_its_pages_with_how_they_came(packed):
    content = files.warc({"https://courier.example/harbour": PAGE.encode()}, packed=packed)

    document = only(content, "crawl.warc.gz" if packed else "crawl.warc")

    assert document.place.endswith("› https://courier.example/harbour")
    received = document.received
    assert (received.content, received.media_type) == (PAGE.encode(), "text/html")
    assert received.address == document.url == "https://courier.example/harbour"
    assert received.taken_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert received.response_headers == (("Content-Type", "text/html"), ("Server", "quay"))
    assert received.request_headers == (("Host", "courier.example"),)  # and no cookie


def test_what_a_warc_holds_besides_pages_is_no_failure():
    moved = files.warc({"https://courier.example/": PAGE.encode()}, status="301 Moved")
    picture = files.warc({"https://courier.example/a.png": b"\x89PNG"}, kind="image/png")

    assert why(moved + picture, "crawl.warc.gz") == ["crawl.warc.gz: nothing in it that is read"]


def test_a_single_packed_file_is_unpacked():
    assert only(gzip.compress(TEXT.encode()), "harbour.txt.gz").title == "Harbour opens again"


# Bundles


def test_one_bad_member_loses_no_other_and_is_named():
    content = files.zipped({
        "a.txt": TEXT, "deep/b.html": files.page("<p></p>"), "c.png": b"\x89PNG\r\n",
        "../../etc/d.txt": TEXT.replace("Friday", "Monday"), "__MACOSX/a.txt": b"\0",
    })  # fmt: skip

    reading = read(content, name="report.zip")

    assert [one.place for one in reading.documents] == [
        "report.zip › a.txt", "report.zip › ../../etc/d.txt",
    ]  # fmt: skip
    assert [str(failure) for failure in reading.failures] == [
        "report.zip › deep/b.html: no article text in it",
        f"report.zip › c.png: a PNG picture; what is read: {ENDINGS}",
    ]


def test_bundles_are_opened_in_bundles_but_not_for_ever():
    inside = files.zipped({"a.txt": TEXT})
    twice = files.zipped({"in.zip": inside})
    thrice = files.zipped({"between.zip": twice})

    assert only(twice, "out.zip").place == "out.zip › in.zip › a.txt"
    assert why(thrice, "out.zip") == [
        "out.zip › between.zip › in.zip: a bundle in more than 2 others is not opened"
    ]


# What people are told


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "a.txt", "a.txt: a PNG picture; what is read: .txt, .md, .html"),
        (b"PK\x03\x04 no zip", "a.zip", "a.zip: the zip cannot be opened (BadZipFile"),
        (b"%PDF-1.7 no pdf", "a.txt", "a.txt: the PDF cannot be read ("),
        (b"no pdf at all", "a.pdf", "a.pdf: called .pdf, but its bytes say otherwise"),
        (b"x = 1", "a.py", "a.py: of a kind that is not read"),
        (bytes(range(32)) * 9, "a.txt", "a.txt: its bytes are no text"),
        (b" \n\n", "a.txt", "a.txt: no article text in it"),
        (b"", "a.html", "a.html: no article text in it"),
        (files.pdf(), "a.pdf", "a.pdf: the PDF has no text layer on its 1 page: a scan must"),
        (files.pdf("x", encrypt=True), "a.pdf", "a.pdf: the PDF asks for a password"),
        (files.zipped({}), "a.zip", "a.zip: nothing in it that is read"),
        (files.mail(""), "a.eml", "a.eml: the mail has no words of its own"),
        (b"\x1f\x8b no gzip", "a.gz", "a.gz: it cannot be unpacked (BadGzipFile"),
        (b"WARC/1.0\r\nno\r\n", "a.warc", "a.warc: "),
        (b"---\ndate: 2 March\n---\nText", "a.txt", "a.txt: “2 March” is not a date such as"),
        (b"---\nurl: javascript:x\n---\nText", "a.md", "a.md: “javascript:x” is not a web address"),
    ],
    ids=lambda value: value if isinstance(value, str) and ":" not in value else "",
)  # fmt: skip
def test_a_bad_file_is_named_with_the_reason(content, name, said):
    (told,) = why(content, name)

    assert told.startswith(said)


def test_markup_that_breaks_the_parser_is_named(monkeypatch):
    def broken(*args, **kwargs):
        raise RecursionError("tag soup\nwithout end")

    monkeypatch.setattr("trafilatura.bare_extraction", broken)

    assert why(files.page(), "a.html") == [
        "a.html: its markup cannot be read (RecursionError: tag soup without end)"
    ]


def test_a_fault_of_a_parser_is_that_of_one_member_alone(monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("pypdf.PdfReader.__init__", broken)
    monkeypatch.setattr("claims.reading.pdf._BROKEN", ())

    reading = read(files.zipped({"a.pdf": files.pdf("x"), "b.txt": TEXT}), name="a.zip")

    assert [str(one) for one in reading.failures] == [
        "a.zip › a.pdf: it cannot be read (ZeroDivisionError: division by zero)"
    ]
    assert [one.place for one in reading.documents] == ["a.zip › b.txt"]


# Encodings


@pytest.mark.parametrize(
    ("content", "text", "is_guess"),
    [
        ("Häfen".encode(), "Häfen", False),
        ("Häfen".encode("utf-8-sig"), "Häfen", False),
        ("Häfen".encode("utf-16"), "Häfen", False),
        ("Гавань Бренны откроется в пятницу, сообщило портовое управление.".encode("cp1251"),
         "Гавань Бренны откроется в пятницу, сообщило портовое управление.", True),
        (b"a\0b", "a␀b", False),
        (b"broken \xff\xfe here, and long enough to be told", None, True),
    ],
    ids=["utf-8", "mark", "utf-16", "guessed", "NUL", "wrong"],
)  # fmt: skip
def test_the_encoding_is_told_from_the_bytes(content, text, is_guess):
    document = only(content, "a.txt")

    assert text is None or document.text == text
    assert ("text" in document.guessed) == is_guess


def test_a_page_is_decoded_as_it_or_its_server_declares():
    content = files.page(
        "Die Häfen öffnen am Freitag, sagte die Behörde am Montag.",
        head='<meta charset="iso-8859-1">',
    ).decode()

    by_meta = only(content.encode("cp1252"), "a.html")
    by_server = only(
        content.replace("iso-8859-1", "big5").encode("cp1252"),
        "a.html", media_type="text/html; charset=windows-1252",
    )  # fmt: skip

    assert "Die Häfen öffnen" in by_meta.text
    assert "Die Häfen öffnen" in by_server.text
    assert "text" not in by_meta.guessed | by_server.guessed


# Spelling


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ("HTTPS://Courier.Example:443/A?utm_source=x&id=7&fbclid=y#top",
         "https://courier.example/A?id=7"),
        ("http://courier.example", "http://courier.example/"),
        ("http://courier.example:8080/a?b", "http://courier.example:8080/a?b"),
        ("https://häfen.example/weg", "https://xn--hfen-loa.example/weg"),
        ("https://courier.example/a?GCLID=1", "https://courier.example/a"),
        ("javascript:alert(1)", ""), ("https://user:pass@courier.example/", ""),
        ("https://courier.example/\u202egnp", "https://courier.example/%E2%80%AEgnp"),
        ("//courier.example/a", ""), ("https://[::1/", ""), ("https://a.example:99999/", ""),
        ("https://courier.example/" + "a" * 2000, ""),
    ],
)  # fmt: skip
def test_an_address_has_one_spelling(given, spelt):
    assert canonical(given) == spelt
    assert canonical(spelt) == spelt


def test_an_address_that_is_kept_keeps_what_tracks():
    assert (
        web_address("https://a.example/?utm_source=x#top") == "https://a.example/?utm_source=x#top"
    )


def test_a_label_is_one_line_that_reorders_nothing():
    assert label("Harbour\u202e\nopens\0", 100) == "Harbour⟨U+202E⟩ opens␀"
    assert label("a" * 10, 5) == "aaaa…"
    assert clean("a\u202eb\u200b") == "a\u202eb\u200b"
