"""Pages as people see them: in the light, in the dark and on a phone, without a complaint.

What people do is done on the phone, where it is hardest, and each page on the way is looked at in
every look; in a thorough run everything is done in every look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Page

from reviews.models import User
from tests import chromium
from tests.serving import problems_of, served, sign_in
from tests.thorough import THOROUGH

AS_SEEN = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark on a phone": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
}
LOOKS = [*AS_SEEN] if THOROUGH else ["dark on a phone"]


@contextmanager
def desk(look: str, *people: User, refused: bool = False) -> Iterator[list[Page]]:
    """A page for each of these people; no console may complain of anything.

    Where something is to be `refused`, it may of that, and htmx with it.
    """
    problems: list[list[str]] = []
    with served() as address, chromium.launched() as browser:
        pages = []
        for user in people:
            context = browser.new_context(base_url=address, **AS_SEEN[look])
            context.set_default_timeout(8_000)
            problems.append(problems_of(context))
            sign_in(context, user, address)
            pages.append(context.new_page())
        yield pages
        connections.close_all()  # beside Playwright's loop the test has a connection of its own
    expected = re.compile(r"status of 409|^htmx:" if refused else r"^$")
    found = [[one for one in theirs if not expected.search(one)] for theirs in problems]
    assert found == [[] for _ in people], found


def look_at(page: Page, name: str) -> None:
    """Nothing sticks out, and nobody is left out, in any look; the page is left as it was."""
    _look(page, name)
    if THOROUGH:  # it comes here in the other looks, too
        return
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    before = {"color_scheme": "dark" if dark else "light", "viewport": page.viewport_size}
    for look, seen in AS_SEEN.items():
        if seen != before:
            _turn(page, seen)
            _look(page, f"{name}, {look}")
    _turn(page, before)


def _turn(page: Page, seen: dict[str, Any]) -> None:
    """Show the page so, at once."""
    page.emulate_media(color_scheme=seen["color_scheme"], reduced_motion="reduce")
    page.set_viewport_size(seen["viewport"])


def _look(page: Page, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
