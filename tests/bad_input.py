"""Hostile and malformed files that others collected, every way in, and what must hold."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from django.contrib.auth import get_user_model

from claims import archiving, intake, outside, reading, tables
from claims.models import Analysis, Article, Snapshot, Tip
from tests import factories, files

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "data" / "badinput"
# A file is read as each of these: by its name and, where that needs it, inside of one.
LARGEST_TABLE = 50_000  # bytes of what is read as a table
NAMES = ("a.txt", "a.md", "a.html", "a.eml", "a.pdf", "a.docx", "a.zip", "a.warc", "a.gz", "a")


def corpora(folder: Path) -> dict[str, list[Path]]:
    """The files of each corpus."""
    found = {one.name: sorted(one.rglob("*")) for one in sorted(folder.iterdir()) if one.is_dir()}
    return {name: [path for path in paths if path.is_file()] for name, paths in found.items()}


def bundle(paths: list[Path]) -> bytes:
    """Files as one zip, called what a reader takes for text if it does not know them."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, path in enumerate(paths):
            known = path.suffix.lower() in reading.SUFFIXES
            archive.writestr(f"{number} {path.name}{'' if known else '.txt'}", path.read_bytes())
    return out.getvalue()


def every_way(content: bytes) -> Iterator[tuple[bytes, str]]:
    """`content` as every kind of file, and inside of those that hold others; with a name each."""
    for name in NAMES:
        yield content, name
    text = content.decode(errors="replace")
    yield f"---\ntitle: {text[:300]}\nsource: {text[:80]}\n---\n{text}".encode(), "facts.txt"
    yield files.page(text), "page.html"
    head = f"<title>{text[:300]}</title><link rel=canonical href='{text[:300]}'>"
    yield files.page(files.SENTENCE, head=head), "head.html"
    yield files.mail(files={"a.html": content, "a.txt": content}), "attached.eml"
    yield files.warc({"https://courier.example/": content}), "crawl.warc.gz"
    yield files.docx(body=text), "body.docx"
    yield files.zipped({"word/document.xml": content}), "part.docx"


def as_words(line: bytes) -> Iterator[tuple[bytes, str]]:
    """One hostile string as a text, as the facts of one, and in a page."""
    text = line.decode(errors="replace")
    yield line, "a.txt"
    yield f"---\ntitle: {text}\nsource: {text[:150]}\n---\n{text}".encode(), "facts.txt"
    head = f"<title>{text}</title><link rel=canonical href='{text}'>"
    yield files.page(f"{files.SENTENCE} {text}", head=head), "page.html"


def handed(content: bytes) -> Iterator[outside.Taken | tables.Report]:
    """`content` as other people's checks, as values of one, as a table of claims, and as cells."""
    text = content.decode(errors="replace")
    by = get_user_model().objects.filter(is_superuser=True).first() or factories.superuser()
    values = {"claimReviewed": text[:900], "reviewRating": text[:200], "author": text[:99]}
    yield outside.take_in(content, name="checks.json")
    yield outside.take_in(json.dumps(files.claim_review(**values)).encode(), name="value.json")
    cells = f"claim,claimant,language,note\n{text[:400]!r},{text[:100]!r},en,{text[:300]!r}"
    for table in (content, b"claim\n" + content, cells.encode()):
        try:
            yield tables.take_in(table[:LARGEST_TABLE], name="a.csv", by=by, most=20)
        except reading.Unreadable as error:
            yield outside.Taken(failures=(reading.Failure("a.csv", str(error)),))


def unclear(answer: outside.Taken | tables.Report) -> list[str]:
    """The reasons in an answer that are not one clear line."""
    if isinstance(answer, outside.Taken):
        return [str(one) for one in answer.failures if not told(one)]
    failed = [one.why for one in answer.answers if one.outcome == tables.Outcome.FAILED]
    return [why for why in failed if not why or not why.isprintable() or "Traceback" in why]


def told(failure: reading.Failure) -> bool:
    """Whether a failure is one clear line, and no traceback."""
    return bool(failure.why) and failure.why.isprintable() and "Traceback" not in failure.why


def half_rows() -> list[str]:
    """What is stored by halves: it must be nothing."""
    without = {
        "analysis": Article.objects.filter(analysis__isnull=True),
        "bytes": Article.objects.filter(snapshots__isnull=True),
        "sighting": Article.objects.filter(sightings__isnull=True),
        "text": Article.objects.filter(text=""),
    }
    found = [f"{rows.count()} without {name}" for name, rows in without.items() if rows.exists()]
    if Analysis.objects.count() != Article.objects.count():
        found.append("analyses without article")
    if Tip.objects.filter(state=Tip.State.ACCEPTED, claim__isnull=True).exists():
        found.append("tips accepted for nothing")
    return found + [str(fault) for fault in archiving.faults()]


def stored() -> tuple[int, int]:
    """How many articles and snapshots there are."""
    return Article.objects.count(), Snapshot.objects.count()


def take_in_all(paths: list[Path], name: str) -> intake.Intake:
    """Everything in one zip, as somebody would hand in a folder."""
    return intake.take_in(bundle(paths), name=f"{name}.zip")
