"""Which language a text is in."""

from __future__ import annotations

from functools import cache
from typing import Protocol

LONG_ENOUGH = 20  # letters: shorter texts are not told apart
ENOUGH = 4000  # characters: more do not change the answer


class _Classifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language; "" when there is too little text to tell.

    The first call loads the model (about 0.1 s); the cost does not grow with the text.
    """
    sample = text[:ENOUGH].encode("utf-8", "ignore").decode("utf-8")
    if sum(map(str.isalpha, sample)) < LONG_ENOUGH:
        return ""
    return _classifier().classify(sample)[0]


@cache
def _classifier() -> _Classifier:
    # Loaded when first asked: the model is a fifth of a second that a start-up need not pay.
    import py3langid  # noqa: PLC0415

    return py3langid
