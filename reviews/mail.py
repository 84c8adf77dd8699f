"""Letters: plain-text mails, written as rows and sent from them, each at most once.

A letter is claimed (`sending`) before the server hears of it. What surely did not go out waits and
is tried again, ever more rarely, for as long as the mail server is away; what may have gone out is
`unsure`, and never sent a second time.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse

from reviews import leases
from reviews.inbox import Letter, Notification
from reviews.models import User

AT_A_TIME = 100  # letters that one call tries
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
UNDER_WAY_AT_MOST = timedelta(minutes=10)  # longer than any task may run


# Writing


def write(person: User, told: Sequence[Notification], *, at: datetime) -> Letter:
    """Put a letter about `told` into the outbox. It carries no text of ours but the wording."""
    first = told[0]
    subject = first.words if len(told) == 1 else f"{len(told)} notifications"
    body = "\n\n".join(
        f"{one.words}\n“{_one_line(one.review.claim.wording)}”\n"
        f"{settings.PUBLIC_URL}{one.review.get_absolute_url()}"
        for one in told
    )
    preferences = f"{settings.PUBLIC_URL}{reverse('reviews:by-mail')}"
    return Letter.objects.create(
        person=person,
        address=person.email,
        subject=f"{settings.ORGANISATION}: {subject}",
        body=f"{body}\n\n--\nYou choose what comes by mail:\n{preferences}\n",
        written_at=at,
        next_try_at=at,
    )


def _one_line(words: str) -> str:
    return " ".join(words.split())


# Sending


def send_due() -> int:
    """Try the letters whose time has come; return how many the mail server took.

    Safe to repeat and beside itself. Outside any transaction, so that each step is kept at once.
    """
    now = leases.clock()
    broken = Letter.objects.filter(
        state=Letter.State.SENDING, tried_at__lte=now - UNDER_WAY_AT_MOST
    )
    broken.update(state=Letter.State.UNSURE, problem="The sender stopped while sending.")
    sent = 0
    for letter in Letter.objects.due(now).select_related("person")[:AT_A_TIME]:
        if not _claim(letter):
            continue
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            _wait(letter, error)
            break  # the server is away; the others wait for the next call
        sent += _send(letter, connection)
    return sent


def _claim(letter: Letter) -> bool:
    """Mark `letter` as being sent; False if somebody else did, or it is not due any more."""
    mine = Letter.objects.due(now := leases.clock()).filter(pk=letter.pk)
    letter.attempts += 1
    return bool(
        mine.update(state=Letter.State.SENDING, tried_at=now, attempts=letter.attempts, problem="")
    )


def _send(letter: Letter, connection: BaseEmailBackend) -> bool:
    """Hand a claimed letter to the mail server, and note what became of it."""
    try:
        if not letter.person.is_active:
            return _end(letter, Letter.State.REFUSED, "This person has left the desk.")
        _message(letter, connection).send()
    except smtplib.SMTPResponseException as error:
        return _answered(letter, error, error.smtp_code)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        return _answered(letter, error, code)
    except ValueError as error:  # an address that no mail can have
        return _end(letter, Letter.State.REFUSED, str(error))
    except (OSError, smtplib.SMTPException) as error:
        return _end(letter, Letter.State.UNSURE, f"{type(error).__name__}: {error}")
    finally:
        connection.close()
    _end(letter, Letter.State.SENT, "")
    return True


def _message(letter: Letter, connection: BaseEmailBackend) -> EmailMessage:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return EmailMessage(
        letter.subject,
        letter.body,
        to=[letter.address],
        headers={
            "Message-ID": f"<letter-{letter.pk}@{host}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in reply
        },
        connection=connection,
    )


def _answered(letter: Letter, error: smtplib.SMTPException, code: int) -> bool:
    """The server said no: for now (4xx, RFC 5321, 4.2.1), or for good."""
    if code >= 500:
        return _end(letter, Letter.State.REFUSED, str(error))
    return _wait(letter, error)


def _wait(letter: Letter, error: Exception) -> bool:
    """It surely did not go out: put it back, twice as long each time, at most an hour."""
    Letter.objects.filter(pk=letter.pk).update(
        state=Letter.State.WAITING,
        next_try_at=leases.clock() + pause_after(letter.attempts),
        problem=f"{type(error).__name__}: {error}"[:300],
    )
    return False


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts, the last one failed."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _end(letter: Letter, state: Letter.State, problem: str) -> bool:
    Letter.objects.filter(pk=letter.pk).update(state=state, problem=problem[:300])
    return False
