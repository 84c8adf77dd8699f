"""Reading in a process of its own: what a hostile file does to a parser, it does there.

The child has no secrets in its environment, opens no connection, starts no program, writes no
file, and has limits of time and memory. It answers in JSON, so that nothing it says can be code.
One child serves its parent until it breaks, hangs, or has had nothing to do for a while.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, cast

from claims.reading import others
from claims.reading.listings import Listing, listed, untold
from claims.reading.others import Checks
from claims.reading.values import Document, Failure, Reading, Received, Unreadable, label

SECONDS = 20  # of computing for one document or bundle member's worth of it; a page takes 0.02
SECONDS_A_MB = 4  # more for each megabyte handed in, so that a bundle of many pages is read
PATIENCE = 6  # times that much by the clock, because the machine may be busy
MEMORY = 2_000_000_000  # bytes of address space; ten times what a long article takes
IDLE = 60  # seconds after which a child without work ends
LARGEST_ANSWER = 1_000_000_000  # bytes: a bundle at its limit, written as JSON
ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from claims.reading.apart import serve; serve()"
)
# Events of Python's auditing (PEP 578) that no parser has a reason for.
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "shutil.", "ctypes.dlopen", "urllib.", "http.", "ftplib.", "smtplib.",
)  # fmt: skip


class Broken(Exception):
    """The child ended or hung while it read; the message says how, in words for the sender."""


# The parent


def read_apart(
    content: bytes, *, name: str, media_type: str = "", location: str = "", place: str = ""
) -> Reading:
    """Return what `claims.reading.read` returns, read in a process of its own.

    Costs a second for the first of many, then a millisecond more than to read here. What breaks the
    child, or takes too long, is a failure like any other.
    """
    place = place or label(name, 2000)
    told = {"name": name, "media_type": media_type, "location": location, "place": place}
    question = {key: value.encode(errors="replace").decode() for key, value in told.items()}
    try:
        answer = _desk.ask(question, content)
    except Broken as error:
        return Reading(failures=(Failure(place, str(error)),))
    return _reading(answer, content)


def read_feed_apart(content: bytes, *, media_type: str = "", location: str = "") -> Listing:
    """Return what `claims.reading.feeds.read` returns, read in a process of its own.

    :raises Unreadable: as that does, or if it breaks the child or takes too long.
    """
    told = {"what": "feed", "media_type": media_type, "location": location}
    question = {key: value.encode(errors="replace").decode() for key, value in told.items()}
    try:
        answer = _desk.ask(question, content)
    except Broken as error:
        raise Unreadable(str(error)) from error
    if why := answer.get("unreadable"):
        raise Unreadable(why)
    return untold(answer)


def read_checks_apart(content: bytes, *, place: str, media_type: str = "") -> Checks:
    """Return what `claims.reading.markup.read` returns, read in a process of its own."""
    question = {"what": "checks", "place": place, "media_type": media_type}
    question = {key: value.encode(errors="replace").decode() for key, value in question.items()}
    try:
        return others.untold(_desk.ask(question, content))
    except Broken as error:
        return Checks(failures=(Failure(place, str(error)),))


class _Desk:
    """The one child of this process, asked by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def ask(self, question: dict[str, str], content: bytes) -> dict[str, Any]:
        """Return the child's answer. A child that had ended by itself is replaced, once.

        :raises Broken: if it ends or hangs over this question.
        """
        with self._lock:
            for attempt in (1, 2):
                child = self._ready()
                began = time.monotonic()
                try:
                    return _exchange(child, question, content)
                except Broken as error:
                    self._end()
                    idle = time.monotonic() - began < 0.5 and child.returncode == 0
                    if attempt == 2 or not idle:
                        raise error from None
            raise AssertionError("unreachable")

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # a fork has the parent's child, which is not its own
            self._child = None
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, str(ROOT)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"}, cwd="/", start_new_session=True,
            )  # fmt: skip
            self._owner = os.getpid()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        if child.poll() is None:
            child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()


_desk = _Desk()
atexit.register(_desk.close)
os.register_at_fork(after_in_child=lambda: setattr(_desk, "_lock", threading.Lock()))


def _exchange(
    child: subprocess.Popen[bytes], question: dict[str, str], content: bytes
) -> dict[str, Any]:
    stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    seconds = allowance(len(content))
    ends = time.monotonic() + seconds * PATIENCE
    limited = question | {"seconds": seconds}
    try:
        stdin.write(_packet(json.dumps(limited).encode(), content))
        stdin.flush()
        (size,) = struct.unpack("!Q", _waited(stdout, 8, ends))
        if size > LARGEST_ANSWER:
            raise Broken("reading it gave more than can be kept")
        answer: dict[str, Any] = json.loads(_waited(stdout, size, ends))
    except TimeoutError as error:
        raise Broken(f"it was not read within {seconds * PATIENCE:.0f} seconds") from error
    except (OSError, EOFError) as error:
        raise Broken(_how_it_ended(child, len(content))) from error
    return answer


def _how_it_ended(child: subprocess.Popen[bytes], size: int) -> str:
    try:
        code = child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "its reader stopped answering"
    if code == -signal.SIGXCPU:
        return f"reading it took more than {allowance(size):.0f} seconds of computing"
    return f"it broke its reader ({signal.Signals(-code).name if code < 0 else f'code {code}'})"


def allowance(size: int) -> float:
    """Return the seconds of computing that so many bytes may take."""
    return SECONDS + SECONDS_A_MB * size / 1_000_000


def _packet(*parts: bytes) -> bytes:
    return b"".join(struct.pack("!Q", len(part)) + part for part in parts)


def _waited(pipe: IO[bytes], size: int, ends: float) -> bytes:
    """Read exactly `size` bytes by the time `ends`."""
    content = bytearray()
    while len(content) < size:
        left = ends - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(pipe.fileno(), min(size - len(content), 1_000_000))
        if not piece:
            raise EOFError
        content += piece
    return bytes(content)


# What is said between them


def _told(reading: Reading, content: bytes) -> dict[str, Any]:
    documents = []
    for document in reading.documents:
        told = asdict(document) | {"guessed": sorted(document.guessed)}
        told["published_on"] = document.published_on and document.published_on.isoformat()
        if received := document.received:
            same = received.content is content or received.content == content
            told["received"] |= {
                "content": None if same else base64.b64encode(received.content).decode(),
                "taken_at": received.taken_at and received.taken_at.isoformat(),
            }
        documents.append(told)
    return {"documents": documents, "failures": [asdict(one) for one in reading.failures]}


def _reading(answer: dict[str, Any], content: bytes) -> Reading:
    documents = []
    for told in answer["documents"]:
        received = told.pop("received")
        day, guessed = told.pop("published_on"), frozenset(told.pop("guessed"))
        document = Document(
            **told, guessed=guessed, published_on=date.fromisoformat(day) if day else None
        )
        if received:
            taken_at = received.pop("taken_at")
            packed = received.pop("content")
            headers: dict[str, Any] = {
                name: tuple((key, value) for key, value in received.pop(name))
                for name in ("request_headers", "response_headers")
            }
            document = replace(document, received=Received(
                content if packed is None else base64.b64decode(packed),
                taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
                **received, **headers,
            ))  # fmt: skip
        documents.append(document)
    return Reading(tuple(documents), tuple(Failure(**one) for one in answer["failures"]))


# The child


def serve() -> None:
    """Read what the parent hands over, until it closes the pipe or asks nothing for a while."""
    questions, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)  # what a parser prints is no answer
    os.dup2(quiet, 1)
    _warm_up()
    _confine()
    while select.select([questions], [], [], IDLE)[0]:
        asked = _part(questions)
        if asked is None:
            return
        content = _part(questions) or b""
        question = json.loads(asked)
        _limit_time(question.pop("seconds"))
        of_kind = {"feed": _of_feed, "checks": _of_checks}.get(question.pop("what", ""), _of_file)
        answer = of_kind(content, **question)
        answers.write(_packet(json.dumps(answer).encode()))
        answers.flush()


def _of_file(content: bytes, **question: str) -> dict[str, Any]:
    from claims.reading import read  # noqa: PLC0415  the child alone needs the parsers

    try:
        return _told(read(content, **question), content)
    except MemoryError:
        failure = Failure(question["place"], "reading it takes too much memory")
        return _told(Reading(failures=(failure,)), content)


def _of_feed(content: bytes, **question: str) -> dict[str, Any]:
    from claims.reading import feeds  # noqa: PLC0415

    try:
        return listed(feeds.read(content, **question))
    except MemoryError:
        return {"unreadable": "reading it takes too much memory"}
    except Unreadable as error:
        return {"unreadable": str(error)}


def _of_checks(content: bytes, **question: str) -> dict[str, Any]:
    from claims.reading import markup  # noqa: PLC0415

    try:
        return others.told(markup.read(content, **question))
    except MemoryError:
        failure = Failure(question["place"], "reading it takes too much memory")
        return others.told(Checks(failures=(failure,)))


def _part(pipe: IO[bytes]) -> bytes | None:
    """The next part of a question; None at the end."""
    size = pipe.read(8)
    if len(size) < 8:
        return None
    content = bytearray()
    (left,) = struct.unpack("!Q", size)
    while len(content) < left:
        piece = pipe.read(min(left - len(content), 1_000_000))
        if not piece:
            return None
        content += piece
    return bytes(content)


def _warm_up() -> None:
    """Load what the parsers load late, which they may not all do once files cannot be opened."""
    from claims.reading import feeds, opening  # noqa: PLC0415

    feeds.read(b"<rss><channel><title>Warm-up</title></channel></rss>")
    opening.read_all(WARM_UP, name="warm-up.html", media_type="", location="", place="")


WARM_UP = b"""<html lang="en"><head><title>Harbour opens</title></head><body><article><h1>Harbour
opens</h1><p>The harbour opens on Friday, 6 March 2026, the port authority said on Monday.</p>
</article></body></html>"""


def _confine() -> None:
    """Take from this process, for good, what no parser needs."""
    _limit_memory()
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event.startswith(REFUSED):
        raise PermissionError(f"a reader may not do that: {event}")


def _limit_memory() -> None:
    import resource  # noqa: PLC0415  absent where there are no such limits

    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # some systems have no such limit
            resource.setrlimit(limit, (most, most))


def _limit_time(seconds: float) -> None:
    """Let the kernel end this process once it has computed for `seconds` more."""
    import resource  # noqa: PLC0415

    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
