"""`manage.py check_snapshots`: whether the bytes of every article are there, and as received."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import archiving
from claims.models import Capture, Picture, Snapshot


class Command(BaseCommand):
    help = (
        "Read the bytes of every snapshot, also of cited pages and their pictures, again and name "
        "each whose bytes are missing or changed; exit 1 if there are any. Bytes that no row names "
        "are counted; they do no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for fault in archiving.faults():
            broken += 1
            self.stderr.write(str(fault))
        kept = Capture.objects.filter(state=Capture.State.KEPT).count()
        kept += 2 * Picture.objects.filter(state=Picture.State.KEPT).count()
        unnamed = sum(1 for _ in archiving.unreferenced())
        self.stdout.write(
            f"{Snapshot.objects.count() + kept} snapshots: {broken} broken. "
            f"{unnamed} files that no article names."
        )
        if broken:
            raise CommandError("Restore the named files from a backup.", returncode=1)
