"""Whether hostile and malformed files that others collected get in, and what they leave behind.

Every file of every corpus is read in every way there is (`tests.bad_input.every_way`), each line of
the lists of strings by itself too, and every document that comes of it is stored. A number that
must be zero is said to be so.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.test import Client

from claims import intake, reading
from tests import bad_input, factories

NEEDS_DATABASE = True
LISTS = {"blns.txt", "csv-payload.txt"}  # a hostile string on each line


def main(data: Path) -> None:
    """Print how many were read and refused in each corpus, and what went wrong."""
    folder = data / "badinput"
    if not folder.is_dir():
        print(f"{folder} is absent: nothing hostile was tried")
        return
    logging.getLogger("django.request").setLevel(logging.ERROR)  # each refusal is a line
    reasons: Counter[str] = Counter()
    client = Client(headers={"host": "localhost"})
    client.force_login(factories.superuser(), backend="reviews.roles.RoleBackend")
    for name, paths in bad_input.corpora(folder).items():
        began = time.perf_counter()
        contents = [path.read_bytes() for path in paths]
        lines = [
            line for path in paths if path.name in LISTS for line in path.read_bytes().splitlines()
        ]
        ways = [way for content in contents for way in bad_input.every_way(content)]
        ways += [way for line in lines for way in bad_input.as_words(line)]
        counts = Counter[str]()
        for content, called in ways:
            try_one(content, called, counts, reasons)
        for content in contents + lines:
            hand_in_one(content, counts)
        for path, content in zip(paths, contents, strict=True):
            look(bad_input.by_page(client, content, path.name), content, counts)
        for line in lines:
            look(bad_input.by_field(client, line.decode(errors="replace")), line, counts)
        seconds = time.perf_counter() - began
        print(
            f"{name}: {len(contents)} files and {len(lines)} lines, {counts['ways']} ways and"
            f" {counts['pages']} answers of pages: {counts['stored']} documents stored,"
            f" {counts['refused']} refused;"
            f" {counts['raised']} exceptions and {counts['unclear']} unclear messages (both must"
            f" be 0); {seconds:.0f} s",
            flush=True,
        )
    print(f"half rows (must be none): {bad_input.half_rows() or 'none'}")
    for reason, count in reasons.most_common(25):
        print(f"  {count:6d}  {reason}")


def try_one(content: bytes, name: str, counts: Counter[str], reasons: Counter[str]) -> None:
    """Read and store one input; count what became of it."""
    counts["ways"] += 1
    with counted(counts, content, f"as {name}"):
        taken = intake.take_in(content, name=name)
        counts["stored"] += len(taken.receipts)
        counts["refused"] += len(taken.failures)
        counts["unclear"] += sum(not bad_input.told(failure) for failure in taken.failures)
        reasons.update(shortened(failure) for failure in taken.failures)


def hand_in_one(content: bytes, counts: Counter[str]) -> None:
    """Hand one input in as checks of others and as a table of claims; count what became of it."""
    with counted(counts, content, "handed in"):
        for answer in bad_input.handed(content):
            counts["ways"] += 1
            counts["unclear"] += len(bad_input.unclear(answer))


def look(answers: Iterator[tuple[str, Any]], content: bytes, counts: Counter[str]) -> None:
    """Look at what pages answered to one input; count what became of it."""
    with counted(counts, content, "on a page"):
        for way, answer in answers:
            counts["pages"] += 1
            if problem := bad_input.unclear_page(answer):
                counts["unclear"] += 1
                print(f"  {problem}: {content[:60]!r}, {way}")


@contextmanager
def counted(counts: Counter[str], content: bytes, way: str) -> Iterator[None]:
    """Count and print what is raised, which must be nothing; the measurement goes on."""
    try:
        yield
    except Exception as error:
        counts["raised"] += 1
        print(f"  raised by {content[:60]!r} {way}: {type(error).__name__}: {error}")


def shortened(failure: reading.Failure) -> str:
    """A reason without what is different in each case."""
    return failure.why.split("(")[0].split("“")[0].split(";")[0].strip()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
