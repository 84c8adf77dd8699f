"""The rating scale, versioned: every verdict names the version it was given on.

A published scale version never changes; a new rating means a new version at the end of `SCALES`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rating:
    """One label. `value` is its place on the scale, 1 (worst) upwards; None is off the scale."""

    code: str
    label: str
    value: int | None
    meaning: str


SCALES: dict[int, tuple[Rating, ...]] = {
    1: (
        Rating("true", "True", 5, "The evidence bears the claim out in every part that matters."),
        Rating("mostly_true", "Mostly true", 4, "Right in substance; a detail is off or missing."),
        Rating("half_true", "Half true", 3, "Part holds and part does not, or it leaves out much."),
        Rating("mostly_false", "Mostly false", 2, "A kernel is right; what it conveys is not."),
        Rating("false", "False", 1, "The evidence contradicts the claim."),
        Rating("unproven", "Unproven", None, "The evidence so far allows no conclusion."),
    ),
}
CURRENT_SCALE = max(SCALES)
UNPROVEN = "unproven"  # off every scale: those who rate so found no conclusion, and look again


def rating(code: str, *, scale: int = CURRENT_SCALE) -> Rating:
    """Return the rating `code` of a scale version.

    :raises KeyError: if that scale has no such rating.
    """
    for candidate in SCALES[scale]:
        if candidate.code == code:
            return candidate
    raise KeyError(f"scale {scale} has no rating {code!r}")


def choices(*, scale: int = CURRENT_SCALE) -> list[tuple[str, str]]:
    """The ratings of a scale as form choices, best first."""
    return [(candidate.code, candidate.label) for candidate in SCALES[scale]]
