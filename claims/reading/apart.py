"""Reading in a process of its own: what a hostile file does to a parser, it does there.

The child has no secrets in its environment, opens no connection, starts no program, writes no
file, and has limits of time and memory. It answers in JSON, so that nothing it says can be code.
One child serves its parent until it breaks, hangs, or has had nothing to do for a while. What it
was at when it broke is named, and another child reads what comes after that.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from claims.reading import others, outcomes
from claims.reading.listings import Listing, listed, untold
from claims.reading.others import Checks
from claims.reading.values import (
    Budget,
    Course,
    Document,
    Failure,
    Given,
    Reading,
    Unreadable,
    label,
)

SECONDS = 20  # of computing for one document, also in a bundle; a page takes 0.02
SECONDS_A_MB = 4  # more for each megabyte of it
PATIENCE = 6  # times that much by the clock, because the machine may be busy
LONGEST = 150  # seconds by the clock until something comes, so that a task lives to store it
MEMORY = 2_000_000_000  # bytes of address space; ten times what a long article takes
IDLE = 60  # seconds after which a child without work ends
LARGEST_ANSWER = 200_000_000  # bytes: a document at its limit, and its own, written as JSON
MOST_BROKEN = 20  # children that one bundle may break
WAIT = 5  # seconds for which somebody at a browser or a program waits for their turn
WAITING = 2  # of them at once, with the one who has it: a web process has threads for others, too
NO_MEMORY = 77  # the exit code of a child that used up its memory
ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from claims.reading.apart import serve; serve()"
)
# Events of Python's auditing (PEP 578) that no parser has a reason for.
REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.kill", "os.utime", "os.setxattr", "os.removexattr", "pty.",
    "shutil.", "signal.pthread_kill", "sqlite3.", "ctypes.dlopen", "urllib.", "http.", "ftplib.",
    "smtplib.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Broken(Exception):
    """The child ended or hung while it read; the message says how, in words for the sender."""


class Busy(Exception):
    """The child is at work for others, and somebody waits; the message is for them."""

    def __init__(self) -> None:
        super().__init__("The desk is reading something else just now. Try again in a moment.")


# The parent


def read_apart(
    content: bytes, *, name: str, media_type: str = "", location: str = "", place: str = "",
    most: int | None = None, wait: float | None = None,
) -> Reading:  # fmt: skip
    """Return what `claims.reading.read` returns, read in a process of its own.

    Costs a second for the first of many, then a millisecond more than to read here. What breaks the
    child, takes too long or too much memory is a failure like any other, and stops no other.

    :param most: documents and failures after which no more is read.
    :param wait: seconds for which to wait for others; None is as long as they take.
    :raises Busy: if they take longer.
    """
    each = read_each_apart(
        content, name=name, media_type=media_type, location=location, place=place, most=most,
        wait=wait,
    )  # fmt: skip
    found = [one for _, one in each]
    documents = tuple(one for one in found if isinstance(one, Document))
    return Reading(documents, tuple(one for one in found if isinstance(one, Failure)))


def read_each_apart(
    content: bytes, *, name: str, media_type: str = "", location: str = "", place: str = "",
    passed: Collection[int] = (), most: int | None = None, wait: float | None = None,
) -> Generator[tuple[int, Document | Failure], None, None]:  # fmt: skip
    """Yield the same one by one, each as soon as it is read, numbered from 0.

    The numbers of the same bytes are the same each time. Until it is closed nobody else of this
    process reads. What somebody does between two of them is not counted as time for reading.

    :param passed: numbers that are not wanted: of these no document is read.
    """
    place = place or label(name, 2000)
    told = {"name": name, "media_type": media_type, "location": location, "place": place}
    closed: list[tuple[int, str]] = []
    question, done = _plain(told) | {"most": most, "closed": closed}, set(passed)
    with _desk.held(wait):
        for broken in range(1, MOST_BROKEN + 1):
            broke = yield from _read_on(question, content, done)
            if broke is None:
                return
            is_over = broke.at is None or broken == MOST_BROKEN
            if broke.nth not in done:
                done.add(broke.nth)
                rest = "; the rest is not read" if is_over and broke.nth else ""
                yield broke.nth, Failure(broke.at or place, f"{broke.why}{rest}")
            if is_over:
                return
            if broke.at is not None and not broke.is_read:
                closed.append((broke.nth, broke.at))


@dataclass(frozen=True, slots=True)
class _Break:
    """Which number the child did not come to, and why.

    :ivar at: what it was opening or, if `is_read`, reading; None if it was on its way.
    """

    nth: int
    at: str | None
    is_read: bool
    why: str


def _read_on(
    question: dict[str, Any], content: bytes, done: set[int]
) -> Generator[tuple[int, Document | Failure], None, _Break | None]:
    """Yield what one child reads that is not `done`, and note it there; return how it broke."""
    nth, at, is_read = 0, cast("str | None", None), False
    try:
        with closing(_desk.ask(question | {"passed": sorted(done)}, content)) as answers:
            for answer in answers:
                if "end" in answer:
                    break
                nth, at = answer["nth"], answer.get("begins")
                is_read = answer.get("is_read", False)
                if at is None:
                    outcome = outcomes.untold(answer, content)
                    if outcome and nth not in done:
                        done.add(nth)
                        yield nth, outcome
                    nth += 1
    except Broken as error:
        return _Break(nth, at, is_read, str(error))
    return None


def read_feed_apart(content: bytes, *, media_type: str = "", location: str = "") -> Listing:
    """Return what `claims.reading.feeds.read` returns, read in a process of its own.

    :raises Unreadable: as that does, or if it breaks the child or takes too long.
    """
    told = {"what": "feed", "media_type": media_type, "location": location}
    try:
        answer = _answered(_plain(told), content)
    except Broken as error:
        raise Unreadable(str(error)) from error
    if why := answer.get("unreadable"):
        raise Unreadable(why)
    return untold(answer)


def read_checks_apart(
    content: bytes, *, place: str, media_type: str = "", wait: float | None = None
) -> Checks:
    """Return what `claims.reading.markup.read` returns, read in a process of its own.

    :raises Busy: as `read_apart` does.
    """
    told = {"what": "checks", "place": place, "media_type": media_type}
    try:
        return others.untold(_answered(_plain(told), content, wait=wait))
    except Broken as error:
        return Checks(failures=(Failure(place, str(error)),))


def _plain(told: dict[str, str]) -> dict[str, Any]:
    """What is told of a file, as JSON can say it."""
    return {key: value.encode(errors="replace").decode() for key, value in told.items()}


def _answered(
    question: dict[str, Any], content: bytes, *, wait: float | None = None
) -> dict[str, Any]:
    """The answer to a question that has one."""
    with _desk.held(wait):
        *_, last = _desk.ask(question, content)
    return cast("dict[str, Any]", last["end"])


class _Desk:
    """The one child of this process, asked by one thread at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._numbers = itertools.count(1)
        self.unlock()

    def unlock(self) -> None:
        """Let the next have it, whoever had it: in a fork those threads are not."""
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING)

    @contextmanager
    def held(self, wait: float | None) -> Iterator[None]:
        """Keep the child for oneself.

        :param wait: seconds; None waits as long as it takes.
        :raises Busy: if others have it for longer, or so many wait already.
        """
        with contextlib.ExitStack() as to_leave:
            if wait is not None:
                if not self._places.acquire(blocking=False):
                    raise Busy
                to_leave.callback(self._places.release)
            if not self._lock.acquire(timeout=-1 if wait is None else wait):
                raise Busy
            to_leave.callback(self._lock.release)
            yield

    def ask(
        self, question: dict[str, Any], content: bytes
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the child's answers; the last of them, and no other, has an "end".

        Whatever happens before that ends the child: what it would still have said is no answer to
        somebody else's question. A child that had ended by itself is replaced, once. The caller
        holds it.

        :raises Broken: if it ends or hangs over this question.
        """
        for may_be_idle in (True, False):
            is_heard = is_whole = False
            began = time.monotonic()
            try:
                child = self._ready()
                for answer in _exchange(child, question, content, next(self._numbers)):
                    is_heard, is_whole = True, "end" in answer
                    yield answer
                return
            except Broken:
                is_quick = time.monotonic() - began < 0.5
                if is_heard or not (may_be_idle and is_quick and child.returncode == 0):
                    raise
            finally:
                if not is_whole:
                    self._end()

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
        is_held = self._lock.acquire(timeout=1)  # by whom the end of the process does not wait
        self._end()
        if is_held:
            self._lock.release()


_desk = _Desk()
atexit.register(_desk.close)
os.register_at_fork(after_in_child=_desk.unlock)


def _exchange(
    child: subprocess.Popen[bytes], question: dict[str, Any], content: bytes, number: int
) -> Iterator[dict[str, Any]]:
    """Ask, and yield each answer; none may take longer than what is at work allows."""
    stdin, stdout = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    told = question | {"number": number, "rates": (SECONDS, SECONDS_A_MB)}
    size = len(content)  # of what is at work: one document, or the way to it through the whole
    began = time.monotonic()
    ends = began + _patience(size)
    try:
        _send(stdin, json.dumps(told).encode(), content)
        while True:
            answer = _heard(stdout, ends)
            if answer.pop("number", None) != number:
                raise Broken("its reader answered something else")
            yield answer
            if "end" in answer:
                return
            if "begins" in answer:
                size = answer["size"]
                ends = min(time.monotonic() + _patience(size), began + LONGEST)
            else:
                size, began = len(content), time.monotonic()
                ends = began + _patience(size)
    except TimeoutError as error:
        raise Broken(f"it was not read within {ends - began:.0f} seconds") from error
    except (OSError, EOFError) as error:
        raise Broken(_how_it_ended(child, size)) from error


def _how_it_ended(child: subprocess.Popen[bytes], size: int) -> str:
    try:
        code = child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "its reader stopped answering"
    if code == -signal.SIGXCPU:
        return f"reading it took more than {allowance(size):.0f} seconds of computing"
    if code == NO_MEMORY:
        return "reading it takes too much memory"
    return f"it broke its reader ({signal.Signals(-code).name if code < 0 else f'code {code}'})"


def allowance(size: int, rates: tuple[float, float] | None = None) -> float:
    """Return the seconds of computing that so many bytes may take.

    :param rates: `SECONDS` and `SECONDS_A_MB`, as the parent has them.
    """
    seconds, a_megabyte = rates or (SECONDS, SECONDS_A_MB)
    return min(seconds + a_megabyte * size / 1_000_000, LONGEST)


def _patience(size: int) -> float:
    """The seconds by the clock that so many bytes may take."""
    return min(PATIENCE * allowance(size), LONGEST)


def _send(pipe: IO[bytes], *parts: bytes) -> None:
    for part in parts:
        pipe.write(struct.pack("!Q", len(part)))
        pipe.write(part)
    pipe.flush()


def _heard(pipe: IO[bytes], ends: float) -> dict[str, Any]:
    """The next answer, if it comes by the time `ends`."""
    (size,) = struct.unpack("!Q", _waited(pipe, 8, ends))
    if size > LARGEST_ANSWER:
        raise Broken("reading it gave more than can be kept")
    try:
        return cast("dict[str, Any]", json.loads(_waited(pipe, size, ends)))
    except ValueError as error:
        raise Broken("its reader answered what is no answer") from error


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


# The child


@dataclass(slots=True)
class _Asked:
    """One question as the child has it: where to answer, under which number, and how soon."""

    answers: IO[bytes]
    number: int
    rates: tuple[float, float]

    def answer(self, **told: Any) -> None:
        _send(self.answers, json.dumps(told | {"number": self.number}).encode())

    def limit(self, size: int) -> None:
        """Let the kernel end this process unless it is soon done with so many bytes."""
        _limit_time(allowance(size, self.rates))

    def begins(self, nth: int, place: str, size: int, is_read: bool) -> None:
        """Say what comes next, for the case that it is the last thing this process does."""
        self.limit(size)
        self.answer(nth=nth, begins=place, size=size, is_read=is_read)


def serve() -> None:
    """Read what the parent hands over, until it closes the pipe or asks nothing for a while."""
    questions, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)  # what a parser prints is no answer
    os.dup2(quiet, 1)
    _warm_up()
    _confine()
    while select.select([questions], [], [], IDLE)[0]:
        told = _part(questions)
        if told is None:
            return
        content = _part(questions) or b""
        question = json.loads(told)
        asked = _Asked(answers, question.pop("number"), question.pop("rates"))
        asked.limit(len(content))
        match question.pop("what", ""):
            case "feed":
                asked.answer(end=_of_feed(content, **question))
            case "checks":
                asked.answer(end=_of_checks(content, **question))
            case _:
                _of_file(asked, content, **question)


def _of_file(
    asked: _Asked, content: bytes, *, passed: list[int], closed: list[tuple[int, str]],
    most: int | None, **told: str,
) -> None:  # fmt: skip
    """Answer with everything in a file, one by one."""
    from claims.reading import opening  # noqa: PLC0415  the child alone needs the parsers

    course = Course(frozenset(passed), {(nth, place) for nth, place in closed}, asked.begins)
    given = Given(content, **told, budget=Budget(course=course))
    try:
        for nth, outcome in itertools.islice(opening.read_each(given), most):
            asked.answer(nth=nth, **outcomes.told(outcome, content))
            asked.limit(len(content))
    except MemoryError:
        os._exit(NO_MEMORY)  # for another, which has all its memory again
    asked.answer(end={})


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
    _limit_memory_and_files()
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED) or (event == "open" and _writes(*arguments[1:3])):
        raise PermissionError(f"a reader may not do that: {event}")


def _writes(mode: str | None, flags: int) -> bool:
    """Whether a file is opened to be written: `os.open` has no mode, but always flags."""
    return bool(set(mode or "") & set("wax+") or flags & _WRITING)


def _limit_memory_and_files() -> None:
    """Limit memory, and what may be written into any file: nothing, by the kernel's word, too."""
    import resource  # noqa: PLC0415  absent where there are no such limits

    for limit, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0),
    ):  # fmt: skip
        with contextlib.suppress(ValueError, OSError):  # some systems have no such limit
            resource.setrlimit(limit, (most, most))


def _limit_time(seconds: float) -> None:
    """Let the kernel end this process once it has computed for `seconds` more."""
    import resource  # noqa: PLC0415

    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
