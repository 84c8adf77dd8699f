"""People are managed here; reviews are only read.

A review moves through `workflow` and a verdict is written by `history`. The admin offers neither a
form nor an action on their rows, to nobody: four eyes, leases and seals hold for superusers too.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group

from claims.admin import ViewOnlyAdmin
from reviews.models import (
    ChecklistEvent,
    ChecklistVersion,
    Checkpoint,
    Comment,
    Conflict,
    Contact,
    Decision,
    Delivery,
    Evidence,
    EvidenceCopy,
    Exemption,
    Letter,
    MailChoice,
    Notification,
    OpinionRule,
    PolicyVersion,
    Publication,
    Redaction,
    Review,
    ReviewEvent,
    ReviewTopic,
    Reweighing,
    SavedView,
    SecondOpinion,
    ThreadEvent,
    User,
    Verdict,
    VerdictVersion,
    Verification,
    Weights,
)

# What a role may do is written in `roles.py` and set after every migrate; here people get roles.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """People are deactivated, never deleted: their names stand under what they wrote."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "languages", "topics")}),
        ("What they may do", {"fields": ("is_active", "groups", "is_staff", "is_superuser")}),
        ("Since", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("username", "first_name", "last_name", "roles", "languages", "is_active")
    list_filter = ("groups", "is_active", "is_staff")
    filter_horizontal = ()
    actions = None

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user):
        return ", ".join(group.name for group in user.groups.all())

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.is_system:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Review)
class ReviewAdmin(ViewOnlyAdmin):
    list_display = ("claim", "status", "priority", "language", "checker", "due_at")
    list_filter = ("status", "language")
    list_select_related = ("claim", "checker")
    search_fields = ("claim__wording", "ref")
    ordering = ("-pk",)


@admin.register(ReviewEvent)
class ReviewEventAdmin(ViewOnlyAdmin):
    list_display = ("at", "actor_name", "action", "review", "old_status", "new_status")
    list_filter = ("action",)
    list_select_related = ("review__claim",)
    search_fields = ("actor_name", "review__ref")
    ordering = ("-pk",)


@admin.register(Evidence)
class EvidenceAdmin(ViewOnlyAdmin):
    list_display = ("title", "publisher", "stance", "is_primary", "added_by", "withdrawn_at")
    list_filter = ("stance", "is_primary")
    list_select_related = ("added_by",)
    search_fields = ("title", "publisher", "url")
    ordering = ("-pk",)


@admin.register(EvidenceCopy)
class EvidenceCopyAdmin(ViewOnlyAdmin):
    list_display = ("evidence", "capture")
    list_select_related = ("evidence", "capture")
    ordering = ("-pk",)


@admin.register(Verdict)
class VerdictAdmin(ViewOnlyAdmin):
    list_display = ("claim_wording", "rating_label", "seq", "content_hash")
    list_filter = ("rating",)
    search_fields = ("claim_wording", "summary")
    ordering = ("-pk",)


@admin.register(VerdictVersion)
class VerdictVersionAdmin(ViewOnlyAdmin):
    list_display = ("at", "verdict", "seq", "actor_name", "action", "reason")
    list_filter = ("action",)
    list_select_related = ("verdict",)
    search_fields = ("actor_name", "content_hash", "hash")
    ordering = ("-pk",)


@admin.register(Decision)
class DecisionAdmin(ViewOnlyAdmin):
    list_display = ("at", "kind", "nth", "needed", "by_name", "version", "comment")
    list_filter = ("kind",)
    list_select_related = ("version",)
    search_fields = ("by_name", "comment")
    ordering = ("-pk",)


@admin.register(Comment)
class CommentAdmin(ViewOnlyAdmin):
    list_display = ("at", "author", "review", "body")
    list_select_related = ("author", "review__claim")
    search_fields = ("body", "author__username")
    ordering = ("-pk",)


@admin.register(Contact)
class ContactAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "whom", "way", "asked_on", "replied_on", "review")
    list_filter = ("way",)
    list_select_related = ("review__claim",)
    search_fields = ("whom", "by_name", "review__ref")
    ordering = ("-pk",)


@admin.register(ChecklistVersion)
class ChecklistVersionAdmin(ViewOnlyAdmin):
    list_display = ("seq", "at", "by_name", "why")
    ordering = ("-pk",)


@admin.register(ChecklistEvent)
class ChecklistEventAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "action", "point", "note", "review")
    list_filter = ("action",)
    list_select_related = ("review__claim",)
    search_fields = ("by_name", "point", "review__ref")
    ordering = ("-pk",)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ViewOnlyAdmin):
    list_display = ("seq", "at", "by_name", "why")
    ordering = ("-pk",)


@admin.register(Exemption)
class ExemptionAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "requirement", "reason", "review")
    list_filter = ("requirement",)
    list_select_related = ("review__claim",)
    search_fields = ("by_name", "reason", "review__ref")
    ordering = ("-pk",)


@admin.register(ThreadEvent)
class ThreadEventAdmin(ViewOnlyAdmin):
    list_display = ("at", "actor_name", "what", "thread")
    list_filter = ("what",)
    list_select_related = ("thread",)
    ordering = ("-pk",)


@admin.register(Publication)
class PublicationAdmin(ViewOnlyAdmin):
    list_display = ("published_at", "review", "correction")
    list_select_related = ("review__claim",)
    search_fields = ("review__claim__wording", "review__ref")
    ordering = ("-pk",)


@admin.register(Redaction)
class RedactionAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "version", "reason")
    list_select_related = ("version",)
    ordering = ("-pk",)


@admin.register(Verification)
class VerificationAdmin(ViewOnlyAdmin):
    list_display = ("finished_at", "verdicts", "versions", "problem_count")
    ordering = ("-pk",)


@admin.register(Checkpoint)
class CheckpointAdmin(ViewOnlyAdmin):
    list_display = ("number", "day", "taken_at", "hash")
    ordering = ("-number",)


@admin.register(Delivery)
class DeliveryAdmin(ViewOnlyAdmin):
    """The outbox of checkpoints: which witness has which, what waits, and why."""

    list_display = ("written_at", "checkpoint", "way", "to", "state", "attempts", "problem")
    list_filter = ("state", "way")
    list_select_related = ("checkpoint",)
    ordering = ("-pk",)


@admin.register(ReviewTopic)
class ReviewTopicAdmin(ViewOnlyAdmin):
    list_display = ("name", "slug", "harm", "words")
    ordering = ("name",)


@admin.register(Weights)
class WeightsAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "why")
    ordering = ("-pk",)


@admin.register(Reweighing)
class ReweighingAdmin(ViewOnlyAdmin):
    list_display = ("started_at", "why", "done", "total", "finished_at")
    ordering = ("-pk",)


@admin.register(SavedView)
class SavedViewAdmin(ViewOnlyAdmin):
    list_display = ("name", "owner", "shared", "query")
    list_select_related = ("owner",)
    ordering = ("-pk",)


@admin.register(Conflict)
class ConflictAdmin(ViewOnlyAdmin):
    list_display = ("person", "about", "words", "declared_at", "ended_at")
    list_select_related = ("person", "source", "claimant", "topic")
    ordering = ("-pk",)


@admin.register(SecondOpinion)
class SecondOpinionAdmin(ViewOnlyAdmin):
    list_display = (
        "asked_at",
        "review",
        "state",
        "asked",
        "second_checker",
        "first_rating",
        "second_rating",
    )
    list_filter = ("state",)
    list_select_related = ("review__claim", "asked", "second_checker")
    ordering = ("-pk",)


@admin.register(OpinionRule)
class OpinionRuleAdmin(ViewOnlyAdmin):
    list_display = ("at", "by_name", "share", "topics", "why")
    ordering = ("-pk",)


@admin.register(Notification)
class NotificationAdmin(ViewOnlyAdmin):
    list_display = ("at", "person", "kind", "words", "review", "read_at", "mail")
    list_filter = ("kind", "mail")
    list_select_related = ("person", "review__claim")
    ordering = ("-pk",)


@admin.register(MailChoice)
class MailChoiceAdmin(ViewOnlyAdmin):
    list_display = ("person", "kind", "mail")
    list_select_related = ("person",)
    ordering = ("-pk",)


@admin.register(Letter)
class LetterAdmin(ViewOnlyAdmin):
    """The outbox: what was sent, what waits, and why."""

    list_display = ("written_at", "address", "subject", "state", "attempts", "tried_at", "problem")
    list_filter = ("state",)
    ordering = ("-pk",)
