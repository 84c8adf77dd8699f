"""People correct what is known of an article; each time is kept, and what rests on it follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from reversion.models import Version

from claims import analysis, correcting, intake
from claims import text as engine
from claims.correcting import NotCorrected
from claims.models import Analysis, Article, Source, Watch
from tests import factories
from tests.together import together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db

ADDRESS = "https://courier.example/harbour"


def analysed(**fields) -> Article:
    article = factories.article(**fields)
    Analysis.objects.filter(article=article).update(
        status="analysed", finished_at="2026-03-02T10:00Z", attempts=2
    )
    return article


def correct(article: Article, **fields) -> list[str]:
    return correcting.correct(article, by=factories.fact_checker(), **fields)


def versions(article: Article) -> list[tuple[str, str, str]]:
    """Comment, author and title of each version, the oldest first."""
    rows = Version.objects.get_for_object(article).order_by("pk")
    return [
        (one.revision.comment, str(one.revision.user or ""), one.field_dict["title"])
        for one in rows
    ]


def test_what_a_person_says_is_written_and_no_guess_any_more():
    article = analysed(guessed=["author", "source", "title"], title="Home | Courier")
    said = {
        "title": "Harbour opens", "source": "Daily Tide", "author": "Ada Brenna", "language": "nb",
        "published_on": date(2026, 3, 3), "url": ADDRESS, "licence": "CC BY",
    }  # fmt: skip

    changed = correct(article, **said)

    stored = Article.objects.get(pk=article.pk)
    assert {*changed} == {*said}
    assert {name: getattr(stored, name) for name in said} == said | {
        "source": Source.objects.get(name="Daily Tide")
    }
    assert (stored.canonical_url, stored.guessed) == (ADDRESS, [])
    assert (stored.text, stored.text_sha256) == (article.text, article.text_sha256)


def test_each_correction_says_who_and_why_and_the_row_as_it_was_found_is_kept():
    article, by = analysed(title="Home"), factories.supervisor()

    correcting.correct(article, by=by, title="Harbour", reason="Its page says so.")
    correcting.correct(article, by=by, title="Harbour opens")

    assert versions(article) == [
        (correcting.AS_FOUND, "", "Home"),
        ("Corrected title: Its page says so.", str(by), "Harbour"),
        ("Corrected title.", str(by), "Harbour opens"),
    ]
    assert [one.field_dict["title"] for one in correcting.corrections(article)] == [
        "Harbour opens", "Harbour",
    ]  # fmt: skip


def test_what_is_known_already_is_no_correction():
    article = analysed()
    known = correcting.said_of(article)

    assert correct(article, title=known.title, source=known.source.upper(), url=known.url) == []
    assert versions(article) == []
    assert Analysis.objects.get().status == "analysed"


@pytest.mark.parametrize(
    ("fields", "again"),
    [
        ({"language": "de"}, True), ({"source": "Daily Tide"}, True), ({"title": "Other"}, True),
        ({"published_on": None}, True), ({"author": "Ada"}, False), ({"licence": "CC"}, False),
        ({"url": ADDRESS}, False),
    ],
)  # fmt: skip
def test_what_the_analysis_rests_on_is_analysed_again(fields, again):
    article = analysed()

    correct(article, **fields)

    row = Analysis.objects.get()
    assert (row.status, row.attempts) == (("received", 0) if again else ("analysed", 2))


def test_what_is_analysed_keeps_the_language_that_a_person_said():
    article = factories.article(language="")

    correct(article, language="de")
    analysis.analyse(article_id=article.pk)

    assert Article.objects.get().language == "de"


@pytest.mark.django_db(transaction=True)
def test_a_correction_waits_for_the_analysis_that_is_at_work(monkeypatch):
    german = "Der Hafen von Brenna wird am Freitag geöffnet, teilte die Hafenbehörde am Montag mit."
    article, at_work, read = factories.article(german, language=""), Event(), engine.analyse

    def slowly(*args, **kwargs):
        at_work.set()
        wait_until_somebody_waits()
        return read(*args, **kwargs)

    def correct_it() -> list[str]:
        at_work.wait(10)
        return correct(article, language="nb")

    monkeypatch.setattr(analysis.engine, "analyse", slowly)
    with ThreadPoolExecutor() as pool:
        corrected = pool.submit(together, correct_it)
        analysis.analyse(article_id=article.pk)
        assert corrected.result() == [["language"]]

    assert (Article.objects.get().language, Analysis.objects.get().status) == ("nb", "received")


def test_an_address_that_another_article_has_is_refused():
    other = factories.article(url=ADDRESS, canonical_url=ADDRESS)
    article = analysed(title="Harbour")
    where = article.url

    with pytest.raises(NotCorrected, match=f"“{other}” .* has this address already") as refused:
        correct(article, url=f"{ADDRESS}?utm_source=mail", title="Other")

    article.refresh_from_db()
    assert (refused.value.field, article.url, article.title) == ("url", where, "Harbour")
    assert versions(article) == []


def test_versions_of_one_article_may_share_their_address():
    first = analysed(url=ADDRESS, canonical_url=ADDRESS)
    second = factories.article(
        "It stays shut.", source=first.source, url="https://x.example/", revises=first
    )

    assert correct(second, url=ADDRESS) == ["url"]


def test_an_article_does_not_go_to_a_source_that_has_its_text_already():
    first, second = analysed(), analysed()

    with pytest.raises(NotCorrected, match="has an article with this very text already") as refused:
        correct(second, source=first.source.name)

    assert refused.value.field == "source"


def test_what_was_changed_meanwhile_is_looked_at_first():
    article = analysed()
    seen = correcting.token(article)
    correct(article, author="Ada Brenna")

    with pytest.raises(NotCorrected, match="It was changed since you opened this page"):
        correct(article, title="Other", seen=seen)

    assert correct(article, title="Other", seen=correcting.token(article)) == ["title"]


def test_a_source_known_by_citation_alone_is_outside_until_it_has_an_article():
    Source.objects.create(name="Daily Tide", outside=True)

    correct(analysed(), source="daily tide")

    assert Source.objects.get(name="Daily Tide").outside is False


def test_a_page_at_another_address_is_asked_for_whole():
    article = analysed()
    Watch.objects.create(
        article=article, current=article, host="courier.example", since="2026-03-02T10:00Z",
        next_look_at="2026-03-02T11:00Z", etag="7", last_modified="x",
    )  # fmt: skip

    correct(article, url=ADDRESS)

    watch = Watch.objects.get()
    assert (watch.etag, watch.last_modified) == ("", "")


def test_the_same_again_is_known_at_its_corrected_address():
    article = analysed(url="https://aggregator.example/1")
    correct(article, url=ADDRESS)
    document = correcting.said_of(Article.objects.get())

    assert intake.match(document).same == article
