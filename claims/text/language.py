"""Which language a text is in."""

from __future__ import annotations

LONG_ENOUGH = 20  # letters: shorter texts are not told apart
ENOUGH = 4000  # characters: more do not change the answer


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language; "" when there is too little text to tell.

    The first call loads the model (about 0.1 s); the cost does not grow with the text.
    """
    sample = text[:ENOUGH].encode("utf-8", "ignore").decode("utf-8")
    if sum(map(str.isalpha, sample)) < LONG_ENOUGH:
        return ""
    # Loaded when first asked: a start-up need not pay for the model.
    import py3langid  # noqa: PLC0415

    code: str = py3langid.classify(sample)[0]
    return code
