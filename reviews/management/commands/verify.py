"""`manage.py verify`: check the whole record, also against what was signed of it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import attestation, signing, verification
from reviews.attestation import Attested, Keys


class Command(BaseCommand):
    help = "Check every chain of versions and what else must hold; name what is broken and exit 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--against", type=Path, metavar="CHECKPOINT",
            help="a checkpoint, or a folder of them: nothing before it may have been rewritten",
        )  # fmt: skip
        parser.add_argument(
            "--key", type=Path, action="append", default=[], metavar="PEM",
            help="the public key that signed it, from a file, if it is not this desk's; repeatable",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        sound: list[Attested] = []
        unsound: list[str] = []
        if against := options["against"]:
            sound, unsound = attestation.read_all(against, self._keys(options["key"]))
        elif options["key"]:
            raise CommandError("--key says who signed what --against names: name that, too.")
        problems, counted = verification.check(attestation.heads(sound))
        problems = [*unsound, *problems]
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} problems found.", returncode=1)
        self.stdout.write(
            f"{counted.versions} versions of {counted.verdicts} verdicts, every chain holds."
        )
        if sound:
            newest = sound[-1]
            self.stdout.write(
                f"Nothing before checkpoint {newest.number} ({attestation.told_time(newest)}) was "
                "rewritten."
            )

    def _keys(self, named: list[Path]) -> Keys:
        """The keys in these files, this desk's own if none is named."""
        try:
            keys = [signing.read_public(path) for path in named] or signing.public_keys()
        except signing.NoKey as error:
            raise CommandError(f"{error} Name one with --key.", returncode=1) from error
        return attestation.keyring(keys)
