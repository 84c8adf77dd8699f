"""Which language a text is in."""

from __future__ import annotations

import re

LONG_ENOUGH = 20  # letters: shorter texts are not told apart
ENOUGH = 4000  # characters: more do not change the answer

# Frequent words that only one of the two written forms of Norwegian has.
NYNORSK = re.compile(
    r"\b(?:ikkje|eg|frå|ein|vart|dei|kva|noko|korleis|nokon|vere|berre|seier)\b", re.IGNORECASE
)
BOKMAAL = re.compile(
    r"\b(?:ikke|jeg|fra|en|ble|de|hva|noe|hvordan|noen|være|bare|sier)\b", re.IGNORECASE
)


def language_of(text: str, given: str | None) -> str:
    """Return the ISO 639-1 code of the language of `text`; "" when there is too little to tell.

    :param given: what the caller says it is, as "en", "pt-BR" or "pt_BR"; None to detect it. "no"
        leaves open which Norwegian is written: the answer is "nn" where nynorsk words prevail, else
        "nb".

    The first detection loads the model (about 0.5 s); the cost does not grow with the text.
    """
    code = _detected(text[:ENOUGH]) if given is None else re.split("[-_]", given)[0].lower()
    return _norwegian(text[:ENOUGH]) if code == "no" else code


def _detected(sample: str) -> str:
    if sum(map(str.isalpha, sample)) < LONG_ENOUGH:
        return ""
    # Loaded when first asked: a start-up need not pay for the model.
    import py3langid  # noqa: PLC0415

    code: str = py3langid.classify(sample.encode("utf-8", "ignore").decode("utf-8"))[0]
    return code


def _norwegian(sample: str) -> str:
    return "nn" if len(NYNORSK.findall(sample)) > len(BOKMAAL.findall(sample)) else "nb"
