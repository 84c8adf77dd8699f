"""What the desk begins with, written after every migrate where there is none yet.

A checklist, and a policy. No point of the one is required, and the other asks for nothing else:
what a verdict cannot do without, each newsroom's supervisors say, by a version of their own.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import connection, transaction

from reviews import leases, policy
from reviews.models import ChecklistVersion, PolicyVersion, User

# Text, help, and the kind of flag without which it is not asked.
POINTS: tuple[tuple[str, str, str], ...] = (
    (
        "The claim is one sentence that can be true or false",
        "It names who, what and when, and says no more than was said.",
        "",
    ),
    (
        "I read where the claim came from, not only its copies",
        "The first report, the speech, the post; as near to it as one gets.",
        "",
    ),
    (
        "At least one piece of evidence is a primary source",
        "A document, data, or a witness first-hand. If there is none, the explanation says so.",
        "",
    ),
    (
        "Every figure has its unit, its period and what it is compared with",
        "A share says of what; a rise says since when.",
        "",
    ),
    (
        "The change of the figure between the copies is explained",
        "Which figure the origin gives, and which copy gives another.",
        "figure_changed",
    ),
    (
        "Whoever said it was asked, and had time to reply",
        "It stands in the contact log, with the reply or the day by which none came.",
        "",
    ),
    (
        "I have no stake in it, and the interests of those I cite are named",
        "Work, family, money, a dispute: mine and theirs.",
        "",
    ),
    (
        "The rating follows from the evidence, also from what speaks against it",
        "Somebody who disagrees finds their best argument answered in the explanation.",
        "",
    ),
)


@transaction.atomic
def begin(**kwargs: Any) -> None:
    """Write the first version of checklist and policy, where there is none. Safe to repeat.

    Nothing is written at the migrations of a time when there was no policy, on the way back.
    """
    if PolicyVersion._meta.db_table not in connection.introspection.table_names():
        return
    desk = User.objects.system()
    by = {
        "seq": 1, "why": "What the desk begins with.", "by": desk, "by_name": str(desk),
        "at": leases.clock(),
    }  # fmt: skip
    if not ChecklistVersion.objects.exists():
        points = [
            {"text": text, "help": more, "required": False, "kind": kind}
            for text, more, kind in POINTS
        ]
        ChecklistVersion.objects.create(points=points, **by)
    if not PolicyVersion.objects.exists():
        PolicyVersion.objects.create(terms=asdict(policy.Terms()), **by)
