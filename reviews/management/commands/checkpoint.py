"""`manage.py checkpoint`: sign the heads of all chains now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import checkpoints, delivery, signing
from reviews.models import Delivery


class Command(BaseCommand):
    help = "Sign the heads of all chains, bring them to the witnesses, and say where they went."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--public-key", action="store_true",
            help="take none; print the key that checks them, and its fingerprint",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if options["public_key"]:
            self._print_key()
        else:
            self._take()

    def _print_key(self) -> None:
        try:
            key, *_ = signing.public_keys()
        except signing.NoKey as error:
            raise CommandError(f"{error} The first checkpoint makes it.", returncode=1) from error
        self.stdout.write(signing.pem(key), ending="")
        self.stderr.write(f"SHA-256 {signing.fingerprint(key)}")

    def _take(self) -> None:
        try:
            taken = checkpoints.take()
        except checkpoints.CannotTake as error:
            raise CommandError(str(error), returncode=1) from error
        delivery.deliver_due()
        told = taken.told
        self.stdout.write(f"{taken}: {told['versions']} versions of {told['verdicts']} verdicts.")
        waiting = []
        for one in taken.deliveries.order_by("pk"):
            where = f"{one.to}/{taken.file_name}" if one.way == Delivery.Way.FOLDER else one.to
            self.stdout.write(f"{one.get_state_display()}: {one.get_way_display().lower()} {where}")
            waiting += [] if one.state == Delivery.State.DONE else [f"{one}: {one.problem}"]
        if waiting:
            raise CommandError(f"To be tried again: {'; '.join(waiting)}", returncode=1)
