"""`make screenshots`: photograph every page with the demo texts, in light, dark and at 360 px."""

from __future__ import annotations

import re
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as BrowserError

from tests import chromium
from tests.desk import ROOT, Desk, open_desk

FOLDER = ROOT / ".screenshots"
README_PICTURE = ROOT / "docs" / "queue.png"
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
    "wide": {"color_scheme": "light", "viewport": {"width": 2560, "height": 1300}},
}


def main() -> int:
    if not chromium.executable():
        print("No Chromium on this machine: install one or name it in FACTCHECK_CHROMIUM.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="factcheck-") as folder,
        open_desk(Path(folder)) as desk,
        chromium.launched() as browser,
    ):
        review = _work(desk, browser)
        for look, options in LOOKS.items():
            for person, pages in _pages(review).items():
                with browser.new_context(base_url=desk.address, **options) as context:
                    page = _sign_in(context, desk, person) if person else context.new_page()
                    for name, address in pages.items():
                        page.goto(address)
                        page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
                        if (name, look) == ("queue", "light"):
                            page.screenshot(path=README_PICTURE)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}/")
    return 0


def _pages(review: dict[str, str]) -> dict[str, dict[str, str]]:
    """Who sees what: username ("" for a reader) to page name to address."""
    return {
        "": {
            "sign-in": "/sign-in/",
            "public-list": "/checks/",
            "public-check": review["public"],
            "methodology": "/checks/methodology/",
            "verify-history": "/checks/verify-history/",
        },
        "checker": {
            "queue": "/",
            "queue-in-work": "/?view=work",
            "saved-views": "/queue/views/",
            "rules": "/flags/by-rule/",
            "profile": "/me/",
            "notifications": "/notifications/",
            "agreement": "/second-opinions/agreement/",
            "review": review["held"],
            "stories": "/stories/",
            "story": review["story"],
            "article": review["article"],
            "claim": review["claim"],
            "merge-and-split": f"{review['claim']}regroup/",
            "suggested": "/suggested/",
            "articles": "/articles/",
            "work": "/work/",
            "password": "/password/",
            "not-found": "/reviews/nothing/",
        },
        "supervisor": {
            "approval": f"{review['submitted']}approval/",
            "history": f"{review['published']}history/",
            "version": f"{review['published']}history/1/",
            "queue-to-approve": "/?view=approve",
            "checklist": "/checklist/",
            "feeds": "/feeds/",
            "policy": "/policy/",
            "weights": "/queue/weights/",
            "topics": "/queue/topics/",
            "second-opinions": "/?view=opinions",
            "opinion-rule": "/second-opinions/rule/",
        },
        "admin": {
            "admin": "/admin/",
            "admin-list": "/admin/claims/claim/",
            "admin-reviews": "/admin/reviews/review/",
        },
    }


def _work(desk: Desk, browser: Browser) -> dict[str, str]:
    """Bring one review to publication, one to the supervisor, and hold a third."""
    with browser.new_context(base_url=desk.address) as context:
        page = _sign_in(context, desk, "checker")
        published = _check(page, "mostly_false", "Half a year's figure was passed on as a year's.")
        submitted = _check(page, "unproven", "One witness says so; nobody could verify it.")
        held = _take(page)
        story = _first(page, "/stories/", "main a[href^='/stories/']")
        article = _first(page, story, "main a[href^='/articles/']")
        claim = _first(page, article, "main a[href^='/claims/']")
    with browser.new_context(base_url=desk.address) as context:
        page = _sign_in(context, desk, "supervisor")
        page.goto(f"{published}approval/")
        page.get_by_role("button", name=re.compile("^Approve version")).click()
        public = published.replace("/reviews/", "/checks/")
        for _ in range(80):
            if page.request.get(public).status == 200:
                break
            time.sleep(0.5)
    return {
        "published": published, "public": public, "submitted": submitted, "held": held,
        "story": story, "article": article, "claim": claim,
    }  # fmt: skip


def _sign_in(context: BrowserContext, desk: Desk, username: str) -> Page:
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(desk.people[username])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(\?.*)?$"))
    return page


def _take(page: Page) -> str:
    page.goto("/")
    page.get_by_role("button", name=re.compile("Take next")).click()
    page.wait_for_url(re.compile("/reviews/"))
    return page.url.split("#")[0]


def _check(page: Page, rating: str, summary: str) -> str:
    review = _take(page)
    page.get_by_text("Attach evidence").click()
    page.get_by_label("Gives context").check()
    page.get_by_label("Quote").fill("The figure covers January to June.")
    page.get_by_label("Title").fill("Register of naturalisations, first half of the year")
    page.get_by_label("Publisher").fill("Statistical office")
    page.get_by_role("button", name="Attach", exact=True).click()
    page.locator("#evidence-panel .evidence-list").wait_for()
    page.locator(f"input[name=rating][value={rating}]").check()
    page.get_by_label("Summary").fill(summary)
    page.get_by_label("Explanation").fill(
        "We read every copy of the report we hold and compared what each says with the first one. "
        "The office that keeps the register publishes it by half-year."
    )
    page.get_by_role("button", name=re.compile("^Save")).click()
    page.get_by_text("Version 2").first.wait_for()
    page.get_by_role("button", name=re.compile("^Submit")).click()
    page.get_by_text("Submitted.").wait_for()
    return review


def _first(page: Page, address: str, selector: str) -> str:
    page.goto(address)
    with suppress(BrowserError):
        return page.locator(selector).first.get_attribute("href", timeout=5_000) or address
    return address


if __name__ == "__main__":
    sys.exit(main())
