"""Grouping by event (three outlets on each of fifty events): B-cubed, beside plain TF-IDF.

Ours is what `manage.py group` prints. The baseline is single-link clustering of TF-IDF cosines at
the threshold that is best on these very rows, which flatters it. Measured in the same run.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt
from pathlib import Path
from typing import Any

from django.core.management import call_command

NEEDS_DATABASE = True
FILE = "same_event_dev.jsonl.gz"
THRESHOLDS = [step / 50 for step in range(3, 31)]

Row = Mapping[str, Any]


def main(data: Path) -> None:
    """Print precision, recall and F1 of stories, and of the baseline at its best threshold."""
    path = data / "grouping" / FILE
    if not path.is_file():
        print(f"{path} is absent: grouping is not measured.")
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    events = {row["id"]: row["event"] for row in rows}
    print(f"{len(rows)} articles of {len(set(events.values()))} events")
    begun = time.perf_counter()
    stories, edges = _grouped(rows)
    spent = (time.perf_counter() - begun) / len(rows)
    _report("manage.py group", stories, events)
    print(f"   {spent * 1000:.0f} ms an article; {edges} edges between articles")
    found = {threshold: _linked(rows, threshold) for threshold in THRESHOLDS}
    best = max(found, key=lambda threshold: _b_cubed(found[threshold], events)[2])
    _report(f"TF-IDF cosine ≥ {best:.2f}", found[best], events)


def _report(name: str, groups: Mapping[str, str], events: Mapping[str, str]) -> None:
    precision, recall, f1 = _b_cubed(groups, events)
    print(f"{name:<26} B-cubed P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}")


def _grouped(rows: Sequence[Row]) -> tuple[dict[str, str], int]:
    """The story of each article as the command prints it, and how many articles rest on others."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for row in rows:
            given = {key: value for key, value in row.items() if key != "event"}
            file.write(json.dumps(given) + "\n")
        file.flush()
        printed = io.StringIO()
        call_command("group", file.name, stdout=printed, stderr=io.StringIO())
    documents = [json.loads(line) for line in printed.getvalue().splitlines()]
    edges = sum("article" in edge for document in documents for edge in document["rests_on"])
    return {document["id"]: document["story"] for document in documents}, edges


def _linked(rows: Sequence[Row], threshold: float) -> dict[str, str]:
    """Groups of articles joined by any cosine of at least `threshold`."""
    vectors = _vectors(rows)
    group = {row["id"]: row["id"] for row in rows}
    for number, one in enumerate(rows):
        for other in rows[:number]:
            if group[one["id"]] != group[other["id"]]:
                first, second = vectors[one["id"]], vectors[other["id"]]
                if sum(weight * second.get(word, 0) for word, weight in first.items()) >= threshold:
                    old, new = group[one["id"]], group[other["id"]]
                    group = {key: new if value == old else value for key, value in group.items()}
    return group


def _vectors(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    words = {
        row["id"]: Counter(re.findall(r"\w+", f"{row['title']} {row['text']}".lower()))
        for row in rows
    }
    in_articles = Counter(word for counts in words.values() for word in counts)
    vectors = {}
    for key, counts in words.items():
        raw = {
            word: (1 + log(count)) * log(len(rows) / in_articles[word])
            for word, count in counts.items()
        }
        length = sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        vectors[key] = {word: weight / length for word, weight in raw.items()}
    return vectors


def _b_cubed(groups: Mapping[str, str], events: Mapping[str, str]) -> tuple[float, float, float]:
    """B-cubed precision, recall and F1 (Bagga and Baldwin 1998)."""
    precision = recall = 0.0
    for one in events:
        grouped = {other for other in events if groups[other] == groups[one]}
        same = {other for other in events if events[other] == events[one]}
        precision += len(grouped & same) / len(grouped)
        recall += len(grouped & same) / len(same)
    precision, recall = precision / len(events), recall / len(events)
    return precision, recall, 2 * precision * recall / (precision + recall)
