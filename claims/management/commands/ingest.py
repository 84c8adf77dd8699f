"""`manage.py ingest PATH…`: store articles from files and folders, to be analysed by the worker."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import intake
from claims.tasks import sweep_analyses


class Command(BaseCommand):
    help = (
        "Store the articles in .txt and .html files, or in folders of them. A file that was read "
        "before changes nothing; a bad file is named and the rest goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument(
            "--json", action="store_true", help="print what was new, known and failed as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report: dict[str, list[Any]] = {"new": [], "known": [], "failed": []}
        for path in (file for given in options["paths"] for file in intake.files_in(given)):
            try:
                receipt = intake.receive(path)
            except intake.Unreadable as error:
                report["failed"].append({"file": intake.shown(path), "why": str(error)})
                self.stderr.write(str(error))
            else:
                row = {"file": intake.shown(path), "article": receipt.article.ref}
                report["new" if receipt.is_new else "known"].append(row)
        if report["new"]:
            sweep_analyses.delay()
        self._print(report, as_json=options["json"])
        if report["failed"]:
            raise CommandError(f"{len(report['failed'])} files failed.", returncode=1)

    def _print(self, report: dict[str, list[Any]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
            return
        counts = ", ".join(f"{len(rows)} {outcome}" for outcome, rows in report.items())
        self.stdout.write(f"{sum(map(len, report.values()))} files: {counts}.")
