"""Cited pages as a browser shows them, and that it reaches nobody but whom we would reach."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from claims import archiving, browsing, capturing, photographing
from claims.browsing import NotShown, Shown
from claims.models import Capture, Picture
from tests import chromium
from tests.claims.conftest import turn_comes_meanwhile
from tests.desk import ROOT
from tests.hostile import moved, page

HTML = "Content-Type: text/html; charset=utf-8"
PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-"
METADATA = "169.254.169.254"
# A page that keeps ten megabytes that cannot be compressed, again and again.
STORING = """
const block = new Uint8Array(10_000_000);
for (let i = 0; i < block.length; i += 65536) crypto.getRandomValues(block.subarray(i, i + 65536));
const opened = indexedDB.open('x');
opened.onupgradeneeded = () => opened.result.createObjectStore('s', {autoIncrement: true});
opened.onsuccess = () => setInterval(() => {
  const store = opened.result.transaction('s', 'readwrite').objectStore('s');
  store.add(new Blob([block, String(Math.random())]));
}, 50);
"""


@pytest.fixture
def profiles(tmp_path_factory, monkeypatch) -> Path:
    """The folder in which browsers of this test have their profiles."""
    folder: Path = tmp_path_factory.mktemp("p")  # short: a browser makes sockets in it
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def browser(web, settings, profiles):
    settings.CHROMIUM = chromium.executable()
    return web


@contextmanager
def sockets_seen() -> Iterator[set[str]]:
    """The addresses that TCP sockets of this machine are led to meanwhile, as the kernel lists."""
    seen: set[str] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.02):
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
                packed = bytes.fromhex(line.split()[2].partition(":")[0])
                seen.add(".".join(str(byte) for byte in reversed(packed)))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


def captured(web, *, url: str | None = None) -> Capture:
    """A page whose bytes are kept."""
    Capture.objects.create(asked=url or web.serves(page(b"<h1>9.1", HTML)))
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    return Capture.objects.get(pk=capture_id)


def taken() -> Picture:
    (picture_id,) = photographing.hint()
    photographing.take(picture_id=picture_id)
    return Picture.objects.get(pk=picture_id)


@pytest.fixture
def shows(monkeypatch, settings):
    """A browser that shows or says what a test wants, without one."""
    settings.CHROMIUM = "/bin/true"

    def set_up(said: Shown | NotShown) -> None:
        def show(url: str) -> Shown:
            if isinstance(said, NotShown):
                raise said
            return said

        monkeypatch.setattr(browsing, "show", show)

    return set_up


class TestRows:
    def test_without_a_browser_there_is_no_picture_and_the_bytes_are_kept(self, db, web, settings):
        settings.CHROMIUM = ""
        capture = captured(web)

        assert capture.state == "kept"
        assert (capture.picture.state, capture.picture.why) == (
            "failed", "No browser is set up here.",
        )  # fmt: skip
        assert photographing.hint() == []
        assert not photographing.take_again(capture)

    def test_once_a_browser_is_set_up_it_can_be_tried_again(self, db, web, settings):
        settings.CHROMIUM = ""
        capture = captured(web)
        settings.CHROMIUM = "/bin/true"

        assert photographing.take_again(capture)
        assert photographing.hint() == [capture.picture.pk]

    def test_what_is_no_page_is_not_photographed(self, db, web, shows):
        capture = captured(web, url=web.serves(page(b"%PDF-1.4", "Content-Type: application/pdf")))

        assert capture.picture.why == "Only web pages are photographed."
        assert not photographing.take_again(capture)

    def test_image_and_print_lie_on_the_shelf_under_their_hashes(self, db, web, shows):
        shows(Shown(PNG, PDF, "http://news.example/9", "Chrome/1.2"))
        captured(web)

        picture = taken()

        assert (picture.state, picture.address) == ("kept", "http://news.example/9")
        assert archiving.content_at(picture.sha256) == PNG
        assert archiving.content_at(picture.print_sha256) == PDF
        places = {archiving.place_of(one) for one in (picture.sha256, picture.print_sha256)}
        assert not places & set(archiving.unreferenced())

    def test_bytes_that_changed_are_named(self, db, web, shows):
        shows(Shown(PNG, PDF, "http://news.example/9", "Chrome/1.2"))
        capture = captured(web)
        picture = taken()
        shelf = archiving.storages[archiving.SHELF]
        Path(shelf.path(archiving.place_of(picture.print_sha256))).write_bytes(b"other")

        (fault,) = archiving.faults()
        assert (fault.whose, fault.sha256) == (f"{capture.asked} (print)", picture.print_sha256)
        assert fault.why == "its bytes are not what was received: there are 5"

    def test_what_may_pass_is_tried_again_later_and_fails_in_the_end(self, db, web, shows):
        shows(NotShown("The browser did not show it in time.", again=True))
        capture = captured(web)
        states = [taken().state]
        assert photographing.hint() == []
        for _ in range(2):
            Picture.objects.update(next_try_at=Now() - timedelta(seconds=1))
            states.append(taken().state)

        assert states == ["waiting", "waiting", "failed"]
        assert capture.state == "kept"

    def test_what_killed_its_worker_is_not_begun_for_ever(self, db, web, shows):
        captured(web)
        Picture.objects.update(attempts=3)

        assert taken().why == "It was begun 3 times and not finished once."

    def test_one_whose_turn_comes_just_now_is_not_given_up(self, db, web, shows):
        captured(web)
        Picture.objects.update(attempts=1)

        with turn_comes_meanwhile(Picture):
            photographing.take(picture_id=Picture.objects.get().pk)

        assert Picture.objects.values_list("state", "attempts").get() == ("waiting", 1)

    def test_a_message_that_comes_again_does_nothing_before_its_time(self, db, web, shows):
        shows(NotShown("The browser did not show it in time.", again=True))
        captured(web)
        picture = taken()

        photographing.take(picture_id=picture.pk)

        again = Picture.objects.get()
        assert (again.state, again.attempts, again.why) == (
            "waiting", 1, "The browser did not show it in time.",
        )  # fmt: skip

    def test_a_message_that_comes_again_leaves_it_to_who_is_at_it(
        self, db, web, shows, monkeypatch
    ):
        shows(Shown(PNG, PDF, "http://news.example/9", "Chrome/1.2"))
        captured(web)
        Picture.objects.update(attempts=2)
        show = browsing.show

        def while_showing(url: str) -> Shown:
            photographing.take(picture_id=Picture.objects.get().pk)
            return show(url)

        monkeypatch.setattr(browsing, "show", while_showing)

        assert taken().state == "kept"

    def test_the_first_picture_counts(self, db, web, shows):
        shows(Shown(PNG, PDF, "http://news.example/9", "Chrome/1.2"))
        captured(web)
        first = taken()

        photographing.take(picture_id=first.pk)

        assert Picture.objects.get().taken_at == first.taken_at


@pytest.mark.browser
class TestABrowser:
    def test_it_shows_a_page_with_its_scripts_and_images(self, browser):
        browser.web.answers["/logo.svg"] = [page(b"<svg/>", "Content-Type: image/svg+xml")]
        script = b"document.body.append(document.createElement('h2'))"
        browser.web.answers["/s.js"] = [page(script, "Content-Type: text/javascript")]
        html = b"<title>9.1</title><h1>9.1</h1><img src=/logo.svg><script src=/s.js></script>"

        shown = browsing.show(browser.serves(page(html, HTML)))

        assert shown.picture.startswith(PNG)
        assert shown.printed.startswith(PDF)
        assert shown.address == browser.url()
        asked = {request.split()[1] for request in browser.web.requests}
        assert {b"/", b"/logo.svg", b"/s.js"} <= asked
        assert b"FactcheckDesk/" in browser.web.requests[0]
        assert shown.missing == 0

    def test_it_says_how_many_parts_of_a_page_did_not_load(self, browser):
        browser.web.answers["/gone.svg"] = [page(b"", status="404 Not Found")]
        browser.web.answers["/s.js"] = [page(b"", "Content-Type: text/javascript")]
        html = b"<h1>9.1</h1><script src=/s.js></script><img src=/gone.svg>"
        html += b"<img src=https://nobody.example/9.png>"

        assert browsing.show(browser.serves(page(html, HTML))).missing == 2

    def test_what_a_killed_worker_left_behind_is_cleared_up(self, browser, profiles):
        old, young = (profiles / f"{browsing._PROFILE}{name}" for name in ("old", "young"))
        for folder in (old, young):
            (folder / "Default").mkdir(parents=True)
        long_ago = time.time() - 2 * browsing.LEFT_OVER
        os.utime(old, (long_ago, long_ago))

        browsing.show(browser.serves(page(b"<h1>9.1</h1>", HTML)))

        assert list(profiles.iterdir()) == [young]

    def test_it_reaches_nobody_inside_whatever_the_page_names(self, browser):
        port = browser.web.port
        browser.names.records["rebound.example"] = [["127.0.0.2"]]
        browser.names.records["turns.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        browser.web.answers["/away"] = [moved(f"http://127.0.0.2:{port}/redirected")]
        browser.web.answers["/ok.png"] = [page(b"", "Content-Type: image/png")]
        inside = [
            f"127.0.0.2:{port}", f"localhost:{port}", f"rebound.example:{port}",
            f"[::ffff:127.0.0.2]:{port}", f"turns.example:{port}", METADATA,
        ]  # fmt: skip
        named = "".join(
            f"<img src=http://{host}/image><script src=http://{host}/script></script>"
            f"<iframe src=http://{host}/frame></iframe><link rel=stylesheet href=//{host}/style>"
            f"<link rel=preconnect href=http://{host}><link rel=dns-prefetch href=//{host}>"
            f"<script>fetch('http://{host}/fetch', {{mode: 'no-cors'}}).catch(() => 0);"
            f"try {{ new WebSocket('ws://{host}/socket') }} catch {{}};"
            f"navigator.sendBeacon('http://{host}/beacon', 'x');"
            f"fetch('https://{host}/secure').catch(() => 0)</script>"
            for host in inside
        )
        html = f"<h1>9.1</h1><img src=/away><iframe src=/away></iframe><img src=/ok.png>{named}"

        with sockets_seen() as seen:
            shown = browsing.show(browser.serves(page(html.encode(), HTML)))

        assert shown.picture.startswith(PNG)
        assert browser.inside.connections == 0
        assert "127.0.0.1" in seen
        assert METADATA not in seen
        asked = [request.split()[1] for request in browser.web.requests]
        assert asked.count(b"/") == 1
        assert {b"/away", b"/ok.png"} <= set(asked)

    def test_a_page_that_calls_others_sends_no_packet(self, browser):
        """What speaks by UDP knows no proxy: calls between browsers begin with asking around."""
        address = own_address()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
            listening.bind((address, 0))
            listening.setblocking(False)
            where = f"{address}:{listening.getsockname()[1]}"
            script = (
                f"<script>const asked = [{{urls: 'stun:{where}'}}];"
                "const call = new RTCPeerConnection({iceServers: asked});"
                "call.createDataChannel('x');"
                "call.createOffer().then(offer => call.setLocalDescription(offer))</script>"
            )

            browsing.show(browser.serves(page(f"<h1>9.1</h1>{script}".encode(), HTML)))

            with pytest.raises(BlockingIOError):
                listening.recv(1000)

    def test_a_page_that_redirects_inside_is_not_shown(self, browser):
        away = f"http://127.0.0.2:{browser.web.port}/"

        with pytest.raises(NotShown, match=r"127\.0\.0\.2 is this machine's own"):
            browsing.show(browser.serves(moved(away)))

        assert browser.inside.connections == 0

    def test_a_script_that_leads_inside_is_not_shown(self, browser):
        away = f"<script>location = 'http://127.0.0.2:{browser.web.port}/'</script>"

        with pytest.raises(NotShown, match="It led the browser to"):
            browsing.show(browser.serves(page(away.encode(), HTML)))

        assert browser.inside.connections == 0

    def test_a_page_of_an_error_is_no_picture(self, browser):
        with pytest.raises(NotShown, match="It answers the browser 403"):
            browsing.show(browser.serves(page(b"Robots stay out", HTML, status="403 Forbidden")))

    def test_a_page_that_asks_and_asks_is_shown(self, browser):
        html = b"<h1>9.1</h1><script>alert('9.1'); confirm('9.1'); prompt('9.1')</script>"

        assert browsing.show(browser.serves(page(html, HTML))).picture.startswith(PNG)

    def test_a_page_that_never_ends_is_given_up_in_time_and_leaves_no_process(
        self, browser, profiles
    ):
        began = time.monotonic()

        with pytest.raises(NotShown, match="in time"):
            browsing.show(
                browser.serves(page(b"<script>for (;;);</script>", HTML)), seconds=12
            )  # fmt: skip

        assert time.monotonic() - began < 25
        assert left_in(profiles) == []

    def test_a_page_that_tells_without_end_is_shown_or_given_up_in_time(self, browser, profiles):
        html = b"<h1>9.1</h1><script>setInterval(() => { for (let i = 0; i < 200; i++)"
        html += b" fetch('/' + i).catch(() => 0) }, 1)</script>"
        began = time.monotonic()

        with contextlib.suppress(NotShown):
            browsing.show(browser.serves(page(html, HTML)), seconds=12)

        assert time.monotonic() - began < 25
        assert left_in(profiles) == []

    def test_a_page_that_takes_too_much_memory_is_given_up(self, browser, profiles, monkeypatch):
        monkeypatch.setattr(browsing, "MEMORY", 1_000_000)

        with pytest.raises(NotShown, match="too much memory"):
            browsing.show(browser.serves(page(b"<h1>9.1</h1>", HTML)))

        assert left_in(profiles) == []

    def test_a_page_that_stores_too_much_is_given_up(self, browser, profiles, monkeypatch):
        monkeypatch.setattr(browsing, "STORED", 30_000_000)
        browser.web.answers["/slow.png"] = [15.0]  # so that it is not shown before
        html = f"<h1>9.1</h1><script>{STORING}</script><img src=/slow.png>"

        with pytest.raises(NotShown, match="stores too much") as given_up:
            browsing.show(browser.serves(page(html.encode(), HTML)))

        assert given_up.value.again is False
        assert left_in(profiles) == []

    def test_what_was_removed_and_is_still_held_is_counted(self, profiles):
        with tempfile.TemporaryFile() as held:
            before = browsing._stored(profiles, os.getpgrp())
            held.write(bytes(3_000_000))
            held.flush()

            assert browsing._stored(profiles, os.getpgrp()) - before >= 3_000_000

    def test_a_browser_ends_with_the_worker_that_began_it(self, browser, profiles):
        """A worker may be killed at any moment; nobody is left then to kill its browser."""
        script = (
            "import time; from claims import browsing\n"
            "with browsing._running(9, time.monotonic() + 60) as running:\n"
            "    running.ask('Browser.getVersion'); print('running', flush=True); time.sleep(60)"
        )
        environment = os.environ | {"FACTCHECK_CHROMIUM": str(chromium.executable())}
        environment |= {"DJANGO_SETTINGS_MODULE": "factcheck.settings", "TMPDIR": str(profiles)}
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        ) as worker:
            assert worker.stdout.readline() == b"running\n"
            assert running_in(profiles) != []
            worker.kill()

        assert left_in(profiles) == []

    def test_a_browser_that_does_not_start_is_told(self, browser, settings):
        settings.CHROMIUM = "/bin/false"

        with pytest.raises(NotShown, match="The browser ended before it showed anything"):
            browsing.show(browser.url())


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(asking.getsockname()[0])


def left_in(profiles: Path) -> list[bytes]:
    """The command lines of browsers that do not end: who is killed is seen a moment longer."""
    until = time.monotonic() + 10
    while running_in(profiles) and time.monotonic() < until:
        time.sleep(0.1)
    return running_in(profiles)


def running_in(profiles: Path) -> list[bytes]:
    """The command lines of browsers that have their profile there."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if os.fsencode(profiles) in line:
            lines.append(line)
    return lines
