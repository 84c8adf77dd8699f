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
from claims.intake import Intake, Skipped
from claims.reading import Failure
from claims.tasks import sweep_analyses

TOLD_EVERY = 0.5  # seconds
STOPPED = "Stopped. Begun again as it was, it goes on: what came in already is known."
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
            "--json", action="store_true", help="print what became of each file as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report: dict[str, list[Any]] = {"new": [], "known": [], "failed": [], "skipped": []}
        meter = Meter(self.stderr)
        try:
            wanted = list(_named(options["given"]))
            skipped = [one for one in wanted if isinstance(one, Skipped)]
            report["skipped"] = [{"file": one.place, "why": one.why} for one in skipped]
            meter.expect(len(wanted) - len(skipped))
            for taken in map(_received, (one for one in wanted if not isinstance(one, Skipped))):
                self._note(taken, report, meter)
        except KeyboardInterrupt as stopped:
            raise CommandError(STOPPED, returncode=130) from stopped
        finally:
            meter.clear()
            self._print(report, as_json=options["json"])
            if report["new"]:
                sweep_analyses.delay()
        if report["failed"]:
            raise CommandError(f"{len(report['failed'])} failed.", returncode=1)

    def _note(self, taken: Intake, report: dict[str, list[Any]], meter: Meter) -> None:
        """Write what became of one file or address into the report, and say at once what failed."""
        for receipt in taken.receipts:
            row = {"file": receipt.place, "article": receipt.article.ref}
            report["new" if receipt.is_new else "known"].append(row)
        for failure in taken.failures:
            report["failed"].append({"file": failure.place, "why": str(failure)})
            meter.clear()
            self.stderr.write(str(failure))
        meter.step()

    def _print(self, report: dict[str, list[Any]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
            return
        skipped, of = report["skipped"], {name: report[name] for name in ("new", "known", "failed")}
        counts = ", ".join(f"{len(rows)} {outcome}" for outcome, rows in of.items())
        self.stdout.write(f"{sum(map(len, of.values()))} documents: {counts}.")
        if skipped:
            self.stdout.write(f"{len(skipped)} skipped:")
        for row in skipped:
            self.stdout.write(f"  {row['file']}: {row['why']}")


class Meter:
    """How far a run has come, on one line of a terminal; elsewhere nothing is written."""

    def __init__(self, stream: OutputWrapper) -> None:
        self._stream, self._all, self._done = stream, 0, 0
        self._begun = self._told = 0.0

    def expect(self, many: int) -> None:
        """Begin with so many files and addresses."""
        self._all = many
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


def _named(given: list[str]) -> Iterator[str | Path | Failure | Skipped]:
    """Every address and file, one after the other, and what of a folder is none."""
    for one in given:
        if re.match("https?://", one, re.IGNORECASE):
            yield one
        else:
            yield from intake.files_in(Path(one))


def _received(one: str | Path | Failure) -> Intake:
    if isinstance(one, Failure):
        return Intake(failures=(one,))
    return gathering.receive(one) if isinstance(one, str) else intake.receive(one)
