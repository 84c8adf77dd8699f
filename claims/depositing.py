"""Cited pages are handed over to a public archive, where the operator names one.

The archive is told the cited address and nothing else; it fetches the page itself, so that others
can see there what we saw. Each page is handed over once. The row is the to-do list.
"""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings

from claims import fetching, gathering, polling
from claims.fetching import Fetched, Limits
from claims.gathering import NotGathered
from claims.models import Capture, Deposit
from claims.polling import NotNow

LIMITS = Limits(seconds=60)  # an archive answers when it has fetched the page


def order(capture: Capture) -> None:
    """Have the page of a capture handed over, if an archive is named."""
    if settings.PUBLIC_ARCHIVE:
        Deposit.objects.create(capture=capture, asked=address_for(capture.asked))


def archive() -> str:
    """The host of the public archive that cited pages are handed over to; "" if there is none."""
    return urlsplit(settings.PUBLIC_ARCHIVE).netloc


def address_for(url: str) -> str:
    """Return what the archive is asked for, to keep `url`.

    In the path the address stands as it is, as archives want it; in a query it is quoted.
    """
    before, _, after = settings.PUBLIC_ARCHIVE.partition("{url}")
    page = url.partition("#")[0]
    return f"{before}{quote(page, safe='') if '?' in before else page}{after}"


def hint() -> list[int]:
    """Return what a worker should hand over now, and note that it was told."""
    return Deposit.objects.hint()


def take(*, deposit_id: int) -> None:
    """Hand one page over, unless that was done. Costs up to a minute.

    Safe to repeat and twice at once: the first answer counts. Whatever goes wrong is written into
    the row; what may pass is tried again later.
    """
    row = Deposit.objects.begin(deposit_id)
    if row is None:
        return
    try:
        with polling.turn_at(row.asked, every=settings.HOST_PAUSE):
            fetched = gathering.ask(row.asked, limits=LIMITS)
    except NotNow as wait:
        Deposit.objects.put_off(row, wait.seconds)
    except fetching.Refused as error:
        Deposit.objects.fail(row, str(error), again=False)
    except NotGathered as error:
        Deposit.objects.fail(row, str(error), again=error.again, after=error.after)
    else:
        Deposit.objects.end(row, address=_found_at(fetched))


def _found_at(fetched: Fetched) -> str:
    """Where the archive says that the page can be seen: a location of its own, or where it led."""
    try:
        return fetching.check_address(urljoin(fetched.url, fetched.header("content-location"))).url
    except (ValueError, fetching.Refused):
        return fetched.url


def take_again(capture: Capture) -> bool:
    """Let what could not be handed over be tried anew; return whether there is any."""
    return Deposit.objects.filter(capture=capture).again()
