"""The pure text engine: text in, frozen values with character offsets out.

Everything that other rooms use is named here; the modules inside are private.
"""

from claims.text.analysis import ENGINE_VERSION, analyse
from claims.text.figures import find_figures
from claims.text.keys import fingerprint
from claims.text.similarity import compare, shared_wording
from claims.text.topics import Rarity, Topic, likeness, read_topic
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
    "ENGINE_VERSION",
    "Analysis",
    "Attribution",
    "Citation",
    "Comparison",
    "DetectedClaim",
    "Figure",
    "Finding",
    "FlagKind",
    "Overlap",
    "Rarity",
    "Scope",
    "Sentence",
    "Span",
    "Topic",
    "Who",
    "analyse",
    "compare",
    "find_figures",
    "fingerprint",
    "likeness",
    "read_topic",
    "shared_wording",
]
