"""The pure text engine: text in, frozen values with character offsets out.

Everything that other rooms use is named here; the modules inside are private.
"""

from claims.text.values import (
    Analysis,
    Attribution,
    Citation,
    Comparison,
    DetectedClaim,
    Figure,
    Finding,
    FlagKind,
    Overlap,
    Scope,
    Sentence,
    Span,
    Who,
)

__all__ = [
    "Analysis",
    "Attribution",
    "Citation",
    "Comparison",
    "DetectedClaim",
    "Figure",
    "Finding",
    "FlagKind",
    "Overlap",
    "Scope",
    "Sentence",
    "Span",
    "Who",
]
