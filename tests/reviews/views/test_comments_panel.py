"""Comments on the page of a review: threads, marked passages, what was typed kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews import comments
from reviews.inbox import Kind, Notification
from reviews.models import Comment
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

HTMX = {"hx-request": "true"}
WORDS = "could not independently verify"


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def article_of(review):
    return review.claim.appearances.get().article


def on_the_article(review, body="Who could?") -> Comment:
    return comments.say(
        review, by=review.checker, body=body, about="article", quote=WORDS,
        article=article_of(review).ref,
    )  # fmt: skip


def send(client, review, where="comment", headers=HTMX, **fields):
    return client.post(f"{review.get_absolute_url()}{where}/", fields, headers=headers)


def test_a_passage_is_marked_in_the_article_and_leads_to_what_was_said(sign_in, held):
    client = sign_in(factories.fact_checker())

    answer = send(
        client, held, headers={}, body="Who could?", about="article", quote=WORDS,
        article=article_of(held).ref,
    )  # fmt: skip

    said = Comment.objects.get()
    assert answer["Location"] == f"{held.get_absolute_url()}#comment-{said.ref}"
    shown = client.get(held.get_absolute_url()).content.decode()
    assert f'id="mark-{said.ref}" href="#comment-{said.ref}"' in shown
    assert f'<li id="comment-{said.ref}"' in shown
    comments.resolve(said, by=held.checker)
    shown = client.get(held.get_absolute_url()).content.decode()
    assert f'href="#comment-{said.ref}"' not in shown
    assert "1 resolved" in shown


def test_the_article_comes_along_with_its_new_mark(sign_in, held):
    answer = send(
        sign_in(held.checker), held, body="Who could?", about="article", quote=WORDS,
        article=article_of(held).ref,
    ).content.decode()  # fmt: skip

    assert answer.startswith('<section id="comments-panel"')
    assert '<section id="article-panel" hx-swap-oob="true"' in answer
    assert "hx-swap-oob" not in send(sign_in(held.checker), held, body="Whole.").content.decode()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"body": "@nobody-here look"}, "Nobody here is called @nobody-here."),
        ({"about": "article", "quote": "<b>none</b>"}, "do not stand in the article"),
        ({"about": "summary"}, "Nothing of the verdict is saved yet."),
    ],
)
def test_what_was_typed_comes_back_with_the_reason(sign_in, held, fields, says):
    sent = {"body": "Look <here>.", "article": article_of(held).ref} | fields

    answer = send(sign_in(held.checker), held, **sent)

    shown = answer.content.decode()
    assert (answer.status_code, Comment.objects.count()) == (409, 0)
    assert says in shown
    assert sent["body"].replace("<", "&lt;").replace(">", "&gt;") + "</textarea>" in shown
    if "about" in fields:
        assert f'value="{fields["about"]}" selected' in shown
    if "quote" in fields:
        assert 'value="&lt;b&gt;none&lt;/b&gt;"' in shown


def test_a_reply_that_was_refused_comes_back_in_its_own_thread(sign_in, held):
    first, second = on_the_article(held), comments.say(held, by=held.checker, body="Another.")

    answer = send(sign_in(held.checker), held, f"comments/{second.ref}/reply", body="@nobody-x")

    shown = answer.content.decode()
    assert answer.status_code == 409
    assert shown.count("@nobody-x</textarea>") == 1
    assert shown.index(f'id="comment-{second.ref}"') < shown.index("@nobody-x</textarea>")
    assert first.replies.count() == second.replies.count() == 0


def test_nothing_that_is_said_is_markup(sign_in, held):
    said = comments.say(held, by=held.checker, body='<img src=x onerror="alert(1)">\nTwo')
    comments.reply(said, by=held.checker, body="<script>alert(1)</script>")

    shown = sign_in(held.checker).get(held.get_absolute_url()).content.decode()

    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;<br>Two" in shown
    assert "<script>alert" not in shown


def test_a_thread_of_another_review_is_not_found_here(sign_in, held):
    other = comments.say(factories.review(), by=held.checker, body="Elsewhere.")

    for where in ("reply", "resolve"):
        answer = send(sign_in(held.checker), held, f"comments/{other.ref}/{where}", body="No.")
        assert answer.status_code == 404


def test_who_may_not_see_the_comments_is_shown_no_trace_of_them(sign_in, held, monkeypatch):
    said = on_the_article(held, "A blind eye reads nothing.")
    monkeypatch.setattr(comments, "visible", lambda review, user: Comment.objects.none())
    client = sign_in(factories.fact_checker())

    shown = client.get(held.get_absolute_url()).content.decode()

    assert said.ref not in shown
    assert said.body not in shown
    assert send(client, held, f"comments/{said.ref}/reply", body="Hm?").status_code == 404


def test_many_threads_cost_the_page_no_more_queries(sign_in, queries, held):
    client, address = sign_in(held.checker), held.get_absolute_url()
    comments.reply(on_the_article(held), by=held.checker, body="Yes.")
    one = queries(client, address)
    for number in range(12):
        said = on_the_article(held, f"Question {number}")
        comments.reply(said, by=factories.fact_checker(), body=f"Answer {number}")
        if number % 2:
            comments.resolve(said, by=held.checker)

    assert queries(client, address) == one


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_a_passage_is_discussed_without_the_mouse(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    colleague = factories.fact_checker()
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        page.evaluate(
            """() => {
              const text = document.querySelector(".article-text a.mark-flag").firstChild;
              getSelection().setBaseAndExtent(text, 0, text, 30);
            }"""
        )
        page.keyboard.press("c")
        expect(page.get_by_label("The words meant")).to_have_value(WORDS)
        expect(page.get_by_label("About")).to_have_value("article")
        page.keyboard.type(f"Is that so, @{colleague.username[:-1]}")
        expect(page.locator(".mentions [role=option]").first).to_be_visible()
        look_at(page, "names are offered")
        while colleague.username not in page.locator(".mentions [aria-selected=true]").inner_text():
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Comment for your colleagues")).to_have_value(
            f"Is that so, @{colleague.username} "
        )
        page.get_by_role("button", name="Comment", exact=True).press("Enter")
        expect(page.locator("a.mark-comment")).to_have_count(1)
        look_at(page, "a thread")
        page.get_by_text("Reply to").focus()
        page.keyboard.press("Enter")
        page.get_by_label("Your reply").focus()
        page.keyboard.type("It is.")
        page.get_by_role("button", name="Send the reply").press("Enter")
        expect(page.locator(".replies")).to_contain_text("It is.")
        page.get_by_role("button", name="Resolve", exact=True).press("Enter")
        expect(page.get_by_text("1 resolved", exact=True)).to_be_visible()
        expect(page.locator("a.mark-comment")).to_have_count(0)
        look_at(page, "resolved")

    assert Notification.objects.get().kind == Kind.MENTIONED
