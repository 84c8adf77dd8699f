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
    Comment,
    Decision,
    Evidence,
    Publication,
    Review,
    ReviewEvent,
    User,
    Verdict,
    VerdictVersion,
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
    list_display = ("at", "kind", "by_name", "version", "comment")
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


@admin.register(Publication)
class PublicationAdmin(ViewOnlyAdmin):
    list_display = ("published_at", "review", "correction")
    list_select_related = ("review__claim",)
    search_fields = ("review__claim__wording", "review__ref")
    ordering = ("-pk",)
