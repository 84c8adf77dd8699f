"""What programs read and hand in of what was said. `factcheck.api` mounts it."""

from __future__ import annotations

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Header, Query, Router, Schema, Status
from ninja.security import HttpBearer
from pydantic import AfterValidator, ConfigDict, StringConstraints, model_validator

from claims import handing, importing, listing, provenance, reading, tips, tokens
from claims import stories as room
from claims.models import Analysis, ApiToken, Article, Claim, Import, Story, Tip, as_ref
from claims.tokens import Scope

MOST_FLAGS = 1000  # flags, and claims, told of one article
LONGEST_TEXT = 5_000_000  # characters; the file of an article may have 10 MB
LONGEST_WORDS = 200
SEES_IMPORTS = "claims.view_import"  # those of others, too

router = Router()


class Refused(Exception):
    """What was asked is refused, with an HTTP status, and told by field."""

    def __init__(self, code: int, why: str, *, field: str = "") -> None:
        super().__init__(why)
        self.code, self.why, self.field = code, why, field


class Bearer(HttpBearer):
    """A token for one scope, in `Authorization: Bearer …`. Cookies are not looked at."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token that may do this; None if there is no such token.

        :raises Refused: if it is not for this scope.
        """
        found = tokens.holder(token)
        if found and (why := tokens.refusal(found, self.scope)):
            raise Refused(403, why)
        return found


class Asked(HttpRequest):
    """A request as it reaches an operation: signed in with a token."""

    auth: ApiToken


# What is told


class Problem(Schema):
    """One reason, and the field it is about; "" if it is about all."""

    field: str
    why: str


class Problems(Schema):
    errors: list[Problem]


class Stored(Schema):
    ref: str
    new: bool
    place: str


class Outcome(Schema):
    articles: list[Stored]
    errors: list[Problem]


class Begun(Schema):
    """An import that began: `where` tells programs how far it is, `page` tells people."""

    ref: str
    where: str
    page: str


class ImportState(Outcome):
    """What became of an import so far; it is done when nothing waits."""

    ref: str
    begun_at: datetime
    waiting: int


class ArticleRow(Schema):
    ref: str
    title: str
    source: str
    url: str
    published_on: date | None
    language: str
    received_at: datetime
    analysis: str


class ArticlePage(Schema):
    articles: list[ArticleRow]
    next_after: str


class FoundClaim(Schema):
    claim: str | None
    wording: str
    claimant: str
    start: int
    end: int
    worthiness: float


class FoundFlag(Schema):
    ref: str
    kind: str
    state: str
    rule: str
    words: str
    start: int
    end: int
    confidence: float


class ArticleDetail(ArticleRow):
    author: str
    licence: str
    story: str | None
    revises: str | None
    attempts: int
    problem: str
    text: str
    claims: list[FoundClaim]
    flags: list[FoundFlag]


class ClaimRow(Schema):
    ref: str
    wording: str
    language: str
    claimant: str
    worthiness: float
    merged_into: str | None


class ClaimPage(Schema):
    claims: list[ClaimRow]
    next_after: str


class Place(Schema):
    article: str
    source: str
    caution: str


class ClaimDetail(ClaimRow):
    copies: int
    origins: int
    appearances: list[Place]


REFUSALS = {400: Problems, 401: Problems, 403: Problems, 413: Problems, 422: Problems,
            429: Problems, 503: Problems}  # fmt: skip
MISSING = REFUSALS | {404: Problems}


# What is handed in


def _clean(text: str) -> str:
    return reading.label(text, 9 * len(text) + 1)  # controls are written out


def _address(text: str) -> str:
    if text and not reading.web_address(text):
        raise ValueError("this is not a web address")
    return text


def _line(longest: int) -> Any:
    """One line of text, at most so long, without what cannot be seen."""
    constraints = StringConstraints(strip_whitespace=True, max_length=longest)
    return Annotated[str, constraints, AfterValidator(_clean)]


class File(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    base64: str


class NewArticle(Schema):
    """Exactly one of `text`, `html` and `file`; what is said of it outranks what is read in it."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None = None
    html: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None = None
    file: File | None = None
    title: _line(reading.LONGEST_TITLE) = ""  # type: ignore[valid-type]  # a type made by a call
    source: _line(200) = ""  # type: ignore[valid-type]
    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_address)] = ""
    published_on: date | None = None
    language: Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3})?$")] = ""
    author: _line(300) = ""  # type: ignore[valid-type]
    licence: _line(300) = ""  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _has_one(self) -> NewArticle:
        given = [one for one in (self.text, self.html, self.file) if one is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of text, html and file")
        if self.text is not None and not self.text.strip():
            raise ValueError("the text is empty")
        return self

    def handed(self) -> handing.Handed:
        """Return it as bytes with what was said of them.

        :raises Refused: if the file is not in base64.
        """
        said = self.dict(exclude={"text", "html", "file"})
        fields = {name: value for name, value in said.items() if value}
        if self.text is not None:
            text = self.text.encode()
            return handing.Handed(text, handing.TEXT, as_it_stands=True, fields=fields)
        if self.html is not None:
            kind = "text/html; charset=utf-8"
            return handing.Handed(self.html.encode(), handing.PAGE, media_type=kind, fields=fields)
        assert self.file is not None  # noqa: S101  one of them is given
        try:
            content = base64.b64decode(self.file.base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused(422, "this is not base64", field="file.base64") from error
        return handing.Handed(content, self.file.name, fields=fields)


@router.post(
    "/articles",
    auth=Bearer(tokens.ARTICLES_WRITE),
    response={200: Outcome, 201: Outcome, 202: Begun, **REFUSALS},
    url_name="articles",
)
def hand_in(
    request: Asked,
    body: NewArticle,
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", max_length=handing.LONGEST_KEY)
    ] = "",
) -> Status:
    """Store an article and have it analysed: 201 if it is new, 200 if it is known.

    The same text of the same source is one article. Under an Idempotency-Key the first answer is
    given again for a week. It is analysed within seconds; ask for it until it is.

    A zip or WARC, or a mail with many files, is taken in later, document by document: 202, and
    where to ask how far that is. 503 means that the desk is reading something else; try again.
    """
    handed = body.handed()
    key = idempotency_key.replace("\0", "")

    def do() -> handing.Answer:
        return handing.told(handing.hand_in(handed, by=request.auth.owner))

    try:
        answer = handing.once(request.auth, key, request.body, do) if key else do()
    except handing.Clash as clash:
        raise Refused(422, str(clash), field="Idempotency-Key") from clash
    except reading.Busy as busy:
        raise Refused(503, str(busy)) from busy
    return Status(answer.status, answer.body)


@router.get(
    "/imports/{ref}",
    auth=Bearer(tokens.ARTICLES_WRITE),
    response={200: ImportState, **MISSING},
    url_name="import",
)
def import_state(request: Asked, ref: str) -> Any:
    """Tell how far an import is, and what became of each document in it.

    Of those that others handed in, only who may see them all is told.
    """
    owner = request.auth.owner
    rows = Import.objects.all() if owner.has_perm(SEES_IMPORTS) else Import.objects.filter(by=owner)
    batch = get_object_or_404(rows, ref=_ref(ref))
    return {"ref": batch.ref, "begun_at": batch.begun_at, **importing.outcome(batch)}


class NewTip(Schema):
    """A claim that should be checked; the desk decides."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(max_length=tips.LONGEST)]
    claimant: _line(200) = ""  # type: ignore[valid-type]
    language: Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3})?$")] = ""
    url: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_address)] = ""
    said_on: date | None = None
    note: Annotated[str, StringConstraints(max_length=tips.LONGEST_NOTE)] = ""


class SentTip(Schema):
    ref: str
    state: str


@router.post(
    "/tips",
    auth=Bearer(tokens.TIPS_WRITE),
    response={201: SentTip, **REFUSALS},
    url_name="tips",
)
def send_tip(request: Asked, body: NewTip) -> Status:
    """Ask the desk to check something; it comes into the list of tips."""
    try:
        tip = tips.send(tips.Asked(**body.dict()), way=Tip.Way.API, by=request.auth.owner)
    except tips.Refused as refused:
        raise Refused(422, str(refused), field="text") from refused
    return Status(201, {"ref": tip.ref, "state": tip.state})


# What is read


@router.get(
    "/articles",
    auth=Bearer(tokens.ARTICLES_READ),
    response={200: ArticlePage, **REFUSALS},
    url_name="articles",
)
def articles(request: Asked, after: str = "", status: Analysis.Status | None = None) -> Any:
    """List articles, last received first; `after` is the `next_after` of the page before."""
    rows, next_after = listing.articles(status=status or "", after=as_ref(after))
    return {"articles": [_row(one) for one in rows], "next_after": next_after}


@router.get(
    "/articles/{ref}",
    auth=Bearer(tokens.ARTICLES_READ),
    response={200: ArticleDetail, **MISSING},
    url_name="article",
)
def article(request: Asked, ref: str) -> Any:
    """Tell how far the analysis of an article is, its flags, and the claims found in it.

    Offsets are half-open, in characters of its text.
    """
    rows = Article.objects.select_related("source", "analysis", "story", "revises")
    row = get_object_or_404(rows, ref=_ref(ref))
    found = row.appearances.current().select_related("claim", "claimant").order_by("start")
    return _row(row) | {
        "author": row.author, "licence": row.licence, "text": row.text,
        "story": row.story.ref if row.story else None,
        "revises": row.revises.ref if row.revises else None,
        "attempts": row.analysis.attempts, "problem": row.analysis.error,
        "claims": [
            {"claim": one.claim.ref if one.claim else None, "wording": one.wording,
             "claimant": one.claimant.name if one.claimant else "", "start": one.start,
             "end": one.end, "worthiness": one.worthiness}
            for one in found[:MOST_FLAGS]
        ],
        "flags": [
            {"ref": one.ref, "kind": one.kind, "state": one.state, "rule": one.rule,
             "words": row.text[one.start : one.end], "start": one.start, "end": one.end,
             "confidence": one.confidence}
            for one in row.flags.order_by("start", "pk")[:MOST_FLAGS]
        ],
    }  # fmt: skip


@router.get(
    "/claims",
    auth=Bearer(tokens.CLAIMS_READ),
    response={200: ClaimPage, **REFUSALS},
    url_name="claims",
)
def claims(
    request: Asked,
    q: Annotated[str, Query(max_length=LONGEST_WORDS)] = "",
    language: Annotated[str, Query(pattern=r"^([a-z]{2,3})?$")] = "",
    after: str = "",
) -> Any:
    """List the standing claims that have every word of `q`, newest first."""
    rows, next_after = listing.claims(
        words=q.replace("\0", " "), language=language, after=as_ref(after)
    )
    return {"claims": [_claim(one) for one in rows], "next_after": next_after}


@router.get(
    "/claims/{ref}",
    auth=Bearer(tokens.CLAIMS_READ),
    response={200: ClaimDetail, **MISSING},
    url_name="claim",
)
def claim(request: Asked, ref: str) -> Any:
    """Tell what a claim says, how often it was copied, and what became of the caution in each."""
    row = get_object_or_404(_claims(), ref=_ref(ref))
    standing = provenance.standing(row)
    return _claim(row) | {
        "copies": standing.copies,
        "origins": standing.origins,
        "appearances": [
            {"article": one.article.ref, "source": one.article.source.name,
             "caution": one.fate.label}
            for one in standing.fates[:MOST_FLAGS]
        ],
    }  # fmt: skip


@router.get(
    "/stories/{ref}",
    auth=Bearer(tokens.CLAIMS_READ),
    response={200: dict[str, Any], **MISSING},
    url_name="story",
)
def story(request: Asked, ref: str) -> Any:
    """Tell what each copy of a story did: the table of its page."""
    return room.as_document(room.table(get_object_or_404(Story, ref=_ref(ref))))


def _row(row: Article) -> dict[str, Any]:
    return {
        "ref": row.ref, "title": row.title, "source": row.source.name, "url": row.url,
        "published_on": row.published_on, "language": row.language,
        "received_at": row.received_at, "analysis": row.analysis.status,
    }  # fmt: skip


def _claims() -> QuerySet[Claim]:
    return Claim.objects.select_related("claimant", "merged_into")


def _claim(row: Claim) -> dict[str, Any]:
    return {
        "ref": row.ref, "wording": row.wording, "language": row.language,
        "claimant": row.claimant.name if row.claimant else "", "worthiness": row.worthiness,
        "merged_into": row.merged_into.ref if row.merged_into else None,
    }  # fmt: skip


def _ref(text: str) -> str:
    if not as_ref(text):
        raise Http404
    return text
