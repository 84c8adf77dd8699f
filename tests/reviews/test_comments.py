"""What colleagues say: passages found, people mentioned once, threads resolved, nothing changed."""

from __future__ import annotations

import pytest

from reviews import comments, history, notifications
from reviews.comments import Refused
from reviews.inbox import Kind, Letter, Mail, Notification
from reviews.models import Comment, ThreadEvent
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker


@pytest.fixture
def held(db):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    return review


def article_of(review):
    return review.claim.appearances.get().article


def say(review, body="Ask the port.", by=None, **fields) -> Comment:
    return comments.say(review, by=by or review.checker, body=body, **fields)


def open_threads(review) -> list[str]:
    return [one.body for one in Comment.objects.filter(review=review).threads()
            if not one.is_resolved]  # fmt: skip


# Passages


def test_a_passage_of_an_article_is_kept_with_its_place_whatever_its_line_breaks(held):
    article = article_of(held)

    said = say(held, about="article", article=article.ref, quote=" independently\n verify ")

    assert (said.article, said.version, said.field) == (article, None, "")
    assert article.text[said.start : said.end] == said.quote == "independently verify"


def test_a_passage_of_the_verdict_names_the_version_that_was_read(held):
    seq = history.of(held).seq

    said = say(held, about="summary", quote="by a tenth")
    whole = say(held, about="explanation")
    factories.save(held, summary="Landings fell.")

    said.refresh_from_db()
    assert (said.version.seq, said.field, said.quote) == (seq, "summary", "by a tenth")
    assert history.read(said.version)["summary"][said.start : said.end] == "by a tenth"
    assert (whole.version.seq, whole.field, whole.quote, whole.start) == (
        seq, "explanation", "", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"about": "article", "quote": "never said"}, "do not stand in the article"),
        ({"about": "article", "quote": "the"}, r"stand \d times in the article"),
        ({"about": "article", "quote": " "}, "Give the words of the article"),
        ({"about": "article", "quote": "catch", "article": "aaaaaaaaaa"}, "does not appear in"),
        ({"about": "summary", "quote": "never said"}, "do not stand in the summary"),
        ({"about": "review", "quote": "catch"}, "Say where these words stand"),
        ({"body": " \n"}, "Write the comment first"),
    ],
)
def test_a_passage_that_is_not_there_once_is_refused_in_words(held, fields, says):
    with pytest.raises(Refused, match=says):
        say(held, **{"article": article_of(held).ref} | fields)

    assert not Comment.objects.exists()


def test_a_verdict_that_nobody_saved_has_no_passages(db):
    review = factories.review_at(Status.IN_PROGRESS)

    with pytest.raises(Refused, match="Nothing of the verdict is saved yet"):
        say(review, about="summary")


def test_letters_beyond_ascii_and_signs_of_patterns_are_found_as_they_stand(held):
    text = "Über 40 % (grob!) der Fänge 🐟 fehlen. Der Rest kam an."
    article = factories.article(text)
    held.claim.appearances.update(article=article, start=0, end=5)

    said = say(held, about="article", article=article.ref, quote="% (grob!) der Fänge 🐟")

    assert text[said.start : said.end] == "% (grob!) der Fänge 🐟"


# Mentions


def test_who_is_mentioned_is_told_once_and_only_then(held):
    ada, ben = fact_checker(), fact_checker()

    said = say(held, f"@{ada.username}, ask (@{ben.username}). Not a@{ada.username}.example!")
    say(held, said.body)

    told = Notification.objects.filter(kind=Kind.MENTIONED)
    assert sorted(told.values_list("person__username", "note")) == sorted(
        [(ada.username, said.body), (ben.username, said.body)]
    )
    assert Comment.objects.count() == 1


def test_who_wants_mail_at_once_gets_a_letter_without_what_was_said(held):
    ada = fact_checker(email="ada@desk.example")
    notifications.choose(ada, {Kind.MENTIONED: Mail.AT_ONCE})

    say(held, f"@{ada.username} the mayor lied.")

    letter = Letter.objects.get()
    assert (letter.person, "lied" in letter.body) == (ada, False)


def test_nobody_is_told_of_what_they_say_themselves(held):
    say(held, f"Note to @{held.checker.username}: ring the port.")

    assert not Notification.objects.filter(kind=Kind.MENTIONED).exists()


def test_a_name_that_nobody_has_is_refused_with_the_nearest(held):
    ada = fact_checker()

    with pytest.raises(Refused) as refused:
        say(held, f"@{ada.username}x and @{ada.username}")

    assert str(refused.value).startswith(f"Nobody here is called @{ada.username}x. Do you mean @")
    assert f"@{ada.username}" in str(refused.value)
    assert not Comment.objects.exists()


def test_who_left_and_the_desk_itself_are_nobody(held):
    gone = fact_checker(is_active=False)
    for name in (gone.username, "system"):
        with pytest.raises(Refused, match=f"Nobody here is called @{name}"):
            say(held, f"@{name}")


def test_who_may_not_see_it_is_not_told_and_nothing_is_said(held, monkeypatch):
    """As a second opinion that is to stay blind."""
    blind = fact_checker()
    every = comments.visible
    monkeypatch.setattr(
        comments, "visible",
        lambda review, user: every(review, user).none() if user == blind else every(review, user),
    )  # fmt: skip

    with pytest.raises(Refused, match="may not see the comments"):
        say(held, f"@{blind.username}")
    said = say(held)
    for act in (comments.resolve, comments.reopen, lambda one, by: comments.reply(
        one, by=by, body="Yes?"
    )):  # fmt: skip
        with pytest.raises(Refused, match="may not see this comment"):
            act(said, by=blind)
    assert (Comment.objects.count(), Notification.objects.count()) == (1, 0)


# Threads


def test_a_thread_is_resolved_opened_again_and_opened_by_a_reply(held):
    colleague, said = fact_checker(), say(held)

    comments.resolve(said, by=colleague)
    comments.resolve(said, by=colleague)
    assert open_threads(held) == []
    comments.reopen(said, by=held.checker)
    comments.resolve(said, by=colleague)
    comments.reply(said, by=held.checker, body="They never answered.")

    assert open_threads(held) == ["Ask the port."]
    logged = ThreadEvent.objects.filter(thread=said).order_by("pk")
    assert list(logged.values_list("what", "actor")) == [
        ("said", held.checker.pk), ("resolved", colleague.pk), ("reopened", held.checker.pk),
        ("resolved", colleague.pk), ("replied", held.checker.pk),
    ]  # fmt: skip


def test_an_answer_to_a_reply_stands_in_the_same_thread(held):
    said = say(held)
    first = comments.reply(said, by=fact_checker(), body="I did.")

    second = comments.reply(first, by=held.checker, body="And?")

    assert [first.thread, second.thread] == [said, said]


def test_who_may_not_check_says_and_resolves_nothing(held):
    editor, said = factories.data_editor(), say(held)
    for act in (
        lambda: say(held, by=editor),
        lambda: comments.reply(said, by=editor, body="No."),
        lambda: comments.resolve(said, by=editor),
    ):
        with pytest.raises(Refused, match="Your role does not allow this"):
            act()

    assert ThreadEvent.objects.count() == 1
