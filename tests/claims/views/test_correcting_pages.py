"""Correcting what was guessed of an article on its page, without scripts."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import correcting
from claims.models import Article
from reviews.models import User
from tests import factories
from tests.serving import signed_in


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.fact_checker())


@pytest.fixture
def article(db) -> Article:
    return factories.article(title="Home | Courier", guessed=["source", "title"])


def typed(article: Article, client: Client) -> dict[str, str]:
    """What the form on the page would send if nobody touched it."""
    context = client.get(article.get_absolute_url()).context
    form = context["correction"]
    fields = {name: str(form[name].value() or "") for name in form.fields}
    shown = {f"initial-{name}": value for name, value in fields.items()}
    return fields | shown | {"seen": context["seen"]}


def send(desk: Client, article: Article, **fields: str):
    return desk.post(f"/articles/{article.ref}/correct/", typed(article, desk) | fields)


def html(answer) -> str:
    return unescape(answer.content.decode())


@pytest.mark.parametrize("made", [factories.fact_checker, factories.supervisor])
def test_who_checks_corrects_and_the_page_says_who_and_why(db, article, made):
    person = made()
    desk = signed_in(person)

    answer = send(desk, article, title="Harbour opens", reason="Its page says so.")

    article.refresh_from_db()
    assert answer["Location"] == article.get_absolute_url()
    assert (article.title, article.guessed) == ("Harbour opens", ["source"])
    shown = html(desk.get(article.get_absolute_url()))
    assert "Corrected: title." in shown
    assert "Corrected title: Its page says so." in shown
    assert f'<span class="soft">{person}, ' in shown


def test_what_was_guessed_is_marked_in_the_form(desk, article):
    shown = html(desk.get(article.get_absolute_url()))

    assert shown.count("</span> guessed</span>") == 2
    assert "Guessed</dt><dd>outlet, title:" in shown


def test_nothing_touched_changes_nothing(desk, article):
    answer = desk.post(
        f"/articles/{article.ref}/correct/", typed(article, desk), follow=True
    )  # fmt: skip

    assert "Nothing was changed." in html(answer)
    article.refresh_from_db()
    assert article.guessed == ["source", "title"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"title": ""}, "This field is required."),
        ({"url": "javascript:alert(1)"}, "This is not a web address."),
        ({"language": "english!"}, "This is not a language code"),
        ({"url": "https://tide.example/1"}, "has this address already."),
        ({"source": "Daily Tide"}, "Daily Tide has an article with this very text already."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    desk, article, fields, why
):
    tide = factories.article(source=factories.source("Daily Tide"), url="https://tide.example/1")
    Article.objects.filter(pk=tide.pk).update(canonical_url=tide.url)

    answer = send(desk, article, author="Ada Brenna", **fields)

    assert answer.status_code == 409
    assert why in html(answer)
    assert "<details open>" in html(answer)
    assert 'value="Ada Brenna"' in html(answer)
    article.refresh_from_db()
    assert article.author == ""


def test_what_a_colleague_corrected_meanwhile_is_not_overwritten_unseen(desk, article):
    sent = typed(article, desk) | {"title": "Mine"}
    theirs = {"title": "Theirs", "author": "Ada Brenna"}
    correcting.correct(article, by=factories.fact_checker(), **theirs)
    where = f"/articles/{article.ref}/correct/"

    answer = desk.post(where, sent)

    assert answer.status_code == 409
    assert "It was changed since you opened this page." in html(answer)
    assert 'value="Mine"' in html(answer)
    assert "Theirs</h1>" in html(answer)
    assert 'name="initial-title" value="Home | Courier"' in html(answer)
    assert desk.post(where, sent | {"seen": answer.context["seen"]}).status_code == 302
    article.refresh_from_db()
    assert (article.title, article.author) == ("Mine", "Ada Brenna")


def test_who_may_not_is_shown_what_was_corrected_and_no_form(db, article):
    correcting.correct(article, by=factories.fact_checker(), author="Ada Brenna")
    person = User.objects.create_user("reader")
    person.user_permissions.set(Permission.objects.filter(codename="view_article"))
    client = signed_in(person)

    shown = html(client.get(article.get_absolute_url()))

    assert "Corrected author." in shown
    assert "Correct what was guessed" not in shown
    assert client.post(f"/articles/{article.ref}/correct/", {"title": "x"}).status_code == 403


def test_words_in_a_correction_are_text(desk, article):
    send(desk, article, title="<img src=x hx-get=/sign-out/>", reason="<b>So</b>")

    page = desk.get(article.get_absolute_url()).content.decode()

    assert "<img" not in page
    assert "<b>" not in page


def test_an_article_takes_as_many_queries_after_many_corrections_as_after_one(desk, article):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(article.get_absolute_url())
        return len(captured)

    correcting.correct(article, by=factories.fact_checker(), author="Ada Brenna")
    queries()
    few = queries()
    for number in range(5):
        correcting.correct(article, by=factories.supervisor(), author=f"B. Ode {number}")

    assert queries() == few
