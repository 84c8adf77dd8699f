"""A Chromium driven by Playwright: found on this machine, or the browser tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Return the path of a Chromium, named by FACTCHECK_CHROMIUM or found on PATH, or None."""
    if named := os.environ.get("FACTCHECK_CHROMIUM"):
        return named
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a headless Chromium; each `new_context()` of it is a person with their own profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), headless=True, args=FLAGS
        )
        yield browser
        browser.close()


@contextmanager
def browser(**options: object) -> Iterator[BrowserContext]:
    """Run a headless Chromium for one person, with an open page; `options` are of their context."""
    with launched() as running, running.new_context(**options) as context:
        context.new_page()
        yield context
