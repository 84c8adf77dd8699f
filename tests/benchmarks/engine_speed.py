"""How fast the engine is, and that its time grows with the length of the text and no faster.

Nothing is asserted but that the quick way and the plain way find the same; the figures are for
people. Machines differ, so speed is told as ratios taken in the same run.
"""

from __future__ import annotations

import gzip
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claims.text import analyse
from claims.text.attribution import Listener, Said
from claims.text.cues import lexicon
from claims.text.disclaimers import Mark, find_marks, mark_sentences
from claims.text.folding import Folded, fold
from claims.text.names import Names, find_names
from claims.text.quotes import Quotes
from claims.text.rules import LANGUAGES, rule_book
from claims.text.sentences import split_sentences
from claims.text.values import Sentence

ROUNDS = 3
LONG = 1_000_000  # characters of a single line
SHORT = 20_000  # characters of bad input from which a doubling can be timed
GROWN = 2.3  # doubling a text may take so many times as long
START = (
    "import claims.text as engine;"
    "engine.analyse('The harbour was closed on Monday. The reports have not been verified.'{given})"
)


def main(data: Path) -> None:
    """Print ratios of speed, the time and memory of a start, and how time grows."""
    articles = data / "attribution"
    if articles.is_dir():
        texts = list(_articles(articles))
        finding(texts)
        whole(texts)
    else:
        print(f"{articles} is absent: no speed over news articles")
    start()
    growth(data / "badinput")


@dataclass(frozen=True)
class Prepared:
    """An English article as it is when unverified items are looked for."""

    text: str
    folded: Folded
    sentences: Sequence[Sentence]
    names: Names
    quotes: Quotes
    said: Sequence[Said]

    def quickly(self) -> tuple[Mark, ...]:
        """Find what is not verified as the engine does."""
        return find_marks(
            self.text, self.folded, self.sentences, self.names, self.quotes, self.said,
            language="en", outlet="",
        )  # fmt: skip

    def plainly(self) -> tuple[Mark, ...]:
        """The same by trying every pattern of every rule on every sentence with `re`."""
        rules = {rule.id: (rule, rule.patterns) for rule in rule_book("en").rules}
        every = ((sentence, rules) for sentence in self.sentences if not sentence.boilerplate)
        return mark_sentences(
            every, self.text, self.folded, self.names, self.quotes, self.said,
            language="en", outlet="",
        )  # fmt: skip


def prepare(text: str) -> Prepared:
    """Do everything that comes before looking for what is not verified."""
    folded, sentences = fold(text), split_sentences(text)
    names, quotes = find_names(text, folded), Quotes(text, sentences, lexicon("en"))
    listener = Listener(text, folded, names, quotes, rule_book("en"), "en")
    return Prepared(text, folded, sentences, names, quotes, tuple(listener.listen(sentences)))


def finding(texts: Sequence[str]) -> None:
    """Looking for what is not verified against the same rules tried one after the other."""
    articles = [prepare(text) for text in texts]
    count = sum(len(article.sentences) for article in articles)
    plain_time, plain = _timed(lambda: [article.plainly() for article in articles])
    quick_time, quick = min(
        (_timed(lambda: [article.quickly() for article in articles]) for _ in range(ROUNDS)),
        key=lambda timed: timed[0],
    )
    assert quick == plain
    print(
        f"{len(texts)} articles, {count} sentences, {sum(map(len, plain))} findings either way:"
        f" {count / quick_time:,.0f} sentences a second,"
        f" one pattern after the other {count / plain_time:,.0f}:"
        f" {plain_time / quick_time:.0f} times as fast"
    )


def whole(texts: Sequence[str]) -> None:
    """The whole analysis against splitting into sentences alone."""
    split, sentences = min(
        _timed(lambda: sum(len(split_sentences(text)) for text in texts)) for _ in range(ROUNDS)
    )
    took = min(
        _timed(lambda: [analyse(text, language="en") for text in texts])[0] for _ in range(ROUNDS)
    )
    print(
        f"splitting alone {sentences / split:,.0f} sentences a second, the whole analysis"
        f" {sentences / took:,.0f} ({took / split:.1f} times as long)"
    )


def start() -> None:
    """A fresh process until the first short text is analysed, its language given or detected."""
    for how, given in (("given", ", language='en'"), ("detected", "")):
        times = []
        for _ in range(ROUNDS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", START.format(given=given)], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        # Kilobytes on Linux, bytes on macOS.
        megabytes = after.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
        print(f"start and first analysis, language {how}: {min(times):.2f} s, {megabytes:.0f} MB")


def growth(folder: Path) -> None:
    """How much longer a text takes that is twice as long: bad input, and single lines."""
    cases = dict(_lines())
    if folder.is_dir():
        cases |= dict(_bad_input(folder))
    else:
        print(f"{folder} is absent: only single lines are doubled")
    grown = sorted(
        ((_growth(text, language), name) for name, (text, language) in cases.items()), reverse=True
    )
    slow = [f"{name} {ratio:.2f}" for ratio, name in grown if ratio > GROWN]
    print(
        f"{len(grown)} texts doubled: at most {grown[0][0]:.2f} times as long ({grown[0][1]});"
        f" more than {GROWN}: {', '.join(slow) or 'none'}"
    )


def _growth(text: str, language: str) -> float:
    """The ratio of times; where a text is too short to tell it from noise, of ten of it."""
    ratio = _ratio(text, language)
    return ratio if ratio <= GROWN or len(text) >= LONG // 2 else _ratio(10 * text, language)


def _ratio(text: str, language: str) -> float:
    def least(longer: str) -> float:
        return min(_timed(lambda: analyse(longer, language=language))[0] for _ in range(ROUNDS))

    return least(text + text) / least(text)


def _lines() -> Iterator[tuple[str, tuple[str, str]]]:
    """Lines of half and then, doubled, a whole million characters."""
    pieces = [("one long word", "a", "en"), ("spaces", " ", "en"), ("stops", ". ", "en")]
    for language in sorted(LANGUAGES):
        caution = rule_book(language).rules[0].examples[0]
        pieces.append((f"cautions in {language}", caution + " ", language))
        without_stops = re.sub(r"\W+", " ", caution) + " "
        pieces.append((f"cautions in {language} without stops", without_stops, language))
    for name, piece, language in pieces:
        yield name, ((piece * (LONG // 2 // len(piece) + 1))[: LONG // 2], language)


def _bad_input(folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every file of bad input, repeated until it can be timed."""
    for file in sorted(folder.rglob("*")):
        content = file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""
        if content:
            repeated = content * (SHORT // len(content) + 1)
            yield str(file.relative_to(folder)), (repeated, "en")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of this process, so that what else runs on the machine does not count."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def _articles(folder: Path) -> Iterator[str]:
    for name in ("train", "dev"):
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
