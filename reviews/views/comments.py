"""What colleagues say about a review: threads on passages, replies, resolving."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from reviews import comments
from reviews.forms import CommentForm, ResolveForm, ThreadReplyForm
from reviews.gate import Refused
from reviews.models import Comment, Review
from reviews.views.page import Answer, Request, load, show

PANEL, WITH_ARTICLE = "reviews/_comments_panel.html", "reviews/_comments_answer.html"
APPROVAL, ON_APPROVAL = "reviews/approval.html", "reviews/_comments_approval.html"


@require_POST
def say(request: Request, ref: str) -> HttpResponse:
    review, form = load(ref), CommentForm(request.POST)
    if not form.is_valid():
        return _refused(request, review, 422, Answer(comment=form))
    try:
        said = comments.say(review, by=request.user, **form.said())
    except Refused as refused:
        form.add_error(None, str(refused))
        return _refused(request, review, 409, Answer(comment=form))
    return _answer(request, review, said)


@require_POST
def reply(request: Request, ref: str, comment_ref: str) -> HttpResponse:
    review = load(ref)
    thread, form = _visible(request, review, comment_ref), ThreadReplyForm(request.POST)
    answer = Answer(reply=(thread.ref, form))
    if not form.is_valid():
        return _refused(request, review, 422, answer)
    try:
        comments.reply(thread, by=request.user, body=form.cleaned_data["body"])
    except Refused as refused:
        form.add_error(None, str(refused))
        return _refused(request, review, 409, answer)
    return _answer(request, review, thread)


@require_POST
def resolve(request: Request, ref: str, comment_ref: str) -> HttpResponse:
    """Resolve a thread, or open it again."""
    review, form = load(ref), ResolveForm(request.POST)
    thread = _visible(request, review, comment_ref)
    if not form.is_valid():
        return _refused(request, review, 422, Answer())
    turn = comments.resolve if form.cleaned_data["resolved"] == "yes" else comments.reopen
    try:
        turn(thread, by=request.user)
    except Refused as refused:
        return _refused(request, review, 409, Answer(thread_problem=str(refused)))
    return _answer(request, review, thread)


def _visible(request: Request, review: Review, ref: str) -> Comment:
    """The first comment of the thread at `ref`, if this person may see it; else 404."""
    seen = comments.visible(review, request.user).filter(thread=None)
    return get_object_or_404(seen.select_related("review"), ref=ref)


def _is_on_approval(request: Request) -> bool:
    """Whether it was sent from the page on which a supervisor decides."""
    return request.POST.get("page") == "approval"


def _refused(request: Request, review: Review, status: int, answer: Answer) -> HttpResponse:
    """The panel with what was wrong, on the page from which it was sent."""
    if _is_on_approval(request):
        return show(request, ON_APPROVAL, review, status=status, full=APPROVAL, answer=answer)
    return show(request, PANEL, review, status=status, answer=answer)


def _answer(request: Request, review: Review, thread: Comment) -> HttpResponse:
    """The panel; with article or verdict beside it, if its marks may have changed."""
    if not request.htmx:
        page = "approval/" if _is_on_approval(request) else ""
        return redirect(f"{review.get_absolute_url()}{page}#comment-{thread.ref}")
    if _is_on_approval(request):
        return show(
            request, ON_APPROVAL, review, answer=Answer(beside=thread.article_id is not None)
        )
    if thread.article_id is None:
        return show(request, PANEL, review)
    return show(request, WITH_ARTICLE, review, answer=Answer(beside=True))
