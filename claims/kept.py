"""Rows of what else is kept of a cited page: how a browser shows it, and its public copy."""

from __future__ import annotations

from datetime import timedelta
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from claims import hinting

HELD = timedelta(minutes=3)  # longer than one takes; then its worker and its hint are lost
HINTS = 1  # of each kind, on their way or begun: one may keep a worker for a minute
ATTEMPTS = 3
AGAIN_AFTER = timedelta(minutes=10)  # if the site does not ask for more
NO_BROWSER = "No browser is set up here."
NO_PAGE = "Only web pages are photographed."
UNFINISHED = f"It was begun {ATTEMPTS} times and not finished once."
_Row = TypeVar("_Row", bound="Errand")


class ErrandQuerySet(models.QuerySet[_Row]):
    """What is to be had, by whose turn it is."""

    def waiting(self) -> Self:
        return self.filter(state=Errand.State.WAITING)

    def due(self) -> Self:
        """Those whose turn has come, and that no worker is at."""
        return self.waiting().filter(next_try_at__lte=Now())

    def hint(self) -> list[int]:
        """Return those that a worker should see to now, and note that it was told."""
        begun = self.waiting().filter(next_try_at__gt=Now(), hinted_at__isnull=False)
        most = HINTS - begun.count()
        return hinting.hint(self.due().order_by("pk"), most=most, lost_after=HELD)

    def begin(self, pk: int) -> _Row | None:
        """Return the row to be seen to, one attempt later; None if there is nothing to do now.

        For as long as one takes it is nobody else's turn.
        """
        due = self.due().filter(pk=pk)
        begun = due.filter(attempts__lt=ATTEMPTS)
        if begun.update(attempts=F("attempts") + 1, next_try_at=Now() + HELD):
            return self.select_related("capture").get(pk=pk)
        due.filter(attempts__gte=ATTEMPTS).update(state=Errand.State.FAILED, why=UNFINISHED)
        return None

    def end(self, row: _Row, **told: object) -> bool:
        """Write what came of it, unless somebody did before; return whether it was written."""
        waiting = self.waiting().filter(pk=row.pk)
        return bool(waiting.update(state=Errand.State.KEPT, why="", taken_at=Now(), **told))

    def fail(self, row: _Row, why: str, *, again: bool, after: float = 0) -> None:
        """Write why nothing came of it; what may pass is tried again, a few times."""
        waiting = self.waiting().filter(pk=row.pk)
        if again and row.attempts < ATTEMPTS:
            pause = max(AGAIN_AFTER, timedelta(seconds=after))
            waiting.update(why=why, next_try_at=Now() + pause, hinted_at=None)
        else:
            waiting.update(state=Errand.State.FAILED, why=why)

    def put_off(self, row: _Row, seconds: float) -> None:
        """Give it back without having tried."""
        self.waiting().filter(pk=row.pk).update(
            attempts=row.attempts - 1, next_try_at=Now() + timedelta(seconds=seconds),
            hinted_at=None,
        )  # fmt: skip

    def again(self) -> bool:
        """Let what failed be tried anew; return whether any had."""
        failed = self.filter(state=Errand.State.FAILED)
        return bool(
            failed.update(
                state=Errand.State.WAITING, why="", attempts=0, hinted_at=None, next_try_at=Now()
            )
        )


class Errand(models.Model):
    """Something to be had of a page after its bytes are kept, once, or why it could not be had.

    The row is the to-do list until it is done; then it never changes again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "To be done"
        KEPT = "kept", "Done"
        FAILED = "failed", "Failed"

    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    why = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    hinted_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(
        max_length=2000, blank=True, help_text="Where it was found in the end, after redirects."
    )
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Picture(Errand):
    """How a browser showed a cited page, a little after its bytes came: an image and its print."""

    capture = models.OneToOneField("claims.Capture", models.PROTECT, related_name="picture")
    sha256 = models.CharField("SHA-256 of the image", max_length=64, blank=True)
    size = models.PositiveBigIntegerField("size in bytes", default=0)
    print_sha256 = models.CharField("SHA-256 of the print", max_length=64, blank=True)
    print_size = models.PositiveBigIntegerField("size of the print in bytes", default=0)
    browser = models.CharField(max_length=100, blank=True)
    missing = models.PositiveIntegerField(
        default=0, help_text="Parts of the page, such as images, that the browser did not get."
    )

    objects = ErrandQuerySet["Picture"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="kept", sha256__regex=r"^[0-9a-f]{64}$",
                    print_sha256__regex=r"^[0-9a-f]{64}$", taken_at__isnull=False,
                )
                | (~Q(state="kept") & Q(sha256="", print_sha256="", taken_at__isnull=True)),
                name="claims_picture_kept_has_its_hashes",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_picture_failed_says_why"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state="waiting"), name="claims_picture_to_do"
            ),
            models.Index(fields=["sha256"], name="claims_picture_bytes"),
            models.Index(fields=["print_sha256"], name="claims_picture_print_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.address or 'picture'}: {self.get_state_display().lower()}"

    @property
    def can_be_taken_again(self) -> bool:
        """Whether it failed for a reason that another try may not meet."""
        is_vain = self.why == NO_PAGE or not settings.CHROMIUM
        return self.state == self.State.FAILED and not is_vain


class Deposit(Errand):
    """A public archive asked to keep a cited page, too; `address` says where it can be seen."""

    capture = models.OneToOneField("claims.Capture", models.PROTECT, related_name="deposit")
    asked = models.CharField("address asked for", max_length=8000)

    objects = ErrandQuerySet["Deposit"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(state="kept", taken_at__isnull=False) & ~Q(address=""))
                | (~Q(state="kept") & Q(address="", taken_at__isnull=True)),
                name="claims_deposit_kept_says_where",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(why=""), name="claims_deposit_failed_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(state="waiting"), name="claims_deposit_to_do"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asked}: {self.get_state_display().lower()}"
