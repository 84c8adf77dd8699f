"""The page of work in progress: figures, what failed and why, retried or ignored for a reason."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from reversion.models import Version

from claims import listing
from claims.models import Analysis
from reviews.models import User
from tests import factories
from tests.serving import signed_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(db):
    return signed_in(factories.fact_checker())


def analysed(status: str, **fields) -> Analysis:
    fields = {"status": status, "started_at": Now(), "finished_at": Now()} | fields
    article = factories.article()
    Analysis.objects.filter(article=article).update(**fields)
    return Analysis.objects.get(article=article)


def failed(**fields) -> Analysis:
    return analysed("failed", attempts=5, error="The letter breaks off.", **fields)


def words_of(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def state(row: Analysis) -> tuple[str, int, str]:
    row.refresh_from_db()
    return row.status, row.attempts, row.error


def sent(row: Analysis, **fields) -> dict[str, str]:
    return {"article": row.article.ref} | fields


def test_it_says_how_much_there_is_to_do_how_fast_it_goes_and_how_long_it_takes(desk):
    for _ in range(6):
        analysed("received")
    analysed("analysing")
    for _ in range(4):
        analysed("analysed")
    analysed("analysed", finished_at=Now() - timedelta(hours=1))
    Analysis.objects.filter(status__in=["received", "analysing"]).update(finished_at=None)

    page = words_of(desk.get("/work-in-progress/"))

    assert "Came in 12 articles during the last hour" in page
    assert "To do 6 received, 1 being analysed" in page
    assert "Rate 4 analysed during the last minute; at this rate about 2 minutes left" in page
    assert "Failed none" in page
    assert "Nothing has failed." in page


def test_an_empty_desk_has_nothing_to_do(desk):
    page = words_of(desk.get("/work-in-progress/"))

    assert "Everything that came in is done." in page
    assert "Newer rules" not in page


def test_the_figures_ask_again_only_while_something_is_under_way(desk):
    row = analysed("analysing")
    busy = desk.get("/work-in-progress/", headers=HTMX).content.decode()
    Analysis.objects.filter(pk=row.pk).update(status="analysed")
    done = desk.get("/work-in-progress/", headers=HTMX).content.decode()

    assert ("hx-trigger" in busy, "hx-trigger" in done) == (True, False)
    assert busy.lstrip().startswith('<section id="figures"')


def test_what_is_read_again_by_newer_rules_is_counted_apart(desk):
    analysed("received", again=True)
    analysed("analysed", engine_version="1", rules_version="en-00000000")
    page = words_of(desk.get("/work-in-progress/"))

    assert "Everything that came in is done." in page
    assert "1 article was read by older rules; 1 of others is being read again" in page


def test_a_failure_says_why_and_is_retried_alone(desk):
    row, other = failed(), failed()
    page = words_of(desk.get("/work-in-progress/"))

    desk.post("/work-in-progress/retry/", {"article": other.article.ref, "only": row.article.ref})

    assert "The letter breaks off. after 5 attempts" in page
    assert state(row) == ("received", 0, "")
    assert state(other) == ("failed", 5, "The letter breaks off.")


def test_those_chosen_are_retried_and_no_others(desk):
    rows = [failed() for _ in range(3)]
    chosen = [row.article.ref for row in rows[:2]]

    answer = desk.post("/work-in-progress/retry/", {"article": chosen}, follow=True)

    assert "2 articles are analysed again within seconds." in words_of(answer)
    assert [state(row)[0] for row in rows] == ["received", "received", "failed"]


def test_all_that_failed_are_retried_and_nothing_else(desk):
    rows = [failed(), failed(), analysed("analysed")]

    desk.post("/work-in-progress/retry/", {"all": "yes"})

    assert [state(row)[0] for row in rows] == ["received", "received", "analysed"]


def test_nothing_chosen_changes_nothing_and_says_so(desk):
    row = failed()

    answer = desk.post("/work-in-progress/retry/", follow=True)

    assert "None of these has failed: nothing to retry." in words_of(answer)
    assert state(row)[0] == "failed"


def test_it_is_ignored_for_a_reason_by_somebody_and_taken_up_again(desk):
    row, person = failed(), User.objects.get(pk=desk.session["_auth_user_id"])
    desk.post("/work-in-progress/ignore/", sent(row, reason="A form letter."))
    row.refresh_from_db()
    ignored = (row.status, row.ignored_by, row.ignored_reason)
    page = words_of(desk.get("/work-in-progress/?show=ignored"))

    answer = desk.post("/work-in-progress/heed/", sent(row), follow=True)

    assert ignored == ("ignored", person, "A form letter.")
    assert f"A form letter. {person}" in page
    assert "One article is no longer ignored." in words_of(answer)
    row.refresh_from_db()
    assert (row.status, row.ignored_by, row.ignored_at) == ("failed", None, None)
    comments = Version.objects.get_for_object(row).order_by("pk")
    assert [(one.revision.user, one.revision.comment) for one in comments] == [
        (person, "Ignored: A form letter."), (person, "No longer ignored"),
    ]  # fmt: skip


def test_without_a_reason_nothing_is_ignored_and_what_was_chosen_stays_chosen(desk):
    row, other = failed(), failed()

    answer = desk.post("/work-in-progress/ignore/", sent(row))

    assert answer.status_code == 409
    assert "Say why the desk can do without them." in words_of(answer)
    page = answer.content.decode()
    assert re.findall(r'value="(\w+)"[^>]* checked', page) == [row.article.ref]
    assert [state(each)[0] for each in (row, other)] == ["failed", "failed"]


def test_what_is_ignored_is_analysed_by_nobody(desk):
    row = failed()
    desk.post("/work-in-progress/ignore/", sent(row, reason="A form letter."))

    desk.post("/work-in-progress/retry/", sent(row))

    assert state(row)[0] == "ignored"


def test_who_may_not_decide_sees_the_reasons_and_no_buttons(db):
    failed()
    guest = User.objects.create_user("guest")
    page = signed_in(guest).get("/work-in-progress/")

    assert "The letter breaks off." in words_of(page)
    assert "Retry" not in words_of(page).split("Keys Close")[0]
    assert signed_in(guest).post("/work-in-progress/retry/", {"all": "yes"}).status_code == 403


def test_failures_are_paged_without_a_gap(desk, monkeypatch):
    monkeypatch.setattr(listing, "ROWS", 2)
    newest_first = [failed().article.ref for _ in range(5)][::-1]
    seen, after = [], ""
    while True:
        context = desk.get(
            f"/work-in-progress/?after={after}" if after else "/work-in-progress/"
        ).context
        seen.append([row.article.ref for row in context["analyses"]])
        after = context["next_after"]
        if not after:
            break

    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]
