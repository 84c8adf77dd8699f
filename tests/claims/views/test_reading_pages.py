"""Stories, articles, claims and sources as the desk reads them, and the work in progress."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import drift, grouping, intake, listing, reading
from claims.models import Analysis, Appearance, Article, Claim, Derivation, Flag, Source, Story
from reviews.queue import open_reviews
from tests import chromium, factories
from tests.serving import problems_of, served, sign_in, signed_in

HTMX = {"hx-request": "true"}


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.fact_checker())


def copy_of(claim: Claim, name: str, **fields) -> Article:
    """Another article with the same claim, without the caution, citing the first one's source."""
    first = claim.appearances.order_by("pk").first()
    text = factories.TEXT.split(" The Coast")[0]
    article = factories.article(text=text, source=factories.source(name), **fields)
    Appearance.objects.create(
        article=article, claim=claim, start=0, end=first.end, sentence_start=0,
        sentence_end=len(text), wording=first.wording, claimant=first.claimant, worthiness=0.7,
    )  # fmt: skip
    Derivation.objects.create(
        article=article, on_source=first.article.source, kind="citation", score=1,
        start=0, end=10, words="the Courier said",
    )  # fmt: skip
    with transaction.atomic():
        drift.refresh(article)
        grouping.group(first.article)
        grouping.group(article)
    return article


@pytest.fixture
def story(db) -> Story:
    """A report and two copies that dropped its caution."""
    claim = factories.claim(wording="Harbour dredging cut the catch by half.")
    copy_of(claim, "Herald")
    return copy_of(claim, "Post").story


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# Stories


def test_the_list_names_each_story_with_its_articles(desk, story):
    answer = desk.get("/stories/")

    (row,) = answer.context["stories"]
    assert (row.title, row.copies, row.is_dropped) == (story.title, 3, True)
    assert "a caution was dropped" in text_of(answer.content.decode())


def test_no_story_yet_is_said(desk):
    assert "No two articles make the same claim yet." in desk.get("/stories/").content.decode()


def test_a_story_says_in_one_sentence_what_its_copies_did(desk, story):
    html = desk.get(story.get_absolute_url()).content.decode()

    sentence = re.search(r'<p class="lead">(.*?)</p>', html)[1]
    assert sentence == "Three articles, one independent origin; two dropped the caution."


def test_a_story_of_many_changes_says_how_many_are_in_its_table_only(desk, story, monkeypatch):
    shown = desk.get(story.get_absolute_url()).content.decode()
    changes = shown.count('class="change"')
    monkeypatch.setattr("claims.views.CHANGES", changes - 1)
    html = desk.get(story.get_absolute_url()).content.decode()

    assert "1 more are in the" not in shown
    assert html.count('class="change"') == changes - 1
    assert "1 more are in the" in html


def test_the_drawing_and_the_table_of_a_story_say_the_same(desk, story):
    answer = desk.get(story.get_absolute_url())

    html = answer.content.decode()
    table = re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', html)
    drawn = re.findall(r'<text class="node-name"[^>]*>(.*?)</text>', html)
    assert table == drawn == [row.article.source.name for row in answer.context["table"].rows]
    assert html.count('class="arc"') == 2
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", html, re.DOTALL)
    fates = [re.search(r'<span class="tag (\w+)">', row)[1] for row in rows]
    assert fates == ["origin", "dropped", "dropped"]


def test_stories_take_as_many_queries_for_many_as_for_few(desk, story):
    few = queries(desk, "/stories/"), queries(desk, story.get_absolute_url())
    claim = Claim.objects.get()
    for number in range(5):
        copy_of(claim, f"Gazette {number}")
        other = factories.claim()
        copy_of(other, f"Mirror {number}")

    assert (queries(desk, "/stories/"), queries(desk, story.get_absolute_url())) == few


# Work in progress


def set_status(article: Article, status: str, **fields) -> Article:
    fields = {"status": status, "finished_at": "2026-03-02T10:00Z"} | fields
    Analysis.objects.filter(article=article).update(**fields)
    return article


def test_each_state_is_listed_with_its_count(desk):
    for status, number in (("received", 1), ("analysing", 2), ("analysed", 3), ("failed", 4)):
        for _ in range(number):
            set_status(factories.article(), status)

    tabs = {value: count for value, _, count in desk.get("/articles/").context["tabs"]}
    rows = {
        value: len(desk.get(f"/articles/?status={value}").context["articles"]) for value in tabs
    }

    counts = {"received": "1", "analysing": "2", "analysed": "3", "failed": "4", "ignored": "0"}
    assert tabs == counts
    assert {value: str(number) for value, number in rows.items()} == tabs


def test_a_failure_says_why_and_is_retried(desk):
    article = set_status(factories.article(), "failed", attempts=5, error="The letter breaks off.")
    page = text_of(desk.get("/articles/").content.decode())

    answer = desk.post(f"{article.get_absolute_url()}retry/", follow=True)

    assert "The letter breaks off. after 5 attempts" in page
    assert "is analysed again within seconds" in text_of(answer.content.decode())
    row = Analysis.objects.get(article=article)
    assert (row.status, row.attempts, row.error) == ("received", 0, "")


@pytest.mark.parametrize("status", ["received", "analysing", "analysed"])
def test_what_has_not_failed_is_not_restarted(desk, status):
    article = set_status(factories.article(), status, attempts=1)

    answer = desk.post(f"{article.get_absolute_url()}retry/", follow=True)

    assert "Nothing to retry" in answer.content.decode()
    row = Analysis.objects.get(article=article)
    assert (row.status, row.attempts) == (status, 1)


def test_the_list_asks_again_only_while_something_is_under_way(desk):
    article = set_status(factories.article(), "analysing")
    busy = desk.get("/articles/", headers=HTMX).content.decode()
    set_status(article, "analysed")
    done = desk.get("/articles/", headers=HTMX).content.decode()

    assert ("hx-trigger" in busy, "hx-trigger" in done) == (True, False)
    assert busy.lstrip().startswith('<div id="articles"')
    assert desk.get("/articles/")["Vary"] == "HX-Request, Cookie"


def test_articles_are_paged_from_the_last_received_without_a_gap(desk, monkeypatch):
    monkeypatch.setattr(listing, "ROWS", 2)
    newest_first = [factories.article().ref for _ in range(5)][::-1]
    seen, after = [], ""
    while True:
        context = desk.get(f"/articles/?after={after}" if after else "/articles/").context
        seen.append([article.ref for article in context["articles"]])
        after = context["next_after"]
        if not after:
            break

    assert seen == [newest_first[:2], newest_first[2:4], newest_first[4:]]


def test_the_list_takes_as_many_queries_for_many_articles_as_for_few(desk):
    factories.article()
    few = queries(desk, "/articles/")
    for _ in range(8):
        factories.article()

    assert queries(desk, "/articles/") == few


# One article


def test_an_article_is_shown_whole_with_claims_and_flags_marked(desk):
    article = factories.claim().appearances.get().article
    flag = article.flags.get()

    html = desk.get(article.get_absolute_url()).content.decode()

    shown = re.search(r'<div class="article-text".*?>(.*?)</div>', html, re.DOTALL)[1]
    whole = text_of(re.sub(r'<span class="hide">.*?</span>', "", shown))
    assert whole.strip() == factories.TEXT
    assert f'<mark class="mark mark-claim">{factories.TEXT[: flag.start][:38]}' in shown
    words = re.search(rf'id="mark-{flag.ref}" href="#flag-{flag.ref}">(.*?)<', shown)[1]
    assert words == flag.cue
    assert f'id="flag-{flag.ref}"' in html


def test_the_text_of_an_article_is_never_markup(desk):
    article = factories.article(text="Harbour <script>alert(1)</script> & <img src=x>.")

    html = desk.get(article.get_absolute_url()).content.decode()

    assert "Harbour &lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img src=x&gt;." in html


def test_what_cannot_be_seen_in_an_article_is_named_where_it_stands(desk):
    text = "The har\u202ebour of the p\u043ert\u200b opens."
    article = factories.article(text=text)

    html = desk.get(article.get_absolute_url()).content.decode()

    name = "right-to-left override"
    assert (
        f'<bdi class="odd" role="img" aria-label="{name}" data-name="{name}">\u202e</bdi>' in html
    )
    mixed = "mixes Latin and Cyrillic letters"
    assert f'<bdi class="odd-word" title="{mixed}">p\u043ert<span class="hide">' in html
    assert (
        "This text holds 2 characters that cannot be seen and 1 word mixing letters of two "
        "alphabets. They are marked where they stand."
    ) in text_of(html)
    shown = re.search(r'<div class="article-text".*?>(.*?)</div>', html, re.DOTALL)[1]
    whole = text_of(re.sub(r'<span class="hide">.*?</span>', "", shown))
    assert whole.strip() == text


def test_an_article_tells_how_it_came_and_what_was_guessed(desk):
    received = reading.Received(b"The harbour opens.", "text/plain")
    told = {"title": "Harbour", "source": "Courier", "received": received, "author": "Ada Brenna"}
    guessed = frozenset({"published_on", "title"})
    first = reading.Document(
        "The harbour opens.", **told, url="https://c.example/1", place="a.txt", guessed=guessed
    )
    article = intake.store(first).article
    later = intake.store(replace(first, text="The harbour stays shut.")).article
    for number in range(12):
        intake.store(replace(first, place=f"again-{number}.txt"))

    html = desk.get(article.get_absolute_url()).content.decode()
    shown = text_of(html)

    assert "Courier · Ada Brenna" in shown
    assert "date, title: read from its looks, not declared by it" in shown
    assert "text/plain, 18 bytes, from a.txt" in shown
    assert "again-11.txt" in shown
    assert "3 times before" in shown
    assert "Other words were found at its address later" in shown
    assert f'href="{later.get_absolute_url()}"' in html
    assert "Its words changed at the same address" in text_of(
        desk.get(later.get_absolute_url()).content.decode()
    )


def test_a_dismissed_flag_stays_to_be_seen_with_its_reason(desk):
    flag = factories.claim().appearances.get().article.flags.get()
    Flag.objects.filter(pk=flag.pk).update(
        state="dismissed", reason="It speaks of weather.", decided_at="2026-03-02T10:00Z",
        decided_by=factories.fact_checker(),
    )  # fmt: skip

    html = desk.get(flag.article.get_absolute_url()).content.decode()

    assert 'class="mark mark-flag dismissed"' in html
    assert "It speaks of weather." in html


def test_an_article_takes_as_many_queries_for_many_findings_as_for_few(desk, story):
    article = story.articles.order_by("pk").first()
    few = queries(desk, article.get_absolute_url())
    for number in range(6):
        claim = Claim.objects.create(wording=f"Claim {number}.", language="en")
        Appearance.objects.create(
            article=article, claim=claim, start=number, end=number + 9, sentence_start=0,
            sentence_end=60, wording=claim.wording, worthiness=0.5,
        )  # fmt: skip
        Flag.objects.create(
            article=article, claim=claim, kind="figure_changed", start=number, end=number + 9,
            sentence_start=0, sentence_end=60, rule="compare.figure_changed", confidence=0.7,
        )  # fmt: skip
        Derivation.objects.create(
            article=article, on_source=factories.source(), kind="citation", score=1
        )

    assert queries(desk, article.get_absolute_url()) == few


# Claims and sources


def test_a_claim_names_its_copies_origins_and_review(desk, story):
    claim = Claim.objects.get()
    open_reviews()

    page = text_of(desk.get(f"/claims/{claim.ref}/").content.decode())

    origin = story.articles.order_by("pk").first().source.name
    assert f"unverified by {origin}" in page
    assert f"Articles3 Independent origins1: {origin}" in page
    assert "Its review: waiting to be taken" in page


def test_a_source_lists_what_it_published_and_who_rests_on_it(desk, story):
    origin = story.articles.order_by("pk").first()

    context = desk.get(f"/sources/{origin.source.ref}/").context

    assert [article.pk for article in context["articles"]] == [origin.pk]
    assert {article.source.name for article in context["resting"]} == {"Herald", "Post"}


def test_a_source_known_from_citations_alone_says_so(desk):
    source = Source.objects.create(name="The agency", outside=True)

    page = text_of(desk.get(f"/sources/{source.ref}/").content.decode())

    assert "we hold nothing it published" in page


# Doors


@pytest.mark.parametrize(
    "address",
    ["/stories/", "/stories/x/", "/articles/", "/articles/x/", "/claims/x/", "/sources/x/"],
)
def test_nothing_is_read_without_signing_in_and_nothing_unknown_is_found(client, desk, address):
    assert client.get(address)["Location"] == f"/sign-in/?next={address}"
    assert desk.get(address).status_code == (404 if "/x/" in address else 200)
    assert desk.post(address).status_code == 405


# In a browser


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(transactional_db, scheme):
    claim = factories.claim(wording="Harbour dredging cut the catch by half.")
    article = copy_of(claim, "Herald")
    set_status(article, "failed", attempts=5, error="The letter breaks off. " * 9)
    addresses = [
        "/stories/", article.story.get_absolute_url(), "/articles/", article.get_absolute_url(),
        f"/claims/{claim.ref}/", f"/sources/{article.source.ref}/",
    ]  # fmt: skip
    checker = factories.fact_checker()
    phone = {"width": 360, "height": 740}

    with (
        served() as site,
        chromium.browser(base_url=site, color_scheme=scheme, viewport=phone) as context,
    ):
        problems = problems_of(context)
        sign_in(context, checker, site)
        page = context.pages[0]
        for address in addresses:
            page.goto(address)
            for closed in page.get_by_text("Correct what was guessed").all():
                closed.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()

        assert problems == []
