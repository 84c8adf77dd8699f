"""The policy: what a verdict must have before it is submitted, in versions that supervisors write.

The newest version holds for every verdict that is submitted from then on. Where it allows a reason
instead, the checker states one; it stays in the record, and whoever approves reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from django.db import transaction

from claims import provenance
from claims.models import Article
from reviews import checklists, contacts, leases
from reviews.leases import Refused
from reviews.models import Evidence, Exemption, PolicyVersion, Review, User
from reviews.standards import Requirement

EDIT = "reviews.edit_policy"
MOST_SOURCES = 5
LONGEST_REASON = 500  # characters


class Demand(StrEnum):
    """How strictly something is asked."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Demand:
        demand = str.__new__(cls, value)
        demand._value_ = value
        demand.label = label
        return demand

    OFF = "off", "not asked"
    OR_REASON = "or_reason", "asked, or a stated reason"
    ALWAYS = "always", "always asked"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one version asks. The fields are the requirements; `at_least` counts the sources.

    As they stand here they ask for what every desk asked before there was a policy.
    """

    checklist: str = Demand.ALWAYS
    sources: str = Demand.OFF
    at_least: int = 2
    contact: str = Demand.OFF
    both_sides: str = Demand.OFF
    primary: str = Demand.OFF

    def demand(self, requirement: Requirement) -> Demand:
        return Demand(getattr(self, requirement.value))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a verdict stands to one thing that is asked of it.

    :ivar needs: what is missing, in words that complete “It still needs …”; empty when met.
    :ivar exemption: the reason why it goes without, if one is stated.
    """

    requirement: Requirement
    demand: Demand
    words: str
    needs: list[str]
    exemption: Exemption | None

    @property
    def met(self) -> bool:
        return not self.needs

    @property
    def excused(self) -> bool:
        return bool(self.needs) and self.demand == Demand.OR_REASON and self.exemption is not None

    @property
    def missing(self) -> list[str]:
        if self.met or self.excused:
            return []
        more = " or a stated reason" if self.demand == Demand.OR_REASON else ""
        return [f"{need}{more}" for need in self.needs]


# One review


def terms(version: PolicyVersion | None) -> Terms:
    """Return what a version asks; where there is none, what was always asked."""
    return Terms(**version.terms) if version else Terms()


def in_force() -> PolicyVersion | None:
    """Return the newest version. Cost: one query."""
    return PolicyVersion.objects.newest_first().first()


def standing(review: Review) -> list[Standing]:
    """Return how the verdict on `review` stands to all that is asked of it now."""
    asked = terms(in_force())
    reasons = exemptions(review)
    evidence = list(review.evidence.standing())
    return [
        Standing(
            requirement, asked.demand(requirement), _words(requirement, asked),
            list(_needs(requirement, review, evidence, asked)), reasons.get(requirement),
        )
        for requirement in Requirement
        if asked.demand(requirement) != Demand.OFF
    ]  # fmt: skip


def missing(review: Review) -> list[str]:
    """Name what the policy still asks for, in words that complete “It still needs …”."""
    return [need for one in standing(review) for need in one.missing]


def exemptions(review: Review) -> dict[Requirement, Exemption]:
    """Return the stated reasons that hold, by requirement. Cost: one query."""
    newest = {one.requirement: one for one in review.exemptions.order_by("pk")}
    return {Requirement(name): one for name, one in newest.items() if one.reason}


def submitted_under(review: Review) -> str:
    """Say under which version a verdict is submitted now, and what it goes without, and why."""
    version = in_force()
    reasons = [
        f"without {one.words}: {one.exemption.reason}"
        for one in standing(review)
        if one.excused and one.exemption
    ]
    return "; ".join([*([f"Policy version {version.seq}"] if version else []), *reasons])


@transaction.atomic
def state(review: Review, *, by: User, token: int, requirement: str, reason: str) -> None:
    """State why the verdict goes without something that is asked; said already, nothing happens.

    :raises Refused: if the lease is lost, nobody says why, or a reason does not do instead.
    """
    if not reason.strip():
        raise Refused("Say why the verdict goes without it.")
    _note(review, requirement, reason.strip(), by=by, token=token)


@transaction.atomic
def take_back(review: Review, *, by: User, token: int, requirement: str) -> None:
    """Take a stated reason back; where none holds, nothing happens.

    :raises Refused: if the lease is lost, or a reason does not do instead.
    """
    _note(review, requirement, "", by=by, token=token)


def _note(review: Review, requirement: str, reason: str, *, by: User, token: int) -> None:
    actor, now = leases.begin_write(review, by, token)
    asked = Requirement(requirement)
    if reason and terms(in_force()).demand(asked) != Demand.OR_REASON:
        raise Refused("The policy takes no reason instead of this.")
    before = exemptions(review).get(asked)
    if reason == (before.reason if before else ""):
        return
    Exemption.objects.create(
        review=review, requirement=asked, reason=reason, by=actor, by_name=str(actor), at=now
    )


def _needs(
    requirement: Requirement, review: Review, evidence: list[Evidence], asked: Terms
) -> Iterator[str]:
    stances = {one.stance for one in evidence}
    match requirement:
        case Requirement.CHECKLIST:
            yield from (f"a tick at “{point}”" for point in checklists.unticked(review))
        case Requirement.SOURCES if (count := len(independent(evidence))) < asked.at_least:
            yield f"{_words(requirement, asked)} ({count} so far)"
        case Requirement.CONTACT if not contacts.entries(review):
            yield "an entry in the contact log"
        case Requirement.BOTH_SIDES:
            if Evidence.Stance.SUPPORTS not in stances:
                yield "evidence for the claim"
            if Evidence.Stance.REFUTES not in stances:
                yield "evidence against the claim"
        case Requirement.PRIMARY if not any(one.is_primary for one in evidence):
            yield "a primary source"


def _words(requirement: Requirement, asked: Terms) -> str:
    if requirement != Requirement.SOURCES:
        return str(requirement.label)
    one = asked.at_least == 1
    return "1 independent named source" if one else f"{asked.at_least} independent named sources"


# Independent sources


def independent(evidence: Iterable[Evidence]) -> list[str]:
    """Return a publisher for each group of evidence that rests on nothing the others rest on.

    Two pieces by one publisher are one source. So are two articles that we hold where one copies
    the other, or both rest on the same: counting too few is the safe error. Cost: two queries.
    """
    cited = list(evidence)
    roots = _roots({one.url for one in cited if one.url})
    groups: list[tuple[set[str], str]] = []
    for one in cited:
        marks = {_named(one.publisher), *roots.get(one.url, ())}
        touching = [group for group in groups if group[0] & marks]
        groups = [group for group in groups if group not in touching]
        names = [name for _, name in touching] or [one.publisher]
        groups.append((marks.union(*(group[0] for group in touching)), names[0]))
    return [name for _, name in groups]


def _roots(addresses: set[str]) -> dict[str, set[str]]:
    """What the articles that we hold at these addresses rest on, themselves included, as marks."""
    articles = list(Article.objects.filter(url__in=addresses).select_related("source"))
    edges = provenance.derivations_of(article.pk for article in articles)
    found: dict[str, set[str]] = {}
    for article in articles:
        marks = found.setdefault(article.url, {_named(article.source.name)})
        for edge in edges.get(article.pk, []):
            if edge.on_article_id:
                marks.add(f"article {edge.on_article_id}")
            if edge.on_source:
                marks.add(_named(edge.on_source.name))
        marks.add(f"article {article.pk}")
    return found


def _named(publisher: str) -> str:
    """A publisher's name, spelled alike however it was typed."""
    return " ".join(publisher.casefold().split()).removeprefix("the ")


# The policy itself


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one requirement between two versions, in words; `was` is "" in the first."""

    what: str
    now: str
    was: str


@transaction.atomic
def edit(*, by: User, seq: int, asked: Terms, why: str) -> PolicyVersion:
    """Write `asked` as the version after `seq`.

    :raises Refused: if `by` may not, nobody says why, a newer version was written meanwhile, a
        number makes no sense, or version `seq` asks the same.
    """
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not actor.has_perm(EDIT):
        raise Refused("Your role does not allow this.")
    # All edits lock the same row, and read the newest version only then.
    PolicyVersion.objects.select_for_update().order_by("seq").first()
    newest = in_force()
    if seq != (newest.seq if newest else 0):
        raise Refused("The policy was edited meanwhile. Read the newest version first.")
    if not 1 <= asked.at_least <= MOST_SOURCES:
        raise Refused(f"Ask for 1 to {MOST_SOURCES} sources.")
    if asked.demand(Requirement.CHECKLIST) == Demand.OR_REASON:
        raise Refused("A point of the checklist is ticked, with a note if need be.")
    if newest and terms(newest) == asked:
        raise Refused("That is what it asks already.")
    if not why.strip():
        raise Refused("Say why the policy changes.")
    return PolicyVersion.objects.create(
        seq=seq + 1, terms=asdict(asked), why=why.strip(),
        by=actor, by_name=str(actor), at=leases.clock(),
    )  # fmt: skip


def compare(old: PolicyVersion | None, new: PolicyVersion) -> list[Difference]:
    """Return in which requirements two versions differ; all of the first."""
    before, after = told(terms(old)) if old else {}, told(terms(new))
    return [
        Difference(what, now, before.get(what, ""))
        for what, now in after.items()
        if now != before.get(what)
    ]


def told(asked: Terms) -> dict[str, str]:
    """Return what is asked, requirement by requirement, in words."""
    found = {}
    for requirement in Requirement:
        label, demand = str(requirement.label), asked.demand(requirement)
        number = requirement == Requirement.SOURCES and demand != Demand.OFF
        found[label] = f"{demand.label}: {asked.at_least}" if number else demand.label
    return found
