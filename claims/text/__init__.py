"""The pure text engine: text in, frozen values with character offsets out.

Everything that other rooms use is named here; the modules inside are private.
"""

from claims.text.analysis import ENGINE_VERSION, analyse
from claims.text.changes import changes, confirmation, figure_elsewhere
from claims.text.figures import find_figures
from claims.text.keys import WORD, fingerprint
from claims.text.language import language_of
from claims.text.posts import read_post
from claims.text.ranking import Frequencies, count_frequencies, rank
from claims.text.rules import LANGUAGES, compile_rules, rules_version, rules_versions
from claims.text.sentences import split_sentences
from claims.text.similarity import compare, names_agree, shared_wording
from claims.text.topics import Rarity, Topic, likeness, read_topic
from claims.text.values import (
    Analysis,
    Attribution,
    Change,
    Citation,
    Comparison,
    DetectedClaim,
    Figure,
    Finding,
    FlagKind,
    Overlap,
    Said,
    Scope,
    Sentence,
    Span,
    Who,
)

__all__ = [
    "ENGINE_VERSION",
    "LANGUAGES",
    "WORD",
    "Analysis",
    "Attribution",
    "Change",
    "Citation",
    "Comparison",
    "DetectedClaim",
    "Figure",
    "Finding",
    "FlagKind",
    "Frequencies",
    "Overlap",
    "Rarity",
    "Said",
    "Scope",
    "Sentence",
    "Span",
    "Topic",
    "Who",
    "analyse",
    "changes",
    "compare",
    "compile_rules",
    "confirmation",
    "count_frequencies",
    "figure_elsewhere",
    "find_figures",
    "fingerprint",
    "language_of",
    "likeness",
    "names_agree",
    "rank",
    "read_post",
    "read_topic",
    "rules_version",
    "rules_versions",
    "shared_wording",
    "split_sentences",
]
