"""`manage.py import_checks FILE…`: take in ClaimReview that others published."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import outside


class Command(BaseCommand):
    help = (
        "Take in the ClaimReview of others from JSON (single, lists, DataFeeds) or saved pages. "
        "What is known is not stored again; what cannot be used is named, and the rest goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        counts: Counter[str] = Counter(dict.fromkeys([*outside.Outcome, "failed"], 0))
        for path in options["files"]:
            try:
                content = path.read_bytes()
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror or error}") from error
            taken = outside.take_in(content, name=path.name)
            for failure in taken.failures:
                self.stderr.write(str(failure))
            counts.update(dict(taken.counts()))
        self.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
        if counts["failed"]:
            raise CommandError("Some checks failed.", returncode=1)
