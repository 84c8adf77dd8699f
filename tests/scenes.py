"""What a desk looks like after a few weeks: every state a page can show, arranged on purpose.

For pictures and for looking at pages; no network is asked, and no worker is needed.
"""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import transaction

from claims import failures, importing, intake, offering, reading
from claims.models import Analysis, Feed, FeedItem, Import, ImportItem, Offer
from reviews import arranging, history, leases, workflow
from reviews.inbox import Kind
from reviews.models import User
from reviews.states import Status
from tests import factories, files

NEVER = timedelta(days=3650)  # until a worker is told of what is to stand still
CATCH = (
    "Harbour dredging cut the catch by half, the fishers' union said on Monday. "
    "The Coast Courier could not independently verify the figure.\n\n"
    "The port authority said that the winter was mild, and that it has no figures yet."
)


def arrange(checker: User, supervisor: User) -> dict[str, str]:
    """Arrange all there is to see; return the address of each page by its name."""
    return {
        **_handed_in(checker),
        **_feeds(supervisor),
        **_failed(supervisor),
        **_tips(supervisor),
        **_changed_pages(),
        **_record(checker, supervisor),
    }


@transaction.atomic  # so that no worker sees what is to stand still before it does
def _handed_in(by: User) -> dict[str, str]:
    """Offers in each of their states; an import that goes on, one that is done."""
    odd = f"Harbour opens\n\nIt \u202eopens\u202c on Friday.\n\n{CATCH}"
    read = offering.offer(
        files.page(
            f"<h1>Dredging halved the catch</h1><p>{CATCH}</p>",
            head="<title>Dredging halved the catch</title><meta name=author content='A. Reporter'>",
        ),
        name="catch.html", by=by,
    )  # fmt: skip
    intake.store(reading.read(CATCH.encode(), name="wire.txt").documents[0])
    known = factories.offer(CATCH, by=by, name="catch.txt")
    strange = factories.offer(odd, by=by, name="opening.txt")
    looking, failed = factories.asked_for(by=by), factories.asked_for(by=by, failed=True)
    Offer.objects.filter(pk=looking.pk).update(hinted_at=leases.clock() + NEVER)
    done = factories.batch(
        *[(f"week {week}.txt", f"In week {week} {40 + week} boats came in.".encode())
          for week in range(1, 7)],
        ("week 3 again.txt", b"In week 3 43 boats came in."), ("harbour.png", b"\x89PNG\r\n"),
        ("letters.zip", files.zipped({"a.txt": b"The quay is closed.", "b.exe": b"MZ\x90"})),
        by=by,
    )  # fmt: skip
    running = factories.batch(
        *[(f"2026/{number:03}.txt", f"Berth {number} took in {number} tonnes.".encode())
          for number in range(1, 61)],
        by=by,
    )  # fmt: skip
    for batch, most in ((done, 100), (running, 23)):
        for item in batch.items.order_by("pk")[:most]:
            importing.take_in(item_id=item.pk)
    ImportItem.objects.waiting().update(hinted_at=leases.clock() + NEVER)
    Import.objects.filter(pk=running.pk).update(begun_at=leases.clock() - timedelta(seconds=9))
    return {
        "offer-read": read.get_absolute_url(),
        "offer-known": known.get_absolute_url(),
        "offer-strange": strange.get_absolute_url(),
        "offer-looking": looking.get_absolute_url(),
        "offer-failed": failed.get_absolute_url(),
        "import-done": done.get_absolute_url(),
        "import-running": running.get_absolute_url(),
    }


def _feeds(by: User) -> dict[str, str]:
    """A feed that runs, one that fails, one that is paused, and one to be kept."""
    later = {"next_poll_at": leases.clock() + NEVER}
    source = factories.source("The Coast Courier")
    running = factories.feed(by=by, title="The Coast Courier: News", source=source, **later)
    failing = factories.feed(
        by=by, title="Bay Radio", failures=4, error="It answers 503: the site fails.", **later
    )
    factories.feed(by=by, title="Port bulletin", paused="It repeats the Courier.", **later)
    named = [
        {"url": f"https://tide.example/{number}", "title": f"Quay {number} is closed", "at": None}
        for number in range(1, 6)
    ]
    proposed = factories.feed(by=by, kept=False, title="Daily Tide", preview=named, **later)
    for why in ("It answers 404: there is no such page.", "There is no text in it."):
        factories.failed_item(running, why=why)
    FeedItem.objects.waiting().update(hinted_at=leases.clock() + NEVER)
    Feed.objects.update(hinted_at=leases.clock() + NEVER)
    return {
        "feed": running.get_absolute_url(),
        "feed-failing": failing.get_absolute_url(),
        "feed-proposed": proposed.get_absolute_url(),
    }


def _failed(by: User) -> dict[str, str]:
    """Articles that could not be analysed, and one that somebody ignores."""
    now = leases.clock()
    told = {"status": "failed", "attempts": 3, "started_at": now, "finished_at": now}
    for title, why in (
        ("Minutes of the harbour council, 1998 to 2025", "It took longer than 60 seconds."),
        ("Register of landings", "The worker died while it was at it, three times."),
        ("Letters to the editor", "It took more memory than 512 MB."),
    ):
        row = factories.article(title=title)
        Analysis.objects.filter(article=row).update(error=why, **told)
    last = Analysis.objects.failed().order_by("pk")[:1]
    failures.ignore(
        Analysis.objects.filter(pk__in=last.values("pk")), by=by, at=now, reason="It is a table."
    )
    kept = Analysis.objects.failed().latest("pk").article
    return {
        "article-failed": kept.get_absolute_url(),
        "work-ignored": "/work-in-progress/?show=ignored",
    }


def _tips(by: User) -> dict[str, str]:
    """Tips to be decided, by each way; checks of others; a token."""
    factories.claim("The harbour lost 40 boats in a year.")
    tip = factories.tip("The harbour lost 40 boats in a year, somebody told me.")
    factories.tip("W" * 200, url=f"https://bay.example/{'w' * 200}", note="Seen twice.")
    factories.tip("Ships may no longer enter after dusk.", contact="")
    for number, claimed in enumerate(
        ("The ferry sinks once a year.", "No cod is left in the bay.")
    ):
        factories.outside_check(claimReviewed=claimed, url=f"https://facts.example/{number}")
    factories.token(by)
    return {"tip": f"/tips/{tip.ref}/"}


def _changed_pages() -> dict[str, str]:
    """An article whose page says something else now, and one whose page is gone."""
    row = factories.review(wording="Dredging halved the catch.")
    before = row.claim.appearances.current().get().article
    after = factories.article(
        f"{before.text.replace('by half', 'by a third')} The union stands by its words.",
        source=before.source, title="Dredging cut the catch by a third", url="", revises=before,
    )  # fmt: skip
    factories.page_change(
        before, kind="changed", why="", before=before, after=after, words=8,
        old_title=before.title, new_title=after.title,
    )  # fmt: skip
    cited = factories.review_at(Status.SUBMITTED)
    copy = factories.archived(cited).copy.capture
    factories.copy_change(copy)
    factories.copy_change(
        copy, words=0, passages=[], old_title="Register " * 12, new_title="Landings " * 12
    )
    gone = factories.article(title="Port authority denies")
    factories.page_change(gone)
    return {
        "article-changed": before.get_absolute_url(),
        "article-gone": gone.get_absolute_url(),
        "claim-changed": f"/claims/{row.claim.ref}/",
        "review-changed": row.get_absolute_url(),
        "evidence-changed": cited.get_absolute_url(),
    }


def _record(checker: User, supervisor: User) -> dict[str, str]:
    """A redacted version, several approvals, a returned verdict, and second opinions."""
    redacted = factories.review_at(Status.IN_PROGRESS, checker=checker)
    factories.write_verdict(redacted, checker)
    factories.save(redacted, summary="Landings fell by a tenth, says the daughter of the mayor.")
    factories.redacted(redacted)
    blank = next(one.seq for one in history.of(redacted).versions.all() if not one.content)
    workflow.release(redacted, by=checker, token=redacted.lease_token)
    arranging.set_topic(by=supervisor, topic=None, name="Ports", words=[], harm=2, approvals=2)
    several = factories.review_at(Status.SUBMITTED)
    reason = "It is about a port."
    arranging.put_under(several, by=supervisor, topics=["ports"], reason=reason)
    factories.approve(several, by=factories.supervisor(first_name="Selma", last_name="Second"))
    returned = factories.review_at(Status.RETURNED, checker=checker, approver=supervisor)
    asked, given = (factories.review_at(Status.SUBMITTED) for _ in range(2))
    factories.second_opinion(asked, of=checker, by=supervisor)
    factories.second_opinion(given, by=supervisor)
    factories.give_opinion(given, by=factories.fact_checker(), rating="true")
    waiting = factories.review_at(Status.WAITING, checker=checker)
    for review, kind, words in (
        (returned, Kind.RETURNED, "Name the year."), (waiting, Kind.OVERDUE, "It was due today."),
    ):  # fmt: skip
        factories.notifications.tell(
            checker, kind, review, at=leases.clock(), occasion="scene", words=words
        )
    where = {
        "history-redacted": (redacted, "history/"),
        "version-redacted": (redacted, f"history/{blank}/"),
        "approval-several": (several, "approval/"),
        "approval-disagreement": (given, "approval/"),
        "review-returned": (returned, ""),
        "review-waiting": (waiting, ""),
        "opinion-asked": (asked, ""),
    }
    return {name: f"{row.get_absolute_url()}{rest}" for name, (row, rest) in where.items()}


def say() -> None:
    """Arrange it on the desk whose people are in its demo, and print the addresses as JSON."""
    people = {one.username: one for one in User.objects.all()}
    print(json.dumps(arrange(people["checker"], people["supervisor"])))
