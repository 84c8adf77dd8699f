"""Files as they are uploaded: written to one temporary file, within limits, for people signed in.

Django's own handler opens a file for each upload, and a thousand of them are more than a process
may have open. Nothing here knows what the bytes mean.
"""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MB = 1_000_000


class Part(io.RawIOBase):
    """A stretch of the one temporary file, to be read like a file of its own."""

    def __init__(self, spool: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self._spool, self._start, self._size, self._at = spool, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._spool.seek(self._start + self._at)
        wanted = max(0, min(len(buffer), self._size - self._at))
        content = self._spool.read(wanted)
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Close the temporary file, too: the parts of a request are closed together."""
        self._spool.close()
        super().close()


class Bounded(FileUploadHandler):
    """Takes the files of one request; those beyond a limit are left out and said to be.

    `request.left_out` names them, each with why. Of somebody who is not signed in nothing is taken.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._spool: IO[bytes] | None = None
        self._taken = self._files = self._parts = self._start = 0
        self._left_out: list[tuple[str, str]] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file.

        :raises SkipFile: if it is one too many, or its sender may not send any.
        """
        super().new_file(*args, **kwargs)
        self._files += 1
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            raise SkipFile
        if self._files > settings.UPLOAD_FILES:
            self._leave_out(f"more than {settings.UPLOAD_FILES:,} files at once")
        self._start = self._taken

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file.

        :raises SkipFile: if the file, or all of them together, are too large.
        """
        if start + len(raw_data) > settings.UPLOAD_FILE:
            self._forget()
            self._leave_out(f"larger than {settings.UPLOAD_FILE // MB} MB")
        if self._taken + len(raw_data) > settings.UPLOAD_ALL:
            self._forget()
            self._leave_out(f"more than {settings.UPLOAD_ALL // MB:,} MB at once")
        self._file().write(raw_data)
        self._taken += len(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Return the file that has come whole."""
        part = Part(self._file(), self._start, file_size)
        self._parts += 1
        return UploadedFile(
            part,  # type: ignore[arg-type]  # an IO[bytes] in all but name
            self.file_name, self.content_type, file_size, self.charset, self.content_type_extra,
        )  # fmt: skip

    def upload_complete(self) -> None:
        """Tell the request what was left out, and let go of the file if nothing is in it."""
        if self.request is not None:
            self.request.left_out = self._left_out  # type: ignore[attr-defined]
        if self._spool and not self._parts:
            self._spool.close()

    def _file(self) -> IO[bytes]:
        """The one temporary file of this request; it has no name, and goes when it is closed."""
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115  closed with the request
        return self._spool

    def _forget(self) -> None:
        """Take what has come of this file out again."""
        self._file().seek(self._start)
        self._file().truncate()
        self._taken = self._start

    def _leave_out(self, why: str) -> None:
        self._left_out.append((self.file_name or "", why))
        raise SkipFile


def left_out(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the names of the files that were not taken, each with why."""
    return list(getattr(request, "left_out", []))
