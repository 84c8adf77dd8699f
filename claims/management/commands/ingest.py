"""`manage.py ingest PATH-OR-ADDRESS…`: store articles, to be analysed by the worker."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import gathering, intake, reading
from claims.intake import Intake
from claims.tasks import sweep_analyses


class Command(BaseCommand):
    help = (
        f"Store the articles in files ({reading.ENDINGS}), in folders of them, or at web "
        "addresses (https://…). An article that is known is noted as seen again; what cannot be "
        "read is named, and the rest goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("given", nargs="+", metavar="PATH-OR-ADDRESS")
        parser.add_argument(
            "--json", action="store_true", help="print what was new, known and failed as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report: dict[str, list[Any]] = {"new": [], "known": [], "failed": []}
        for taken in _all(options["given"]):
            for receipt in taken.receipts:
                row = {"file": receipt.place, "article": receipt.article.ref}
                report["new" if receipt.is_new else "known"].append(row)
            for failure in taken.failures:
                report["failed"].append({"file": failure.place, "why": str(failure)})
                self.stderr.write(str(failure))
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


def _all(given: list[str]) -> Iterator[Intake]:
    """What became of each file and address, one after the other."""
    for one in given:
        if re.match("https?://", one, re.IGNORECASE):
            yield gathering.receive(one)
        else:
            yield from map(intake.receive, intake.files_in(Path(one)))
