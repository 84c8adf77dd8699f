"""Runs the measurements: `python -m tests.benchmarks ../shared/data [NAME…]`.

Each module here with a `main(data)` runs in a process of its own beside fresh servers that write
as carefully as in production, so that none profits from what another left behind.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import django
from django.core.management import call_command

from factcheck import embedded

FOLDER = Path(__file__).parent
CHILD = "--measure"


def names() -> list[str]:
    """Return the modules that measure something, by name."""
    found = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))
    return [name for name in found if "\ndef main(data:" in (FOLDER / f"{name}.py").read_text()]


def measure(name: str, data: Path) -> None:
    """Run one measurement here."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factcheck.settings")
    os.environ.setdefault("FACTCHECK_HTTPS", "0")
    django.setup()
    module = importlib.import_module(f"tests.benchmarks.{name}")
    if getattr(module, "NEEDS_DATABASE", False):
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
    module.main(data)


def main(arguments: list[str]) -> int:
    """Run the named measurements, or all, one after the other; 1 if any of them failed."""
    data = Path(arguments[0])
    if not data.is_dir():
        print(f"{data} is absent: what is measured on it is left out.")
    failed = []
    for name in arguments[1:] or names():
        print(f"\n== {name}", flush=True)
        with embedded.throwaway(durable=True):
            command = [sys.executable, "-m", "tests.benchmarks", CHILD, name, str(data)]
            if subprocess.run(command).returncode:
                failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1] == CHILD:
        measure(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
