"""Which language a text is in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LONG_ENOUGH = 20  # letters: shorter texts are not told apart
ENOUGH = 4000  # characters: more do not change the answer
UNKNOWN = "und"  # the detector cannot tell

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

    A detection costs microseconds, a start milliseconds; neither grows with the text.
    """
    sample = text[:ENOUGH]
    code = _detected(sample) if given is None else re.split("[-_]", given)[0].lower()
    if code == "no" or (code == "nn" and given is None):
        return _norwegian(sample, tied="nn" if code == "nn" else "nb")
    return code


def _detected(sample: str) -> str:
    # The detector refuses control characters and lone surrogates.
    words = "".join(letter if letter.isprintable() else " " for letter in sample)
    if sum(map(str.isalpha, words)) < LONG_ENOUGH:
        return ""
    found = _detector().FindLanguage(words).language
    return "" if found == UNKNOWN else str(found)


@lru_cache(maxsize=1)
def _detector() -> Any:
    # Loaded when first asked, as is all that not every caller needs.
    import gcld3  # noqa: PLC0415

    return gcld3.NNetLanguageIdentifier(0, ENOUGH)


def _norwegian(sample: str, tied: str) -> str:
    nynorsk, bokmaal = len(NYNORSK.findall(sample)), len(BOKMAAL.findall(sample))
    if nynorsk == bokmaal:
        return tied
    return "nn" if nynorsk > bokmaal else "nb"
