"""Brings checkpoints to their witnesses: a folder, mail addresses, a webhook, as the site says.

Each witness is a row, and a row waits until its witness has the file; what fails is tried again,
ever more rarely, for ever. That somebody is told twice does no harm, so what may have arrived is
sent again: a checkpoint that reached nobody proves nothing.
"""

from __future__ import annotations

import os
import smtplib
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from reviews import leases, posting
from reviews.mail import UNDER_WAY_AT_MOST, pause_after
from reviews.models import Checkpoint, Delivery
from reviews.posting import NotTaken

AT_A_TIME = 50  # deliveries that one call tries
LARGEST_ATTACHMENT = 5_000_000  # bytes; of a larger file the mail has the statement alone
SUBJECT = "{organisation}: checkpoint {number} of the record"
BODY = """Keep this message where the desk cannot change it.

Checkpoint {number} of the record of {desk}, taken {taken_at}. It proves what the history of every
verdict was at that moment: {desk}/checks/verify-history/

{statement}
{signature}

{attached}
"""
ATTACHED = "The file {name} is attached."
TOO_LARGE = "The file {name} is too large for a mail; its SHA-256 is in the statement, as “heads”."


# Writing


def address(checkpoint: Checkpoint) -> None:
    """Put a new checkpoint into the outbox, once for each witness that the site names now."""
    witnesses = [(Delivery.Way.FOLDER, str(settings.CHECKPOINT_FOLDER))]
    witnesses += [(Delivery.Way.MAIL, to) for to in dict.fromkeys(settings.CHECKPOINT_MAIL)]
    if settings.CHECKPOINT_WEBHOOK:
        witnesses.append((Delivery.Way.WEBHOOK, _host()))
    now = checkpoint.taken_at
    Delivery.objects.bulk_create(
        Delivery(checkpoint=checkpoint, way=way, to=to, written_at=now, next_try_at=now)
        for way, to in witnesses
    )


def part_of(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where a file stands until its row is committed."""
    return folder / f".{checkpoint.file_name}.part"


def _host() -> str:
    """The webhook without what may be secret in its address."""
    return urlsplit(settings.CHECKPOINT_WEBHOOK).netloc.rpartition("@")[2]


# Delivering


def deliver_due() -> int:
    """Try the deliveries whose time has come; return how many arrived.

    Safe to repeat and beside itself. Outside any transaction, so that each step is kept at once.
    After one that failed, the same witness is left alone until the next call.
    """
    now = leases.clock()
    Delivery.objects.filter(
        state=Delivery.State.SENDING, tried_at__lte=now - UNDER_WAY_AT_MOST
    ).update(
        state=Delivery.State.WAITING, next_try_at=now, problem="The sender stopped while sending."
    )
    arrived, away = 0, set()
    for one in Delivery.objects.due(now).select_related("checkpoint")[:AT_A_TIME]:
        witness = (one.way, one.to)
        if witness not in away and _claim(one):
            came = _deliver(one)
            arrived += came
            away |= set() if came else {witness}
    return arrived


def _claim(one: Delivery) -> bool:
    """Mark it as being sent; False if somebody else did, or it is not due any more."""
    mine = Delivery.objects.due(now := leases.clock()).filter(pk=one.pk)
    one.attempts += 1
    return bool(mine.update(state=Delivery.State.SENDING, tried_at=now, attempts=one.attempts))


def _deliver(one: Delivery) -> bool:
    """Bring a claimed one to its witness, and note what became of it."""
    row = Delivery.objects.filter(pk=one.pk)
    if not _is_named(one):
        row.update(state=Delivery.State.CALLED_OFF)
        return False
    try:
        match one.way:
            case Delivery.Way.FOLDER:
                _store(one)
            case Delivery.Way.MAIL:
                _mail(one)
            case Delivery.Way.WEBHOOK:
                _post(one)
    except (NotTaken, OSError, smtplib.SMTPException, ValueError) as error:
        told = str(error) if isinstance(error, NotTaken) else f"{type(error).__name__}: {error}"
        again = leases.clock() + pause_after(one.attempts)
        row.update(state=Delivery.State.WAITING, next_try_at=again, problem=told[:300])
        return False
    row.update(state=Delivery.State.DONE, problem="")
    return True


def _is_named(one: Delivery) -> bool:
    """Whether the site still names this witness. A folder is never called off: it has the file."""
    match one.way:
        case Delivery.Way.MAIL:
            return one.to in settings.CHECKPOINT_MAIL
        case Delivery.Way.WEBHOOK:
            return one.to == _host()
        case _:
            return True


def _store(one: Delivery) -> None:
    """Give the file its name. Done already, by somebody who stopped then, it stays as it is."""
    folder = Path(one.to)
    part, path = part_of(folder, one.checkpoint), folder / one.checkpoint.file_name
    if part.exists() and not path.exists():
        part.rename(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.stat()


def _path(checkpoint: Checkpoint) -> Path:
    """Where the file of a checkpoint is.

    :raises NotTaken: if it is not there yet, or any more.
    """
    kept = checkpoint.deliveries.get(way=Delivery.Way.FOLDER)
    path = Path(kept.to) / checkpoint.file_name
    if not path.exists():
        raise NotTaken(f"{path} is not there.")
    return path


def _mail(one: Delivery) -> None:
    checkpoint, path = one.checkpoint, _path(one.checkpoint)
    fits = path.stat().st_size <= LARGEST_ATTACHMENT
    told = checkpoint.told
    message = EmailMessage(
        SUBJECT.format(organisation=settings.ORGANISATION, number=checkpoint.number),
        BODY.format(
            number=checkpoint.number, desk=told["desk"], taken_at=told["taken_at"],
            statement=checkpoint.statement, signature=checkpoint.signature,
            attached=(ATTACHED if fits else TOO_LARGE).format(name=checkpoint.file_name),
        ),
        to=[one.to],
        headers={
            "Message-ID": f"<checkpoint-{checkpoint.hash}@{urlsplit(told['desk']).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    if fits:
        message.attach(checkpoint.file_name, path.read_bytes(), "application/gzip")
    message.send()


def _post(one: Delivery) -> None:
    path = _path(one.checkpoint)
    posting.post(settings.CHECKPOINT_WEBHOOK, path.read_bytes(), name=path.name)
