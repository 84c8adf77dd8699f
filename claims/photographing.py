"""Cited pages are photographed: an image and a print of what a browser shows, beside the bytes.

The page is asked for once more, so that it may show what it did not a moment before; the bytes are
what was archived, the picture helps people to read them. The row is the to-do list.
"""

from __future__ import annotations

from django.conf import settings

from claims import archiving, browsing
from claims.browsing import NotShown
from claims.kept import NO_BROWSER, NO_PAGE
from claims.models import Capture, Picture

PAGES = {"", "text/html", "application/xhtml+xml", "text/plain"}  # media types


def order(capture: Capture) -> None:
    """Have the page of a capture photographed, or note why it is not."""
    why = "" if settings.CHROMIUM else NO_BROWSER
    why = why or ("" if capture.media_type in PAGES else NO_PAGE)
    state = Picture.State.FAILED if why else Picture.State.WAITING
    Picture.objects.create(capture=capture, state=state, why=why)


def hint() -> list[int]:
    """Return the pictures that a worker should take now, and note that it was told."""
    return Picture.objects.hint()


def take(*, picture_id: int) -> None:
    """Take one picture, unless that was done. Costs up to a minute.

    Safe to repeat and twice at once: the first picture counts. Whatever goes wrong is written into
    the row, and the bytes of the page stay as they are.
    """
    row = Picture.objects.begin(picture_id)
    if row is None:
        return
    try:
        shown = browsing.show(row.capture.asked)
        sha256, print_sha256 = archiving.keep(shown.picture), archiving.keep(shown.printed)
    except NotShown as error:
        Picture.objects.fail(row, str(error), again=error.again)
    except archiving.Unkept as error:
        Picture.objects.fail(row, str(error), again=True)
    else:
        Picture.objects.end(
            row, sha256=sha256, size=len(shown.picture), print_sha256=print_sha256,
            print_size=len(shown.printed), address=shown.address[:2000],
            browser=shown.browser[:100], missing=shown.missing,
        )  # fmt: skip


def take_again(capture: Capture) -> bool:
    """Let a picture that could not be taken be tried anew; return whether there is one to try."""
    rows = Picture.objects.filter(capture=capture)
    return any(row.can_be_taken_again for row in rows) and rows.again()
