"""Rows for tests, arranged through the real workflow: `review_at(Status.SUBMITTED)`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import count

from django.contrib.auth.models import Group

from claims import archiving, following, importing, offering, outside, tips, tokens, watching
from claims.models import (
    Analysis,
    ApiToken,
    Appearance,
    Article,
    Capture,
    Claim,
    Claimant,
    Deposit,
    Feed,
    FeedItem,
    Flag,
    Handing,
    Import,
    Offer,
    OutsideCheck,
    Picture,
    Revision,
    Source,
    Tip,
)
from reviews import (
    checklists,
    checkpoints,
    contacts,
    evidence,
    history,
    leases,
    notifications,
    opinions,
    publication,
    queue,
    redaction,
    roles,
    verification,
    workflow,
)
from reviews import policy as room_of_policy
from reviews.inbox import Kind, Mail, Notification
from reviews.models import (
    ChecklistVersion,
    Conflict,
    Contact,
    Decision,
    Evidence,
    OpinionRule,
    PolicyVersion,
    Redaction,
    Review,
    ReviewTopic,
    Reweighing,
    SavedView,
    SecondOpinion,
    User,
    VerdictVersion,
    Weights,
)
from reviews.states import Status
from tests import files

_numbers = count(1)

TEXT = (
    "Harbour dredging cut the catch by half, the fishers' union said on Monday. "
    "The Coast Courier could not independently verify the figure."
)


def _person(role: str, **fields) -> User:
    number = next(_numbers)
    user = User.objects.create_user(f"person{number}", first_name="Person", last_name=str(number))
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def fact_checker(**fields) -> User:
    return _person(roles.FACT_CHECKERS, **fields)


def supervisor(**fields) -> User:
    return _person(roles.SUPERVISORS, **fields)


def data_editor(**fields) -> User:
    return _person(roles.DATA_EDITORS, is_staff=True, **fields)


def superuser(**fields) -> User:
    """Somebody with every permission there is; without a password, which takes long to hash."""
    fields = {"is_staff": True, "is_superuser": True} | fields
    return User.objects.create_user(f"root{next(_numbers)}", **fields)


def token(owner: User) -> ApiToken:
    """A token of `owner` to read claims with."""
    made, _ = tokens.make(owner, name="Feeder", scopes=["claims:read"], days=7)
    return made


def tip(text: str = "", **fields) -> Tip:
    """What a reader asks us to check."""
    asked = tips.Asked(
        **{
            "text": text or f"The harbour lost {next(_numbers)} boats in a year.",
            "url": "https://bay.example/post",
            "contact": "reader@mail.example",
        }
        | fields
    )
    return tips.send(asked, way=Tip.Way.FORM)


def outside_check(**fields) -> OutsideCheck:
    """A check that somebody else published."""
    markup = json.dumps(files.claim_review(**fields)).encode()
    (receipt,) = outside.take_in(markup, name="checks.json").receipts
    return receipt.check


def handed_in(*, by: User) -> None:
    """One row of everything that strangers and machines hand in."""
    tip()
    outside_check()
    Handing.objects.create(token=token(by), key="1", body_sha256="0" * 64, status=200, answer={})


def source(name: str = "") -> Source:
    return Source.objects.create(name=name or f"Coast Courier {next(_numbers)}")


def article(text: str = TEXT, **fields) -> Article:
    """An article that has been analysed, without anything found in it yet."""
    fields = {
        "source": fields.get("source") or source(),
        "title": f"Harbour report {next(_numbers)}",
        "url": f"https://courier.example/{next(_numbers)}",
        "published_on": date(2026, 3, 2),
        "language": "en",
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    } | fields
    row = Article.objects.create(**fields)
    Analysis.objects.create(article=row)
    return row


def feed(*, by: User | None = None, kept: bool = True, paused: str = "", **fields) -> Feed:
    """A feed that was looked at, and is kept unless said otherwise; the network is not asked."""
    by = by or supervisor()
    row = following.propose(f"https://courier.example/feed-{next(_numbers)}", by=by)
    looked = {"kind": "rss", "title": "The Courier", "polled_at": leases.clock()}
    Feed.objects.filter(pk=row.pk).update(**looked)
    if kept:
        following.keep(row, by=by)
    if paused:
        following.pause(row, by=by, reason=paused)
    if fields:
        Feed.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


def page_change(of: Article, **fields) -> Revision:
    """The page of an article, seen to have gone."""
    watching.watch([of], since=leases.clock())
    told = {"kind": "gone", "why": "It answers 410.", "seen_at": leases.clock()} | fields
    return Revision.objects.create(article=of, **told)


def copy_change(of: Capture, **fields) -> Revision:
    """The page of which a copy is kept, seen to say something else now."""
    watching.watch([], copies=[of], since=leases.clock())
    now = {"state": "kept", "sha256": archiving.keep(b"<p>Landings: 8.1"), "size": 16}
    later = Capture.objects.create(
        asked=of.asked, address=of.asked, media_type="text/html", taken_at=leases.clock(), **now
    )
    told = {
        "kind": "changed", "before_capture": of, "after_capture": later, "words": 1,
        "passages": [[{"op": "delete", "text": "9.1"}, {"op": "insert", "text": "8.1"}]],
        "seen_at": leases.clock(),
    } | fields  # fmt: skip
    return Revision.objects.create(capture=of, **told)


def failed_item(of: Feed | None = None, **fields) -> FeedItem:
    """Something that a feed named and that could not be had."""
    url = f"https://courier.example/{next(_numbers)}"
    told = {"state": "failed", "why": "It answers 404.", "settled_at": leases.clock()} | fields
    return FeedItem.objects.create(
        feed=of or feed(), address=url, canonical=url, host="courier.example", **told
    )


def offer(text: str = TEXT, *, by: User | None = None, name: str = "report.txt") -> Offer:
    """A document that somebody handed in and that nobody kept yet."""
    made = offering.offer(text.encode(), name=name, by=by or fact_checker())
    return Offer.objects.get(pk=made.pk)


def asked_for(*, by: User | None = None, failed: bool = False) -> Offer:
    """An address that somebody handed in; the network was not asked, or it failed."""
    row = offering.ask(f"https://courier.example/{next(_numbers)}", by=by or fact_checker())
    if failed:
        Offer.objects.filter(pk=row.pk).update(state="failed", why="It answers 404.", attempts=1)
        row.refresh_from_db()
    return row


def batch(*files: tuple[str, bytes], by: User | None = None) -> Import:
    """An import of files by name, of which nothing was done yet."""
    files = files or (("report.txt", TEXT.encode()),)
    handed = importing.handed_in((name, partial(bytes, content)) for name, content in files)
    return importing.begin(list(handed), by=by or fact_checker())


def failed_import() -> Import:
    """An import of a picture, which is not read."""
    made = batch(("harbour.png", b"\x89PNG\r\n"))
    importing.take_in(item_id=made.items.get().pk)
    return made


def claim(wording: str = "", **fields) -> Claim:
    """A claim with one appearance, in an article whose caution about it is flagged."""
    wording = wording or f"Harbour dredging cut catch number {next(_numbers)} by half."
    claimant, _ = Claimant.objects.get_or_create(
        name="The fishers' union", defaults={"kind": "organisation"}
    )
    row = Claim.objects.create(
        **{"wording": wording, "language": "en", "claimant": claimant, "worthiness": 0.7} | fields
    )
    found_in = article()
    end = TEXT.index(", the fishers")
    appearance = Appearance.objects.create(
        article=found_in, claim=row, start=0, end=end, sentence_start=0,
        sentence_end=TEXT.index(" The Coast"), wording=wording, claimant=claimant,
        worthiness=row.worthiness, reasons=["names a figure"],
    )  # fmt: skip
    start = TEXT.index("could not")
    flag = Flag.objects.create(
        article=found_in, kind="self_disclaimer", start=start, end=len(TEXT) - 1,
        sentence_start=TEXT.index("The Coast"), sentence_end=len(TEXT), rule="en.self.could-not",
        who="self", agent=found_in.source.name, scope="previous", confidence=0.9,
    )  # fmt: skip
    flag.covers.add(appearance)
    return row


DRAFT = history.Draft(
    rating="mostly_false",
    claim_wording="Dredging halved the catch.",
    summary="Landings fell by a tenth.",
    explanation="The port's own register shows a fall of a tenth over the year.",
)
EVIDENCE = {
    "url": "https://port.example/register", "title": "Landing register",
    "publisher": "Port authority", "stance": "refutes", "is_primary": True,
    "quote": "Landings: 9.1 thousand tonnes, against 10.1 the year before.",
}  # fmt: skip


def review(**fields) -> Review:
    """A review waiting in the queue."""
    row = claim(**fields)
    queue.open_reviews()
    return Review.objects.get(claim=row)


def write_verdict(review: Review, by: User, draft: history.Draft = DRAFT, **fields) -> None:
    """Save `draft` and attach one piece of evidence, as the holder of the lease."""
    seq = history.of(review).seq
    history.save(review, by=by, token=review.lease_token, seq=seq, draft=draft)
    attach(review)


def attach(review: Review, **fields) -> Evidence:
    """Attach one piece of evidence, as the holder of the lease."""
    return evidence.attach(
        review, by=review.checker, token=review.lease_token, **EVIDENCE | fields
    )  # fmt: skip


def archived(review: Review, *, failed: bool = False, missing: int = 0) -> Evidence:
    """The first evidence of a review, with all its copies or why there are none; no network."""
    evidence.order_copies()
    cited = review.evidence.standing().select_related("copy")[0]
    there = {"state": "kept", "sha256": archiving.keep(b"<p>Landings"), "size": 11}
    there |= {"media_type": "text/html", "address": cited.url, "taken_at": leases.clock()}
    told = {"state": "failed", "why": "It answers 404."} if failed else there
    Capture.objects.waiting().filter(pk=cited.copy.capture_id).update(**told)
    if not failed and not Picture.objects.filter(capture=cited.copy.capture_id).exists():
        photographed(cited.copy.capture_id, cited.url, missing)
    return Evidence.objects.select_related("copy__capture").get(pk=cited.pk)


def photographed(capture_id: int, url: str, missing: int) -> None:
    """A picture of a page that is kept, and its copy in a public archive; no network."""
    image, printed = b"\x89PNG\r\n\x1a\nLandings", b"%PDF-1.4 Landings"
    Picture.objects.create(
        capture_id=capture_id, state="kept", address=url, taken_at=leases.clock(),
        sha256=archiving.keep(image), size=len(image), print_sha256=archiving.keep(printed),
        print_size=len(printed), browser="Chrome/1.2", missing=missing,
    )  # fmt: skip
    Deposit.objects.create(
        capture_id=capture_id, state="kept", asked=f"https://archive.example/save/{url}",
        address="https://archive.example/2026/landings", taken_at=leases.clock(),
    )  # fmt: skip


def save(review: Review, *, seq: int | None = None, **fields) -> VerdictVersion | None:
    """Save `DRAFT` with `fields` changed, as the holder, over version `seq` or the newest.

    What is corrected is left as the editor proposes it.
    """
    verdict = history.of(review)
    seq = verdict.seq if seq is None else seq
    draft = replace(DRAFT, **{"correction": history.correction_of(verdict)} | fields)
    return history.save(review, by=review.checker, token=review.lease_token, seq=seq, draft=draft)


def withdraw(one: Evidence) -> None:
    """Withdraw a piece of evidence, as the holder of the lease."""
    review = one.review
    evidence.withdraw(one, by=review.checker, token=review.lease_token, reason="A forgery.")


def ask(review: Review, **fields) -> Contact:
    """Note that somebody was asked, as the holder."""
    told = {
        "whom": "The fishers' union", "way": "mail", "asked_on": date(2020, 3, 2),
        "question": "Which register does the figure come from?",
    } | fields  # fmt: skip
    return contacts.note(
        review, by=review.checker, token=review.lease_token, told=contacts.Told(**told)
    )


def checklist(*texts: str, by: User | None = None, **fields) -> ChecklistVersion:
    """A further version of the checklist, with these points, all with `fields`."""
    newest = ChecklistVersion.objects.newest_first().first()
    points = [checklists.Point(text, **fields) for text in texts]
    return checklists.edit(
        by=by or supervisor(), seq=newest.seq if newest else 0, points=points, why="A trial."
    )


def policy(*, by: User | None = None, **asked) -> PolicyVersion:
    """A further version of the policy, that asks for `asked` and the checklist."""
    newest = room_of_policy.in_force()
    return room_of_policy.edit(
        by=by or supervisor(), seq=newest.seq if newest else 0,
        asked=room_of_policy.Terms(**asked), why="A trial.",
    )  # fmt: skip


def go_without(review: Review, requirement: str, reason: str = "One office keeps it.") -> None:
    """State, as the holder, why the verdict goes without something that is asked."""
    room_of_policy.state(
        review, by=review.checker, token=review.lease_token, requirement=requirement, reason=reason
    )


def tick(review: Review, *texts: str) -> None:
    """Tick these points, as the holder; all that are required, if none is named."""
    for text in texts or checklists.unticked(review):
        checklists.tick(review, by=review.checker, token=review.lease_token, point=text)


def submit(review: Review) -> None:
    """Submit the newest version, as the holder."""
    seq = history.of(review).seq
    workflow.submit(review, by=review.checker, token=review.lease_token, seq=seq, told=told(review))


def told(review: Review) -> str:
    """What its checker's page names of what readers are told besides the words."""
    return history.told(history.context_of(review.claim))


def approve(review: Review, *, by: User) -> Decision:
    """Approve the newest version, having read it."""
    verdict = history.of(review)
    return workflow.approve(review, by=by, seq=verdict.seq, content_hash=verdict.content_hash)


def put_aside(review: Review, *, days: int = 3) -> None:
    """Let its checker wait for a reply."""
    workflow.snooze(
        review, by=review.checker, token=review.lease_token,
        until=leases.clock() + timedelta(days=days), waits_for="The port's press office",
    )  # fmt: skip


def run_out(review: Review) -> None:
    """Let the time of a held review's lease pass."""
    review.lease_expires_at = leases.clock()
    review.save(update_fields=["lease_expires_at"])


def review_at(
    status: Status, *, checker: User | None = None, approver: User | None = None
) -> Review:
    """A review brought to `status` by the moves that people make."""
    row = review()
    checker = checker or fact_checker()
    approver = approver or supervisor()
    if status == Status.QUEUED:
        return row
    if status == Status.DISMISSED:
        workflow.dismiss(row, by=approver, reason="Nobody can check this.")
        return row
    workflow.take(row, by=checker)
    if status == Status.IN_PROGRESS:
        return row
    if status == Status.WAITING:
        put_aside(row)
        return row
    write_verdict(row, checker)
    submit(row)
    if status == Status.RETURNED:
        seq = history.of(row).seq
        workflow.return_to_checker(row, by=approver, seq=seq, comment="Name the year.")
    if status in (Status.APPROVED, Status.PUBLISHED):
        approve(row, by=approver)
    if status == Status.PUBLISHED:
        publication.publish(review_id=row.pk)
        row.refresh_from_db()
    assert row.status == status
    return row


def second_opinion(
    review: Review, *, of: User | None = None, by: User | None = None
) -> SecondOpinion:
    """Ask for a second opinion on a submitted verdict."""
    return opinions.ask(review, by=by or supervisor(), why="It is close.", of=of)


def give_opinion(review: Review, *, by: User, rating: str = "mostly_false") -> None:
    """Let `by` begin and give the second opinion that was asked for."""
    opinions.take(review, by=by)
    found = opinions.Found(rating, "Landings fell a little.", "The register of the port.")
    opinions.give(review, by=by, found=found)


def notification(review: Review) -> Notification:
    """Something that somebody was told about it, and at once by mail."""
    if told := Notification.objects.filter(review=review).first():
        return told
    person = fact_checker(email="a@desk.example")
    notifications.choose(person, {Kind.OVERDUE: Mail.NEVER})
    told = notifications.tell(
        person, Kind.ASSIGNED, review, at=leases.clock(), occasion="once", words="Look at it."
    )
    assert told
    return told


def redacted(held: Review) -> Redaction:
    """Its newest version redacted, under one that came after it; the record checked and signed."""
    seq = history.of(held).seq
    save(held, summary=f"Landings fell by {next(_numbers)}.")
    done = redaction.redact(held, by=supervisor(), seq=seq, reason="It named a child.")
    verification.nightly()
    checkpoints.take()
    return done


def arrange_the_queue(*, by: User) -> None:
    """A topic, weights, a pass over the queue, a saved view, a conflict; a worksheet, too."""
    number, now = next(_numbers), leases.clock()
    topic = ReviewTopic.objects.create(slug=f"topic-{number}", name=f"Topic {number}")
    Weights.objects.create(by=by, by_name=str(by), at=now, why="A trial.")
    Reweighing.objects.create(why="A trial.", started_at=now, finished_at=now, total=1)
    SavedView.objects.create(name=f"Ports {number}", owner=by, query="view=open")
    OpinionRule.objects.create(by=by, by_name=str(by), at=now, why="A trial.")
    Conflict.objects.create(person=by, topic=topic, words="My sister works there.", declared_at=now)
    held = review_at(Status.IN_PROGRESS)
    ask(held)
    text = f"The port was asked {number}"
    checklist(text)
    checklists.go_on_with_newest(held, by=held.checker, token=held.lease_token)
    tick(held, text)
    asked = room_of_policy.terms(room_of_policy.in_force())
    policy(primary="off" if asked.primary == "or_reason" else "or_reason")
    if room_of_policy.terms(room_of_policy.in_force()).primary == "or_reason":
        go_without(held, "primary")
    write_verdict(held, held.checker)
    redacted(held)
