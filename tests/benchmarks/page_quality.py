"""How much of an article's text, title and date reading finds in pages that nobody here wrote.

A token is a run of letters, digits or underscores, as written. Precision is the share of the tokens
read that stand in the text written down by people, counted with repeats, recall the other way;
both are means over pages, and F1 is made of them. The same is told for runs of four tokens, in the
way the published figures are (they are sensitive to order, single tokens are not). Beside it, what
trafilatura alone makes of the same pages as it comes.

Titles and dates were not written down. So a title is compared with the words of the address, which
reading is not told, and a day with the one in the address; only pages whose address has them count.
If the ground truth names a title or a day, that is what counts.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trafilatura

from claims.reading import Document, read

TOKEN = re.compile(r"\w+")
NUMBERED_DAY = re.compile(r"(20\d\d)[/-]?(\d\d|[a-z]{3})[/-]?(\d\d?)(?!\d)")
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
Row = dict[str, Any]


def main(data: Path) -> None:
    """Print precision, recall and F1 of both, and how many titles and dates were right."""
    folder = data / "pages"
    if not folder.is_dir():
        print(f"{folder} is absent: no figures on pages")
        return
    truth: dict[str, Row] = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    pages = [
        (row, gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()))
        for key, row in sorted(truth.items())
    ]
    documents: list[Document | None] = []

    def ours(content: bytes) -> str:
        found = read(content, name="page.html").documents
        documents.append(found[0] if found else None)
        return found[0].text if found else ""

    figures("reading", pages, ours)
    figures("trafilatura as it comes", pages, bare)
    titles([(row, one) for (row, _), one in zip(pages, documents, strict=True)])
    days([(row, one) for (row, _), one in zip(pages, documents, strict=True)])


def bare(content: bytes) -> str:
    """The text by the library's own defaults."""
    found = trafilatura.bare_extraction(content)
    return (found.text if found else "") or ""  # type: ignore[union-attr]  # it is no dict


def figures(label: str, pages: list[tuple[Row, bytes]], reader: Callable[[bytes], str]) -> None:
    """Print how well `reader` finds the text, and how fast."""
    began = time.perf_counter()
    texts = [reader(content) for _, content in pages]
    seconds = time.perf_counter() - began
    for length, unit in ((1, "tokens"), (4, "runs of four")):
        scores = [
            overlap(runs(text, length), runs(row["articleBody"], length))
            for (row, _), text in zip(pages, texts, strict=True)
        ]
        precision, recall = (sum(one) / len(scores) for one in zip(*scores, strict=True))
        f1 = 2 * precision * recall / (precision + recall)
        print(
            f"{label}, {unit}: precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}"
            f" on {len(pages)} pages"
        )
    print(f"  {1000 * seconds / len(pages):.1f} ms a page; {texts.count('')} without any text")


def runs(text: str, length: int) -> Counter[tuple[str, ...]]:
    """The runs of `length` tokens in a text; all of it, if it has fewer."""
    words = TOKEN.findall(text)
    if 0 < len(words) < length:
        return Counter([tuple(words)])
    return Counter(zip(*(words[start:] for start in range(length)), strict=False))


def overlap(
    found: Counter[tuple[str, ...]], wanted: Counter[tuple[str, ...]]
) -> tuple[float, float]:
    """Precision and recall of what was found."""
    both = (found & wanted).total()
    precision = both / found.total() if found else float(not wanted)
    return precision, both / wanted.total() if wanted else 1.0


def titles(read_pages: list[tuple[Row, Document | None]]) -> None:
    """Print how many titles have at least half of the words of the address."""
    right, guessed, wrong = 0, 0, []
    for row, document in read_pages:
        wanted = row.get("title") or row.get("headline") or slug(row["url"])
        if not wanted:
            continue
        title = document.title if document else ""
        wanted_words, words = set(spelt(wanted)), set(spelt(title))
        is_right = len(wanted_words & words) >= len(wanted_words) / 2
        right += is_right
        guessed += bool(document and "title" in document.guessed)
        if not is_right:
            wrong.append(f"  {title!r} for {wanted!r}")
    total = right + len(wrong)
    print(f"titles: {right} of {total} have the words of the address; {guessed} marked as guessed")
    print("\n".join(wrong))


def days(read_pages: list[tuple[Row, Document | None]]) -> None:
    """Print how many dates are the day in the address, or one day from it (time zones)."""
    exact = near = total = 0
    marked = Counter[str]()
    dated = sum(bool(document and document.published_on) for _, document in read_pages)
    for row, document in read_pages:
        wanted = day_of(row.get("datePublished") or row.get("date") or row["url"])
        if wanted is None:
            continue
        total += 1
        found = document.published_on if document else None
        apart = abs((found - wanted).days) if found else None
        exact += apart == 0
        near += apart in (0, 1)
        if document and found:
            guess = "guessed" if "published_on" in document.guessed else "declared"
            marked[f"{guess}, {'right' if apart == 0 else 'wrong'}"] += 1
    print(
        f"dates: {exact} of {total} are the day in the address, {near} within a day of it;"
        f" {dated} of {len(read_pages)} pages have one at all"
    )
    print(f"  {', '.join(f'{count} {name}' for name, count in sorted(marked.items()))}")


def slug(url: str) -> str:
    """The words of the longest part of an address; "" if it has fewer than three."""
    parts = [spelt(part) for part in urlsplit(url).path.split("/")]
    words = max(parts, key=len, default=[])
    return " ".join(words) if len(words) >= 3 else ""


def spelt(text: str) -> list[str]:
    """The words of more than three letters, to compare spellings."""
    return [word for word in TOKEN.findall(text.lower().replace("_", " ")) if
            len(word) > 3 and word.isalpha() and word not in ("html", "aspx")]  # fmt: skip


def day_of(text: str) -> date | None:
    """The day in a text such as "/2019/nov/19/", "20191119" or "2019-11-19"."""
    for year, month, day in NUMBERED_DAY.findall(text.lower()):
        number = MONTHS.index(month) + 1 if month in MONTHS else month
        try:
            return date(int(year), int(number), int(day))
        except ValueError:
            continue
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
