"""`manage.py ingest`: what was new, known and failed, for people and for programs."""

from __future__ import annotations

import io
import itertools
import json
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from claims import intake, tasks
from claims.management.commands import ingest
from claims.models import Analysis, Article
from tests.feeds import story

STORY = "---\nsource: Coast Courier\n---\nThe harbour of Brenna opens on Friday.\n"


@pytest.fixture
def told(monkeypatch) -> list[list[int]]:
    """The chunks of articles that a worker is told of; the broker is not asked here."""
    chunks: list[list[int]] = []
    monkeypatch.setattr(tasks.sweep_analyses, "delay", tasks.sweep_analyses)

    def note(*, kwargs: dict, priority: int) -> None:
        chunks.append(kwargs["article_ids"])

    monkeypatch.setattr(tasks.analyse, "apply_async", note)
    return chunks


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text(STORY)
    (tmp_path / "b.txt").write_text(STORY.replace("Friday", "Monday"))
    (tmp_path / "README.md").write_text("These are articles.")
    return tmp_path


def test_a_folder_is_read_and_a_worker_is_told(db, folder, told, capsys):
    call_command("ingest", folder)

    assert capsys.readouterr().out == (
        "2 documents: 2 new, 0 known, 0 failed.\n1 skipped:\n"
        f"  {folder}/README.md: it tells about the others\n"
    )
    articles = [*Article.objects.order_by("pk").values_list("pk", flat=True)]
    assert told == [articles]


def test_the_same_folder_again_changes_nothing(db, folder, told, capsys):
    call_command("ingest", folder)
    before = [*Article.objects.values(), *Analysis.objects.values()]
    capsys.readouterr()

    call_command("ingest", folder, folder / "a.txt")

    assert capsys.readouterr().out.startswith("3 documents: 0 new, 3 known, 0 failed.\n")
    assert [*Article.objects.values(), *Analysis.objects.values()] == before
    assert len(told) == 1


def test_a_bad_file_is_named_and_the_rest_goes_on(db, folder, told, capsys):
    (folder / "a.txt").write_bytes(b"\1\2\3")

    with pytest.raises(CommandError, match="2 failed") as failed:
        call_command("ingest", folder, folder / "absent.txt", folder / "b.txt")

    assert failed.value.returncode == 1
    assert Article.objects.count() == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"{folder}/a.txt: its bytes are no text",
        f"{folder}/absent.txt: No such file or directory",
    ]


def test_whatever_one_file_does_the_rest_goes_on(db, folder, told, capsys):
    (folder / "a.html").write_text("<p>" + "<b>" * 100_000 + "Deep")
    long = folder.joinpath(*["d" * 200] * 11)
    long.mkdir(parents=True)
    (long / "c.txt").write_text(STORY.replace("Friday", "Sunday"))

    with pytest.raises(CommandError, match="2 failed") as failed:
        call_command("ingest", folder)

    assert failed.value.returncode == 1
    assert Article.objects.count() == 2
    said = capsys.readouterr().err
    assert "a.html: no article text in it" in said
    assert "c.txt: the database does not take it: value too long" in said


def test_programs_read_what_became_of_each_file(db, folder, told, capsys):
    call_command("ingest", folder / "a.txt")
    capsys.readouterr()
    (folder / "c.txt").write_bytes(b"")

    with pytest.raises(CommandError):
        call_command("ingest", folder, "--json")

    refs = dict(Article.objects.values_list("text", "ref"))
    assert json.loads(capsys.readouterr().out) == {
        "new": [
            {
                "file": f"{folder}/b.txt",
                "article": refs["The harbour of Brenna opens on Monday."],
            }
        ],
        "known": [
            {
                "file": f"{folder}/a.txt",
                "article": refs["The harbour of Brenna opens on Friday."],
            }
        ],
        "failed": [{"file": f"{folder}/c.txt", "why": f"{folder}/c.txt: no article text in it"}],
        "skipped": [{"file": f"{folder}/README.md", "why": "it tells about the others"}],
    }


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_was_taken_in_before_it_was_stopped_is_reported(
    db, folder, told, capsys, monkeypatch, options
):
    take = intake.receive

    def stopped(path):
        if path.name == "b.txt":
            raise KeyboardInterrupt
        return take(path)

    monkeypatch.setattr(intake, "receive", stopped)

    with pytest.raises(CommandError, match=r"^Stopped\.") as raised:
        call_command("ingest", folder, *options)

    said = capsys.readouterr().out
    assert raised.value.returncode == 130
    counts = [len(rows) for rows in json.loads(said).values()] if options else said.splitlines()[0]
    assert counts == ([1, 0, 0, 1] if options else "1 documents: 1 new, 0 known, 0 failed.")
    assert told == [[Article.objects.get().pk]]


def test_names_of_files_command_no_terminal(db, tmp_path, told, capsys):
    (tmp_path / "a\x1b[2J.txt").write_bytes(b"")

    with pytest.raises(CommandError):
        call_command("ingest", tmp_path)

    said = capsys.readouterr()
    assert said.err == f"{tmp_path}/a [2J.txt: no article text in it\n"


def test_a_sweep_tells_in_chunks_and_once(db, folder, told, settings):
    settings.ANALYSIS_CHUNK = 1

    call_command("ingest", folder)
    tasks.sweep_analyses()

    articles = [*Article.objects.order_by("pk").values_list("pk", flat=True)]
    assert told == [[pk] for pk in articles]


def test_addresses_are_taken_beside_files(db, web, folder, told, capsys):
    there, absent = web.serves(story(1), path="/1"), web.url("/2")

    with pytest.raises(CommandError, match=r"^1 failed\.$"):
        call_command("ingest", folder / "a.txt", there, absent)

    said = capsys.readouterr()
    assert said.out == "3 documents: 2 new, 0 known, 1 failed.\n"
    assert said.err == f"{absent}: It answers 404: there is no such page.\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_how_far_it_is(db, folder, told, monkeypatch):
    clock = itertools.count(step=2)
    monkeypatch.setattr(ingest, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    (folder / "a.txt").write_bytes(b"\1\2\3")
    terminal = Terminal()

    with pytest.raises(CommandError):
        call_command("ingest", folder, stderr=terminal, no_color=True)

    first, shown, *others = terminal.getvalue().split(ingest.CLEARED)[1:]
    assert first.startswith(f"{folder}/a.txt: ")
    assert [shown, *others] == ["1 of 2 (50 %), 0.5 a second, 2 seconds left", ""]


def test_what_is_no_terminal_is_told_of_failures_alone(db, folder, told):
    lines = io.StringIO()

    call_command("ingest", folder, stderr=lines)

    assert lines.getvalue() == ""
