"""`manage.py import_claims FILE --as PERSON`: take the claims of a table (CSV) into the queue."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from claims import tables
from claims.reading import Unreadable


class Command(BaseCommand):
    help = (
        "Take the claims of a table (CSV) in, one a row: new, or joined to a known claim. Columns:"
        f" {', '.join(tables.NAMES)}; only the wording is required. What fails is named by line."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--as", dest="person", required=True, help="whose tips they are")
        parser.add_argument("--preview", action="store_true", help="store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        people = get_user_model().objects.filter(is_active=True)
        person = people.filter(username=options["person"]).first()
        if person is None or not person.has_perm("claims.add_tip"):
            raise CommandError(f"“{options['person']}” may not hand in claims.")
        do = tables.preview if options["preview"] else tables.take_in
        try:
            content = options["file"].read_bytes()
            report = do(content, name=options["file"].name, by=person)
        except (OSError, Unreadable) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        for one in report.answers:
            if one.outcome == tables.Outcome.FAILED:
                self.stderr.write(f"line {one.line}: {one.why}")
        self.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in report.counts()))
        if dict(report.counts())[tables.Outcome.FAILED]:
            raise CommandError("Some rows failed.", returncode=1)
