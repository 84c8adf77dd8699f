"""Whether two wordings state the same claim, and how much of one text is built on another.

Words count by what they tell: names most, then ordinary words, then words frequent in all news.
Figures are compared as ranges, so that a rounding is not a difference and a change is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz.distance import Indel

from claims.text.figures import Outcome, pair_figures, worst
from claims.text.sentences import split_sentences
from claims.text.values import Comparison, Figure, Overlap, Span
from claims.text.wording import Term, Wording, opposite, read, same_name, take_apart

ENOUGH = 4.0  # weight of matching words from which the shorter wording may be judged alone
FIGURE_WEIGHT = 1.6
FIGURES = NAMES = 24  # so many of one wording are compared, each with each
SPELT_ALIKE = 0.86  # Indel similarity of two spellings of one name
NAME_BEGINS = 5

Pair = tuple[str, str]  # keys of two terms, in alphabetical order

# What remains of the score when something speaks against it.
OTHER_FIGURE, OTHER_SCOPE, OTHER_NAMES, NEGATED, OPPOSED = 0.5, 0.9, 0.75, 0.5, 0.5

WINDOW = 4  # terms between which two are taken as a pair, when texts are compared
PASSAGE = 0.4  # share of a sentence that must return in one sentence of the other text
PASSAGE_TERMS = 4
COMMON = 50  # sentences from which a pair of words is too common to tell where it came from


def compare(a: str, b: str, *, languages: tuple[str, str] = ("en", "en")) -> Comparison:
    """Say how much `a` states the same claim as `b`, and what its figures do to those of `b`.

    :param languages: ISO 639-1 codes of `a` and of `b`; figures are compared across them.

    The score is the same both ways; `figure` measures `a` against the origin `b`. Wordings are
    remembered, so comparing one with many costs about 0.1 ms each.
    """
    ours, theirs = read(a, languages[0]), read(b, languages[1])
    terms = _match(ours, theirs)
    figures = pair_figures(ours.figures[:FIGURES], theirs.figures[:FIGURES])
    agreed = [pair for pair in figures if pair[2] != "changed"]
    outcome = worst(result for _, _, result in figures)
    score = _overlap(ours, theirs, terms, len(agreed))
    reasons = [*_shared(terms, a), *_figure_reasons(figures, a, b)]
    for factor, reason in _against(ours, theirs, terms, figures):
        score *= factor
        reasons.append(reason)
    return Comparison(round(score, 4), tuple(filter(None, reasons)), outcome)


def names_agree(a: str, b: str, *, languages: tuple[str, str] = ("en", "en")) -> bool:
    """Say whether two wordings have a name in common, or neither has what may be one."""
    ours, theirs = read(a, languages[0]), read(b, languages[1])
    if not any(term.capital for term in (*ours.terms, *theirs.terms)):
        return True
    return any(one.capital and other.capital for one, other in _match(ours, theirs))


def shared_weight(a: str, b: str) -> float:
    """Return how much the words weigh that two wordings share, figures left out."""
    return sum(ours.weight for ours, _ in _match(read(a), read(b)))


def shared_wording(a: str, b: str) -> Overlap:
    """Say how much of text `a` is built on text `b`, and where: passages in the order of `a`.

    A sentence counts when its pairs of near words, synonyms as one, return in one sentence of `b`.
    Spun and translated copies keep enough of these; quoting a phrase is not. Linear in both.
    """
    theirs = _sentences(b)
    homes = defaultdict[Pair, dict[int, tuple[int, int]]](dict)
    for number, terms in enumerate(theirs):
        for first, second, pair in _nearby(terms):
            homes[pair].setdefault(number, (first, second))
    total = built = 0.0
    spans = []
    for terms in _sentences(a):
        total += sum(term.weight for term in terms)
        if passage := _passage(terms, theirs, homes):
            weight, span = passage
            built += weight
            spans.append(span)
    return Overlap(round(built / total, 4) if total else 0.0, tuple(spans))


# Comparing


def _match(ours: Wording, theirs: Wording) -> list[tuple[Term, Term]]:
    """Pair the terms that mean the same, each key once."""
    mine, others = {**ours.by_key}, {**theirs.by_key}
    pairs = [(mine.pop(key), others.pop(key)) for key in [*mine] if key in others]
    names = [key for key, term in mine.items() if term.capital][:NAMES]
    spellings = [key for key, term in others.items() if term.capital][:NAMES]
    for name in names:
        alike = next((other for other in spellings if _is_same(name, other)), None)
        if alike is not None:
            spellings.remove(alike)
            pairs.append((mine[name], others[alike]))
    return pairs


def _is_same(name: str, other: str) -> bool:
    if same_name(name, other):
        return True
    longest = max(len(name), len(other))
    return longest > 6 and Indel.normalized_similarity(name, other) >= SPELT_ALIKE


def _overlap(
    ours: Wording, theirs: Wording, terms: Sequence[tuple[Term, Term]], figures: int
) -> float:
    """How much of each is in the other, 0 to 1; the shorter alone decides once it says enough."""
    weights = [one.weight + FIGURE_WEIGHT * len(one.figures) for one in (ours, theirs)]
    if not all(weights):
        return 0.0
    met = [sum(pair[side].weight for pair in terms) + FIGURE_WEIGHT * figures for side in (0, 1)]
    parts = [part / weight for part, weight in zip(met, weights, strict=True)]
    if not any(parts):
        return 0.0
    both = 2 * parts[0] * parts[1] / (parts[0] + parts[1])
    trust = min(1.0, min(met) / ENOUGH)
    return both + trust * (max(parts) - both) / 2


def _against(
    ours: Wording,
    theirs: Wording,
    terms: Sequence[tuple[Term, Term]],
    figures: Sequence[tuple[Figure, Figure, Outcome]],
) -> Iterable[tuple[float, str]]:
    """What speaks against the two being one claim: a factor and the words for it."""
    for figure, origin, outcome in figures:
        if outcome == "changed":
            alike = (figure.low, figure.high) == (origin.low, origin.high)
            agreed = any(other != "changed" for _, _, other in figures)
            yield OTHER_SCOPE if alike or agreed else OTHER_FIGURE, ""
    names = [{term.key for term in one.terms if term.name} for one in (ours, theirs)]
    if all(names) and not any(a.name or b.name for a, b in terms):
        yield OTHER_NAMES, "no name in common"
    if any(a.negated for a, _ in terms) != any(b.negated for _, b in terms):
        yield NEGATED, "negation differs"
    met = {term.key for term, _ in terms}
    left = [{term.key for term in one.terms} - met for one in (ours, theirs)]
    for key in sorted(left[0]):
        if (contrary := opposite(key)) in left[1]:
            yield OPPOSED, f"the contrary: {key} / {contrary}"


def _shared(terms: Sequence[tuple[Term, Term]], a: str) -> Iterable[str]:
    names = [ours.span.of(a) for ours, theirs in terms if ours.name or theirs.name]
    words = [ours.span.of(a).lower() for ours, theirs in terms if not (ours.name or theirs.name)]
    if names:
        yield f"same names: {', '.join(names)}"
    if words:
        yield f"same words: {', '.join(words)}"


def _figure_reasons(
    figures: Sequence[tuple[Figure, Figure, Outcome]], a: str, b: str
) -> Iterable[str]:
    signs = {"equal": "=", "rounded": "≈", "qualifier_lost": "without its qualifier:"}
    for figure, origin, outcome in figures:
        ours, theirs = (_in_words(one, text) for one, text in ((figure, a), (origin, b)))
        if outcome == "changed":
            yield f"different figures: {ours} / {theirs}"
        else:
            yield f"same figures: {ours} {signs[outcome]} {theirs}"


def _in_words(figure: Figure, text: str) -> str:
    words = figure.span.of(text)
    return f"{words} ({figure.scope})" if figure.scope else words


# Fingerprints


def _index_key(term: Term) -> str:
    """A name by its beginning, so that a country and its people share a key."""
    return term.key[:NAME_BEGINS] if term.name else term.key


# Texts


def _sentences(text: str) -> list[list[Term]]:
    """The terms of each sentence, offsets into the whole text; page furniture left out."""
    return [
        [
            term._replace(span=Span(term.span.start + start, term.span.end + start))
            for term in take_apart(sentence.span.of(text)).terms
        ]
        for sentence in split_sentences(text)
        if not sentence.boilerplate
        for start in [sentence.span.start]
    ]


def _nearby(terms: Sequence[Term]) -> Iterable[tuple[int, int, Pair]]:
    """Pairs of different keys at most `WINDOW` terms apart, in either order, and their places."""
    keys = [_index_key(term) for term in terms]
    for first, key in enumerate(keys):
        for second in range(first + 1, min(first + 1 + WINDOW, len(keys))):
            if (other := keys[second]) != key:
                yield first, second, (min(key, other), max(key, other))


def _passage(
    terms: Sequence[Term],
    theirs: Sequence[Sequence[Term]],
    homes: Mapping[Pair, Mapping[int, tuple[int, int]]],
) -> tuple[float, tuple[Span, Span]] | None:
    """The weight and spans of what one sentence of the other text gave to this one."""
    met = defaultdict[int, tuple[set[int], set[int]]](lambda: (set(), set()))
    for first, second, pair in _nearby(terms):
        sentences = homes.get(pair, {})
        if len(sentences) <= COMMON:
            for number, places_there in sentences.items():
                met[number][0].update((first, second))
                met[number][1].update(places_there)
    weights = {
        number: sum(terms[place].weight for place in places) for number, (places, _) in met.items()
    }
    if not weights:
        return None
    home = max(weights, key=lambda number: (weights[number], -number))
    places, other_places = met[home]
    whole = sum(term.weight for term in terms)
    if weights[home] < PASSAGE * whole or len(places) < PASSAGE_TERMS:
        return None
    here, there = _cover(terms, places), _cover(theirs[home], other_places)
    return weights[home], (here, there)


def _cover(terms: Sequence[Term], places: set[int]) -> Span:
    return Span(terms[min(places)].span.start, terms[max(places)].span.end)
