"""Articles about the same event become one story, whatever the order; others stay apart."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import permutations

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from reversion.models import Version

from claims import grouping
from claims.models import Article, Story, Topic, TopicKey
from tests.factories import article
from tests.together import together

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)
PIER = (
    (
        "The old timber pier of Lowhaven collapsed in Friday's storm. Nobody was on it, harbour"
        " master Ines Falk said. Divers will search the wreck."
    ),
    (
        "A storm on Friday destroyed the timber pier in Lowhaven. The harbour master, Ines Falk,"
        " said nobody stood on the pier when it collapsed."
    ),
    (
        "Friday's storm wrecked the pier that Lowhaven loved. Ines Falk, who runs the harbour,"
        " wants divers to look at the wreck of the timber pier."
    ),
)
STRIKE = (
    (
        "Tram drivers in Norrby stopped work on Friday. Their union, led by Per Odd, asks for"
        " shorter night shifts and a rise of four percent."
    ),
    (
        "No tram ran in Norrby on Friday. Per Odd of the drivers' union said that night shifts must"
        " become shorter, and asked for four percent more pay."
    ),
)


def _stored(text: str, on: date | None = DAY) -> Article:
    return article(text, title=text.split(".", maxsplit=1)[0], published_on=on)


def _partition() -> set[frozenset[int]]:
    return {frozenset(story.articles.values_list("pk", flat=True)) for story in Story.objects.all()}


@pytest.mark.parametrize("order", list(permutations(range(5)))[::11])
def test_two_events_are_two_stories_in_whatever_order_they_come(order):
    rows = [_stored(text) for text in (*PIER, *STRIKE)]
    for number in order:
        grouping.group(rows[number])

    assert _partition() == {
        frozenset(row.pk for row in rows[:3]), frozenset(row.pk for row in rows[3:])
    }  # fmt: skip


def test_a_story_is_named_after_its_first_article():
    newer, first = _stored(PIER[0], on=DAY + timedelta(1)), _stored(PIER[1])
    grouping.group(newer)

    assert grouping.group(first).title == "A storm on Friday destroyed the timber pier in Lowhaven"


def test_an_article_that_nobody_else_repeats_is_in_no_story():
    grouping.group(_stored(STRIKE[0]))

    assert grouping.group(_stored(PIER[0])) is None
    assert _partition() == set()


def test_the_same_words_months_apart_are_another_event():
    rows = [_stored(PIER[0]), _stored(PIER[0], on=DAY + timedelta(90))]
    for row in rows:
        grouping.group(row)

    assert _partition() == set()


def test_an_article_without_a_date_joins_by_its_words():
    rows = [_stored(PIER[0]), _stored(PIER[1], on=None)]
    for row in rows:
        grouping.group(row)

    assert _partition() == {frozenset(row.pk for row in rows)}


@pytest.mark.parametrize(("alone", "stories"), [(2, 1), (1, 0)])
def test_words_that_too_many_articles_have_bring_no_neighbours(monkeypatch, alone, stories):
    monkeypatch.setattr(grouping, "ROWS", 1)
    monkeypatch.setattr(grouping, "ALONE", alone)  # and two articles have each shared word
    for text in PIER[:2]:
        grouping.group(_stored(text))

    assert Story.objects.count() == stories


def test_grouping_again_changes_nothing():
    rows = [_stored(text) for text in PIER]
    first = [grouping.group(row) for row in rows][-1]
    counted = dict(TopicKey.objects.values_list("key", "articles"))

    assert {grouping.group(row) for row in rows} == {first}
    assert dict(TopicKey.objects.values_list("key", "articles")) == counted


def test_words_are_counted_as_the_article_has_them_now():
    row = _stored(PIER[0])
    grouping.group(row)
    row.text = STRIKE[0]
    row.save()
    grouping.group(row)

    assert set(TopicKey.objects.filter(articles=1).values_list("key", flat=True)) == set(
        Topic.objects.get().keys
    )


def test_a_large_story_takes_in_one_more(monkeypatch):
    monkeypatch.setattr(grouping, "WHOLE", 2)
    rows = [_stored(text) for text in PIER]
    story = Story.objects.create(title="The pier")
    Article.objects.filter(pk__in=[row.pk for row in rows[:2]]).update(story=story)
    for row in rows:
        grouping.group(row)

    assert _partition() == {frozenset(row.pk for row in rows)}
    assert Story.objects.get() == story


@pytest.fixture
def person(db):
    return get_user_model().objects.create_user("editor")


def _placed(row: Article, story: Story | None, by) -> None:
    grouping.place(row, story, by=by, at=timezone.now(), reason="I read both.")


def test_an_article_that_a_person_took_out_stays_out(person):
    rows = [_stored(text) for text in PIER]
    for row in rows:
        grouping.group(row)
    _placed(rows[0], None, person)
    for row in rows:
        grouping.group(row)

    assert _partition() == {frozenset(row.pk for row in rows[1:])}


def test_an_article_that_a_person_put_into_a_story_stays_there_and_its_like_follow(person):
    rows = [_stored(text) for text in (*PIER, *STRIKE)]
    for row in rows:
        grouping.group(row)
    rows[0].refresh_from_db()
    _placed(rows[4], rows[0].story, person)
    for row in rows:
        grouping.group(row)

    assert _partition() == {frozenset(row.pk for row in rows)}
    assert Story.objects.get() == rows[0].story


def test_taking_it_back_lets_the_machine_group_again_and_the_log_keeps_both(person):
    rows = [_stored(text) for text in PIER]
    for row in rows:
        grouping.group(row)
    _placed(rows[0], None, person)
    grouping.take_back(rows[0], by=person)

    assert _partition() == {frozenset(row.pk for row in rows)}
    comments = [version.revision.comment for version in Version.objects.get_for_object(rows[0])]
    assert comments == ["Placing taken back", "Into no story: I read both."]


def test_nobody_places_an_article_without_a_reason(person):
    with pytest.raises(ValueError, match="why"):
        grouping.place(_stored(PIER[0]), None, by=person, at=timezone.now(), reason="")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_story():
    rows = [_stored(text) for text in PIER[:2]]

    def group(row: Article) -> Story | None:
        with transaction.atomic():
            return grouping.group(row)

    together(*(partial(group, row) for row in rows))

    assert _partition() == {frozenset(row.pk for row in rows)}
