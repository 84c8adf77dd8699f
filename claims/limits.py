"""What the analysis of one article may take of a worker: seconds and memory.

Two limits of time. The first raises `TooSlow` wherever Python is, and the worker goes on to the
next article. Code in C may never come back to Python, so a little later a watchdog that needs
neither Python nor its lock writes where that was to the log and ends the process.
"""

from __future__ import annotations

import faulthandler
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from django.conf import settings

STATM = Path("/proc/self/statm")  # of this process, in pages; the sixth number is its data
DATA = 5
STDERR = 2  # the worker puts a logger in the place of `sys.stderr`, which needs Python
MEGABYTE = 2**20


class TooSlow(KeyboardInterrupt):
    """An article took longer than one may.

    No `Exception`, which somebody on the way might take for an error of their own; and of the kind
    at which psycopg cancels the query it waits for.
    """


@contextmanager
def of_one_article() -> Iterator[None]:
    """Limit what the block takes to `ANALYSIS_SECONDS` and `ANALYSIS_MEMORY` more than there was.

    Signals reach the main thread alone, where a worker works; elsewhere nothing is limited.

    :raises TooSlow: when the time is up.
    :raises MemoryError: when the memory is used up; on Linux only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _limited_memory(), _limited_time():
        yield


@contextmanager
def _limited_time() -> Iterator[None]:
    seconds = settings.ANALYSIS_SECONDS
    before = signal.signal(signal.SIGALRM, _time_is_up)
    last = seconds + settings.ANALYSIS_SECONDS_TO_STOP
    faulthandler.dump_traceback_later(last, exit=True, file=STDERR)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def _time_is_up(number: int, frame: FrameType | None) -> None:
    raise TooSlow


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Limit private memory (RLIMIT_DATA): libraries and files in memory are no excess."""
    if not STATM.exists():
        yield
        return
    taken = int(STATM.read_text().split()[DATA]) * resource.getpagesize()
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = [taken + settings.ANALYSIS_MEMORY * MEGABYTE]
    allowed += [limit for limit in (before, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(allowed), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))
