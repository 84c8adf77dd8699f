"""Check-worthiness on political debates: average precision of the order that the engine gives.

Three figures for the debates of CheckThat! 2019, each the mean of the average precisions of single
debates: of what a reader of `analyse` sees (a sentence is worth what its best claim is, nothing
without one); of `weigh` on the sentences themselves; and by leave-one-debate-out, where the weights
of the same signs are fitted anew on the other debates for each one. The shipped weights were
rounded by hand from such a fit on all of them, so only the third figure is of debates that the
weights have not seen; the lists of words stayed the same throughout. The English development set
of 2024, from other years and speakers, had no part in the weights. The best entry to the task of
2019 had 0.166 on its own test.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from claims.text import analyse
from claims.text.worthiness import signs_of, table, weigh

LANGUAGE = "en"
SHRINKAGE = 1000.0  # of the fit: how many sentences' worth of doubt each weight has

Vector = list[float]


class Row(NamedTuple):
    """One sentence, and whether fact-checkers found it worth checking."""

    text: str
    worthy: bool


class Sums(NamedTuple):
    """What a linear fit needs to know of one debate: the two sums of its normal equations."""

    squares: list[Vector]
    products: Vector


def main(data: Path) -> None:
    """Print mean average precision on the debates and average precision on the later set."""
    folder = data / "worthiness"
    if not folder.is_dir():
        print(f"{folder} is absent: check-worthiness is not measured.")
        return
    debates = [_debate(path) for path in sorted((folder / "2019-training").glob("*.tsv.gz"))]
    shown = [average_precision(debate, as_shown) for debate in debates]
    weighed = [average_precision(debate, as_weighed) for debate in debates]
    fitted = list(leave_one_out(debates))
    print(f"{len(debates)} debates of 2019, {sum(map(len, debates))} sentences, mean precision:")
    print(f"  claims as analysed, shipped weights     {_mean(shown):.3f}")
    print(f"  sentences as weighed, shipped weights   {_mean(weighed):.3f}")
    print(f"  weights fitted on the other debates     {_mean(fitted):.3f}  (leave one debate out)")
    later = _later(folder / "2024-dev.tsv.gz")
    print(
        f"{len(later)} English sentences of 2024: claims as analysed"
        f" {average_precision(later, as_shown):.3f}, sentences as weighed"
        f" {average_precision(later, as_weighed):.3f}"
    )


def as_shown(text: str) -> float:
    """The worthiness of the best claim that the engine finds in a sentence; 0 without any."""
    found = analyse(text, language=LANGUAGE).claims
    return max((claim.worthiness for claim in found), default=0.0)


def as_weighed(text: str) -> float:
    """The worthiness of the sentence itself."""
    return weigh(text, language=LANGUAGE)[0]


def average_precision(rows: Sequence[Row], score: Callable[[str], float]) -> float:
    """The mean precision at each worthy sentence, best score first, equals in their order."""
    ranked = sorted(rows, key=lambda row: -score(row.text))
    precisions: list[float] = []
    for rank, row in enumerate(ranked, start=1):
        if row.worthy:
            precisions.append((len(precisions) + 1) / rank)
    return _mean(precisions)


def leave_one_out(debates: Sequence[Sequence[Row]]) -> Iterable[float]:
    """Average precision of each debate by weights that were fitted on all the others."""
    names = sorted(table().signs)
    sums = [_sums(debate, names) for debate in debates]
    for left_out, debate in enumerate(debates):
        *weights, _ = _fit(sums[:left_out] + sums[left_out + 1 :])
        yield average_precision(debate, _Fitted(dict(zip(names, weights, strict=True))))


class _Fitted:
    """The worthiness of a sentence by fitted weights."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def __call__(self, text: str) -> float:
        return sum(self.weights[name] for name in signs_of(text, LANGUAGE))


def _sums(rows: Sequence[Row], names: Sequence[str]) -> Sums:
    """The sums over one debate, its few worthy sentences weighing as much as all the others."""
    size = len(names) + 1
    places = {name: place for place, name in enumerate(names)}
    sums = Sums([[0.0] * size for _ in range(size)], [0.0] * size)
    worthy = sum(row.worthy for row in rows)
    for row in rows:
        weight = len(rows) / 2 / (worthy if row.worthy else len(rows) - worthy)
        shown = [*(places[name] for name in signs_of(row.text, LANGUAGE)), size - 1]
        for one, other in product(shown, shown):
            sums.squares[one][other] += weight
        if row.worthy:
            for one in shown:
                sums.products[one] += weight
    return sums


def _fit(debates: Sequence[Sums]) -> Vector:
    """The weights of least squared error, shrunk towards nothing; the last is the constant."""
    size = len(debates[0].products)
    rows = [
        [sum(sums.squares[one][other] for sums in debates) for other in range(size)]
        + [sum(sums.products[one] for sums in debates)]
        for one in range(size)
    ]
    for one in range(size - 1):
        rows[one][one] += SHRINKAGE
    # Gauss and Jordan; what shrinks the weights also keeps every pivot above zero.
    for pivot in range(size):
        lead = rows[pivot][pivot]
        rows[pivot] = [value / lead for value in rows[pivot]]
        for other in range(size):
            if other != pivot:
                factor = rows[other][pivot]
                rows[other] = [
                    value - factor * above
                    for value, above in zip(rows[other], rows[pivot], strict=True)
                ]
    return [row[-1] for row in rows]


def _debate(path: Path) -> list[Row]:
    """Sentences of one debate: number, speaker, text and label in each line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [Row(text, label == "1") for _, _, text, label in rows]


def _later(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [Row(row["Text"], row["class_label"] == "Yes") for row in rows]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
