"""`manage.py match`: which of some claims each query repeats, by the index used at intake."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from claims import index, ranking, trial
from claims.models import Claim

CHUNK = 1000  # claims stored by one statement


class Command(BaseCommand):
    help = (
        "Rank claims for each query. Both files have JSON lines with id and text; one may be -,"
        " standard input. Works in temporary tables: nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--claims", required=True, metavar="FILE")
        parser.add_argument("--queries", required=True, metavar="FILE")
        parser.add_argument("--top", type=int, default=5, metavar="N", help="matches per query")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["top"] < 1:
            raise CommandError("--top: at least 1")
        if options["claims"] == options["queries"] == "-":
            raise CommandError("only one of the two files can be standard input")
        with trial.tables():
            ids = _store(options["claims"])
            trial.count_rows()
            known = ranking.frequencies()
            meant = ranking.meanings()
            for query, text in _rows(options["queries"]):
                found = ranking.rank(
                    text, language="", limit=options["top"], known=known, meant=meant
                )
                matches = [{"claim": ids[one.claim_id], "score": one.score} for one in found]
                self.stdout.write(json.dumps({"id": query, "matches": matches}))


def _store(name: str) -> dict[int, Any]:
    """Store the claims of a file; return the id that the file gives each."""
    ids: dict[int, Any] = {}
    keys: Counter[int] = Counter()
    chunk: list[tuple[Any, Claim]] = []
    for given, text in _rows(name):
        claim = Claim(wording=text, language="")
        index.write_keys(claim, [text])
        keys.update(claim.fingerprint)
        chunk.append((given, claim))
        if len(chunk) == CHUNK:
            ids |= _stored(chunk)
            chunk = []
    ids |= _stored(chunk)
    index.count(keys)
    return ids


def _stored(chunk: list[tuple[Any, Claim]]) -> dict[int, Any]:
    claims = Claim.objects.bulk_create([claim for _, claim in chunk])
    return {claim.pk: given for claim, (given, _) in zip(claims, chunk, strict=True)}


def _rows(name: str) -> Iterator[tuple[Any, str]]:
    """Yield id and text of each line.

    :raises CommandError: naming the file and the line that is not such a row.
    """
    with _opened(name) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                given, text = row["id"], row["text"]
            except (ValueError, TypeError, KeyError) as error:
                reason = f"{error} is missing" if isinstance(error, KeyError) else error
                raise CommandError(f"{name}, line {number}: {reason}") from error
            if not isinstance(text, str):
                raise CommandError(f"{name}, line {number}: its text is not text")
            yield given, text.replace("\0", " ")


def _opened(name: str) -> AbstractContextManager[TextIO]:
    if name == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(name).open(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
