"""`manage.py verify`: check the sealed history of every verdict."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import history
from reviews.models import VerdictVersion


class Command(BaseCommand):
    help = "Check every verdict's chain of versions; name what is broken and exit 1."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for problem in history.verify():
            problems += 1
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{problems} problems found.", returncode=1)
        self.stdout.write(f"{VerdictVersion.objects.count()} versions, every chain holds.")
