"""Addresses of the desk: the queue, and everything one does with a review."""

from __future__ import annotations

from django.urls import path

from reviews.views import approval, evidence, history, queue, regrouping, review, verdict

app_name = "reviews"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("reviews/take-next/", queue.take_next, name="take-next"),
    path("reviews/<slug:ref>/news-read/", queue.read_news, name="read-news"),
    path("reviews/<slug:ref>/", review.detail, name="detail"),
    path("reviews/<slug:ref>/take/", review.take, name="take"),
    path("reviews/<slug:ref>/release/", review.release, name="release"),
    path("reviews/<slug:ref>/renew/", review.renew, name="renew"),
    path("reviews/<slug:ref>/dismiss/", review.dismiss, name="dismiss"),
    path("reviews/<slug:ref>/reopen/", review.reopen, name="reopen"),
    path("reviews/<slug:ref>/correct/", review.correct, name="correct"),
    path("reviews/<slug:ref>/keep/", review.keep, name="keep"),
    path("reviews/<slug:ref>/comment/", review.comment, name="comment"),
    path("reviews/<slug:ref>/flags/<slug:flag_ref>/", review.decide_flag, name="decide-flag"),
    path("reviews/<slug:ref>/save/", verdict.save, name="save"),
    path("reviews/<slug:ref>/submit/", verdict.submit, name="submit"),
    path("reviews/<slug:ref>/withdraw/", verdict.withdraw, name="withdraw"),
    path("reviews/<slug:ref>/evidence/", evidence.attach, name="attach-evidence"),
    path(
        "reviews/<slug:ref>/evidence/<slug:evidence_ref>/withdraw/",
        evidence.withdraw,
        name="withdraw-evidence",
    ),
    path("reviews/<slug:ref>/approval/", approval.approval, name="approval"),
    path("reviews/<slug:ref>/approve/", approval.approve, name="approve"),
    path("reviews/<slug:ref>/return/", approval.return_to_checker, name="return"),
    path("reviews/<slug:ref>/history/", history.history, name="history"),
    path("reviews/<slug:ref>/history/<int:seq>/restore/", history.restore, name="restore"),
    path("reviews/<slug:ref>/earlier.json", review.earlier, name="earlier"),
    path("reviews/<slug:ref>/adopt/<slug:checked_ref>/", verdict.adopt, name="adopt"),
    path("suggested/", regrouping.suggestions, name="suggestions"),
    path("suggested/<slug:ref>/", regrouping.decide_suggestion, name="decide-suggestion"),
    path("claims/<slug:ref>/regroup/", regrouping.regroup, name="regroup"),
    path("claims/<slug:ref>/merge/", regrouping.merge, name="merge"),
    path("claims/<slug:ref>/split/", regrouping.split, name="split"),
    path("appearances/<slug:ref>/link/", regrouping.link, name="link"),
    path("merges/<slug:ref>/undo/", regrouping.undo_merge, name="undo-merge"),
    path("splits/<slug:ref>/undo/", regrouping.undo_split, name="undo-split"),
]
