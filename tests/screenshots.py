"""`make screenshots`: photograph every page with the demo texts, in light, dark and at 360 px.

Where a page sticks out or axe complains, it is said, and the exit code is 1. Names as arguments
(`python -m tests.screenshots queue tips`) photograph those pages only.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as BrowserError

from tests import chromium
from tests.desk import ROOT, Desk, open_desk

FOLDER = ROOT / ".screenshots"
README_PICTURE = ROOT / "docs" / "queue.png"
SHAPES = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
    "wide": {"color_scheme": "light", "viewport": {"width": 2560, "height": 1300}},
}
ON_A_WIDE_SCREEN = {"queue", "review", "approval", "story", "article"}
TALLEST = 12_000  # pixels of a picture

Scene = str | Callable[[Page], None]  # an address, or how one gets there


def main(only: list[str]) -> int:
    if not chromium.executable():
        print("No Chromium on this machine: install one or name it in FACTCHECK_CHROMIUM.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    complaints: list[str] = []
    with (
        TemporaryDirectory(prefix="factcheck-") as folder,
        open_desk(Path(folder)) as desk,
        chromium.launched() as browser,
    ):
        there = _work(desk, browser)
        _picture_for_the_readme(desk, browser)
        there |= _arranged(desk)
        for look, options in SHAPES.items():
            for person, scenes in _pages(there).items():
                with browser.new_context(base_url=desk.address, **options) as context:
                    page = _sign_in(context, desk, person) if person else context.new_page()
                    for name, scene in scenes.items():
                        if only and name not in only:
                            continue
                        if look != "wide" or name in ON_A_WIDE_SCREEN:
                            _reach(page, scene, height=options["viewport"]["height"])
                            complaints += _photograph(page, name, look)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}/")
    print("\n".join(complaints) or "Nothing sticks out, and axe finds nothing.")
    return 1 if complaints else 0


def _reach(page: Page, scene: Scene, *, height: int) -> None:
    """Go there, in a window as high as it was at first."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    scene(page) if callable(scene) else page.goto(scene)


def _photograph(page: Page, name: str, look: str) -> list[str]:
    """Take the picture of a page; return what is wrong with it.

    The window grows to the page: in a picture longer than the window, what sticks to an edge would
    lie in the middle.
    """
    width, tall = page.viewport_size["width"], page.evaluate("document.body.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(tall, 740), TALLEST)})
    page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
    sticks_out = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = Axe().run(page).response["violations"]
    wrong = [f"axe: {one['id']} at {one['nodes'][0]['target']}" for one in found]
    return [f"{name}, {look}: {why}" for why in [*wrong, *["sticks out"] * sticks_out]]


def _picture_for_the_readme(desk: Desk, browser: Browser) -> None:
    """The queue with the demo texts alone."""
    with browser.new_context(base_url=desk.address, **SHAPES["light"]) as context:
        page = _sign_in(context, desk, "checker")
        page.goto("/")
        page.screenshot(path=README_PICTURE)


def _arranged(desk: Desk) -> dict[str, str]:
    said = desk.manage("shell", "-v", "0", "-c", "from tests import scenes; scenes.say()")
    return dict(json.loads(said.splitlines()[-1]))


def _pages(there: dict[str, str]) -> Mapping[str, Mapping[str, Scene]]:
    """Who sees what: username ("" for a reader) to the name of a page to how one gets there."""
    return {
        "": {
            "sign-in": "/sign-in/",
            "sign-in-refused": _refused_at_the_door,
            "public-list": "/checks/",
            "public-check": there["public"],
            "public-missing": "/checks/nothing/",
            "methodology": "/checks/methodology/",
            "verify-history": "/checks/verify-history/",
            "send": "/checks/send/",
            "send-refused": _send_nothing,
        },
        "checker": {
            "queue": "/",
            "queue-in-work": "/?view=work",
            "queue-mine": "/?view=turn",
            "queue-nothing": "/?q=xylophone",
            "menu": _open_the_menu,
            "keys": _ask_for_the_keys,
            "saved-views": "/queue/views/",
            "rules": "/flags/by-rule/",
            "profile": "/me/",
            "tokens": "/me/tokens/",
            "token-made": _make_a_token,
            "notifications": "/notifications/",
            "agreement": "/second-opinions/agreement/",
            "review": there["held"],
            "conflict": lambda page: _meet_another_save(page, there["held"]),
            "review-changed": there["review-changed"],
            "evidence-changed": there["evidence-changed"],
            "review-returned": there["review-returned"],
            "review-waiting": there["review-waiting"],
            "opinion-asked": there["opinion-asked"],
            "stories": "/stories/",
            "story": there["story"],
            "article": there["article"],
            "article-changed": there["article-changed"],
            "article-gone": there["article-gone"],
            "article-failed": there["article-failed"],
            "claim": there["claim"],
            "claim-changed": there["claim-changed"],
            "merge-and-split": f"{there['claim']}regroup/",
            "suggested": "/suggested/",
            "articles": "/articles/",
            "work": "/work-in-progress/",
            "work-ignored": there["work-ignored"],
            "hand-in": "/articles/new/",
            "hand-in-refused": _hand_in_no_address,
            "bookmarklet": "/articles/new/bookmarklet/",
            "offer-read": there["offer-read"],
            "offer-known": there["offer-known"],
            "offer-strange": there["offer-strange"],
            "offer-looking": there["offer-looking"],
            "offer-failed": there["offer-failed"],
            "imports": "/imports/",
            "import-running": there["import-running"],
            "import-done": there["import-done"],
            "import-failures": f"{there['import-done']}?state=failed",
            "tips": "/tips/",
            "tip": there["tip"],
            "table": "/tips/table/",
            "table-report": _try_a_table,
            "outside-checks": "/outside-checks/",
            "password": "/password/",
            "not-found": "/reviews/nothing/",
        },
        "supervisor": {
            "approval": f"{there['submitted']}approval/",
            "approval-several": there["approval-several"],
            "approval-disagreement": there["approval-disagreement"],
            "history": f"{there['published']}history/",
            "history-redacted": there["history-redacted"],
            "version": f"{there['published']}history/1/",
            "version-redacted": there["version-redacted"],
            "queue-to-approve": "/?view=approve",
            "checklist": "/checklist/",
            "feeds": "/feeds/",
            "feed": there["feed"],
            "feed-failing": there["feed-failing"],
            "feed-proposed": there["feed-proposed"],
            "policy": "/policy/",
            "weights": "/queue/weights/",
            "topics": "/queue/topics/",
            "conflicts": "/conflicts/",
            "second-opinions": "/?view=opinions",
            "opinion-rule": "/second-opinions/rule/",
        },
        "admin": {
            "admin": "/admin/",
            "admin-list": "/admin/claims/claim/",
            "admin-reviews": "/admin/reviews/review/",
        },
    }


# How one gets there


def _refused_at_the_door(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".notice, .errorlist, [role=alert]").first.wait_for()


def _send_nothing(page: Page) -> None:
    page.goto("/checks/send/")
    page.get_by_label("What should we check?").fill("")
    page.locator("form").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Send").click()
    page.wait_for_load_state()


def _open_the_menu(page: Page) -> None:
    page.goto("/stories/")
    page.get_by_text("More", exact=True).click()


def _ask_for_the_keys(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()


def _make_a_token(page: Page) -> None:
    page.goto("/me/tokens/")
    page.get_by_label("Name").fill("Feeder")
    page.get_by_label("Read and search claims, read stories").check()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("heading", name="Copy it now").wait_for()


def _hand_in_no_address(page: Page) -> None:
    page.goto("/articles/new/")
    page.get_by_label("Web address of the article").fill("ftp://courier.example/catch")
    page.get_by_role("button", name="Fetch and show it").click()
    page.locator("[aria-invalid=true]").first.wait_for()


def _try_a_table(page: Page) -> None:
    page.goto("/tips/table/")
    rows = "claim,claimant,said_on\nThe ferry is late.,The mayor,2026-03-01\n,The mayor,\nIt is,,9"
    page.locator("input[type=file]").set_input_files(
        {"name": "claims.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def _meet_another_save(page: Page, review: str) -> None:
    """Type against a version that a save in another window has left behind."""
    page.goto(review)
    other = page.context.new_page()
    other.goto(review)
    theirs = f"It fell by {time.strftime('%M')} tonnes in {time.strftime('%S')} weeks."
    for window, summary in ((other, theirs), (page, "It rose.")):
        window.get_by_label("Summary").fill(summary)
        window.get_by_label("Explanation").fill(f"One register shows it. {summary}")
        window.locator("#verdict-save").click()
        if window == other:
            window.get_by_text(re.compile("Version [0-9]")).first.wait_for()
    page.locator(".meeting").first.wait_for()
    other.close()


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
    sys.exit(main(sys.argv[1:]))
