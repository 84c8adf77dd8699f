"""`manage.py demo`: three people to sign in as, and the articles in `seeds/`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand

from reviews import roles
from reviews.models import User

PEOPLE = {
    "checker": ("Frida", "Checker", roles.FACT_CHECKERS),
    "supervisor": ("Sam", "Supervisor", roles.SUPERVISORS),
    "admin": ("Ada", "Admin", roles.DATA_EDITORS),
}


class Command(BaseCommand):
    help = (
        "Make a fact-checker, a supervisor and an admin for trying the desk out, with random "
        "passwords kept in the data folder, and store the demo articles. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.DATA / "sign-in.txt"
        if not path.exists():
            _keep(path, "".join(_person(username) for username in PEOPLE))
        call_command("ingest", settings.BASE_DIR / "seeds", stdout=self.stdout)


def _person(username: str) -> str:
    """Make the person, or give them a new password; return their line of the sign-in file."""
    first, last, role = PEOPLE[username]
    user, _ = User.objects.get_or_create(
        username=username,
        defaults={
            "first_name": first,
            "last_name": last,
            "is_staff": username == "admin",
            "is_superuser": username == "admin",
        },
    )
    user.groups.add(Group.objects.get(name=role))
    user.set_password(password := secrets.token_urlsafe(12))
    user.save()
    return f"{role}: {username} / {password}\n"


def _keep(path: Path, lines: str) -> None:
    """Write the sign-ins where only the owner of the data folder can read them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(lines)
