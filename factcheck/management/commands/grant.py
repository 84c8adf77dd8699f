"""`manage.py grant`: what web, workers and beat may do in the database. The owner runs it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from factcheck import granting


class Command(BaseCommand):
    help = (
        "After each migrate, and as the same role: let the one that FACTCHECK_DESK_DATABASE_URL "
        "names read and write rows and do nothing else; make it if there is none."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        desk = settings.DESK_DATABASE
        if not desk.get("USER"):
            raise CommandError("FACTCHECK_DESK_DATABASE_URL must name the role of the desk.")
        if desk["NAME"] != connection.settings_dict["NAME"]:
            raise CommandError("FACTCHECK_DESK_DATABASE_URL names another database.")
        try:
            granting.grant(desk["USER"], desk["PASSWORD"])
        except granting.CannotGrant as refused:
            raise CommandError(str(refused)) from refused
        if options["verbosity"]:
            self.stdout.write(f"The role {desk['USER']} reads and writes rows, and owns nothing.")
