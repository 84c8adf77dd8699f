"""Mails: what was written, who sent it and when; attached files are further documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from claims.reading import page, plain
from claims.reading.values import (
    LONGEST_AUTHOR,
    LONGEST_LABEL,
    LONGEST_SOURCE,
    LONGEST_TITLE,
    UNKNOWN_SOURCE,
    Document,
    Failure,
    Given,
    Unreadable,
    clean,
    label,
    one_line,
)

MOST_PARTS = 200  # of one mail, attachments and alternatives together
# Python's parser of headers and bodies raises these on what breaks the rules of mail.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)
_MARKS = {"text/html", "text/plain"}
# Parts that belong to the mail itself: nobody handed them in, and nothing is missing without them.
_ASIDE = {
    "application/pgp-signature", "application/pgp-keys", "application/pkcs7-signature",
    "application/x-pkcs7-signature", "text/calendar", "application/ics", "text/vcard",
    "text/x-vcard", "text/directory",
}  # fmt: skip
_ASIDE_ENDINGS = (".p7s", ".asc", ".sig", ".ics", ".vcf")


def read(given: Given) -> Document:
    """Return what a mail says: its plain words if it has them, else those of its page.

    :raises Unreadable: if it is broken or says nothing.
    """
    message = _message(given)
    document = _body(given, message)
    sender = _sender(message)
    subject = label(_header(message, "subject"), LONGEST_TITLE)
    # A mail has no outlet: who sent it is the nearest there is.
    source = label(sender.display_name or sender.domain, LONGEST_SOURCE) if sender else ""
    guesses = {"source": True, "title": not subject, "text": "text" in document.guessed}
    return replace(
        document,
        title=subject or document.title,
        source=source or UNKNOWN_SOURCE,
        author=label(str(sender or ""), LONGEST_AUTHOR),
        published_on=_day(message),
        guessed=frozenset(name for name, is_guess in guesses.items() if is_guess),
    )


def attachments(given: Given) -> Iterator[Given | Failure]:
    """Yield the files attached to a mail, mails too, of whatever kind they are.

    Pictures within its text, signatures, invitations and cards are none.

    :raises Unreadable: if there are too many.
    """
    message = _message(given)
    body = {id(part) for part in _bodies(message)}
    for number, part in enumerate(_parts(message), start=1):
        name = _filename(part)
        if id(part) in body or not (part.is_attachment() or name) or _is_aside(part, name):
            continue
        name = name or f"attachment {number}"
        place = f"{given.place} › {label(name, LONGEST_LABEL)}"
        try:
            content = _payload(part)
        except Unreadable as error:
            given.budget.take(0)
            yield Failure(place, str(error))
            continue
        given.budget.take(len(content))
        kind = part.get_content_type()
        yield Given(content, name=name, media_type=kind, place=place, budget=given.budget)


def _is_aside(part: EmailMessage, name: str) -> bool:
    in_the_text = part.get_content_maintype() == "image" and not part.is_attachment()
    return (
        part.get_content_type() in _ASIDE
        or name.lower().endswith(_ASIDE_ENDINGS)
        or (in_the_text and bool(_header(part, "content-id")))
    )


def _message(given: Given) -> EmailMessage:
    try:
        message = BytesParser(policy=policy.default).parsebytes(given.content)
    except _BROKEN as error:
        raise Unreadable(f"the mail cannot be read ({one_line(error)})") from error
    if not isinstance(message, EmailMessage):
        raise Unreadable("the mail cannot be read")
    return message


def _parts(message: EmailMessage) -> list[EmailMessage]:
    """Every part that holds bytes, without recursion; attached mails count as one part."""
    found: list[EmailMessage] = []
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop(0)
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            waiting[:0] = part.get_payload()
        else:
            found.append(part)
        if len(found) + len(waiting) > MOST_PARTS:
            raise Unreadable(f"the mail has more than {MOST_PARTS} parts")
    return found


def _bodies(message: EmailMessage) -> list[EmailMessage]:
    """The parts that are what was written: the first plain one and the first page."""
    first: dict[str, EmailMessage] = {}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in _MARKS and not part.is_attachment() and not _filename(part):
            first.setdefault(kind, part)
    return [first[kind] for kind in ("text/plain", "text/html") if kind in first]


def _body(given: Given, message: EmailMessage) -> Document:
    why = "the mail has no words of its own"
    for part in _bodies(message):
        inner = Given(
            _payload(part),
            name=given.name,
            media_type=f"text/plain; charset={part.get_content_charset('') or ''}",
            place=given.place,
        )
        read_words = page.read if part.get_content_type() == "text/html" else plain.read
        try:
            document = read_words(inner)
        except Unreadable as error:
            why = str(error)
            continue
        if document.text.strip():
            return document
    raise Unreadable(why)


def _payload(part: EmailMessage) -> bytes:
    try:
        if part.get_content_type() == "message/rfc822":
            inner: Any = part.get_payload()
            return bytes(inner[0]) if inner else b""
        payload = part.get_payload(decode=True)
    except _BROKEN as error:
        raise Unreadable(f"a part of the mail cannot be read ({one_line(error)})") from error
    return payload if isinstance(payload, bytes) else b""


def _filename(part: EmailMessage) -> str:
    try:
        return clean(part.get_filename("") or "")
    except _BROKEN:
        return "attachment"


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except _BROKEN:
        return ""


def _sender(message: EmailMessage) -> Address | None:
    try:
        found: Any = message.get("from")
        return found.addresses[0] if found and found.addresses else None
    except _BROKEN:
        return None


def _day(message: EmailMessage) -> date | None:
    try:
        found: Any = message.get("date")
        sent: datetime | None = found.datetime if found else None
    except _BROKEN:
        return None
    return sent.date() if sent else None
