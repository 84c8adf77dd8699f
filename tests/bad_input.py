"""Hostile and malformed files that others collected, every way in, and what must hold."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client

from claims import archiving, importing, intake, offering, outside, reading, tables
from claims.forms import OfferForm
from claims.models import Analysis, Article, ImportItem, Offer, Snapshot, Tip
from tests import factories, files

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "data" / "badinput"
# A file is read as each of these: by its name and, where that needs it, inside of one.
HAND_IN = "/articles/new/"
TOLD_BY = ('role="alert"', "errorlist", "What became of it")  # one of them is in a refusal
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


def by_page(client: Client, content: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """`content` by every field of the pages of the desk that takes some; the way, and the answer.

    What is shown is looked at, and kept; what is an import is taken in, and its report read.
    """
    text = content.decode(errors="replace")
    for called in dict.fromkeys((name, "a.html")):
        sent = {"way": "files", "files": [_file(content, called)]}
        yield from _followed(client, f"uploaded as {called}", client.post(HAND_IN, sent))
    together = {"way": "files", "files": [_file(content, "1.txt"), _file(content, name)]}
    yield from _followed(client, "two files", client.post(HAND_IN, together))
    yield from by_field(client, text)
    yield "a table", client.post("/tips/table/", {"file": _file(content, "a.csv")})
    yield "checks", client.post("/outside-checks/", {"file": _file(content, "a.json")})
    yield "pasted checks", client.post("/outside-checks/", {"text": text})


def by_field(client: Client, text: str) -> Iterator[tuple[str, Any]]:
    """`text` typed into every field of the page on which articles are handed in."""
    pasted = {"way": "text", "text": text}
    yield from _followed(client, "pasted", client.post(HAND_IN, pasted))
    yield "where it stands", client.post(HAND_IN, pasted | {"stands_at": text[:200]})
    asked = {"way": "address", "address": text[:2100], "quotation": text[:2100]}
    yield "an address", client.post(HAND_IN, asked)
    yield "addresses", client.post(HAND_IN, {"way": "addresses", "addresses": text})
    yield "filled in", client.get(HAND_IN, {"url": text[:500], "quote": text[:500]})


def _file(content: bytes, name: str) -> BytesIO:
    made = BytesIO(content)
    made.name = name
    return made


def _followed(client: Client, way: str, answer: Any) -> Iterator[tuple[str, Any]]:
    """The answer, and those of the pages that it leads to."""
    yield way, answer
    if answer.status_code != 302:
        return
    where, ref = answer["Location"], answer["Location"].rstrip("/").rsplit("/", 1)[-1]
    if where.startswith("/imports/"):
        for item in ImportItem.objects.waiting().filter(batch__ref=ref).order_by("pk"):
            importing.take_in(item_id=item.pk)
        yield f"{way}: import", client.get(where)
        yield f"{way}: report", client.get(f"{where}report.csv")
        return
    shown = client.get(where)
    yield f"{way}: shown", shown
    form = OfferForm(document=offering.document_of(Offer.objects.get(ref=ref)))
    fields = {field: form[field].value() or "" for field in form.fields}
    told = re.search(r'name="match" value="([^"]*)"', shown.content.decode())
    kept = client.post(f"{where}keep/", fields | {"match": told[1] if told else ""})
    yield f"{way}: kept", kept
    if kept.status_code == 302:
        yield f"{way}: article", client.get(kept["Location"])


def unclear_page(answer: Any) -> str:
    """What is wrong with the answer of a page; "" if nothing is."""
    words = answer.content.decode(errors="replace")
    if answer.status_code not in (200, 302, 422):
        return f"status {answer.status_code}"
    if answer.status_code == 422 and not any(sign in words for sign in TOLD_BY):
        return "refused without a word"
    return "a traceback" if "Traceback (most recent" in words else ""


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
    kept = Offer.objects.filter(state=Offer.State.KEPT, article__isnull=True)
    waiting = ImportItem.objects.waiting().filter(asked="")
    found += [f"{rows.count()} offers kept as nothing" for rows in [kept] if rows.exists()]
    found += [f"{rows.count()} files not settled" for rows in [waiting] if rows.exists()]
    if Tip.objects.filter(state=Tip.State.ACCEPTED, claim__isnull=True).exists():
        found.append("tips accepted for nothing")
    return found + [str(fault) for fault in archiving.faults()]


def stored() -> tuple[int, int]:
    """How many articles and snapshots there are."""
    return Article.objects.count(), Snapshot.objects.count()


def take_in_all(paths: list[Path], name: str) -> intake.Intake:
    """Everything in one zip, as somebody would hand in a folder."""
    return intake.take_in(bundle(paths), name=f"{name}.zip")
