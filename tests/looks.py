"""Pages as people see them: in the light, in the dark and on a phone, without a complaint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import Page

from reviews.models import User
from tests import chromium
from tests.serving import problems_of, served, sign_in

LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark on a phone": {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
}


@contextmanager
def desk(look: str, *people: User, refused: bool = False) -> Iterator[list[Page]]:
    """A page for each of these people; no console may complain of anything.

    Where something is to be `refused`, it may of that, and htmx with it.
    """
    problems: list[list[str]] = []
    with served() as address, chromium.launched() as browser:
        pages = []
        for user in people:
            context = browser.new_context(base_url=address, **LOOKS[look])
            context.set_default_timeout(8_000)
            problems.append(problems_of(context))
            sign_in(context, user, address)
            pages.append(context.new_page())
        yield pages
        connections.close_all()  # beside Playwright's loop the test has a connection of its own
    expected = re.compile(r"status of 409|^htmx:" if refused else r"^$")
    found = [[one for one in theirs if not expected.search(one)] for theirs in problems]
    assert found == [[] for _ in people]


def look_at(page: Page, name: str) -> None:
    """Nothing sticks out, and nobody is left out."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
