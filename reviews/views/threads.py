"""What colleagues say about a review, as threads with a form for one more answer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from reviews import comments
from reviews.forms import ThreadReplyForm
from reviews.models import Comment, Review, User


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment that begins a thread, what was answered, and the form for one more answer."""

    comment: Comment
    answers: list[Comment]
    reply_form: ThreadReplyForm


@dataclass(frozen=True, slots=True)
class Threads:
    """What colleagues say, oldest first."""

    open: list[Thread]
    resolved: list[Thread]


def threads(review: Review, user: User, typed: tuple[str, ThreadReplyForm] | None) -> Threads:
    """Return the threads on `review` that `user` may see. Cost: three queries.

    :param typed: the thread and the answer in it that was refused.
    """
    seen = comments.visible(review, user).select_related("author")
    found = seen.threads().select_related("article__source", "version")
    answers: defaultdict[int, list[Comment]] = defaultdict(list)
    for one in seen.exclude(thread=None).order_by("pk"):
        answers[one.thread_id or 0].append(one)
    threads = Threads([], [])
    for thread in found.defer("article__text", "version__content"):
        shown = Thread(thread, answers[thread.pk], _reply_form(thread, typed))
        (threads.resolved if thread.is_resolved else threads.open).append(shown)
    return threads


def _reply_form(thread: Comment, typed: tuple[str, ThreadReplyForm] | None) -> ThreadReplyForm:
    ref, refused = typed or ("", None)
    form = refused if refused and ref == thread.ref else ThreadReplyForm()
    form.auto_id = f"reply-{thread.ref}-%s"
    return form
