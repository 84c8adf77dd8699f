"""The life of a review in plain Python, without database, locks or permissions: what should be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from reviews import history
from reviews.models import User
from reviews.states import Status
from tests.factories import DRAFT

DRAFTS = (
    DRAFT,
    replace(DRAFT, rating="unproven", summary="Landings fell by a ninth."),
    replace(DRAFT, explanation=""),
)
TITLES = ("Landing register", "Harbour diary")
UNMET = ("asked", "taken", "given")
NOTHING = history.Draft("", "", "", "")


class Content(NamedTuple):
    """What a version says."""

    draft: history.Draft
    evidence: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return replace(self.draft, correction="") in DRAFTS[:2] and bool(self.evidence)


GONE = Content(NOTHING, ())  # what a redacted version says


class Page(NamedTuple):
    """What a person saw when they opened a review: lease, newest version and its content."""

    token: int = 0
    seq: int = 0
    content_hash: str = ""


class Before(NamedTuple):
    """How a review was before a merge."""

    status: Status
    holder: User | None
    waited: bool
    token: int


@dataclass
class Opinion:
    """A second opinion: asked, taken, given, agreed, disagreed, adjudicated or called off."""

    asked: User | None
    second: User | None = None
    rating: str = ""
    state: str = "asked"
    gave_back: list[User] = field(default_factory=list, compare=False)


@dataclass
class Model:
    """One review as it should be. `writers[i]` wrote `versions[i]`."""

    wording: str
    status: Status = Status.QUEUED
    holder: User | None = None
    token: int = 0
    running: bool = False
    begun_for: str = ""  # why a correction was begun, until the first change is sealed with it
    versions: list[Content] = field(default_factory=list)
    writers: list[User] = field(default_factory=list)
    deciders: list[User] = field(default_factory=list)  # since the newest publication
    names: list[str] = field(default_factory=list)  # of the writers, as they were called then
    correctors: list[User] = field(default_factory=list)  # who began one since then
    restored: list[int] = field(default_factory=list)  # versions that are older ones again
    approved_to: int = 0
    public: list[int] = field(default_factory=list)
    waited: bool = False  # the date it waits for has come
    due: str = "later"  # or "by hand", "passed" or "noted"
    topics: tuple[str, ...] | None = None  # by hand
    look: str = "never"  # at an unproven verdict again: or "later", "due" or "reminded"
    before_merge: Before | None = None
    opinions: list[Opinion] = field(default_factory=list)
    earlier: int = 0  # opinions of earlier rounds, before the newest publication

    @property
    def unproven(self) -> bool:
        """Whether readers see that it found no conclusion."""
        return self.versions[self.public[-1] - 1].draft.rating == "unproven"

    @property
    def unchanged(self) -> bool:
        """Whether what stands is what readers see."""
        return bool(self.public) and finding(self.now) == finding(
            self.versions[self.public[-1] - 1]
        )

    @property
    def note(self) -> str:
        """What the editor proposes to tell readers about the correction."""
        return self.begun_for or self.now.draft.correction

    @property
    def contributors(self) -> list[User]:
        """Who may not approve it: also who wrote anything before, once an older one is restored."""
        round_restored = any(seq > self.approved_to for seq in self.restored)
        return [*self.writers[0 if round_restored else self.approved_to :], *self.correctors]

    @property
    def seq(self) -> int:
        return len(self.versions)

    @property
    def now(self) -> Content:
        blank = replace(NOTHING, claim_wording=self.wording)
        return self.versions[-1] if self.versions else Content(blank, ())

    def writable(self, person: User, page: Page) -> bool:
        mine = self.status == Status.IN_PROGRESS and self.holder == person
        return mine and self.running and page.token == self.token

    def hold(self, person: User) -> None:
        self.status, self.holder, self.running = Status.IN_PROGRESS, person, True
        self.token += 1
        self.before_merge = None

    def leave(self, status: Status, *, keep_holder: bool = False) -> None:
        self.status, self.running, self.waited = status, False, False
        self.holder = self.holder if keep_holder else None

    @property
    def open_opinion(self) -> Opinion | None:
        going = [one for one in self.opinions if one.state in (*UNMET, "disagreed")]
        return going[0] if going else None

    def keeps_away(self, person: User) -> bool:
        """Whether their second opinion in this round keeps them from the first verdict."""
        return any(
            person in (one.asked, one.second)
            for one in self.opinions[self.earlier :]
            if one.state != "called_off"
        )

    def may_give(self, person: User) -> bool:
        worked = person in self.contributors or person == self.holder
        return not worked and person not in self.deciders and not person.is_superuser

    def could_read(self, person: User, opinion: Opinion) -> bool:
        """Whether they wrote the first verdict or gave this opinion back, which anybody may begin.

        Who approves could read it, too.
        """
        return opinion.asked is None and person in (*self.writers, *opinion.gave_back)

    def meet(self) -> None:
        """Both are in."""
        if (one := self.open_opinion) and one.state == "given":
            same = one.rating == self.now.draft.rating
            one.state = "agreed" if same else "disagreed"
        elif one and one.state == "disagreed" and one.rating == self.now.draft.rating:
            one.state = "adjudicated"

    def give_up(self) -> None:
        """Nobody works on the first verdict any more."""
        if (one := self.open_opinion) and one.state in UNMET:
            one.state = "called_off"

    def write(self, person: User, content: Content) -> None:
        noted = replace(content.draft, correction=self.note)
        if finding(content) != finding(self.now):
            self.versions.append(Content(noted, content.evidence))
            self.writers.append(person)
            self.begun_for = ""


def finding(content: Content) -> Content:
    """What a version says, its note on a correction apart."""
    return content._replace(draft=replace(content.draft, correction=""))
