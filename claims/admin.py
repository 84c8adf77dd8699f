"""Cleaning data: people edit what a row says, never what a machine found or a text's hash.

Every edit of a content row is a django-reversion version, with the row as it was found before the
first one. Nothing is deleted here: rows that others rest on stay.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import reversion
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_field, quote, unquote
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from reversion.admin import VersionAdmin
from reversion.models import Version

from claims import analysis, correcting, matching
from claims.models import (
    Analysis,
    ApiToken,
    Appearance,
    Article,
    Capture,
    Claim,
    Claimant,
    ClaimMerge,
    ClaimSplit,
    Deposit,
    Derivation,
    Feed,
    FeedEvent,
    FeedItem,
    Flag,
    Handing,
    Import,
    ImportItem,
    Offer,
    OutsideCheck,
    Picture,
    Rebuild,
    Revision,
    Sighting,
    Snapshot,
    Source,
    Story,
    Suggestion,
    Tip,
    Watch,
)


class QuickListAdmin(admin.ModelAdmin):
    """Lists that stay quick on a million rows: no second count, no column that asks again."""

    list_per_page = 50
    show_full_result_count = False
    actions: tuple[str, ...] | None = None

    def has_delete_permission(self, request, obj=None):
        return False


class ViewOnlyAdmin(QuickListAdmin):
    """Rows that are read here and written elsewhere, whoever is asking."""

    def get_fields(self, request, obj=None):
        return self.fields or [f.name for f in self.opts.concrete_fields if not f.primary_key]

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class ContentAdmin(QuickListAdmin, VersionAdmin):  # type: ignore[misc]  # it has no types
    """Rows that people clean: only fields not in `readonly_fields` are ever written or restored.

    django-reversion's own page of an old version is not used: it reverts and rolls back on a GET,
    with every signal of the process switched off meanwhile, and it takes any model's version. Ours
    reads, compares, and writes the old words again as a new version.
    """

    change_list_template = None
    object_history_template = "admin/claims/history.html"

    @property
    def editable(self):
        """The names of the fields that people edit."""
        return [name for name in self.fields or () if name not in self.readonly_fields]

    def get_fields(self, request, obj=None):
        return self.fields if obj else self.editable

    def get_urls(self):
        return [url for url in super().get_urls() if "recover" not in (url.name or "")]

    # Writing

    def change_view(self, request, object_id, form_url="", extra_context=None):
        view = partial(super().change_view, request, object_id, form_url, extra_context)
        if request.method != "POST":
            return view()
        read = partial(self.get_object, request, unquote(object_id))
        with transaction.atomic():
            row = read()
            if row and self.has_change_permission(request, row):
                self.hold(row)
                if self._is_edit(request, read()):
                    self._keep_as_found(read())
            return view()

    def _is_edit(self, request, row):
        """Whether what was sent would change `row`; the form tries its values on it."""
        form = self.get_form(request, row, change=True)(request.POST, request.FILES, instance=row)
        return form.is_valid() and form.has_changed()

    def save_model(self, request, obj, form, change):
        if change and not form.changed_data:
            return
        # Only what was typed: the machine may have moved the rest on since the form was opened.
        obj.save(update_fields=form.changed_data if change else None)
        self.follow(obj, form.changed_data)
        # Said aloud: reversion's signal can be missed while another page is rendered.
        reversion.add_to_revision(obj)

    def hold(self, row):
        """Wait for whoever is at work on `row`, before it is read to be written."""

    def follow(self, row, fields):
        """Bring up to date what follows from `fields`, which were just written."""

    def refusal(self, row, fields):
        """Say why `fields` of `row` cannot be restored as they are now; "" if they can."""
        return ""

    def _keep_as_found(self, row):
        correcting.keep_as_found(row, map(self._column, self.editable))

    # History

    def history_view(self, request, object_id, extra_context=None):
        versions = Version.objects.get_for_object_reference(self.model, unquote(object_id))
        told = list(versions.select_related("revision__user").order_by("pk"))
        before: dict[str, object] = {}
        for version in told:
            after = version.field_dict
            version.changed = [
                self._label(name)
                for name in self.editable
                if before and before.get(self._column(name)) != after.get(self._column(name))
            ]
            before = after
        return super().history_view(request, object_id, {"versions": told[::-1]})

    def revision_view(self, request, object_id, version_id, extra_context=None):
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        version = get_object_or_404(Version.objects.get_for_object(row), pk=version_id)
        if request.method == "POST":
            return self._restore(request, row, version)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Version of {version.revision.date_created:%-d %B %Y, %H:%M}",
            "opts": self.opts,
            "original": row,
            "object_id": object_id,
            "version": version,
            "rows": list(self._compared(row, version)),
            "may_restore": self.has_change_permission(request, row),
        }
        return TemplateResponse(request, "admin/claims/version.html", context)

    @transaction.atomic
    def _restore(self, request, row, version):
        """Write the editable fields of `version` again, as a new version."""
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        self.hold(row)
        row.refresh_from_db()
        self._keep_as_found(row)
        changed = []
        for name in self.editable:
            column = self._column(name)
            now = getattr(row, column)
            if (then := version.field_dict.get(column, now)) != now:
                setattr(row, column, then)
                changed.append(name)
        try:
            row.full_clean()
            if problem := self.refusal(row, changed):
                raise ValidationError(problem)
        except ValidationError as error:
            messages.error(request, f"Not restored: {' '.join(error.messages)}")
            return redirect(request.path)
        comment = f"Restored the version of {version.revision.date_created:%-d %B %Y, %H:%M}"
        with self.create_revision(request):
            row.save(update_fields=changed)
            self.follow(row, changed)
            self.log_change(request, row, comment)
            reversion.add_to_revision(row)
        messages.success(request, f"{comment}.")
        return redirect(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_history", quote(row.pk)
        )

    def _compared(self, row, version):
        """Each editable field: its label, what the version says, what the row says now."""
        for name in self.editable:
            column = self._column(name)
            then, now = version.field_dict.get(column), getattr(row, column)
            yield {
                "label": self._label(name),
                "then": self._shown(name, then),
                "now": self._shown(name, now),
                "differs": then != now,
            }

    def _shown(self, name, value):
        field = self._field(name)
        if isinstance(field, models.ForeignKey) and value is not None:
            rows = field.related_model._base_manager
            return rows.filter(pk=value).first() or f"number {value}, which is gone"
        return display_for_field(value, field, self.get_empty_value_display())

    def _label(self, name):
        return str(self._field(name).verbose_name)

    def _column(self, name):
        return self._field(name).attname

    def _field(self, name) -> models.Field:
        return cast("models.Field", self.opts.get_field(name))


@admin.register(Source)
class SourceAdmin(ContentAdmin):
    fields = ("name", "aliases", "kind", "outside", "ref", "created_at")
    readonly_fields = ("outside", "ref", "created_at")
    list_display = ("name", "kind", "outside", "created_at")
    list_filter = ("kind", "outside")
    search_fields = ("name",)
    search_help_text = "Name of the source"
    ordering = ("name",)


@admin.register(Claimant)
class ClaimantAdmin(ContentAdmin):
    fields = ("name", "kind", "ref")
    readonly_fields = ("ref",)
    list_display = ("name", "kind")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "Name of the person or organisation"
    ordering = ("name",)


class ArticleForm(forms.ModelForm):
    def clean_source(self):
        source = self.cleaned_data["source"]
        if correcting.has_text_of(self.instance, source):
            raise ValidationError(f"{source} has an article with this very text already.")
        return source

    def clean_url(self):
        url = self.cleaned_data["url"]
        if "url" in self.changed_data and (problem := _taken(self.instance, url)):
            raise ValidationError(problem)
        return url


def _taken(article, url):
    other = correcting.holder(url, but=article)
    return f"“{other}” ({other.source}) has this address already." if other else ""


@admin.register(Article)
class ArticleAdmin(ContentAdmin):
    form = ArticleForm
    fields = (
        "title", "source", "url", "published_on", "language", "author", "licence", "demo",
        "guessed", "canonical_url", "revises", "story", "ref", "received_at", "text_sha256", "text",
    )  # fmt: skip
    readonly_fields = (
        "guessed", "canonical_url", "revises", "story", "ref", "received_at", "text_sha256", "text",
    )  # fmt: skip
    list_display = ("title", "source", "published_on", "language", "progress", "demo")
    list_filter = ("analysis__status", "language", "demo")
    list_select_related = ("source", "analysis")
    search_fields = ("title", "source__name")
    search_help_text = "Words of the title, or the name of the source"
    autocomplete_fields = ("source",)
    formfield_overrides = {
        models.URLField: {"widget": AdminURLFieldWidget, "assume_scheme": "https"}
    }
    ordering = ("-received_at", "-pk")
    actions = ("analyse_again",)

    def has_add_permission(self, request):
        return False  # articles come in through `manage.py ingest`, with their bytes

    def hold(self, article):
        correcting.hold(article)

    def follow(self, article, fields):
        correcting.follow(article, fields)

    def refusal(self, article, fields):
        return _taken(article, article.url) if "url" in fields else ""

    @admin.display(description="analysis", ordering="analysis__status")
    def progress(self, article):
        return article.analysis.get_status_display()

    @admin.action(description="Analyse the selected articles again", permissions=["change"])
    def analyse_again(self, request, queryset):
        articles = queryset.select_related("analysis")
        for article in articles:
            analysis.restart(article.analysis)
        self.message_user(
            request,
            f"{len(articles)} put back on the list of what to analyse. What people decided stays.",
        )


@admin.register(Claim)
class ClaimAdmin(ContentAdmin):
    fields = ("wording", "claimant", "language", "worthiness", "ref", "created_at")
    readonly_fields = ("language", "worthiness", "ref", "created_at")
    list_display = ("wording", "claimant", "language", "worthiness", "created_at")
    list_filter = ("language",)
    list_select_related = ("claimant",)
    search_fields = ("wording", "claimant__name")
    search_help_text = "Words of the claim, or the name of the claimant"
    autocomplete_fields = ("claimant",)
    ordering = ("-pk",)

    def has_add_permission(self, request):
        return False  # claims are found in articles

    def hold(self, claim):
        matching.lock()

    def follow(self, claim, fields):
        if "wording" in fields:
            matching.reindex(claim)


@admin.register(Story)
class StoryAdmin(ViewOnlyAdmin):
    list_display = ("title", "ref", "created_at")
    search_fields = ("title",)
    ordering = ("-pk",)


@admin.register(Snapshot)
class SnapshotAdmin(ViewOnlyAdmin):
    list_display = ("location", "media_type", "sha256", "size", "received_at")
    search_fields = ("location", "sha256")
    ordering = ("-pk",)


@admin.register(Sighting)
class SightingAdmin(ViewOnlyAdmin):
    list_display = ("location", "article", "at")
    list_select_related = ("article",)
    search_fields = ("location", "article__title")
    ordering = ("-pk",)


@admin.register(Feed)
class FeedAdmin(ViewOnlyAdmin):
    list_display = ("address", "title", "kind", "polled_at", "failures")
    search_fields = ("address", "title")
    ordering = ("-pk",)


@admin.register(FeedItem)
class FeedItemAdmin(ViewOnlyAdmin):
    list_display = ("address", "feed", "state", "seen_at")
    list_filter = ("state",)
    list_select_related = ("feed",)
    search_fields = ("address",)
    ordering = ("-pk",)


@admin.register(Watch)
class WatchAdmin(ViewOnlyAdmin):
    list_display = ("article", "capture", "looked_at", "next_look_at", "gone_at", "ended_at")
    list_select_related = ("article", "capture")
    search_fields = ("article__title", "capture__asked")
    ordering = ("-pk",)


@admin.register(Revision)
class RevisionAdmin(ViewOnlyAdmin):
    list_display = ("article", "capture", "kind", "words", "seen_at")
    list_select_related = ("article", "capture")
    search_fields = ("article__title", "capture__asked")
    ordering = ("-pk",)


@admin.register(FeedEvent)
class FeedEventAdmin(ViewOnlyAdmin):
    list_display = ("feed", "action", "by", "at")
    list_select_related = ("feed", "by")
    ordering = ("-pk",)


@admin.register(Capture)
class CaptureAdmin(ViewOnlyAdmin):
    list_display = ("asked", "state", "taken_at", "sha256")
    list_filter = ("state",)
    search_fields = ("asked", "sha256")
    ordering = ("-pk",)


@admin.register(Picture)
class PictureAdmin(ViewOnlyAdmin):
    list_display = ("capture", "state", "taken_at", "sha256")
    list_filter = ("state",)
    list_select_related = ("capture",)
    search_fields = ("capture__asked", "sha256", "print_sha256")
    ordering = ("-pk",)


@admin.register(Deposit)
class DepositAdmin(ViewOnlyAdmin):
    list_display = ("asked", "state", "taken_at", "address")
    list_filter = ("state",)
    search_fields = ("asked", "address")
    ordering = ("-pk",)


@admin.register(Offer)
class OfferAdmin(ViewOnlyAdmin):
    list_display = ("title", "asked", "by", "at", "state")
    list_filter = ("state",)
    list_select_related = ("by",)
    search_fields = ("title", "asked")
    ordering = ("-pk",)


@admin.register(Import)
class ImportAdmin(ViewOnlyAdmin):
    list_display = ("ref", "by", "begun_at")
    list_select_related = ("by",)
    ordering = ("-pk",)


@admin.register(ImportItem)
class ImportItemAdmin(ViewOnlyAdmin):
    list_display = ("place", "batch", "state", "article", "settled_at")
    list_filter = ("state",)
    list_select_related = ("batch", "article")
    search_fields = ("place",)
    ordering = ("-pk",)


@admin.register(Analysis)
class AnalysisAdmin(ViewOnlyAdmin):
    list_display = (
        "article", "status", "attempts", "supported", "engine_version", "rules_version",
        "finished_at",
    )  # fmt: skip
    list_filter = ("status", "supported", "again", "engine_version", "rules_version")
    list_select_related = ("article",)
    search_fields = ("article__title",)
    ordering = ("-pk",)


@admin.register(Appearance)
class AppearanceAdmin(ViewOnlyAdmin):
    list_display = ("wording", "article", "claimant", "worthiness", "current")
    list_filter = ("current", "article__language")
    list_select_related = ("article", "claimant")
    search_fields = ("wording",)
    ordering = ("-pk",)


@admin.register(Flag)
class FlagAdmin(ViewOnlyAdmin):
    fields = (
        "kind", "article", "claim", "cue", "rule", "who", "agent", "scope", "confidence",
        "state", "decided_by", "decided_at", "reason", "ref",
    )  # fmt: skip
    list_display = ("kind", "article", "rule", "agent", "state", "decided_by", "decided_at")
    list_filter = ("kind", "state")
    list_select_related = ("article", "decided_by")
    search_fields = ("article__title", "agent", "rule")
    ordering = ("-pk",)


@admin.register(Derivation)
class DerivationAdmin(ViewOnlyAdmin):
    list_display = ("article", "kind", "on_article", "on_source", "score", "decision")
    list_filter = ("kind", "decision")
    list_select_related = ("article", "on_article", "on_source")
    search_fields = ("article__title", "on_source__name")
    ordering = ("-pk",)


@admin.register(Suggestion)
class SuggestionAdmin(ViewOnlyAdmin):
    list_display = ("appearance", "claim", "score", "state", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("appearance", "claim", "decided_by")
    search_fields = ("claim__wording",)
    ordering = ("-pk",)


@admin.register(ClaimMerge)
class ClaimMergeAdmin(ViewOnlyAdmin):
    list_display = ("claim", "into", "by", "at", "undone_by", "undone_at")
    list_select_related = ("claim", "into", "by", "undone_by")
    search_fields = ("claim__wording",)
    ordering = ("-pk",)


@admin.register(ClaimSplit)
class ClaimSplitAdmin(ViewOnlyAdmin):
    list_display = ("claim", "new_claim", "by", "at", "undone_by", "undone_at")
    list_select_related = ("claim", "new_claim", "by", "undone_by")
    search_fields = ("claim__wording",)
    ordering = ("-pk",)


@admin.register(Rebuild)
class RebuildAdmin(ViewOnlyAdmin):
    list_display = ("stage", "after", "begun_at")
    ordering = ("-pk",)


@admin.register(ApiToken)
class ApiTokenAdmin(ViewOnlyAdmin):
    fields = (
        "name", "owner", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    list_display = ("name", "owner", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    ordering = ("-pk",)


@admin.register(Handing)
class HandingAdmin(ViewOnlyAdmin):
    list_display = ("token", "key", "status", "at")
    list_select_related = ("token",)
    ordering = ("-pk",)


@admin.register(Tip)
class TipAdmin(ViewOnlyAdmin):
    list_display = ("text", "way", "state", "received_at", "decided_by", "decided_at")
    list_filter = ("state", "way")
    list_select_related = ("decided_by",)
    search_fields = ("text",)
    ordering = ("-pk",)


@admin.register(OutsideCheck)
class OutsideCheckAdmin(ViewOnlyAdmin):
    list_display = ("publisher", "rating", "wording", "url", "published_on", "received_at")
    search_fields = ("publisher", "wording", "url")
    ordering = ("-pk",)
