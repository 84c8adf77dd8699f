"""Runs the parts of the desk as children: starts them in order, revives them, stops them in order.

It knows processes, not what they do; `manage.py up` says which parts there are.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from factcheck.embedded import CannotStart, child

STOP_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A killed run leaves servers that need a moment to end, and itself a moment in the process table.
LINGER, VANISH = 20.0, 2.0  # seconds
# A part that ends this soon after its start, this often in a row, will not get better by itself.
TOO_SOON, TOO_OFTEN = 10.0, 4  # seconds, times
REST = 5.0  # seconds between the starts of such a part once the desk is open


class Part(Protocol):
    """What the supervisor asks of a server or service."""

    @property
    def name(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    @property
    def log(self) -> Path: ...
    def start(self) -> object: ...
    def stop(self) -> None: ...


@dataclass
class Service:
    """One process of our own: web, worker or beat. Its output goes to `log`."""

    name: str
    command: list[str]
    log: Path
    patience: float  # seconds between being asked to stop and being killed
    ask_again: float | None = None  # seconds after which to repeat the question
    keep_open: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process; it is told to stop when the supervisor dies."""
        self._end_group()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.keep_open,
                preexec_fn=child(signal.SIGTERM),
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask the process to finish what it is doing and end; kill it and its children if not."""
        if self.process is None:
            return
        deadline = time.monotonic() + self.patience
        while self.alive and (left := deadline - time.monotonic()) > 0:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(min(left, self.ask_again or left))
        self._end_group()

    def _end_group(self) -> None:
        """Kill what is left of the process's own session, such as the children of a dead worker."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Stopping(Exception):
    """Somebody asked the supervisor to stop."""


class Supervisor:
    """Starts parts and keeps them running until Ctrl-C or SIGTERM, then stops them in reverse.

    A request to stop is noted and heeded before the next step, never in the middle of one.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._parts: list[Part] = []
        self._starts: dict[str, list[float]] = {}
        self._asked_to_stop = False
        self._is_open = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """Stop every part when the block ends, however it ends; a request to stop ends it."""
        heeded = [n for n in STOP_REQUESTS if signal.getsignal(n) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._note) for number in heeded}
        try:
            yield
        except Stopping:
            pass
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def heed(self) -> None:
        """Do nothing, unless somebody asked to stop.

        :raises Stopping: then.
        """
        if self._asked_to_stop:
            raise Stopping

    def start(self, part: Part) -> None:
        """Start a part and remember it for the stop.

        :raises CannotStart: if it does not come up.
        """
        self.heed()
        self._parts.append(part)
        self._starts[part.name] = [time.monotonic()]
        part.start()

    def revive(self) -> None:
        """Start every part again that has ended.

        :raises CannotStart: for one that keeps ending as soon as it starts, unless watched.
        """
        self.heed()
        for part in self._parts:
            if part.alive:
                continue
            now = time.monotonic()
            recent = [at for at in self._starts[part.name] if now - at < TOO_OFTEN * TOO_SOON]
            if len(recent) >= TOO_OFTEN and self._is_open:
                if now - recent[-1] < REST:
                    continue
            elif len(recent) >= TOO_OFTEN:
                raise CannotStart(f"{part.name} keeps ending; its log is {part.log}.")
            self._say(f"{part.name} has ended: starting it again; its log is {part.log}.")
            self._starts[part.name] = [*recent, now]
            # A server whose last processes are still ending gets another try the next time.
            with suppress(CannotStart):
                part.start()

    def watch(self) -> None:
        """Revive what ends, until asked to stop.

        From now on a part that keeps ending is tried again and again: what it lacks, such as room
        on the disk, may come back, and the other parts are of use meanwhile.
        """
        self._is_open = True
        while True:
            self.revive()
            time.sleep(0.5)

    def _stop_all(self) -> None:
        begun = time.monotonic()
        for part in reversed(self._parts):
            part.stop()
        if self._parts:
            names = ", ".join(part.name for part in reversed(self._parts))
            self._say(f"Stopped {names} in {time.monotonic() - begun:.1f} s.")


def hold(data: Path) -> int:
    """Take the data folder for this run and return the descriptor that holds it.

    Every part inherits the descriptor, so that the folder stays taken until the last process of a
    killed run is gone; for those stragglers this waits.

    :raises CannotStart: if another run uses the folder.
    """
    descriptor = os.open(data / "supervisor", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode()
            if time.monotonic() - begun > (VANISH if _runs(holder) else LINGER):
                os.close(descriptor)
                raise CannotStart(f"The desk already runs on {data} (process {holder}).") from None
            time.sleep(0.1)
        else:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            return descriptor


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True


def listen(address: str, port: int) -> socket.socket:
    """Open the web port here, so that a busy one is known before anything starts.

    :raises CannotStart: if the address or port cannot be had.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=512)
    except OSError as error:
        where = f"[{address}]:{port}" if family == socket.AF_INET6 else f"{address}:{port}"
        reason = os.strerror(error.errno or 0)
        raise CannotStart(f"Cannot listen on {where}: {reason} (set PORT).") from error
