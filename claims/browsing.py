"""A page as a browser shows it: an address in, a picture and a printed page out.

The browser is a Chromium of this machine, started for one page with a profile of its own. It is
told to reach nothing but a proxy of ours, which connects by the rules of `claims.fetching`, and
spoken to through a pipe, so that it opens no port. It has no secret in its environment, limits of
time and memory, and is killed with all its processes in the end. Knows no models.
"""

from __future__ import annotations

import base64
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from claims.fetching import Allowance, Forwarding, Guard, forward, user_agent

SECONDS = 60.0  # from the start of the browser to its end
LOADING = 20.0  # until a page is taken as it is, whatever it still waits for
SETTLING = 1.0  # after it has loaded, for what its scripts then show
MEMORY = 1_500_000_000  # bytes of all its processes that no file backs; looked at on Linux only
LOOKED_AT = 0.25  # seconds between two looks
STORED, STORED_AT = 500_000_000, 0.5  # bytes of all that it stores; seconds between two looks
COMPUTING = 90  # seconds of each
FILES = 100_000_000  # bytes of each file it writes
LARGEST = 80_000_000  # characters of what it says at once
WIDTH, HEIGHT, HIGHEST = 1280, 1024, 12_000  # pixels of the window; of the picture of a long page
PAGES = 50  # that are printed
# Of a page, as DevTools call them: not its icon, nor what it tells others of its readers.
PARTS = ("Document", "Stylesheet", "Image", "Media", "Font", "Script", "XHR", "Fetch")
LEFT_OVER = 600.0  # seconds after which a profile is nobody's any more
_PROFILE = "fcdesk-"  # short: the browser makes a socket below, whose path may have 107 bytes
_ANONYMOUS = re.compile(r"^RssAnon:\s+(\d+) kB$", re.MULTILINE)
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--disable-breakpad", "--disable-dev-shm-usage",
    "--disable-features=MediaRouter,DialMediaRouteProvider,OptimizationHints,Translate",
    "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings",
    "--renderer-process-limit=4", "--mute-audio", "--password-store=basic", "--use-mock-keychain",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)  # fmt: skip
# What becomes the browser: limits itself, and takes the pipes to where a browser looks for them.
_START = """
import fcntl, os, resource, sys
asked, told, *limits = map(int, sys.argv[1:5])
for limit, most in zip((resource.RLIMIT_CPU, resource.RLIMIT_FSIZE), limits):
    hard = resource.getrlimit(limit)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
asked, told = (fcntl.fcntl(pipe, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in (asked, told))
os.dup2(asked, 3)
os.dup2(told, 4)
os.closerange(5, 10)
os.execv(sys.argv[5], sys.argv[5:])
"""


class NotShown(Exception):
    """There is no picture of a page: why, and whether there may be one later (`again`)."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(
            "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in why)
        )
        self.again = again


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser showed: a picture (PNG), the page as it prints it (PDF), where it ended."""

    picture: bytes
    printed: bytes
    address: str
    browser: str  # such as "Chrome/156.0.8078.108"
    missing: int = 0  # parts that the page asked for and did not get, such as images


def show(url: str, *, guard: Guard | None = None, seconds: float = SECONDS) -> Shown:
    """Return `url` as a browser shows it. Costs up to a minute, and the memory of a browser.

    :raises NotShown: if no browser is set up, or it does not show the page.
    """
    if not settings.CHROMIUM:
        raise NotShown("No browser is set up here.", again=False)
    with (
        forward(guard=guard, allowance=Allowance(seconds=seconds)) as forwarding,
        _running(forwarding.port, time.monotonic() + seconds) as browser,
    ):
        return _photograph(browser, url, forwarding)


@dataclass
class _Page:
    """What the browser told of its page while it loaded."""

    frame: str
    url: str = ""
    answered: int = 0  # the status
    missing: int = 0  # of its parts
    is_loaded: bool = False


@dataclass
class _Browser:
    """A browser that answers what it is asked, in JSON parted by NUL."""

    asked: int
    told: int
    ends: float
    group: int  # of its processes
    profile: Path
    events: list[dict[str, Any]] = field(default_factory=list)
    _buffer: bytearray = field(default_factory=bytearray)
    _number: int = 0
    _weighed: float = 0
    _measured: float = 0

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the answer; what it tells meanwhile is kept in `events`.

        :raises NotShown: if it gives none, or none in time.
        """
        self.say(method, session, **parameters)
        while True:
            message = self.hear(self.ends)
            if message is None:
                raise _late()
            if message.get("id") != self._number:
                self.events.append(message)
            elif error := message.get("error"):
                why = str(error.get("message"))[:200]
                raise NotShown(f"The browser refuses {method}: {why}.", again=True)
            else:
                result: dict[str, Any] = message["result"]
                return result

    def say(self, method: str, session: str = "", **parameters: Any) -> None:
        """Ask for something without waiting for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            os.write(self.asked, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise _ended() from error

    def hear(self, until: float) -> dict[str, Any] | None:
        """Return what it says next; None if it says nothing until then."""
        looked = 0
        while True:
            left = min(until, self.ends) - time.monotonic()
            if left <= 0:
                return None
            self._weigh()
            if (end := self._buffer.find(b"\0", looked)) >= 0:
                break
            looked = len(self._buffer)
            if not select.select([self.told], [], [], min(left, LOOKED_AT))[0]:
                continue
            piece = os.read(self.told, 1_000_000)
            if not piece:
                raise _ended()
            self._buffer += piece
            if len(self._buffer) > LARGEST:
                raise NotShown("Its picture is too large.", again=False)
        message: dict[str, Any] = json.loads(bytes(self._buffer[:end]))
        del self._buffer[: end + 1]
        if message.get("method") == "Inspector.targetCrashed":
            raise NotShown("The page broke the browser.", again=True)
        return message

    def _weigh(self) -> None:
        """Give up a page that takes too much memory, or stores too much; looked at now and then."""
        if (now := time.monotonic()) < self._weighed + LOOKED_AT:
            return
        self._weighed = now
        if _memory(self.group) > MEMORY:
            raise NotShown("The page takes too much memory.", again=False)
        if now >= self._measured + STORED_AT:
            self._measured = now
            if _stored(self.profile, self.group) > STORED:
                raise NotShown("The page stores too much.", again=False)


def _late() -> NotShown:
    return NotShown("The browser did not show it in time.", again=True)


def _ended() -> NotShown:
    return NotShown("The browser ended before it showed anything.", again=True)


@contextmanager
def _running(port: int, ends: float) -> Iterator[_Browser]:
    """A browser that reaches the proxy at `port` alone, until the end of the block."""
    _clear_up()
    with tempfile.TemporaryDirectory(prefix=_PROFILE, ignore_cleanup_errors=True) as profile:
        asked, ask = os.pipe()
        told, tell = os.pipe()
        flags = [
            *FLAGS, f"--user-data-dir={profile}", f"--proxy-server=http://127.0.0.1:{port}",
            f"--window-size={WIDTH},{HEIGHT}",
        ]  # fmt: skip
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # which root cannot have
        try:
            process = subprocess.Popen(
                [
                    sys.executable, "-I", "-c", _START, *map(str, (asked, tell, COMPUTING, FILES)),
                    settings.CHROMIUM, *flags, "about:blank",
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=_environment(profile),
                cwd=profile, pass_fds=(asked, tell), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            os.close(ask)
            os.close(told)
            raise NotShown(f"The browser does not start: {error.strerror}.", again=True) from error
        finally:
            os.close(asked)
            os.close(tell)
        try:
            yield _Browser(ask, told, ends, process.pid, Path(profile))
        finally:
            os.close(ask)
            os.close(told)
            _end(process)


def _clear_up() -> None:
    """Remove the profiles of browsers whose worker was killed."""
    for profile in Path(tempfile.gettempdir()).glob(f"{_PROFILE}*"):
        with suppress(OSError):  # another worker may remove it, too
            known = profile.lstat()
            if known.st_uid == os.geteuid() and known.st_mtime < time.time() - LEFT_OVER:
                shutil.rmtree(profile, ignore_errors=True)


def _environment(profile: str) -> dict[str, str]:
    """What the browser is told of this machine: nothing of ours, and no bus to speak on."""
    buses = {f"DBUS_{bus}_BUS_ADDRESS": "disabled:" for bus in ("SESSION", "SYSTEM")}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": profile, "TMPDIR": profile} | buses


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the browser with all processes it began."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _memory(group: int) -> int:
    """The bytes that the processes of a group hold, without files that they share; 0 if unknown."""
    held = 0
    for process in _processes(group):
        with suppress(OSError, ValueError):
            told = (process / "status").read_text()
            held += sum(1024 * int(size) for size in _ANONYMOUS.findall(told))
    return held


def _stored(profile: Path, group: int) -> int:
    """The bytes a browser stores: in its profile, and in files that it removed and still holds.

    What it shares between its processes is such a file, since it gets no other place for it.
    """
    files = {}
    for folder, _, names in os.walk(profile):
        for name in names:
            with suppress(OSError):  # it may be gone meanwhile
                told = os.lstat(Path(folder, name))
                files[told.st_dev, told.st_ino] = told.st_blocks
    for held in _held(group):
        with suppress(OSError):
            told = held.stat()
            if stat.S_ISREG(told.st_mode) and not told.st_nlink:
                files[told.st_dev, told.st_ino] = told.st_blocks
    return 512 * sum(files.values())


def _held(group: int) -> Iterator[Path]:
    """What the processes of a group have open; nothing where that cannot be seen."""
    for process in _processes(group):
        with suppress(OSError):
            yield from (process / "fd").iterdir()


def _processes(group: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):  # it may have ended meanwhile
            if os.getpgid(int(process.name)) == group:
                yield process


def _photograph(browser: _Browser, url: str, forwarding: Forwarding) -> Shown:
    product = browser.ask("Browser.getVersion")
    browser.ask("Browser.setDownloadBehavior", behavior="deny")
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    attached = browser.ask("Target.attachToTarget", targetId=target, flatten=True)
    session = str(attached["sessionId"])
    for domain in ("Inspector", "Page", "Network"):
        browser.ask(f"{domain}.enable", session)
    agent = f"{product['userAgent']} {user_agent()}"
    browser.ask("Network.setUserAgentOverride", session, userAgent=agent)
    page = _Page(str(target))
    led = browser.ask("Page.navigate", session, url=url)
    if error := led.get("errorText"):
        raise _failed(str(error), url, forwarding)
    page.frame = str(led["frameId"])
    _load(browser, session, page)
    _check(browser, session, page, forwarding)
    picture = _picture(browser, session)
    printed = browser.ask(
        "Page.printToPDF", session, printBackground=True, pageRanges=f"1-{PAGES}",
        displayHeaderFooter=False,
    )["data"]  # fmt: skip
    _check(browser, session, page, forwarding)
    return Shown(
        picture, base64.b64decode(printed), page.url, str(product["product"]), page.missing
    )


def _load(browser: _Browser, session: str, page: _Page) -> None:
    """Wait until the page has loaded and settled, or long enough."""
    until = time.monotonic() + LOADING
    while True:
        _hear_all(browser, session, page)
        if page.is_loaded:
            until = min(until, time.monotonic() + SETTLING)
            page.is_loaded = False
        message = browser.hear(until)
        if message is None:
            break
        browser.events.append(message)
    if time.monotonic() >= browser.ends:
        raise _late()


def _hear_all(browser: _Browser, session: str, page: _Page) -> None:
    """Take in what the browser told."""
    while browser.events:
        event = browser.events.pop(0)
        told = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                page.is_loaded = True
            case "Page.javascriptDialogOpening":  # else the page waits for an answer
                browser.say("Page.handleJavaScriptDialog", session, accept=False)
            case "Network.responseReceived" if (
                told.get("type") == "Document" and told.get("frameId") == page.frame
            ):
                page.url = str(told["response"]["url"])
                page.answered = int(told["response"]["status"])
            case "Network.responseReceived" if told.get("type") in PARTS:
                page.missing += int(told["response"]["status"]) >= 400
            case "Network.loadingFailed" if told.get("type") in PARTS:
                page.missing += not told.get("canceled")


def _check(browser: _Browser, session: str, page: _Page, forwarding: Forwarding) -> None:
    """Pass a page that the site sent, and no page of the browser's own that says what failed.

    :raises NotShown: if it is none.
    """
    frame = browser.ask("Page.getFrameTree", session)["frameTree"]["frame"]
    _hear_all(browser, session, page)
    if unreachable := frame.get("unreachableUrl"):
        raise _failed("it cannot be reached", str(unreachable), forwarding)
    if urlsplit(str(frame.get("url"))).scheme not in ("http", "https"):
        raise NotShown("It led the browser to something that is no page.", again=False)
    if why := forwarding.refusals.get(page.url):
        raise NotShown(f"It led the browser to {page.url[:200]}. {why}", again=False)
    if not 200 <= page.answered < 300:
        raise NotShown(f"It answers the browser {page.answered}.", again=page.answered >= 500)


def _failed(error: str, url: str, forwarding: Forwarding) -> NotShown:
    """Why there is no page, in the words of the proxy if it refused it."""
    told = list(forwarding.refusals.items())
    host = urlsplit(url).netloc
    theirs = [why for address, why in told if host in address] or [why for _, why in told]
    why = f" {theirs[-1]}" if theirs else ""
    return NotShown(
        f"The browser does not show it: {error.removeprefix('net::')}.{why}", again=True
    )


def _picture(browser: _Browser, session: str) -> bytes:
    size = browser.ask("Page.getLayoutMetrics", session)["cssContentSize"]
    high = max(HEIGHT, min(int(size["height"]), HIGHEST))
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": high, "scale": 1}
    taken = browser.ask(
        "Page.captureScreenshot", session, format="png", clip=clip, captureBeyondViewport=True
    )
    return base64.b64decode(taken["data"])
