"""`manage.py ingest PATH-OR-ADDRESS…`: store articles, to be analysed by the worker."""

from __future__ import annotations

import json
import re
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from claims import gathering, intake, reading
from claims.importing import in_words
from claims.intake import Intake
from claims.tasks import sweep_analyses

TOLD_EVERY = 0.5  # seconds
CLEARED = "\r\x1b[K"  # back to the beginning of the line, and nothing on it


class Command(BaseCommand):
    help = (
        f"Store the articles in files ({reading.ENDINGS}), in folders of them, or at web "
        "addresses (https://…). An article that is known is noted as seen again; what cannot be "
        "read is named, and the rest goes on. Stopped in the middle, it is begun again as it was: "
        "what came in already is known."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("given", nargs="+", metavar="PATH-OR-ADDRESS")
        parser.add_argument(
            "--json", action="store_true", help="print what was new, known and failed as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report: dict[str, list[Any]] = {"new": [], "known": [], "failed": []}
        meter = Meter(self.stderr, wanted := list(_named(options["given"])))
        for taken in map(_received, wanted):
            for receipt in taken.receipts:
                row = {"file": receipt.place, "article": receipt.article.ref}
                report["new" if receipt.is_new else "known"].append(row)
            for failure in taken.failures:
                report["failed"].append({"file": failure.place, "why": str(failure)})
                meter.clear()
                self.stderr.write(str(failure))
            meter.step()
        meter.clear()
        if report["new"]:
            sweep_analyses.delay()
        self._print(report, as_json=options["json"])
        if report["failed"]:
            raise CommandError(f"{len(report['failed'])} failed.", returncode=1)

    def _print(self, report: dict[str, list[Any]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
            return
        counts = ", ".join(f"{len(rows)} {outcome}" for outcome, rows in report.items())
        self.stdout.write(f"{sum(map(len, report.values()))} documents: {counts}.")


class Meter:
    """How far a run has come, on one line of a terminal; elsewhere nothing is written."""

    def __init__(self, stream: OutputWrapper, wanted: list[str | Path]) -> None:
        self._stream, self._all, self._done = stream, len(wanted), 0
        self._begun = self._told = time.monotonic()

    def step(self) -> None:
        """Count one file or address; tell of it if nothing was told for a while."""
        self._done += 1
        now = time.monotonic()
        if self._done < self._all and now - self._told >= TOLD_EVERY:
            self._told = now
            rate = self._done / (now - self._begun)
            left = in_words((self._all - self._done) / rate)
            done = f"{self._done:,} of {self._all:,} ({100 * self._done // self._all} %)"
            self._write(f"{CLEARED}{done}, {rate:,.1f} a second, {left} left")

    def clear(self) -> None:
        """Make room for something else."""
        self._write(CLEARED)

    def _write(self, line: str) -> None:
        if self._stream.isatty():
            self._stream.write(line, style_func=str, ending="")
            self._stream.flush()


def _named(given: list[str]) -> Iterator[str | Path]:
    """Every address and file, one after the other."""
    for one in given:
        if re.match("https?://", one, re.IGNORECASE):
            yield one
        else:
            yield from intake.files_in(Path(one))


def _received(one: str | Path) -> Intake:
    return gathering.receive(one) if isinstance(one, str) else intake.receive(one)
