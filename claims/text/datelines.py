"""Where an agency's opening "OLMO, March 3 (Harbour News) —" ends."""

from __future__ import annotations

import re

from claims.text.speakers import CAPITAL

WITHIN = 120  # characters: no dateline is longer

# A name, or a day and its month, which many languages write small.
PART = rf"(?:[{CAPITAL}][\w.'’/-]{{0,24}}|\d{{1,2}}\.?\s\w{{3,12}}\.?|\d{{1,4}}\.?)"
PARTS = rf"{PART}(?:,?\s(?:[a-zà-ÿ]{{2,3}}\s)?{PART}){{0,7}}"
AGENCY = rf"(?:\((?:[{CAPITAL}][^()\n]{{1,40}}|[a-z]{{2,5}})\)|/[{CAPITAL}][^/\n]{{1,30}}/\.?)"
SHOUTED = rf"[{CAPITAL}]{{3,24}}(?:[\s-][{CAPITAL}]{{2,24}}){{0,3}}"
PLACE = rf"[{CAPITAL}][\w'’-]{{2,24}}(?:\s[{CAPITAL}][\w'’-]{{2,24}})?"
# A second dash closes an aside: "NATO — the alliance — said".
ONE_DASH = r"(?:[–—]|--)\s(?![^\n]{0,300}\s[–—]\s)"
DATELINE = re.compile(
    rf"""
    (?: (?:{PARTS},?\s)?{AGENCY}\s?\.?[-–—]{{1,2}}\s  # OLMO, March 3 (Harbour News) —
      | (?:{PARTS},?\s)?{AGENCY}(?<=[{CAPITAL}]\)):\s  # Olmo (NTB):
      | [{CAPITAL}]{{3}}{PARTS},\s{PARTS}\s-\s  # OLMO, March 3 -
      | {SHOUTED}(?:,\s{PARTS})?\s{ONE_DASH}  # OLMO —
      | {PLACE},\s{PARTS}\s{ONE_DASH}  # Olmo, Norway —
    )(?=[\"“«„'‘]?[{CAPITAL}\d])""",
    re.VERBOSE,
)


def after_dateline(text: str, start: int, end: int) -> int:
    """Where what `text[start:end]` states begins: after a dateline, or at `start`. Bounded cost."""
    end = min(end, start + WITHIN)
    head = text[start:end]
    if "- " not in head and "– " not in head and "— " not in head and "): " not in head:
        return start
    found = DATELINE.match(text, start, end)
    return found.end() if found else start
