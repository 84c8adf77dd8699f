"""Many files at once: each becomes what it is, one bad one stops nothing, the report is true."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims import archiving, importing, listing, tasks
from claims.models import Analysis, Article, Import
from claims.reading import Document, apart
from factcheck.celery import app
from tests import factories, files
from tests.together import together


def taken_in(batch: Import) -> list[tuple[str, ...]]:
    """Let workers take in all that waits; return the report without its refs."""
    for item_id in importing.hint():
        assert importing.take_in(item_id=item_id) is True
    return report_of(batch)


def report_of(batch: Import) -> list[tuple[str, ...]]:
    """The report without its refs."""
    return [(place, outcome, why) for place, outcome, _, _, why in importing.report(batch)]


def text(number: int) -> bytes:
    return f"Quay {number} took in {number} tonnes of herring.".encode()


class TestTakingIn:
    def test_new_known_and_failed_are_told_in_the_order_of_the_files(self, db):
        batch = factories.batch(
            ("a.txt", text(1)), ("again.txt", text(1)), ("harbour.png", b"\x89PNG\r\n"),
            ("b.txt", text(2)),
        )  # fmt: skip

        assert taken_in(batch) == [
            ("a.txt", "New", ""),
            ("again.txt", "Known already", ""),
            ("harbour.png", "Failed", why_not()),
            ("b.txt", "New", ""),
        ]
        assert Analysis.objects.count() == Article.objects.count() == 2

    def test_a_bundle_is_told_by_what_is_in_it(self, db):
        bundle = files.zipped({"1.txt": text(1), "2.png": b"\x89PNG\r\n", "3.txt": text(1)})
        batch = factories.batch(("all.zip", bundle))

        assert sorted(taken_in(batch)) == [
            ("all.zip › 1.txt", "New", ""),
            ("all.zip › 2.png", "Failed", why_not()),
            ("all.zip › 3.txt", "Known already", ""),
        ]
        assert batch.items.get(inside=None).state == "opened"

    def test_bytes_that_are_gone_are_a_failure_of_their_file_alone(self, db):
        batch = factories.batch(("a.txt", text(1)), ("b.txt", text(2)))
        batch.items.filter(place="a.txt").update(sha256="0" * 64)

        assert taken_in(batch) == [
            ("a.txt", "Failed", "its bytes are missing"),
            ("b.txt", "New", ""),
        ]

    def test_bytes_of_an_import_are_named(self, db):
        sha256 = factories.batch().items.get().sha256

        assert archiving.place_of(sha256) not in set(archiving.unreferenced())

    def test_what_was_not_taken_is_in_the_report(self, db):
        left = [importing.Handed("huge.pdf", why="larger than 100 MB")]

        batch = importing.begin(left, by=factories.fact_checker())

        assert taken_in(batch) == [("huge.pdf", "Failed", "larger than 100 MB")]


class TestGoingOn:
    def test_what_a_worker_was_told_is_not_told_again_at_once(self, db):
        factories.batch()

        assert (len(importing.hint()), importing.hint()) == (1, [])

    def test_twice_is_once(self, db):
        batch = factories.batch()
        (item_id,) = importing.hint()
        importing.take_in(item_id=item_id)

        assert importing.take_in(item_id=item_id) is True

        assert [row[1] for row in importing.report(batch)] == ["New"]
        assert Article.objects.get().sightings.count() == 1

    def test_a_bundle_begun_in_one_call_is_finished_in_another_and_told_as_new(self, db):
        bundle = files.zipped({f"{number}.txt": text(number) for number in range(3)})
        batch = factories.batch(("all.zip", bundle))
        (item_id,) = importing.hint()
        calls = iter([False, True])
        assert importing.take_in(item_id=item_id, is_late=lambda: next(calls)) is False
        assert importing.progress(batch).done == 2

        assert importing.take_in(item_id=item_id) is True

        assert [row[1] for row in importing.report(batch)] == ["New"] * 3
        assert [article.sightings.count() for article in Article.objects.all()] == [1] * 3

    def test_each_call_takes_one_document_in_however_late_it_is(self, db):
        bundle = files.zipped({f"{number}.txt": text(number) for number in range(3)})
        batch = factories.batch(("all.zip", bundle))
        (item_id,) = importing.hint()

        done = []
        while not importing.take_in(item_id=item_id, is_late=lambda: True):
            done.append(importing.progress(batch).done)

        assert done == [1, 2, 3]
        assert [row[1] for row in importing.report(batch)] == ["New"] * 3
        assert [article.sightings.count() for article in Article.objects.all()] == [1] * 3

    def test_what_was_taken_in_is_not_read_again(self, db, monkeypatch):
        bundle = files.zipped({f"{number}.txt": text(number) for number in range(3)})
        factories.batch(("all.zip", bundle))
        (item_id,) = importing.hint()
        importing.take_in(item_id=item_id, is_late=lambda: True)
        known, asked = apart._read_on, []

        def read_on(question, content, done):
            asked.append(sorted(done))
            return known(question, content, done)

        monkeypatch.setattr(apart, "_read_on", read_on)
        importing.take_in(item_id=item_id)

        assert asked == [[0]]

    def test_bytes_that_are_gone_in_the_middle_of_a_bundle_are_told(self, db):
        batch = factories.batch(("all.zip", files.zipped({"1.txt": text(1), "2.txt": text(2)})))
        (item_id,) = importing.hint()
        importing.take_in(item_id=item_id, is_late=lambda: True)
        batch.items.filter(pk=item_id).update(sha256="0" * 64)

        assert importing.take_in(item_id=item_id) is True

        assert [row[1:] for row in report_of(batch)] == [
            ("New", ""), ("Failed", "its bytes are missing"),
        ]  # fmt: skip

    def test_while_a_worker_is_at_it_no_other_is_told(self, db, monkeypatch):
        batch = factories.batch()
        told = []

        def slow(*args, **kwargs):
            told.append(importing.hint())
            yield 0, Document(text="It fell.", title="It fell", source="Bay Post")

        monkeypatch.setattr(importing.reading, "read_each_apart", slow)
        importing.take_in(item_id=batch.items.get().pk)

        assert told == [[]]

    def test_a_worker_leaves_to_another_what_that_is_at(self, transactional_db):
        batch = factories.batch()
        item_id = batch.items.get().pk
        with importing._alone(item_id):
            answers = together(lambda: importing.take_in(item_id=item_id))

        assert answers == [True]
        assert batch.items.values_list("state", "attempts").get() == ("waiting", 0)
        assert importing.take_in(item_id=item_id) is True
        assert batch.items.get().state == "new"

    def test_a_worker_that_dies_each_time_is_told_of(self, db):
        batch = factories.batch()
        batch.items.update(attempts=importing.ATTEMPTS)

        assert [row[1:] for row in taken_in(batch)] == [("Failed", importing.DIED)]


class TestTasks:
    @pytest.fixture
    def told(self, monkeypatch) -> list[list[int]]:
        """The chunks of files that a worker is told of; the broker is not asked here."""
        chunks: list[list[int]] = []
        monkeypatch.setattr(
            tasks.take_in_files, "delay", lambda *, item_ids: chunks.append(item_ids)
        )
        monkeypatch.setattr(tasks.sweep_analyses, "delay", lambda: None)
        return chunks

    def test_the_sweep_tells_of_what_waits_in_chunks(self, db, told, monkeypatch):
        monkeypatch.setattr(tasks, "IMPORT_CHUNK", 2)
        batch = factories.batch(*((f"{number}.txt", text(number)) for number in range(3)))

        tasks.sweep_imports()

        first, second, third = batch.items.order_by("pk").values_list("pk", flat=True)
        assert told == [[first, second], [third]]

    def test_what_there_is_no_time_for_is_handed_on(self, db, told, monkeypatch):
        batch = factories.batch(*((f"{number}.txt", text(number)) for number in range(3)))
        clock = iter([0, 0, tasks.BEGIN_WITHIN + 1])
        monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(clock)))

        tasks.take_in_files(item_ids=importing.hint())

        assert importing.progress(batch).done == 1
        assert told == [list(batch.items.waiting().order_by("pk").values_list("pk", flat=True))]

    def test_a_file_that_is_too_slow_leaves_the_rest_to_another_task(self, db, told, monkeypatch):
        batch = factories.batch(("a.txt", text(1)), ("b.txt", text(2)))

        def too_slow(*args, **kwargs):
            raise SoftTimeLimitExceeded

        monkeypatch.setattr(importing.reading, "read_each_apart", too_slow)
        item_ids = importing.hint()
        tasks.take_in_files(item_ids=item_ids)

        assert told == [item_ids]
        assert batch.items.waiting().count() == 2

    def test_what_was_read_when_the_time_ran_out_is_taken_in(self, db, told, monkeypatch):
        batch = factories.batch(("all.zip", files.zipped({"1.txt": text(1)})))
        item_ids = importing.hint()

        def too_slow(*args, passed, **kwargs):
            for nth in range(2):
                if nth not in passed:
                    title = f"Quay {nth}"
                    yield nth, Document(f"{title} opens.", title, "Bay Post", place=title)
                    raise SoftTimeLimitExceeded

        monkeypatch.setattr(importing.reading, "read_each_apart", too_slow)
        for _ in range(importing.ATTEMPTS + 1):
            tasks.take_in_files(item_ids=item_ids)

        assert [row[:2] for row in report_of(batch)] == [("Quay 0", "New"), ("Quay 1", "New")]
        assert batch.items.get(inside=None).state == "opened"

    def test_what_is_begun_at_the_last_moment_is_read_and_stored_before_the_task_is_ended(self):
        latest = tasks.BEGIN_WITHIN + apart.LONGEST

        assert latest + 20 < app.conf.task_soft_time_limit
        assert apart.allowance(10**9) == apart._patience(10**9) == apart.LONGEST


class TestTryingAgain:
    def test_what_failed_is_taken_in_again_and_what_did_not_is_left(self, db):
        batch = factories.batch(("a.txt", text(1)), ("b.txt", text(2)))
        right = batch.items.get(place="a.txt").sha256
        batch.items.filter(place="a.txt").update(sha256="0" * 64)
        taken_in(batch)
        batch.items.filter(place="a.txt").update(sha256=right)

        assert importing.retry(batch) == 1

        assert [row[1] for row in taken_in(batch)] == ["New", "New"]
        assert [article.sightings.count() for article in Article.objects.all()] == [1, 1]

    def test_of_a_bundle_only_what_failed_is_tried_again(self, db):
        bundle = files.zipped({"1.txt": text(1), "2.png": b"\x89PNG\r\n"})
        batch = factories.batch(("all.zip", bundle))
        taken_in(batch)

        assert importing.retry(batch) == 1

        assert [row[1] for row in taken_in(batch)] == ["New", "Failed"]
        assert Article.objects.get().sightings.count() == 1

    def test_what_failed_of_a_bundle_is_read_again_though_a_worker_is_still_at_it(self, db, disk):
        bundle = files.zipped({f"{number}.txt": text(number) for number in range(5)})
        batch = factories.batch(("all.zip", bundle))
        (item_id,) = importing.hint()
        disk.is_full, retried = True, []

        def meanwhile() -> bool:
            disk.is_full = False
            if batch.items.filter(nth=2).exists():
                retried.append(importing.retry(batch))
            return False

        assert importing.take_in(item_id=item_id, is_late=meanwhile) is False
        assert importing.take_in(item_id=item_id) is True

        assert retried == [1, 0, 0]
        assert [row[1] for row in report_of(batch)] == ["New"] * 5
        assert [article.sightings.count() for article in Article.objects.all()] == [1] * 5
        assert batch.items.get(inside=None).state == "opened"

    def test_what_was_not_taken_cannot_be_tried_again(self, db):
        left = [importing.Handed("huge.pdf", why="larger than 100 MB")]

        assert importing.retry(importing.begin(left, by=factories.fact_checker())) == 0


class TestTelling:
    def test_progress_counts_what_is_done_of_all(self, db):
        batch = factories.batch(("a.txt", text(1)), ("b.txt", text(2)), ("c.png", b"\x89PNG\r\n"))
        first, *_ = importing.hint()
        importing.take_in(item_id=first)

        told = importing.progress(batch)

        assert (told.done, told.all, told.new, told.waiting, told.percent) == (1, 3, 1, 2, 33)
        assert told.rate > 0
        assert told.left.endswith("seconds")

    def test_of_one_that_is_done_there_is_no_rate(self, db):
        batch = factories.batch()
        taken_in(batch)

        told = importing.progress(batch)

        assert (told.percent, told.rate, told.left, told.took) == (100, 0.0, "", "1 second")

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(0.2, "1 second"), (61, "61 seconds"), (121, "3 minutes"), (7200.5, "3 hours")],
    )
    def test_times_are_told_in_words(self, seconds, words):
        assert importing.in_words(seconds) == words

    def test_the_report_as_csv_runs_nothing(self, db):
        batch = factories.batch(("=cmd.txt", text(1)))
        taken_in(batch)
        ref = Article.objects.get().ref

        _, row = importing.as_csv(batch, address="https://desk.example").splitlines()
        assert row == (
            f"'=cmd.txt,New,https://desk.example/articles/{ref}/,"
            "Quay 1 took in 1 tonnes of herring.,"
        )


class TestLists:
    def test_imports_cost_the_same_however_many_there_are(self, db):
        factories.failed_import()
        with CaptureQueriesContext(connection) as few:
            listing.imports()
        for _ in range(5):
            factories.failed_import()

        with CaptureQueriesContext(connection) as more:
            rows, _ = listing.imports()

        assert [(row.failed, row.waiting) for row in rows] == [(1, 0)] * 6
        assert len(more) == len(few)

    def test_files_cost_the_same_however_many_there_are(self, db):
        batch = factories.batch(*((f"{number}.txt", text(number)) for number in range(6)))
        taken_in(batch)

        with CaptureQueriesContext(connection) as asked:
            rows, _ = listing.import_items(batch)
            titles = [item.article.title for item in rows]

        assert len(titles) == 6
        assert len(asked) == 1


def why_not() -> str:
    return "a PNG picture; what is read: .txt, .md, .html, .pdf, .docx, .eml, .zip, .warc, .warc.gz"
