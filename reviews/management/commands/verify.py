"""`manage.py verify`: check the whole record."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import verification


class Command(BaseCommand):
    help = "Check every chain of versions and what else must hold; name what is broken and exit 1."

    def handle(self, *args: Any, **options: Any) -> None:
        problems, counted = verification.check()
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems found.", returncode=1)
        self.stdout.write(
            f"{counted.versions} versions of {counted.verdicts} verdicts, every chain holds."
        )
