"""What came of a document, and how the reading process tells it."""

from __future__ import annotations

import base64
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from claims.reading.values import Document, Failure, Received


def told(outcome: Document | Failure | None, content: bytes) -> dict[str, Any]:
    """Return a document or failure as plain values for JSON; nothing of what was passed over.

    :param content: all that was handed in, which both sides have.
    """
    if outcome is None:
        return {}
    if isinstance(outcome, Failure):
        return {"failure": asdict(outcome)}
    row = asdict(outcome) | {"guessed": sorted(outcome.guessed)}
    row["published_on"] = outcome.published_on and outcome.published_on.isoformat()
    if received := outcome.received:
        same = received.content is content or received.content == content
        row["received"] |= {
            "content": None if same else base64.b64encode(received.content).decode(),
            "taken_at": received.taken_at and received.taken_at.isoformat(),
        }
    return {"document": row}


def untold(answer: dict[str, Any], content: bytes) -> Document | Failure | None:
    """Return what `told` made plain."""
    if failure := answer.get("failure"):
        return Failure(**failure)
    row = answer.get("document")
    if row is None:
        return None
    received = row.pop("received")
    day, guessed = row.pop("published_on"), frozenset(row.pop("guessed"))
    document = Document(
        **row, guessed=guessed, published_on=date.fromisoformat(day) if day else None
    )
    if not received:
        return document
    taken_at = received.pop("taken_at")
    packed = received.pop("content")
    headers: dict[str, Any] = {
        name: tuple((key, value) for key, value in received.pop(name))
        for name in ("request_headers", "response_headers")
    }
    return replace(document, received=Received(
        content if packed is None else base64.b64decode(packed),
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        **received, **headers,
    ))  # fmt: skip
