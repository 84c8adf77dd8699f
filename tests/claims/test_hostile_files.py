"""Hostile files: refused by name, within bounds, in a process that may do nothing else."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator

import pytest

from claims.reading import apart, page, read, read_apart, read_each_apart, values
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


def test_very_much_json_in_a_page_costs_little():
    many = json.dumps([{"headline": "Harbour opens again"}, *range(100_000)])[:490_000]
    head = f'<script type="application/ld+json">{many.rpartition(",")[0]}]</script>'
    began = time.process_time()

    assert read(files.page(SENTENCE, head=head), name="a.html").documents[0].title == (
        "Harbour opens again"
    )
    assert time.process_time() - began < 1
    assert len(list(page._things([{}] * 20_000))) < page.MOST_THINGS


# Bundles


def test_a_bomb_is_stopped_while_it_is_unpacked():
    bomb = files.zipped({"a.txt": b"0" * 9_000_000})

    reading = read(files.zipped({"bomb.zip": bomb, "b.txt": TEXT}), name="a.zip")

    assert [one.place for one in reading.documents] == ["a.zip › b.txt"]
    assert [str(one) for one in reading.failures] == [
        "a.zip › bomb.zip › a.txt: it unpacks to more than 200 times its size"
    ]


def test_all_that_a_bundle_unpacks_to_is_bounded(monkeypatch):
    rest = values.Budget.__init__.__defaults__[3:]
    monkeypatch.setattr(values.Budget.__init__, "__defaults__", (3, 10_000, 0, *rest))
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
    monkeypatch.setattr(apart, "PATIENCE", 60)  # whatever else this machine does
    slow = b"<html><body><article>" + b"text<br>" * 200_000

    (failure,) = read_apart(slow, name="slow.html").failures

    assert str(failure) == "slow.html: reading it took more than 1 seconds of computing"
    monkeypatch.undo()
    assert read_apart(TEXT.encode(), name="a.txt").documents[0].text == TEXT.strip("\n")


@pytest.fixture
def a_weak_child(a_fresh_child, monkeypatch):
    """One that breaks over texts that say so, as a fault in a parser would break it."""
    start = """
import faulthandler, sys, time; sys.path.insert(0, sys.argv[1])
from claims.reading import apart, opening
from claims.reading.kinds import Kind
plain, mail, kind_of = opening.READERS[Kind.TEXT], opening.READERS[Kind.MAIL], opening.kind_of
deeds = {
    b"CRASH": faulthandler._sigsegv,
    b"GROW": lambda: bytearray(3_000_000_000),
    b"SPIN": lambda: all(True for _ in iter(int, 1)),
    b"WAIT": lambda: time.sleep(60),
    b"WORK": lambda: sum(range(20_000_000)),
}
def read(given):
    if deed := deeds.get(given.content.strip()):
        deed()
    return plain(given)
def written(given):
    if b"CRASH" in given.content:
        faulthandler._sigsegv()
    return mail(given)
def look(given):
    if b"LOOK" in given.content[:4] or given.name == "look.zip":
        faulthandler._sigsegv()
    return kind_of(given)
opening.READERS[Kind.TEXT], opening.READERS[Kind.MAIL], opening.kind_of = read, written, look
apart.serve()
"""
    monkeypatch.setattr(apart, "_START", start)


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("CRASH", "it broke its reader (SIGSEGV)"),
        ("GROW", "reading it takes too much memory"),
        ("SPIN", "reading it took more than 1 seconds of computing"),
        ("WAIT", "it was not read within 10 seconds"),
    ],
)
def test_a_member_that_breaks_the_child_is_named_and_no_other_is_lost(
    a_weak_child, monkeypatch, deed, reason
):
    monkeypatch.setattr(apart, "SECONDS", 1)
    monkeypatch.setattr(apart, "SECONDS_A_MB", 0)
    monkeypatch.setattr(apart, "PATIENCE", 10 if deed == "WAIT" else 60)
    inside = files.zipped({"b.txt": deed, "c.txt": TEXT})
    written = files.mail(files={"d.txt": TEXT.encode()})
    content = files.zipped({"a.txt": TEXT, "in.zip": inside, "e.eml": written, "f.png": b"\x89PNG"})

    reading = read_apart(content, name="all.zip")

    assert [one.place for one in reading.documents] == [
        "all.zip › a.txt", "all.zip › in.zip › c.txt", "all.zip › e.eml",
        "all.zip › e.eml › d.txt",
    ]  # fmt: skip
    assert [one.place for one in reading.failures] == [
        "all.zip › in.zip › b.txt",
        "all.zip › f.png",
    ]
    assert reading.failures[0].why == reason


def test_nor_is_one_lost_by_what_breaks_the_child_before_it_is_read(a_weak_child):
    inside = files.zipped({"b.txt": "LOOK", "c.txt": TEXT})
    lost = files.zipped({"d.txt": TEXT})
    content = files.zipped({"a.txt": TEXT, "in.zip": inside, "look.zip": lost, "e.txt": TEXT})

    reading = read_apart(content, name="all.zip")

    assert [one.place for one in reading.documents] == [
        "all.zip › a.txt", "all.zip › in.zip › c.txt", "all.zip › e.txt",
    ]  # fmt: skip
    assert [str(one) for one in reading.failures] == [
        "all.zip › in.zip › b.txt: it broke its reader (SIGSEGV)",
        "all.zip › look.zip: it broke its reader (SIGSEGV)",
    ]
    again = list(read_each_apart(content, name="all.zip", passed=range(4)))
    assert [(nth, one.place) for nth, one in again] == [(4, "all.zip › e.txt")]


def test_what_breaks_the_child_before_it_is_opened_is_named(a_weak_child):
    assert [str(one) for one in read_apart(b"LOOK", name="a.txt").failures] == [
        "a.txt: it broke its reader (SIGSEGV)"
    ]


def test_each_member_has_time_of_its_own(a_weak_child, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 1)
    monkeypatch.setattr(apart, "SECONDS_A_MB", 0)
    monkeypatch.setattr(apart, "PATIENCE", 60)
    content = files.zipped({f"{number}.txt": "WORK" for number in range(15)})

    assert len(read_apart(content, name="a.zip").documents) == 15


def test_a_small_member_of_a_large_bundle_has_little_time(a_weak_child, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 1)
    monkeypatch.setattr(apart, "SECONDS_A_MB", 100)
    monkeypatch.setattr(apart, "PATIENCE", 60)
    content = files.zipped({"a.txt": "SPIN", "b.png": random.Random(1).randbytes(1_000_000)})
    began = time.monotonic()

    assert read_apart(content, name="a.zip").failures[0].why == (
        "reading it took more than 1 seconds of computing"
    )
    assert time.monotonic() - began < 60


def test_what_is_attached_to_a_mail_that_breaks_the_child_is_read(a_weak_child):
    content = files.mail("CRASH", files={"a.txt": TEXT.encode()})

    reading = read_apart(content, name="a.eml")

    assert [one.place for one in reading.documents] == ["a.eml › a.txt"]
    assert [str(one) for one in reading.failures] == ["a.eml: it broke its reader (SIGSEGV)"]


def test_a_bundle_that_breaks_one_child_after_another_comes_to_an_end(a_weak_child, monkeypatch):
    monkeypatch.setattr(apart, "MOST_BROKEN", 2)
    content = files.zipped({f"{number}.txt": "CRASH" for number in range(4)} | {"z.txt": TEXT})

    reading = read_apart(content, name="a.zip")

    assert reading.documents == ()
    assert [str(one) for one in reading.failures] == [
        "a.zip › 0.txt: it broke its reader (SIGSEGV)",
        "a.zip › 1.txt: it broke its reader (SIGSEGV); the rest is not read",
    ]


def test_what_is_read_one_by_one_has_the_same_numbers_and_what_is_not_wanted_is_not_read(
    a_weak_child,
):
    content = files.zipped({"a.txt": TEXT, "b.txt": "CRASH", "c.png": b"\x89PNG", "d.txt": TEXT})
    read_apart(TEXT.encode(), name="a.txt")
    child = apart._desk._child

    found = list(read_each_apart(content, name="a.zip", passed=[0, 1]))

    assert [(nth, one.place) for nth, one in found] == [(2, "a.zip › c.png"), (3, "a.zip › d.txt")]
    assert apart._desk._child is child


def test_no_more_is_read_than_is_asked_for(a_fresh_child):
    content = files.zipped({f"{number}.txt": TEXT for number in range(5)})
    read_apart(TEXT.encode(), name="a.txt")
    child = apart._desk._child

    assert len(read_apart(content, name="a.zip", most=2).documents) == 2
    assert len(read_apart(content, name="a.zip").documents) == 5
    assert apart._desk._child is child


class TimeIsUp(Exception):
    """What a task is told when it takes too long."""


@pytest.fixture
def soon_up() -> Iterator[None]:
    """After a second, wherever this process is then, it is interrupted."""

    def interrupt(number, frame):
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_after_an_interruption_the_next_question_has_an_answer_of_its_own(a_weak_child, soon_up):
    with pytest.raises(TimeIsUp):
        read_apart(b"WAIT", name="slow.txt")

    assert read_apart(TEXT.encode(), name="a.txt").documents[0].place == "a.txt"


def test_what_nobody_waits_for_any_more_is_no_answer_to_another_question(a_fresh_child):
    each = read_each_apart(files.zipped({"a.txt": TEXT, "b.txt": TEXT}), name="a.zip")
    assert next(each)[1].place == "a.zip › a.txt"
    each.close()

    assert read_apart(TEXT.encode(), name="c.txt").documents[0].place == "c.txt"


def test_an_answer_under_another_number_is_none(a_fresh_child, monkeypatch):
    monkeypatch.setattr(apart, "_START", apart._START.replace("; serve()", MISCOUNTED))

    (failure,) = read_apart(TEXT.encode(), name="a.txt").failures

    assert str(failure) == "a.txt: its reader answered something else"


MISCOUNTED = """
from claims.reading import apart
known = apart._Asked.__init__
apart._Asked.__init__ = lambda self, answers, number, rates: known(self, answers, number - 1, rates)
serve()"""


class TestWaiting:
    @pytest.fixture
    def at_work(self, a_fresh_child):
        """The child is read from by somebody who waits for more."""
        two = files.zipped({"a.txt": TEXT, "b.txt": TEXT})
        each = read_each_apart(two, name="a.zip", wait=0)
        next(each)
        yield each
        each.close()

    def test_who_has_no_time_is_told_that_others_are_read_for(self, at_work):
        began = time.monotonic()
        with pytest.raises(apart.Busy, match="Try again in a moment"):
            read_apart(TEXT.encode(), name="a.txt", wait=0.05)
        assert time.monotonic() - began < 2
        at_work.close()

        assert read_apart(TEXT.encode(), name="a.txt", wait=0.05).documents

    def test_of_those_who_wait_there_are_only_so_many(self, at_work):
        second = threading.Thread(
            target=read_apart, args=[b"Two."], kwargs={"name": "2", "wait": 60}
        )
        second.start()
        while apart._desk._places._value:
            time.sleep(0.01)
        began = time.monotonic()

        with pytest.raises(apart.Busy):
            read_apart(TEXT.encode(), name="a.txt", wait=60)

        assert time.monotonic() - began < 30
        at_work.close()
        second.join()


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
        ("open", ("/tmp/x", None, os.O_WRONLY)), ("open", ("/tmp/x", None, os.O_RDWR)),
        ("open", ("/tmp/x", None, os.O_RDONLY | os.O_CREAT)), ("os.kill", ()), ("os.killpg", ()),
    ],
)  # fmt: skip
def test_a_reader_may_not(event, arguments):
    with pytest.raises(PermissionError, match=event):
        apart._refuse(event, arguments)
    apart._refuse("open", ("/etc/hostname", "r", os.O_RDONLY | os.O_CLOEXEC))
    apart._refuse("open", ("/etc/hostname", None, os.O_RDONLY | os.O_CLOEXEC))


@pytest.mark.parametrize(
    "deed",
    ["import socket; socket.create_connection(('127.0.0.1', 9))", "open('/dev/null', 'w')",
     "import subprocess; subprocess.run(['true'])", "bytearray(3_000_000_000)",
     "import os; os.open('/dev/null', os.O_WRONLY)", "import os; os.kill(os.getpid(), 0)",
     "import os; os.killpg(os.getpgrp(), 0)"],
)  # fmt: skip
def test_a_confined_process_cannot(deed):
    start = "import sys; sys.path.insert(0, sys.argv[1])\nfrom claims.reading import apart"
    script = f"{start}\napart._confine()\n{deed}"

    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(apart.ROOT)], capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(("PermissionError: a reader may", "MemoryError"))


def test_a_confined_process_writes_nothing_into_files_that_are_open_already(tmp_path):
    script = f"""
import sys; sys.path.insert(0, sys.argv[1])
from claims.reading import apart
file = open({str(tmp_path / "a")!r}, "wb", buffering=0)
apart._confine()
file.write(b"x")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(apart.ROOT)], capture_output=True, text=True
    )

    assert done.stderr.splitlines()[-1] == "OSError: [Errno 27] File too large"
    assert (tmp_path / "a").read_bytes() == b""


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
