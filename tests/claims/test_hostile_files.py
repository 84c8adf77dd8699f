"""Hostile files: refused by name, within bounds, in a process that may do nothing else."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zipfile

import pytest

from claims.reading import apart, read, read_apart, values
from tests import files
from tests.files import SENTENCE, TEXT


def why(content: bytes, name: str) -> str:
    """Why nothing in it was read."""
    reading = read(content, name=name)
    assert reading.documents == ()
    (failure,) = reading.failures
    return failure.why


# XML

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"<!DOCTYPE w:document [{LAUGHS}]>", "<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>"),
        ('<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
         "<w:p><w:r><w:t>&x;</w:t></w:r></w:p>"),
        ('<!DOCTYPE w:document SYSTEM "https://evil.example/a.dtd">', "<w:p/>"),
    ],
    ids=["laughs", "a file", "the network"],
)  # fmt: skip
def test_entities_and_document_types_are_not_read(head, body):
    content = files.docx(body=body, head=head)

    assert (
        why(content, "a.docx") == "its XML declares entities or a document type, which are not read"
    )


def test_xml_nests_only_so_deep():
    body = "<w:p>" * 300 + "<w:r><w:t>x</w:t></w:r>" + "</w:p>" * 300

    assert why(files.docx(body=body), "a.docx") == "its XML nests deeper than 200 levels"


# Markup


def test_deep_markup_is_cut_by_the_parser_and_costs_little():
    inside = f"<p>{SENTENCE}</p>" * 5
    began = time.process_time()

    assert read(b"<div>" * 100 + inside.encode(), name="a.html").documents[0].text
    assert why(b"<div>" * 100_000 + inside.encode(), "a.html") == "no article text in it"
    assert why(b"<b><i>" * 50_000 + inside.encode(), "a.html") == "no article text in it"
    assert time.process_time() - began < 5


def test_a_tag_of_many_attributes_is_refused_before_it_is_parsed():
    many = " ".join(f"a{number}=1" for number in range(50_000))
    began = time.process_time()

    assert why(f"<p {many}>{SENTENCE}</p>".encode(), "a.html") == (
        "its markup has a tag too long to be one"
    )
    assert time.process_time() - began < 1


def test_deep_json_in_a_page_is_no_fact_and_no_fault():
    deep = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"

    assert read(files.page(SENTENCE, head=deep), name="a.html").documents[0].title


# Bundles


def test_a_bomb_is_stopped_while_it_is_unpacked():
    bomb = files.zipped({"a.txt": b"0" * 9_000_000})

    reading = read(files.zipped({"bomb.zip": bomb, "b.txt": TEXT}), name="a.zip")

    assert [one.place for one in reading.documents] == ["a.zip › b.txt"]
    assert [str(one) for one in reading.failures] == [
        "a.zip › bomb.zip › a.txt: it unpacks to more than 200 times its size"
    ]


def test_all_that_a_bundle_unpacks_to_is_bounded(monkeypatch):
    monkeypatch.setattr(values.Budget.__init__, "__defaults__", (3, 10_000, 0))
    by_number = files.zipped({f"{number}.txt": TEXT for number in range(5)})
    nested = files.zipped({"in.zip": by_number})
    by_size = files.zipped({"a.txt": TEXT, "b.txt": f"{TEXT} " * 200})

    assert [len(read(one, name="a.zip").documents) for one in (by_number, nested, by_size)] == [
        3, 2, 1,
    ]  # fmt: skip
    assert [one.why for one in read(nested, name="a.zip").failures] == [
        "more than 5,000 documents in it; the rest is not read"
    ]
    assert [one.why for one in read(by_size, name="a.zip").failures] == [
        "it unpacks to more than 100 MB; the rest is not read"
    ]


def test_an_encrypted_member_is_named():
    content = bytearray(files.zipped({"a.txt": TEXT}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1

    assert why(bytes(content), "a.zip") == "it is encrypted: unpack it and hand in what it holds"


def test_what_a_member_says_of_its_size_is_not_believed():
    content = bytearray(files.zipped({"a.txt": TEXT}))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 5)

    reading = read(bytes(content), name="a.zip")

    assert reading.documents == ()
    assert reading.failures[0].why.startswith("it cannot be unpacked (BadZipFile")


def test_a_mail_of_too_many_parts_is_refused():
    content = files.mail(files={f"{number}.txt": b"x" for number in range(210)})

    assert {one.why for one in read(content, name="a.eml").failures} == {
        "the mail has more than 200 parts"
    }


def test_every_beginning_of_every_kind_is_read_or_named():
    """Cut anywhere, and with bytes in the middle turned: one of both, and never an exception."""
    whole = {
        "a.pdf": files.pdf(SENTENCE), "a.docx": files.docx(SENTENCE), "a.html": files.PAGE.encode(),
        "a.eml": files.mail(html="<p>x"), "a.zip": files.zipped({"a.txt": TEXT}),
        "a.warc.gz": files.warc({"https://a.example/": b"x"}),
        "a.warc": files.warc({"https://a.example/": files.PAGE.encode()}, packed=False),
    }  # fmt: skip
    for name, content in whole.items():
        for cut in range(0, len(content), max(len(content) // 25, 1)):
            turned = content[:cut] + bytes(255 - byte for byte in content[cut : cut + 9])
            for tried in (content[:cut], turned + content[cut + 9 :]):
                reading = read(tried, name=name)
                assert reading.documents or reading.failures


# A process of its own


@pytest.fixture
def a_fresh_child():
    apart._desk.close()
    yield
    apart._desk.close()


def test_what_is_read_apart_is_what_is_read_here():
    content = files.zipped({
        "a.warc.gz": files.warc({"https://courier.example/": files.PAGE.encode()}), "b.txt": "",
        "c.html": files.PAGE, "d.txt": TEXT,
    })  # fmt: skip

    assert read_apart(content, name="a\ud800.zip", place="a.zip") == read(
        content, name="a.zip", place="a.zip"
    )


def test_what_takes_too_long_is_stopped_and_named_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 1)
    monkeypatch.setattr(apart, "SECONDS_A_MB", 0)
    slow = b"<html><body><article>" + b"text<br>" * 200_000

    (failure,) = read_apart(slow, name="slow.html").failures

    assert str(failure) == "slow.html: reading it took more than 1 seconds of computing"
    monkeypatch.undo()
    assert read_apart(TEXT.encode(), name="a.txt").documents[0].text == TEXT.strip("\n")


def test_a_child_that_ended_by_itself_is_replaced(a_fresh_child):
    read_apart(TEXT.encode(), name="a.txt")
    child = apart._desk._child
    child.stdin.close()
    child.wait(timeout=10)

    assert read_apart(TEXT.encode(), name="a.txt").documents[0].place == "a.txt"
    assert apart._desk._child.pid != child.pid


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", ()), ("socket.getaddrinfo", ()), ("subprocess.Popen", ()),
        ("open", ("/tmp/x", "w", 0)), ("os.remove", ()), ("os.system", ()),
    ],
)  # fmt: skip
def test_a_reader_may_not(event, arguments):
    with pytest.raises(PermissionError, match=event):
        apart._refuse(event, arguments)
    apart._refuse("open", ("/etc/hostname", "r", 0))


@pytest.mark.parametrize(
    "deed",
    ["import socket; socket.create_connection(('127.0.0.1', 9))", "open('/dev/null', 'w')",
     "import subprocess; subprocess.run(['true'])", "bytearray(3_000_000_000)"],
)  # fmt: skip
def test_a_confined_process_cannot(deed):
    start = "import sys; sys.path.insert(0, sys.argv[1])\nfrom claims.reading import apart"
    script = f"{start}\napart._confine()\n{deed}"

    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(apart.ROOT)], capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(("PermissionError: a reader may", "MemoryError"))


def test_the_child_has_no_secret_in_its_environment(a_fresh_child, monkeypatch):
    monkeypatch.setenv("FACTCHECK_SECRET_KEY", "not for parsers")
    read_apart(TEXT.encode(), name="a.txt")

    with open(f"/proc/{apart._desk._child.pid}/environ", "rb") as environment:
        names = {one.split(b"=")[0] for one in environment.read().split(b"\0") if one}

    assert names == {b"PATH", b"LANG"}


def test_a_zip_made_by_hand_of_overlapping_members_stays_within_the_limits():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", TEXT)
        archive.filelist += archive.filelist * 50  # one member, listed again and again

    reading = read(out.getvalue(), name="a.zip")

    assert len(reading.documents) + len(reading.failures) == 51
