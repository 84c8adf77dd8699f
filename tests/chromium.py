"""A Chromium driven by Playwright: found on this machine, or the browser tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext, sync_playwright

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
def browser(**options: object) -> Iterator[BrowserContext]:
    """Open a headless Chromium with a profile of its own; `options` are those of a context."""
    with TemporaryDirectory(prefix="chromium-") as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            Path(profile), executable_path=executable(), headless=True, args=FLAGS, **options
        )
        try:
            yield context
        finally:
            context.close()
