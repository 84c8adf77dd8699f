"""`manage.py group FILE`: stories and derivations of articles, as at intake, leaving nothing."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from claims import analysis, intake, reading, trial
from claims.models import Analysis, Article, Derivation

STATISTICS_EVERY = 500  # articles


class Command(BaseCommand):
    help = (
        "Group articles, given as JSON lines with id, title, text and perhaps date and source, into"
        " stories; say what each rests on. Works in temporary tables: nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="- reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        with _opened(options["file"]) as lines, trial.tables():
            named: list[tuple[Any, int]] = []
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    named.append(self._take_in(f"{options['file']}, line {number}", line))
                if number % STATISTICS_EVERY == 0:
                    trial.count_rows()
                    self.stderr.write(f"{number} articles")
            for document in _documents(named):
                self.stdout.write(json.dumps(document))

    def _take_in(self, place: str, line: str) -> tuple[Any, int]:
        """Store and analyse the article of one line; return its id there and its key."""
        try:
            row = json.loads(line)
            given = row["id"]
            document = intake.from_row(row, place=Path(place))
            article = intake.store(document).article
        except reading.Unreadable as error:
            raise CommandError(str(error)) from error
        except (ValueError, TypeError, KeyError) as error:
            raise CommandError(f"{place}: {_reason(error)}") from error
        if not analysis.analyse(article_id=article.pk):
            failed = Analysis.objects.unfinished().filter(article=article).first()
            if failed:
                raise CommandError(f"{place}: {failed.error}")
        return given, article.pk


def _opened(name: str) -> TextIO:
    if name == "-":
        return sys.stdin
    try:
        return Path(name).open(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _documents(named: Iterable[tuple[Any, int]]) -> Iterator[dict[str, Any]]:
    """For each article its story, by the id of its earliest line, and what it rests on."""
    rows = list(named)
    articles = Article.objects.select_related("story").in_bulk([pk for _, pk in rows])
    ids = {pk: given for given, pk in reversed(rows)}
    first: dict[int | None, Any] = {}
    for given, pk in rows:
        first.setdefault(articles[pk].story_id, given)
    for given, pk in rows:
        story = articles[pk].story_id
        yield {
            "id": given,
            "story": first[story] if story else given,
            "rests_on": list(_rests_on(articles[pk], ids)),
        }


def _rests_on(article: Article, ids: dict[int, Any]) -> Iterator[dict[str, Any]]:
    seen = set()
    rows = Derivation.objects.standing().filter(article=article).select_related("on_source")
    for row in rows.order_by("-score", "pk"):
        on = ("article", ids[row.on_article_id]) if row.on_article_id else None
        on = on or ("source", row.on_source.name if row.on_source else "")
        if on not in seen:
            seen.add(on)
            yield {on[0]: on[1], "kind": row.kind, "score": row.score}
